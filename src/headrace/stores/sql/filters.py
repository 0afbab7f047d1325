"""From the tree of a filter to a condition in SQL. Values are always parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.search import And, Compare, Entity, Node, Not, Or, parse
from headrace.stores.sql import names
from headrace.stores.sql.tx import Tx, marks

Sql = tuple[str, list[Any]]
#: Turns a comparison of one kind of field into SQL.
Kind = Callable[[Tx, Compare], Sql]


class TextPairs(msgspec.Struct, frozen=True):
    """A table of keys and text values that belong to a row, such as the tags of an experiment."""

    table: str
    #: The column that says whose they are, the column of the key, and the expression of the row's own key.
    owner: str
    key: str
    outer: str
    #: Whether keys are numbers from the dictionary.
    numbered: bool = False
    #: The column that has the value as a number, if there is one.
    number: str = ""

    def __call__(self, tx: Tx, compare: Compare) -> Sql:
        key = names.known(tx, compare.field.key) if self.numbered else compare.field.key
        there = f"SELECT 1 FROM {self.table} f WHERE f.{self.owner} = {self.outer} AND f.{self.key} = ?"
        match compare.op:
            case "IS NULL":
                return f"NOT EXISTS ({there})", [key]
            case "IS NOT NULL":
                return f"EXISTS ({there})", [key]
        column = f"f.{self.number}" if compare.field.type == "number" else "f.value"
        test, params = compared(tx, column, compare)
        return f"EXISTS ({there} AND {test})", [key, *params]


def columns(table: Mapping[str, str]) -> Kind:
    """Attributes that are columns."""

    def attribute(tx: Tx, compare: Compare) -> Sql:
        return compared(tx, table[compare.field.key], compare)

    return attribute


def compared(tx: Tx, column: str, compare: Compare) -> Sql:
    """``column`` against the value of a comparison."""
    value: Any = compare.value
    match compare.op:
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            return f"{column} {'<>' if compare.op == '!=' else compare.op} ?", [value]
        case "LIKE" | "ILIKE":
            return tx.dialect.like(column, fold=compare.op == "ILIKE"), [value]
        case "IN" | "NOT IN":
            return f"{column} {compare.op} {marks(value)}", list(value)
        case "BETWEEN":
            return f"{column} BETWEEN ? AND ?", list(value)
        case "IS NULL" | "IS NOT NULL":
            return f"{column} {compare.op}", []
    raise BadRequest(f"Invalid filter: {compare.op} does not apply to {compare.field.key!r}")


def condition(
    tx: Tx,
    text: str,
    entity: Entity,
    attributes: Mapping[str, str] | Kind,
    kinds: Mapping[str, Kind],
) -> Sql:
    """`` AND (…)`` for a filter, or nothing for an empty one, and its parameters."""
    tree = parse(text, entity) if text else None
    if tree is None:
        return "", []
    table = {"attribute": attributes if callable(attributes) else columns(attributes), **kinds}
    sql, params = _spelled(tx, tree, table)
    return f" AND ({sql})", params


def _spelled(tx: Tx, node: Node, kinds: Mapping[str, Kind]) -> Sql:
    match node:
        case And(items=items) | Or(items=items):
            word = " AND " if isinstance(node, And) else " OR "
            parts = [_spelled(tx, item, kinds) for item in items]
            return "(" + word.join(sql for sql, _ in parts) + ")", [value for _, params in parts for value in params]
        case Not(item=item):
            sql, params = _spelled(tx, item, kinds)
            # What is unknown is not true: NOT of a comparison with a missing value holds.
            return f"NOT COALESCE(({sql}), {'FALSE' if tx.dialect.name == 'postgresql' else '0'})", params
        case Compare():
            return kinds[node.field.kind](tx, node)
    raise AssertionError(node)
