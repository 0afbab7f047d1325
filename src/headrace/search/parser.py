"""Reads a filter: conditions joined by AND, OR, NOT and parentheses.

A superset of MLflow's filters, which are comparisons joined by AND. NOT binds tighter than AND, and AND than OR. Each
piece of text is looked at once, so that the time is linear in its length.
"""

from __future__ import annotations

import re

import msgspec

from headrace.search.entities import OPERATORS, Entity
from headrace.search.fields import Place, read_field
from headrace.search.literals import read_literal
from headrace.search.patterns import Fault, pattern
from headrace.search.scanner import Scanner
from headrace.search.tree import And, Compare, Field, Node, Not, Operator, Or, Value

#: Comparisons in a filter, items of an IN list, and parentheses and NOTs around one comparison, at most.
CLAUSES, ITEMS, DEPTH = 1000, 10_000, 64
#: Characters of a LIKE pattern, at most: matching takes time for each of them at each character of a text.
PATTERN = 1000

_SYMBOL = re.compile(r"<=|>=|<>|!=|==|=|<|>")
_SYMBOLS: dict[str, Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_WORDS: dict[str, Operator] = {
    "LIKE": "LIKE",
    "ILIKE": "ILIKE",
    "RLIKE": "RLIKE",
    "IN": "IN",
    "BETWEEN": "BETWEEN",
}
#: The operators in the order in which an error names them.
_ALL: tuple[Operator, ...] = (
    *("=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "RLIKE"),
    *("IN", "NOT IN", "BETWEEN", "IS NULL", "IS NOT NULL"),
)


def parse(text: str, entity: Entity, *, now: int | None = None) -> Node | None:
    """What a filter asks of ``entity``; None for a blank filter, which asks nothing.

    ``now`` is what ``now()`` stands for, in milliseconds; the clock is read unless it is given. Raises ``BadRequest``
    with a sentence that points at the character where the text stops making sense.
    """
    scanner = Scanner(text, "filter")
    if scanner.ended():
        return None
    tree = _Filter(scanner, entity, now).either(0)
    if not scanner.ended():
        if scanner.text[scanner.at] == ";":
            scanner.fail("a filter is one statement; leave out ';' and what follows")
        scanner.fail("expected AND, OR or the end")
    return tree


def parse_field(text: str, entity: Entity) -> Field:
    """The one field that ``text`` names. Raises ``BadRequest`` if it names none."""
    scanner = Scanner(text, "field")
    place = read_field(scanner, entity)
    if not scanner.ended():
        scanner.fail("expected the end of the field")
    return place.field


class _Filter:
    """One filter while it is read. Every method reads what it is named for, from where the scanner stands."""

    def __init__(self, scanner: Scanner, entity: Entity, now: int | None) -> None:
        self._scanner, self._entity, self._now = scanner, entity, now
        self._clauses = 0

    def either(self, depth: int) -> Node:
        """Conditions joined by OR."""
        items = [self._every(depth)]
        while self._scanner.keyword("OR"):
            items.append(self._every(depth))
        if len(items) == 1:
            return items[0]
        return Or(tuple(part for item in items for part in (item.items if isinstance(item, Or) else (item,))))

    def _every(self, depth: int) -> Node:
        items = [self._one(depth)]
        while self._scanner.keyword("AND"):
            items.append(self._one(depth))
        if len(items) == 1:
            return items[0]
        return And(tuple(part for item in items for part in (item.items if isinstance(item, And) else (item,))))

    def _one(self, depth: int) -> Node:
        if depth > DEPTH:
            self._scanner.fail(f"parentheses and NOT are nested more than {DEPTH} deep")
        if self._scanner.keyword("NOT"):
            return Not(self._one(depth + 1))
        start = self._scanner.at
        if not self._scanner.sign("("):
            return self._comparison()
        inner = self.either(depth + 1)
        if not self._scanner.sign(")"):
            if self._scanner.ended():
                self._scanner.fail("this parenthesis is never closed", start)
            self._scanner.fail("expected AND, OR or ')'")
        return inner

    def _comparison(self) -> Node:
        self._clauses += 1
        if self._clauses > CLAUSES:
            self._scanner.fail(f"there are more than {CLAUSES} comparisons")
        place = read_field(self._scanner, self._entity)
        at = self._scanner.at
        op, negated = self._operator(place)
        value = self._value(op, place)
        found = Compare(_typed(place, op, value, self._scanner, at), op, value)
        return Not(found) if negated else found

    def _operator(self, place: Place) -> tuple[Operator, bool]:
        """The operator, and whether NOT stood before it."""
        scanner, start = self._scanner, self._scanner.at
        symbol, negated = scanner.take(_SYMBOL), False
        op: Operator | None
        if symbol:
            op = _SYMBOLS[symbol]
        elif scanner.keyword("IS"):
            op = "IS NOT NULL" if scanner.keyword("NOT") else "IS NULL"
            if not scanner.keyword("NULL"):
                scanner.fail("expected NULL or NOT NULL after IS")
        else:
            negated = scanner.keyword("NOT")
            word = scanner.peek()
            op = _WORDS.get(word)
            if op:
                scanner.skip(len(word))
            if negated and op == "IN":
                op, negated = "NOT IN", False
        if op is None or op not in place.operators:
            can = ", ".join(each for each in _ALL if each in place.operators)
            said = "expected an operator" if op is None else f"{place.shown} does not take {op}"
            scanner.fail(f"{said}; {place.shown} takes {can}", start)
        return op, negated

    def _value(self, op: Operator, place: Place) -> Value:
        match op:
            case "IS NULL" | "IS NOT NULL":
                return None
            case "IN" | "NOT IN":
                return self._items(place)
            case "BETWEEN":
                start = self._scanner.at
                low = read_literal(self._scanner, place, self._now)
                if not self._scanner.keyword("AND"):
                    self._scanner.fail("expected AND between the two ends of BETWEEN")
                return _alike([low, read_literal(self._scanner, place, self._now)], self._scanner, start)
        start = self._scanner.at
        value = read_literal(self._scanner, place, self._now)
        if op == "RLIKE" and isinstance(value, str):
            self._check(value, start)
        if op in ("LIKE", "ILIKE") and len(str(value)) > PATTERN:
            self._scanner.fail(f"a pattern has at most {PATTERN} characters", start)
        return value

    def _check(self, text: str, start: int) -> None:
        """Refuse a regular expression that cannot be read, pointing into it."""
        try:
            pattern(text)
        except Fault as fault:
            # Marks that were doubled to stand within quotation marks take two characters.
            mark = self._scanner.text[start]
            self._scanner.fail(f"in this pattern, {fault.words}", start + 1 + fault.at + text[: fault.at].count(mark))

    def _items(self, place: Place) -> Value:
        scanner, start = self._scanner, self._scanner.at
        if not scanner.sign("("):
            scanner.fail("expected a list in parentheses, as in IN ('a', 'b')")
        items = [read_literal(scanner, place, self._now)]
        while scanner.sign(",") and not scanner.text.startswith(")", scanner.at):
            if len(items) == ITEMS:
                scanner.fail(f"the list has more than {ITEMS} items")
            items.append(read_literal(scanner, place, self._now))
        if not scanner.sign(")"):
            scanner.fail("expected ',' or ')' in the list")
        return _alike(items, scanner, start)


def _alike(items: list[str | float | int], scanner: Scanner, at: int) -> Value:
    texts = tuple(item for item in items if isinstance(item, str))
    numbers = tuple(item for item in items if not isinstance(item, str))
    if texts and numbers:
        scanner.fail("these values must be all in quotation marks, or all plain numbers", at)
    return texts or numbers


def _typed(place: Place, op: Operator, value: Value, scanner: Scanner, at: int) -> Field:
    """The field, with the type that its value gives it: params and tags can be text or number."""
    if not place.kind.numeric:
        return place.field
    sample = value[0] if isinstance(value, tuple) else value
    is_number = sample is not None and not isinstance(sample, str)
    if op not in OPERATORS["number" if is_number else "text"]:
        remedy = "write a text in quotation marks" if is_number else "write a number without quotation marks"
        scanner.fail(f"{place.shown} {op} needs another value: {remedy}", at)
    return msgspec.structs.replace(place.field, type="number") if is_number else place.field
