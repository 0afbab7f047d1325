"""How users make records: with the arguments of MLflow's classes, or of a dictionary that a record was told as."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from headrace.base.errors import BadRequest

T = TypeVar("T")


class Made(msgspec.StructMeta):
    """The kind of record that is kept otherwise than users give it.

    Its fields by their names make one at once, as our own code does; anything else goes through the record's class
    method ``_made``, whose arguments are those of MLflow's class of the same name.
    """

    def __call__(cls, *given: Any, **named: Any) -> Any:
        if not given:
            # Asking first whether the names are those of the fields would cost as much again as making the record.
            try:
                return super().__call__(**named)
            except TypeError:
                pass
        return cls._made(*given, **named)  # type: ignore[attr-defined]

    @property
    def __signature__(cls) -> inspect.Signature:
        return inspect.signature(cls._made)  # type: ignore[attr-defined]


def pairs(kind: Callable[[Any, Any], T], said: Mapping[Any, Any] | Iterable[Any] | None) -> list[T]:
    """Keys with values, such as tags, as the records they are kept as; they may be given as a dictionary."""
    if isinstance(said, Mapping):
        return [kind(key, value) for key, value in said.items()]
    return list(said or ())


def from_dictionary(kind: type[T], said: Mapping[str, Any]) -> T:
    """The record of a dictionary such as ``to_dictionary`` makes. What no field is called is passed over.

    Raises ``BadRequest`` that names what is missing.
    """
    known = inspect.signature(kind).parameters
    missing = [name for name, each in known.items() if each.default is each.empty and name not in said]
    if missing:
        raise BadRequest(
            f"A dictionary for a {kind.__name__} needs {', '.join(known)}; {', '.join(missing)} is missing"
        )
    hints = get_type_hints(kind._made if isinstance(kind, Made) else kind)
    return kind(**{name: _told(hints.get(name), said[name]) for name in known if name in said})


def _told(hint: Any, value: Any) -> Any:
    """``value`` with dictionaries where ``hint`` says there are records."""
    hints = (hint, *get_args(hint))
    if isinstance(value, list):
        items = [get_args(each)[0] for each in hints if get_origin(each) is list]
        return [_told(items[0], each) for each in value] if items else value
    if isinstance(value, Mapping):
        for each in hints:
            if isinstance(each, type) and issubclass(each, msgspec.Struct):
                return from_dictionary(each, value)
    return value
