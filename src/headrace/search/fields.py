"""Reads the name of a field: a kind, a key and perhaps an aggregate."""

from __future__ import annotations

from typing import cast, get_args

import msgspec

from headrace.search.entities import OPERATORS, Entity, Key, Kind
from headrace.search.scanner import Scanner
from headrace.search.tree import Aggregate, Field, Operator

_AGGREGATES = frozenset(get_args(Aggregate))
_RESERVED = frozenset(("AND", "OR", "NOT", "IN", "IS", "LIKE", "ILIKE", "RLIKE", "BETWEEN", "NULL", "ASC", "DESC"))


class Place(msgspec.Struct, frozen=True):
    """A field as it was named, and what its noun says of it. ``key`` is absent for names that users chose."""

    field: Field
    kind: Kind
    key: Key | None
    #: As the user wrote it.
    shown: str

    @property
    def operators(self) -> frozenset[Operator]:
        """The operators it takes, whatever the value."""
        if self.key:
            return self.key.operators
        return OPERATORS[self.kind.type] | OPERATORS["number"] if self.kind.numeric else OPERATORS[self.kind.type]

    @property
    def is_duration(self) -> bool:
        """Whether it is a length of time, in milliseconds."""
        return bool(self.key and self.key.is_duration)

    @property
    def is_time(self) -> bool:
        """Whether it is a point in time, in milliseconds."""
        return bool(self.key and self.key.is_time)


def read_field(scanner: Scanner, entity: Entity) -> Place:
    """The field named here; the place moves past it."""
    start = scanner.at
    relation = next((word for word in entity.relations if scanner.text.startswith(f"{word}.", start)), "")
    if relation:
        scanner.at += len(relation) + 1
        found = _read(scanner, entity.related[relation])
        found = msgspec.structs.replace(found, field=msgspec.structs.replace(found.field, of=relation))
    else:
        found = _read(scanner, entity)
    shown = scanner.text[start : scanner.at]
    scanner.skip(0)
    return msgspec.structs.replace(found, shown=shown)


def _read(scanner: Scanner, entity: Entity) -> Place:
    start = scanner.at
    quoted = scanner.quoted('`"')
    first = quoted if quoted is not None else scanner.word()
    if first is None:
        scanner.fail(f"expected a field such as {_example(entity)}")
    if not scanner.text.startswith(".", scanner.at):
        if quoted is None and first.upper() in _RESERVED:
            scanner.fail(f"expected a field such as {_example(entity)}, not {first.upper()}", start)
        return _known(scanner, entity, entity.kinds[0], first, start)
    kind = entity.by_prefix.get(first)
    if kind is None:
        words = ", ".join((*(each.prefixes[-1] for each in entity.kinds), *entity.relations))
        scanner.fail(f"{entity.name} have no {first!r}; before the dot there may be {words}", start)
    scanner.at += 1
    key_at = scanner.at
    key, aggregate = _key(scanner, kind)
    if kind.keys is not None:
        return _known(scanner, entity, kind, key, key_at)
    return Place(Field(kind.name, key, kind.type, aggregate), kind, None, "")


def _key(scanner: Scanner, kind: Kind) -> tuple[str, Aggregate | None]:
    """The key after the dot. ``loss.min`` is the aggregate of a metric; in quotation marks it is a plain key."""
    start = scanner.at
    key = scanner.quoted("`\"'")
    if key is not None:
        suffix = None
        if scanner.text.startswith(".", scanner.at):
            scanner.at += 1
            suffix = scanner.word()
            if not kind.aggregates or suffix not in _AGGREGATES:
                scanner.fail("nothing can follow this key; put the whole key in one pair of quotation marks", start)
    else:
        key = scanner.name()
        if key is None:
            scanner.fail(f"expected the key of a {kind.name} after the dot")
        stem, _, last = key.rpartition(".")
        suffix = last if kind.aggregates and stem and last in _AGGREGATES else None
        key = stem if suffix else key
    if not key:
        scanner.fail(f"the key of this {kind.name} is empty", start)
    return key, cast("Aggregate | None", suffix)


def _known(scanner: Scanner, entity: Entity, kind: Kind, name: str, at: int) -> Place:
    key = kind.by_name.get(name)
    if key is None:
        names = ", ".join(each.name for each in kind.keys or ())
        others = [f"{each.prefixes[-1]}.{name}" for each in entity.kinds if each.keys is None]
        remedy = f", or write {' or '.join(others)}" if others and name.isidentifier() else ""
        shown = name if len(name) <= 80 else name[:77] + "..."
        scanner.fail(f"{entity.name} have no {kind.name} {shown!r}; use one of {names}{remedy}", at)
    return Place(Field(kind.name, key.name, key.type), kind, key, "")


def _example(entity: Entity) -> str:
    examples = [f"{kind.prefixes[-1]}.key" for kind in entity.kinds if kind.keys is None]
    return " or ".join([(entity.kinds[0].keys or ())[0].name, *examples[:1]])
