"""What a filter or an order means, once its text is understood."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Type = Literal["text", "number", "id"]
Aggregate = Literal["min", "max", "first", "last", "mean", "count"]
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "RLIKE", "IN", "NOT IN", "BETWEEN", "IS NULL", "IS NOT NULL"
]
#: Text and ids compare with ``str``, numbers with ``float`` or ``int``. IN takes a tuple of these, BETWEEN a tuple of
#: the two ends, both included. IS NULL and IS NOT NULL take nothing.
Value: TypeAlias = str | float | int | tuple[str, ...] | tuple[float | int, ...] | None


class Field(msgspec.Struct, frozen=True):
    """What is compared or ordered by.

    ``of`` names another thing whose field it is: "parent" is the parent of a run, "experiment" what holds it.
    ``kind`` is "attribute", "metric", "param", "tag" or "dataset"; ``key`` is an attribute's own name (never an alias)
    or whatever the user called the metric, param or tag. ``type`` says how to compare: a param or tag has "text"
    against a quoted value and "number" against an unquoted number. ``aggregate`` is None where the last value of a
    metric counts.
    """

    kind: str
    key: str
    type: Type
    aggregate: Aggregate | None = None
    of: str = ""


class Compare(msgspec.Struct, frozen=True):
    """One field held against one value. False where the field is absent, except for IS NULL."""

    field: Field
    op: Operator
    value: Value = None


class And(msgspec.Struct, frozen=True):
    """All of two or more conditions, none of which is an And."""

    items: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one of two or more conditions, none of which is an Or."""

    items: tuple[Node, ...]


class Not(msgspec.Struct, frozen=True):
    """The opposite of a condition: true wherever it is not true, also where its field is absent."""

    item: Node


Node: TypeAlias = And | Or | Not | Compare


class Order(msgspec.Struct, frozen=True):
    """One field to order by. What lacks it comes last, in both directions."""

    field: Field
    descending: bool = False
