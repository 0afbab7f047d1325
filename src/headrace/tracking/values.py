"""What users pass, as the protocol has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.base.errors import BadRequest


def number(value: Any, key: str) -> float:
    """A metric's value as a float: numbers, text that spells one, and arrays or tensors of one element."""
    if isinstance(value, float):
        return value
    if value is None:
        raise BadRequest(f"The metric {key!r} has no value; give a number")
    item = getattr(value, "item", None)
    try:
        return float(item() if callable(item) else value)
    except (TypeError, ValueError, RuntimeError):  # RuntimeError is what tensors of several elements raise.
        raise BadRequest(f"The value of the metric {key!r} must be a number, not {str(value)[:200]!r}") from None


def whole(value: Any, what: str) -> int:
    """A step or time as an int. A fraction is refused, never cut off."""
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest(f"{what} must be a whole number, not {value!r}") from None
    if found != value and not isinstance(value, str):
        raise BadRequest(f"{what} must be a whole number, not {value!r}")
    return found


def named(values: Any, what: str) -> dict[str, Any]:
    """Names and values as a dictionary, or an error that says what was passed instead."""
    if isinstance(values, Mapping):
        return dict(values)
    raise TypeError(f"{what} takes a dictionary of names and values, not a {type(values).__name__}")


def several(items: Any) -> list[str]:
    """Ids or orders as a list of text, where one alone may stand for a list of one."""
    if items is None:
        return []
    return [str(each) for each in ([items] if isinstance(items, str | int) else items)]


def convert_metric_value_to_float_if_possible(x: Any) -> float:
    """A number, an array or tensor of one element, or text that spells one, as a float; other text as it is."""
    if x is None or isinstance(x, str):
        try:
            return float(x or "")
        except ValueError:
            return x  # type: ignore[return-value]
    return number(x, "value")


def convert_metric_value_to_float_if_ndarray(x: Any) -> Any:
    """A numpy array of one element as a float; what is none as it is."""
    return number(x, "value") if _is_of(x, "numpy") else x


def convert_metric_value_to_float_if_torch_tensor(x: Any) -> Any:
    """A PyTorch tensor of one element as a float; what is none as it is."""
    return number(x, "value") if _is_of(x, "torch") else x


def convert_metric_value_to_float_if_tensorflow_tensor(x: Any) -> Any:
    """A TensorFlow tensor of one element as a float; what is none as it is."""
    return number(x, "value") if _is_of(x, "tensorflow") else x


def _is_of(value: Any, library: str) -> bool:
    return type(value).__module__.partition(".")[0] == library
