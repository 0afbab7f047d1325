"""A call: one thing a store can be asked, written down once."""

from __future__ import annotations

import functools
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar, get_args

import msgspec

from headrace.schema import making

R = TypeVar("R", covariant=True)
C = TypeVar("C", bound="type[Call[Any]]")
Verb = Literal["GET", "POST", "PATCH", "DELETE"]

#: Every published call, by its name.
CALLS: dict[str, type[Call[Any]]] = {}


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that crosses the wire. A field that holds its default is left out of the JSON."""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Names and values as a user sees them, for ``dict(record)``."""
        return ((name, getattr(self, name)) for name in _seen(type(self)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(f'{name}={value!r}' for name, value in self)}>"

    def to_dictionary(self) -> dict[str, Any]:
        """This record, and the records in it, as plain dictionaries."""
        return {name: _plain(value) for name, value in self}

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> Self:
        """The record that such a dictionary tells of. Raises ``BadRequest`` that names what is missing in it."""
        return making.from_dictionary(cls, the_dict)


@functools.cache
def _seen(kind: type[Record]) -> tuple[str, ...]:
    """The names a user sees: what is kept as a list or word is seen as what a property makes of it."""
    made = {name for each in kind.__mro__ for name, value in vars(each).items() if isinstance(value, property)}
    kept = {name for name in kind.__struct_fields__ if not name.endswith(("_list", "_word")) and name != "run_uuid"}
    return tuple(sorted(made | kept))


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dictionary()
    return [_plain(each) for each in value] if isinstance(value, list) else value


class Empty(Record, frozen=True, kw_only=True):
    """The reply of a call that has nothing to say."""


class Need(msgspec.Struct, frozen=True):
    """What a caller must be allowed: a level, on the thing of kind ``noun`` that ``fields`` identify."""

    level: Literal["nothing", "read", "edit", "manage"]
    noun: str = ""
    fields: tuple[str, ...] = ()


class Level:
    """Spells a ``Need`` of one level: ``Edit.run("run_id")``."""

    def __init__(self, level: Literal["read", "edit", "manage"]) -> None:
        self._level = level

    def workspace(self) -> Need:
        """The need of what concerns no single thing, such as creating an experiment."""
        return Need(self._level, "workspace")

    def experiment(self, *fields: str) -> Need:
        return Need(self._level, "experiment", fields)

    def run(self, *fields: str) -> Need:
        return Need(self._level, "run", fields)

    def logged_model(self, *fields: str) -> Need:
        return Need(self._level, "logged_model", fields)

    def registered_model(self, *fields: str) -> Need:
        return Need(self._level, "registered_model", fields)

    def evaluation_dataset(self, *fields: str) -> Need:
        return Need(self._level, "evaluation_dataset", fields)


Read, Edit, Manage = Level("read"), Level("edit"), Level("manage")
#: The need of a call that anybody may make.
Anyone = Need("nothing")


#: Bytes of a JSON body, at most, unless a call says otherwise.
BODY_BYTES = 8 << 20


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """How a call travels, who may make it and what it is answered with."""

    #: The verb and the path below ``/api/<since>.0/mlflow/``; ``{field}`` in the path is a field of the call.
    verb: Verb
    path: str
    #: Further verbs under which the same call is served.
    also: tuple[Verb, ...]
    #: The major version of the protocol that has it.
    since: int
    reply: type[Record]
    needs: Need
    #: Whether it changes anything.
    writes: bool
    #: Whether it touches little, however much is stored, and so may be answered between two other things.
    quick: bool
    #: Bytes that a request body may have.
    limit: int
    #: Fields of the call that stand in its path.
    in_path: tuple[str, ...]


class Call(Record, Generic[R], frozen=True, kw_only=True):
    """A request whose reply is an ``R``."""

    route: ClassVar[Route]


def call(
    verb: Verb,
    path: str,
    *,
    needs: Need,
    writes: bool = False,
    quick: bool = False,
    also: tuple[Verb, ...] = (),
    since: int = 2,
    limit: int = BODY_BYTES,
    served: bool = True,
) -> Callable[[C], C]:
    """Publish a call under an HTTP verb and a path; one that is not ``served`` is for this house alone."""

    def publish(kind: C) -> C:
        in_path = tuple(name for _, name, _, _ in string.Formatter().parse(path) if name)
        (reply,) = get_args(kind.__orig_bases__[0])  # type: ignore[attr-defined]
        unknown = {*in_path, *needs.fields} - set(kind.__struct_fields__)
        if unknown:
            raise TypeError(f"{kind.__name__} has no field {sorted(unknown)}, which its path or its needs name")
        kind.route = Route(
            verb=verb,
            path=path,
            also=also,
            since=since,
            reply=reply,
            needs=needs,
            writes=writes,
            quick=quick,
            limit=limit,
            in_path=in_path,
        )
        if served:
            CALLS[kind.__name__] = kind
        return kind

    return publish
