"""Writes trees as text, the opposite of the parser; and draws trees that a text can mean."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.search import RUNS, And, Compare, Field, Node, Not, Or, Order
from headrace.search.entities import OPERATORS, Key, Kind
from headrace.search.parser import DEPTH


def write(node: Node) -> str:
    """A filter that means ``node``."""
    match node:
        case And(items):
            return " AND ".join(f"({write(item)})" if isinstance(item, Or) else write(item) for item in items)
        case Or(items):
            return " OR ".join(write(item) for item in items)
        case Not(item):
            return f"NOT ({write(item)})"
    match node.value:
        case None:
            return f"{write_field(node.field)} {node.op}"
        case tuple() as values if node.op == "BETWEEN":
            return f"{write_field(node.field)} BETWEEN {write_value(values[0])} AND {write_value(values[1])}"
        case tuple() as values:
            return f"{write_field(node.field)} {node.op} ({', '.join(map(write_value, values))})"
    return f"{write_field(node.field)} {node.op} {write_value(node.value)}"


def write_field(field: Field) -> str:
    """A name that means ``field``."""
    key = field.key.replace("`", "``")
    return (
        (f"{field.of}." if field.of else "")
        + f"{field.kind}.`{key}`"
        + (f".{field.aggregate}" if field.aggregate else "")
    )


def write_value(value: str | float) -> str:
    """A literal that means ``value``."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def write_order(order: Order) -> str:
    """An item of order_by that means ``order``."""
    return write_field(order.field) + (" DESC" if order.descending else "")


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_keys = _texts.filter(bool)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_whole = st.integers(-(2**63), 2**63 - 1)


def _field(kind: Kind) -> st.SearchStrategy[tuple[Field, Key | None]]:
    if kind.keys is not None:
        return st.sampled_from(kind.keys).map(lambda key: (Field(kind.name, key.name, key.type), key))
    types = ["text", "number"] if kind.numeric else [kind.type]
    aggregates = [None, "min", "max", "first", "last", "mean", "count"] if kind.aggregates else [None]
    parts = (st.just(kind.name), _keys, st.sampled_from(types), st.sampled_from(aggregates))
    return st.builds(Field, *parts).map(lambda field: (field, None))


def _comparison(named: tuple[Field, Key | None]) -> st.SearchStrategy[Compare]:
    field, key = named
    values = _texts if field.type != "number" else (_whole if key else _floats)

    def with_value(op: str) -> st.SearchStrategy[Compare]:
        value: st.SearchStrategy[object] = values
        if op.endswith("NULL"):
            value = st.none()
        elif op in ("IN", "NOT IN"):
            value = st.lists(values, min_size=1, max_size=4).map(tuple)
        elif op == "BETWEEN":
            value = st.tuples(values, values)
        elif op == "RLIKE":
            value = _texts.map(re.escape)
        # A test for presence says nothing of the type, so that a param stays text.
        kept = replace(field, type="text") if op.endswith("NULL") and field.kind in ("param", "tag") else field
        return st.builds(Compare, st.just(kept), st.just(op), value)

    return st.sampled_from(sorted(key.operators if key else OPERATORS[field.type])).flatmap(with_value)


fields = st.sampled_from(RUNS.kinds).flatmap(_field)
_others = st.sampled_from([(word, kind) for word, thing in RUNS.relations.items() for kind in thing.kinds]).flatmap(
    lambda other: _field(other[1]).map(lambda named: (replace(named[0], of=other[0]), named[1]))
)
comparisons: st.SearchStrategy[Node] = st.one_of(fields, _others).flatmap(_comparison)


def _joined(kind: type[And] | type[Or], items: list[Node]) -> Node:
    return kind(tuple(part for item in items for part in (item.items if isinstance(item, kind) else (item,))))


trees = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: _joined(And, items)),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: _joined(Or, items)),
    ),
    max_leaves=12,
)
assert DEPTH > 12
