"""What filters mean."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.base.errors import BadRequest
from headrace.search import (
    ENTITIES,
    EXPERIMENTS,
    MODEL_VERSIONS,
    RUNS,
    And,
    Compare,
    Entity,
    Field,
    Node,
    Not,
    Or,
    parse,
    parse_field,
)
from tests.search.texts import trees, write

NOW = 1_700_000_000_000
A = Compare(Field("metric", "a", "number"), ">", 1.0)
B = Compare(Field("metric", "b", "number"), "<", 2.0)
BETWEEN = Compare(Field("param", "a", "text"), "BETWEEN", ("a", "b"))
C = Compare(Field("tag", "c", "text"), "=", "x")


def _attribute(key: str, type: str, op: str, value: object) -> Compare:
    return Compare(Field("attribute", key, type), op, value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        (" \n", None),
        ("metrics.a > 1", A),
        ("metric.`a` > 1.0", A),
        ('metrics."a">1', A),
        ("metrics.a > 1 AND metrics.b < 2", And((A, B))),
        ("metrics.a > 1 and metrics.b < 2 And tags.c = 'x'", And((A, B, C))),
        ("metrics.a > 1 OR metrics.b < 2 AND tag.c = 'x'", Or((A, And((B, C))))),
        ("(metrics.a > 1 OR metrics.b < 2) AND tag.c = 'x'", And((Or((A, B)), C))),
        ("(metrics.a > 1 AND (metrics.b < 2 AND tag.c = 'x'))", And((A, B, C))),
        ("NOT metrics.a > 1 AND metrics.b < 2", And((Not(A), B))),
        ("NOT (metrics.a > 1 AND metrics.b < 2)", Not(And((A, B)))),
        ('not not tags.c = "x"', Not(Not(C))),
        ("status = 'FINISHED'", _attribute("status", "text", "=", "FINISHED")),
        ("run.status <> 'FAILED'", _attribute("status", "text", "!=", "FAILED")),
        ("`Run name` LIKE 'x%'", _attribute("run_name", "text", "LIKE", "x%")),
        ("attributes.created >= 5", _attribute("start_time", "number", ">=", 5)),
        ("run_id IN ('a', 'b',)", _attribute("run_id", "id", "IN", ("a", "b"))),
        ("run_id not in ('a')", _attribute("run_id", "id", "NOT IN", ("a",))),
        ("end_time is null", _attribute("end_time", "number", "IS NULL", None)),
        ("end_time IS NOT NULL", _attribute("end_time", "number", "IS NOT NULL", None)),
        ("run_name NOT ILIKE '%x'", Not(_attribute("run_name", "text", "ILIKE", "%x"))),
        (
            "start_time BETWEEN 1 AND 2 AND metrics.a > 1",
            And((_attribute("start_time", "number", "BETWEEN", (1, 2)), A)),
        ),
        ("start_time > now()", _attribute("start_time", "number", ">", NOW)),
        ("start_time > NOW() - 7d", _attribute("start_time", "number", ">", NOW - 7 * 86_400_000)),
        ("start_time < now ( ) - 1w + 90 m", _attribute("start_time", "number", "<", NOW - 604_800_000 + 5_400_000)),
        ("params.lr = '0.1'", Compare(Field("param", "lr", "text"), "=", "0.1")),
        ("params.lr > 0.1", Compare(Field("param", "lr", "number"), ">", 0.1)),
        ("params.lr IN (1, 2)", Compare(Field("param", "lr", "number"), "IN", (1.0, 2.0))),
        ("params.lr IN ('1', '2')", Compare(Field("param", "lr", "text"), "IN", ("1", "2"))),
        ("parameters.lr IS NULL", Compare(Field("param", "lr", "text"), "IS NULL")),
        ("params.a = 'it''s'", Compare(Field("param", "a", "text"), "=", "it's")),
        ('tags.`a``b` = "say ""hi"""', Compare(Field("tag", "a`b", "text"), "=", 'say "hi"')),
        ("tags.mlflow.user = 'x'", Compare(Field("tag", "mlflow.user", "text"), "=", "x")),
        ("tags.and = 'x'", Compare(Field("tag", "and", "text"), "=", "x")),
        ("metrics.system/cpu-0 > .5e1", Compare(Field("metric", "system/cpu-0", "number"), ">", 5.0)),
        ("metrics.loss.min < -1", Compare(Field("metric", "loss", "number", "min"), "<", -1.0)),
        ("metrics.val.loss.mean < 1", Compare(Field("metric", "val.loss", "number", "mean"), "<", 1.0)),
        ("metrics.`loss`.count > 9", Compare(Field("metric", "loss", "number", "count"), ">", 9.0)),
        ("metrics.`loss.min` < 1", Compare(Field("metric", "loss.min", "number"), "<", 1.0)),
        ("metrics.min < 1", Compare(Field("metric", "min", "number"), "<", 1.0)),
        ("datasets.name LIKE 'mnist%'", Compare(Field("dataset", "name", "text"), "LIKE", "mnist%")),
    ],
)
def test_a_filter_means_its_tree(text: str, tree: Node | None) -> None:
    assert parse(text, RUNS, now=NOW) == tree


@given(trees)
def test_a_tree_written_as_text_is_read_back(tree: Node) -> None:
    assert parse(write(tree), RUNS) == tree


@given(st.sampled_from(sorted(ENTITIES.values(), key=lambda entity: entity.name)), st.text())
def test_any_text_is_a_filter_or_a_bad_request(entity: Entity, text: str) -> None:
    _parse_or_refuse(text, entity)


PIECES = [
    *("metrics", ".", "`", '"', "'", "a", "params", "tags.b", "run_id", "start_time", "min", "now()", "-", "7d", ";"),
    *(">", "<", "=", "!=", "LIKE", "IN", "NOT", "AND", "OR", "(", ")", ",", "1", "-1", ".5", "'x'", "IS", "NULL"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.sampled_from(["", " "]))
def test_any_heap_of_pieces_is_a_filter_or_a_bad_request(pieces: list[str], between: str) -> None:
    _parse_or_refuse(between.join(pieces), RUNS)


def _parse_or_refuse(text: str, entity: Entity) -> None:
    with suppress(BadRequest):
        parse(text, entity)


def test_the_version_of_a_model_may_be_in_quotation_marks() -> None:
    assert parse("version_number = '3'", MODEL_VERSIONS) == _attribute("version_number", "number", "=", 3)


def test_experiment_ids_are_compared_whole() -> None:
    assert parse("experiment_id != '3'", EXPERIMENTS) == _attribute("experiment_id", "id", "!=", "3")
    with pytest.raises(BadRequest, match="does not take LIKE"):
        parse("experiment_id LIKE '3%'", EXPERIMENTS)


def test_one_field_can_be_read_alone() -> None:
    assert parse_field("metrics.`a b`", RUNS) == Field("metric", "a b", "number")
    with pytest.raises(BadRequest, match="expected the end of the field"):
        parse_field("metrics.a b", RUNS)


def test_now_is_read_from_the_clock_unless_given() -> None:
    tree = parse("start_time > now()", RUNS)
    assert isinstance(tree, Compare)
    assert isinstance(tree.value, int)
    assert tree.value > NOW
