"""Type hints read as schemas: what ``predict(self, model_input: list[Question])`` says of its input."""

from __future__ import annotations

import dataclasses
import datetime
import types
import typing
from typing import Any, Union, get_args, get_origin, get_type_hints

from headrace.base.errors import BadRequest
from headrace.models.types import AnyType, Array, ColSpec, DataType, Map, Object, Property, Schema
from headrace.models.types.datatypes import Type

_SCALARS: dict[Any, DataType] = {
    bool: DataType.boolean,
    int: DataType.long,
    float: DataType.double,
    str: DataType.string,
    bytes: DataType.binary,
    datetime.date: DataType.datetime,
    datetime.datetime: DataType.datetime,
}


def schema_of_hint(hint: Any) -> Schema:
    """The schema of one element of a ``list[…]`` hint. Raises ``BadRequest`` when the hint says too little."""
    if get_origin(hint) is not list or not get_args(hint):
        raise BadRequest(f"The type hint {_show(hint)} gives no schema: a model's input must be a list of a known type")
    kind, required = _type(get_args(hint)[0])
    return Schema([ColSpec(kind, required=required or isinstance(kind, AnyType))])


def schema_of_output_hint(hint: Any) -> Schema:
    """The schema of what a function returns, which may be a list or one thing."""
    kind, required = _type(get_args(hint)[0] if get_origin(hint) is list and get_args(hint) else hint)
    return Schema([ColSpec(kind, required=required)])


def schema_of_dataclass(kind: type) -> Schema:
    """One column for each field of a dataclass."""
    specs: list[ColSpec] = []
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        dtype, required = _type(hints[field.name])
        specs.append(ColSpec(dtype, field.name, required))
    return Schema(specs)


def _type(hint: Any) -> tuple[Type, bool]:
    """The type a hint names, and whether a value must be there."""
    if hint is Any:
        return AnyType(), False
    if hint in _SCALARS:
        return _SCALARS[hint], True
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(hint, arguments)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is typing.Literal:
        kinds = set(map(type, arguments))
        return _type(kinds.pop()) if len(kinds) == 1 else (AnyType(), True)
    if origin is list and arguments:
        return Array(_type(arguments[0])[0]), True
    if origin is dict and len(arguments) == 2:
        if arguments[0] is not str:
            raise BadRequest(f"The type hint {_show(hint)} gives no schema: keys must be str")
        return Map(_type(arguments[1])[0]), True
    if hasattr(hint, "model_fields"):
        return _pydantic(hint), True
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return Object([_property(name, each) for name, each in get_type_hints(hint).items()]), True
    raise BadRequest(f"The type hint {_show(hint)} gives no schema: name the type of its elements, or use Any")


def _union(hint: Any, arguments: tuple[Any, ...]) -> tuple[Type, bool]:
    rest = [each for each in arguments if each is not type(None)]
    kind = _type(rest[0])[0] if len(rest) == 1 else AnyType()
    return kind, len(rest) == len(arguments) and len(rest) == 1


def _property(name: str, hint: Any, default: bool = False) -> Property:
    kind, required = _type(hint)
    return Property(name, kind, required and not default)


def _pydantic(model: Any) -> Object:
    return Object(
        [_property(name, field.annotation, not field.is_required()) for name, field in model.model_fields.items()]
    )


def _show(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint)
