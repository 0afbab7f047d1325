"""What may be ordered by."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.base.errors import BadRequest
from headrace.search import ENTITIES, EXPERIMENTS, REGISTERED_MODELS, RUNS, Entity, Field, Order, parse_order
from tests.search.texts import fields, write_order


@pytest.mark.parametrize(
    ("item", "order"),
    [
        ("metrics.a", Order(Field("metric", "a", "number"))),
        ("metrics.a ASC", Order(Field("metric", "a", "number"))),
        (" metrics.`a b`  desc ", Order(Field("metric", "a b", "number"), True)),
        ('metrics."a b" Desc', Order(Field("metric", "a b", "number"), True)),
        ("metrics.loss.min", Order(Field("metric", "loss", "number", "min"))),
        ("params.desc DESC", Order(Field("param", "desc", "text"), True)),
        ("tag.`asc`", Order(Field("tag", "asc", "text"))),
        ("Created", Order(Field("attribute", "start_time", "number"))),
        ("attributes.`Run name`", Order(Field("attribute", "run_name", "text"))),
    ],
)
def test_an_item_means_its_order(item: str, order: Order) -> None:
    assert parse_order([item], RUNS) == (order,)


def test_the_order_of_items_is_kept() -> None:
    found = parse_order(["status", "metrics.a DESC", "metrics.a.max"], RUNS)
    assert [order.field.key for order in found] == ["status", "a", "a"]


def test_nothing_is_ordered_by_nothing() -> None:
    assert parse_order([], RUNS) == ()


def test_a_time_stamp_of_a_model_has_two_names() -> None:
    (order,) = parse_order(["timestamp DESC"], REGISTERED_MODELS)
    assert order == Order(Field("attribute", "last_updated_timestamp", "number"), True)


@pytest.mark.parametrize(
    ("items", "entity", "fault"),
    [
        (["metrics.a", "metrics.a DESC"], RUNS, "already ordered by"),
        (["start_time", "Created"], RUNS, "already ordered by"),
        (["foo"], RUNS, "no attribute 'foo'"),
        (["dataset.name"], RUNS, "cannot be ordered by dataset.name"),
        (["tags.a"], EXPERIMENTS, "cannot be ordered by tags.a"),
        (["metrics.a UP"], RUNS, "expected ASC, DESC or the end"),
        (["metrics.a DESC DESC"], RUNS, "expected ASC, DESC or the end"),
        (["metrics.a, metrics.b"], RUNS, "expected ASC, DESC or the end"),
        (["metrics.a; DROP"], RUNS, "expected ASC, DESC or the end"),
        (["(SELECT 1)"], RUNS, "expected a field"),
        ([""], RUNS, "expected a field"),
        (["DESC"], RUNS, "expected a field"),
        ([f"metrics.m{number}" for number in range(33)], RUNS, "at most 32"),
    ],
)
def test_an_order_that_cannot_be_kept_is_refused(items: list[str], entity: Entity, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        parse_order(items, entity)


@given(fields.filter(lambda named: named[0].kind != "dataset"), st.booleans())
def test_an_order_written_as_text_is_read_back(named: tuple[Field, object], descending: bool) -> None:
    field, _ = named
    expected = Order(Field(field.kind, field.key, "text") if field.kind in ("param", "tag") else field, descending)
    assert parse_order([write_order(expected)], RUNS) == (expected,)


@given(st.lists(st.text()), st.sampled_from(sorted(ENTITIES.values(), key=lambda entity: entity.name)))
def test_any_texts_are_an_order_or_a_bad_request(items: list[str], entity: Entity) -> None:
    with suppress(BadRequest):
        parse_order(items, entity)
