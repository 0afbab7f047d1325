"""From the tree of a filter to a condition in SQL. Values are always parameters."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, Unreachable
from headrace.search import And, Compare, Entity, Node, Not, Or, parse
from headrace.search.patterns import pattern
from headrace.stores.sql import names
from headrace.stores.sql.store import STATEMENT_SECONDS
from headrace.stores.sql.tx import Tx, marks

Sql = tuple[str, list[Any]]
#: Different texts that one RLIKE looks at in a database on the other side of a socket, at most.
TEXTS = 100_000
#: What counts as a number in texts that are kept as texts alone: the same in every database.
_NUMBER = r"^[+-]{0,1}([0-9]+[.]{0,1}[0-9]*|[.][0-9]+)([eE][+-]{0,1}[0-9]{1,2}){0,1}$"
_DIGITS = 64
_SPELLING = re.compile(_NUMBER[1:-1])
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
    #: A condition on the owners whose values can matter at all, and its parameters.
    among: str = ""
    among_params: tuple[Any, ...] = ()

    def __call__(self, tx: Tx, compare: Compare) -> Sql:
        key = names.known(tx, compare.field.key) if self.numbered else compare.field.key
        there = f"SELECT 1 FROM {self.table} f WHERE f.{self.owner} = {self.outer} AND f.{self.key} = ?"
        match compare.op:
            case "IS NULL":
                return f"NOT EXISTS ({there})", [key]
            case "IS NOT NULL":
                return f"EXISTS ({there})", [key]
        column = "f.value"
        if compare.field.type == "number":
            column = f"f.{self.number}" if self.number else _number(tx, column)
        values = f"{self.table} f WHERE f.{self.key} = ?{self.among}"
        test, params = compared(tx, column, compare, values, (key, *self.among_params))
        return f"EXISTS ({there} AND {test})", [key, *params]


def columns(table: Mapping[str, str], source: str = "", params: Sequence[Any] = ()) -> Kind:
    """Attributes that are columns of ``source``, which is a table and its alias, perhaps with a WHERE."""

    def attribute(tx: Tx, compare: Compare) -> Sql:
        return compared(tx, table[compare.field.key], compare, source, params)

    return attribute


def compared(tx: Tx, column: str, compare: Compare, source: str = "", params: Sequence[Any] = ()) -> Sql:
    """``column`` against the value of a comparison.

    ``source`` is what follows FROM, with its ``params``, where all that the column can be is looked at.
    """
    value: Any = compare.value
    match compare.op:
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            return f"{column} {'<>' if compare.op == '!=' else compare.op} ?", [value]
        case "LIKE" | "ILIKE":
            return tx.dialect.like(column, fold=compare.op == "ILIKE"), [value]
        case "RLIKE":
            return _matching(tx, column, value, source, params)
        case "IN" | "NOT IN":
            return f"{column} {compare.op} {marks(value)}", list(value)
        case "BETWEEN":
            return f"{column} BETWEEN ? AND ?", list(value)
        case "IS NULL" | "IS NOT NULL":
            return f"{column} {compare.op}", []
    raise BadRequest(f"Invalid filter: {compare.op} does not apply to {compare.field.key!r}")


def _matching(tx: Tx, column: str, text: str, source: str, params: Sequence[Any]) -> Sql:
    """``column RLIKE text``, by our own matcher whatever the database: the same result, and never a long time."""
    if tx.dialect.name == "sqlite":
        return f"MATCHES(?, {column})", [text]
    if not source:
        raise BadRequest("RLIKE is not taken here; use LIKE or ILIKE")
    rows = tx.rows(f"SELECT DISTINCT {column} FROM {source} LIMIT {TEXTS + 1}", *params)
    if len(rows) > TEXTS:
        raise BadRequest(f"RLIKE would have to look at more than {TEXTS} different texts; use LIKE or ILIKE")
    wanted, until, found = pattern(text), time.monotonic() + STATEMENT_SECONDS, []
    for (each,) in rows:
        if each is not None and wanted.matches(each):
            found.append(each)
        if time.monotonic() > until:
            raise Unreachable(f"Matching took more than {STATEMENT_SECONDS} s; use LIKE, or a simpler pattern")
    if not found:
        return "1 = 0", []
    if tx.dialect.name == "postgresql":
        return f"{column} = ANY(?)", [found]
    return f"{column} IN {marks(found)}", found


def _number(tx: Tx, column: str) -> str:
    """The number that a text spells; NULL if it spells none."""
    match tx.dialect.name:
        case "sqlite":
            return f"NUMBER({column})"
        case "postgresql":
            test, value = f"{column} ~ '{_NUMBER}'", f"CAST({column} AS DOUBLE PRECISION)"
        case _:
            # There the end of a text is before a line break, too.
            test = f"{column} REGEXP '{_NUMBER}' AND {column} NOT LIKE CONCAT('%', CHAR(10))"
            value = f"({column} + 0e0)"
    return f"(CASE WHEN CHAR_LENGTH({column}) <= {_DIGITS} AND {test} THEN {value} END)"


def number_spelled(text: str | None) -> float | None:
    """The number that a text spells, as the databases above read it."""
    return float(text) if text and len(text) <= _DIGITS and _SPELLING.fullmatch(text) else None


def condition(
    tx: Tx,
    text: str,
    entity: Entity,
    attributes: Mapping[str, str] | Kind,
    kinds: Mapping[str, Kind],
    source: str = "",
) -> Sql:
    """`` AND (…)`` for a filter, or nothing for an empty one, and its parameters.

    ``kinds`` are by the name of the kind or, for fields of another thing, of that. ``source`` is the table, with its
    alias, whose columns the attributes are.
    """
    tree = parse(text, entity) if text else None
    if tree is None:
        return "", []
    table = {"attribute": attributes if callable(attributes) else columns(attributes, source), **kinds}
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
            return kinds[node.field.of or node.field.kind](tx, node)
    raise AssertionError(node)
