"""Reads what to order by: fields, each with ASC or DESC."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.base.errors import BadRequest
from headrace.search.entities import Entity
from headrace.search.fields import read_field
from headrace.search.scanner import Scanner
from headrace.search.tree import Order

#: Fields to order by, at most.
FIELDS = 32


def parse_order(items: Sequence[str], entity: Entity) -> tuple[Order, ...]:
    """What to order ``entity`` by, first things first.

    Raises ``BadRequest`` for a field that is unknown, cannot be ordered by, or is named twice.
    """
    if len(items) > FIELDS:
        raise BadRequest(f"order_by names {len(items)} fields; at most {FIELDS} are allowed")
    found: dict[object, Order] = {}
    for item in items:
        scanner = Scanner(item, "order_by")
        order = _read(scanner, entity)
        if order.field in found:
            scanner.fail("this field is already ordered by", 0)
        found[order.field] = order
    return tuple(found.values())


def _read(scanner: Scanner, entity: Entity) -> Order:
    start = scanner.at
    place = read_field(scanner, entity)
    if place.field.of or not place.kind.orders or (place.key and not place.key.orders):
        scanner.fail(f"{entity.name} cannot be ordered by {place.shown}", start)
    descending = scanner.keyword("DESC")
    if not descending:
        scanner.keyword("ASC")
    if not scanner.ended():
        scanner.fail("expected ASC, DESC or the end")
    return Order(place.field, descending)
