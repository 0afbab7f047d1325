"""Lists in pages: each page begins after the last row of the one before, found by its keys and never by counting.

A page token holds the sort keys of that row, bound by a keyed hash to the question it was given for, so that a token
that was made up, cut, or given for another question is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.schema import Call
from headrace.schema.types import ViewType
from headrace.search import Entity, Order, parse_order
from headrace.stores.sql.tx import Tx

_HASH_BYTES = 16
_ASIDE = ("page_token", "max_results")


class Term(msgspec.Struct, frozen=True):
    """Something to sort by that is never NULL, and the join it needs."""

    sql: str
    descending: bool = False
    join: str = ""
    join_params: tuple[Any, ...] = ()


#: Turns one field of an ``order_by`` into terms; the number tells joins apart.
Terms = Callable[[Tx, Order, int], Sequence[Term]]


def column_terms(columns: Mapping[str, str], nullable: frozenset[str] = frozenset()) -> Terms:
    """Terms for attributes that are columns; what is missing comes last either way."""

    def terms(_: Tx, order: Order, __: int) -> Sequence[Term]:
        column = columns[order.field.key]
        if order.field.key not in nullable:
            return (Term(column, order.descending),)
        empty = "0" if order.field.type == "number" else "''"
        return (
            Term(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END"),
            Term(f"COALESCE({column}, {empty})", order.descending),
        )

    return terms


class Page:
    """One page of a list: its order, where it begins, and where the next one does."""

    def __init__(self, tx: Tx, call: Call[Any], terms: Sequence[Term], limit: int) -> None:
        self.terms = terms
        self.limit = limit
        self._seal = _seal(tx, call)
        self.next_token: str | None = None
        token = getattr(call, "page_token", None)
        #: The keys of the row that ended the page before.
        self.after = self._opened(token) if token else None

    @classmethod
    def of_call(
        cls,
        tx: Tx,
        call: Any,
        order_by: Sequence[str],
        entity: Entity,
        columns: Mapping[str, str] | Terms,
        *,
        default: Sequence[Term],
        tie: Term | None = None,
        limit: int | None = None,
    ) -> Page:
        """The page a call asks for. ``tie`` ends an order that was asked for, ``default`` is the one otherwise."""
        spell = columns if callable(columns) else column_terms(columns)
        terms = [
            term for number, order in enumerate(parse_order(order_by, entity)) for term in spell(tx, order, number)
        ]
        ending = [tie] if terms and tie else list(default)
        return cls(tx, call, [*terms, *ending], limit or call.max_results)

    def rows(self, tx: Tx, select: str, source: str, params: Sequence[Any]) -> list[Any]:
        """The rows of this page. ``source`` is ``FROM … WHERE …``; the sort keys follow the columns of ``select``, if
        there are any."""
        return self.cut(self.found(tx, select, source, params))

    def found(self, tx: Tx, select: str, source: str, params: Sequence[Any]) -> list[Any]:
        """The rows of this page from one of several sources, and one more if there are more."""
        return following(tx, select, source, params, self.terms, self.after, self.limit + 1)

    def cut(self, found: list[Any]) -> list[Any]:
        """This page of all that was found in its order, which says where the next page begins if there is one."""
        if len(found) > self.limit:
            found = found[: self.limit]
            self.next_token = self._closed(list(found[-1][-len(self.terms) :]))
        return found

    def end_at(self, keys: list[Any]) -> None:
        """Say where the next page begins, for a list that is not one of rows."""
        self.next_token = self._closed(keys)

    def _closed(self, keys: list[Any]) -> str:
        text = msgspec.json.encode(keys)
        return base64.urlsafe_b64encode(self._hash(text) + text).decode()

    def _opened(self, token: str) -> list[Any]:
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii"))
        except (binascii.Error, ValueError):
            raw = b""
        text = raw[_HASH_BYTES:]
        if not hmac.compare_digest(raw[:_HASH_BYTES], self._hash(text)):
            raise BadRequest("Invalid page_token: it was not given for this question. Ask for the first page again")
        keys: list[Any] = msgspec.json.decode(text)
        return keys

    def _hash(self, text: bytes) -> bytes:
        return hmac.digest(self._seal, text, "sha256")[:_HASH_BYTES]


def following(
    tx: Tx,
    select: str,
    source: str,
    params: Sequence[Any],
    terms: Sequence[Term],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Any]:
    """The first rows of ``source`` in the order of ``terms``, after the row that has the keys ``after``."""
    start, _, where = source.partition(" WHERE ")
    joins = " ".join(term.join for term in terms if term.join)
    values = [value for term in terms for value in term.join_params] + list(params)
    columns = ([] if select == "SELECT" else [select]) + [term.sql for term in terms]
    sql = f"{'SELECT ' if select == 'SELECT' else ''}{', '.join(columns)} {start} {joins} WHERE {where}"
    if after is not None:
        beyond, more = _beyond(terms, after)
        sql += f" AND ({beyond})"
        values += more
    order = ", ".join(f"{term.sql} {'DESC' if term.descending else 'ASC'}" for term in terms)
    return tx.rows(f"{sql} ORDER BY {order} LIMIT {limit}", *values)


def _beyond(terms: Sequence[Term], after: Sequence[Any]) -> tuple[str, list[Any]]:
    """Rows after the one with the keys ``after``: later in the first key, or equal and later in the next."""
    sql, params = "", list[Any]()
    for depth, term in enumerate(terms):
        same = "".join(f"{each.sql} = ? AND " for each in terms[:depth])
        sql += f"{' OR ' if depth else ''}({same}{term.sql} {'<' if term.descending else '>'} ?)"
        params += [*after[:depth], after[depth]]
    # Implied by the rest, and what a database can find the first of these rows by.
    first = terms[0]
    return f"{first.sql} {'<=' if first.descending else '>='} ? AND ({sql})", [after[0], *params]


def _seal(tx: Tx, call: Call[Any]) -> bytes:
    question = {name: value for name, value in msgspec.to_builtins(call).items() if name not in _ASIDE}
    asked = msgspec.json.encode([type(call).__name__, question])
    return hashlib.sha256(tx.house.secret + asked).digest()


def in_view(table: str, view: ViewType) -> str:
    """The condition of a view over what is deleted and what is not."""
    return {
        "ACTIVE_ONLY": f" AND {table}.deleted_time IS NULL",
        "DELETED_ONLY": f" AND {table}.deleted_time IS NOT NULL",
        "ALL": "",
    }[view]
