"""Input checked against the type hint of ``predict``; names and arguments are those that MLflow's pickles call."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, NamedTuple, Union, get_args, get_origin

from headrace.base.errors import BadRequest
from headrace.models.hints import schema_of_hint


class FuncInfo(NamedTuple):
    """The hint of a function's input, and the name of that argument."""

    input_type_hint: Any
    input_param_name: str


def validate(data: Any, hint: Any) -> Any:
    """``data`` as the hint ``list[…]`` promises it; other hints say nothing. Raises ``BadRequest`` where it differs."""
    if get_origin(hint) is not list or not get_args(hint):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        data = data.iloc[:, 0].tolist() if len(data.columns) == 1 else data.to_dict(orient="records")
    elif hasattr(data, "tolist"):
        data = data.tolist()
    if not isinstance(data, list):
        raise BadRequest(f"The model's input must be a list, and it is a {type(data).__name__}")
    return [_element(f"[{at}]", each, get_args(hint)[0]) for at, each in enumerate(data)]


def pyfunc(func: Callable[..., Any]) -> Callable[..., Any]:
    """Check the input of ``func`` against its type hint whenever it is called."""
    hints = typing.get_type_hints(func)
    names = [name for name in inspect.signature(func).parameters if name not in ("self", "context", "params")]
    if not names or names[0] not in hints:
        return func
    schema_of_hint(hints[names[0]])
    at, name, hint = list(inspect.signature(func).parameters).index(names[0]), names[0], hints[names[0]]

    @functools.wraps(func)
    def checked(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = _validate_model_input(args, kwargs, at, hint, name)
        return func(*args, **kwargs)

    return checked


def _validate_model_input(
    args: tuple[Any, ...], kwargs: dict[str, Any], model_input_index_in_sig: int, type_hint: Any, input_param_name: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if input_param_name in kwargs:
        return args, {**kwargs, input_param_name: validate(kwargs[input_param_name], type_hint)}
    at = model_input_index_in_sig
    return (*args[:at], validate(args[at], type_hint), *args[at + 1 :]), kwargs


def _element(where: str, value: Any, hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(where, value, arguments)
    if origin is typing.Annotated:
        return _element(where, value, arguments[0])
    if origin is typing.Literal:
        return value if value in arguments else _refuse(where, value, f"one of {list(arguments)}")
    if origin is list and isinstance(value, list):
        return [_element(f"{where}[{at}]", each, arguments[0]) for at, each in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {key: _element(f"{where}.{key}", each, arguments[1]) for key, each in value.items()}
    if hasattr(hint, "model_validate"):
        return _pydantic(where, value, hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(where, value, hint)
    return _scalar(where, value, hint)


def _scalar(where: str, value: Any, hint: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (datetime.datetime, datetime.date) and isinstance(value, str):
        try:
            return hint.fromisoformat(value)
        except ValueError:
            _refuse(where, value, f"a {hint.__name__} in ISO 8601")
    if hint is type(None) and value is None:
        return None
    fits = isinstance(value, hint) if isinstance(hint, type) else False
    if fits and not (isinstance(value, bool) and hint is not bool):
        return value
    return _refuse(where, value, getattr(hint, "__name__", str(hint)))


def _one_of(where: str, value: Any, hints: tuple[Any, ...]) -> Any:
    for hint in hints:
        try:
            return _element(where, value, hint)
        except BadRequest:
            continue
    return _refuse(where, value, " or ".join(getattr(hint, "__name__", str(hint)) for hint in hints))


def _pydantic(where: str, value: Any, model: Any) -> Any:
    if isinstance(value, model):
        return value
    try:
        return model.model_validate(value)
    except ValueError as error:
        raise BadRequest(f"The model's input does not fit its type hint at {where}: {error}") from error


def _dataclass(where: str, value: Any, kind: Any) -> Any:
    if isinstance(value, kind):
        return value
    try:
        return kind(**value)
    except TypeError as error:
        raise BadRequest(f"The model's input does not fit its type hint at {where}: {error}") from error


def _refuse(where: str, value: Any, wanted: str) -> Any:
    shown = f"{value!r} of type {type(value).__name__}"
    raise BadRequest(f"The model's input does not fit its type hint at {where}: it must be {wanted}, and it is {shown}")
