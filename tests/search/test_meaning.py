"""A filter finds the runs for which it is true, by a second reading of what true means."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.schema.runs import CreateRun, LogBatch, Metric, Param, RunTag, SearchRuns, UpdateRun
from headrace.search import And, Compare, Field, Node, Not, Or
from headrace.stores import open_store
from headrace.stores.port import Store
from tests.search.texts import write

Run = dict[tuple[str, str], Any]

NUMBERS = [-1.5, 0.0, 1.0, 2.0, 10.0]
TEXTS = ["", "a", "A", "ab", "1", "10", "1.0", "a_b", "a%b", "it's", "é", "É", "nan", "\\"]
PATTERNS = ["a", "A", "a%", "%B", "_b", "a_b", "%", "a\\%", "é%", "[a]*"]
KEYS = ["k", "l", "with space"]
_MOMENT = 1_700_000_000_000

_NAMED: list[tuple[str, Run]] = [
    ("none", {}),
    ("a", {("metric", "k"): [1.0], ("param", "k"): "1", ("tag", "k"): "a", ("attribute", "end_time"): _MOMENT}),
    ("A", {("metric", "k"): [2.0, 0.0, -1.5], ("param", "k"): "10", ("tag", "k"): "A", ("tag", "l"): ""}),
    ("ab", {("metric", "k"): [math.nan], ("metric", "l"): [10.0, math.nan], ("param", "k"): "1.0"}),
    ("a_b", {("metric", "l"): [math.inf], ("param", "l"): "nan", ("tag", "k"): "a_b"}),
    ("it's", {("metric", "l"): [-math.inf, 1.0], ("param", "l"): "", ("param", "k"): "it's"}),
    ("É", {("metric", "with space"): [0.0, 0.0], ("param", "with space"): "É", ("tag", "with space"): "é"}),
    ("a%b", {("param", "k"): "a%b", ("tag", "l"): "a%b", ("metric", "k"): [math.nan, 2.0]}),
]
RUNS: list[Run] = [
    {("attribute", "run_name"): name, ("attribute", "start_time"): _MOMENT + number, **values}
    for number, (name, values) in enumerate(_NAMED)
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The runs above, in order of their start."""
    folder: Path = tmp_path_factory.mktemp("store")
    store = open_store(f"sqlite:///{folder}/kept.db", artifact_root="mlflow-artifacts:/")
    for run in RUNS:
        started = CreateRun(
            experiment_id="0", run_name=run["attribute", "run_name"], start_time=run["attribute", "start_time"]
        )
        run_id = store.send(started).run.info.run_id
        if ("attribute", "end_time") in run:
            store.send(UpdateRun(run_id=run_id, status="FINISHED", end_time=run["attribute", "end_time"]))
        points = [
            Metric(key, value, _MOMENT, step)
            for (kind, key), values in run.items()
            if kind == "metric"
            for step, value in enumerate(values)
        ]
        params = [Param(key, value) for (kind, key), value in run.items() if kind == "param"]
        tags = [RunTag(key, value) for (kind, key), value in run.items() if kind == "tag"]
        store.send(LogBatch(run_id=run_id, metrics=points, params=params, tags=tags))
    yield store
    store.close()


def _reading(run: Run, field: Field) -> Any:
    """What a run has in a field; None if it has nothing there."""
    found = run.get((field.kind, field.key))
    if found is None:
        return None
    if field.kind == "metric":
        return _aggregated(found, field.aggregate)
    if field.kind == "param" and field.type == "number":
        try:
            number = float(found)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    return found


def _aggregated(points: list[float], aggregate: str | None) -> float | None:
    numbers = [point for point in points if not math.isnan(point)]
    match aggregate:
        case "first":
            return points[0]
        case "count":
            return float(len(points))
        case "min" | "max" | "mean" if not numbers:
            return None
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "mean":
            return sum(numbers) / len(numbers)
    return points[-1]


def _like(pattern: str) -> str:
    return "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in pattern)


HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, value: found == value,
    "!=": lambda found, value: found != value,
    "<": lambda found, value: found < value,
    "<=": lambda found, value: found <= value,
    ">": lambda found, value: found > value,
    ">=": lambda found, value: found >= value,
    "IN": lambda found, value: found in value,
    "NOT IN": lambda found, value: found not in value,
    "BETWEEN": lambda found, value: value[0] <= found <= value[1],
    "LIKE": lambda found, value: re.fullmatch(_like(value), found, re.DOTALL) is not None,
    "ILIKE": lambda found, value: re.fullmatch(_like(value.lower()), found.lower()) is not None,
}


def _is_true(node: Node, run: Run) -> bool:
    match node:
        case And(items):
            return all(_is_true(item, run) for item in items)
        case Or(items):
            return any(_is_true(item, run) for item in items)
        case Not(item):
            return not _is_true(item, run)
    found = _reading(run, node.field)
    if node.op in ("IS NULL", "IS NOT NULL"):
        return (found is None) == (node.op == "IS NULL")
    if found is None:
        return False  # NaN is something: it differs from every number, and is neither above nor below one
    return HOLDS[node.op](found, node.value)


_texts, _numbers, _keys = st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(KEYS)
_aggregates = st.sampled_from([None, "min", "max", "first", "last", "mean", "count"])
_text_fields = st.one_of(
    st.builds(Field, st.sampled_from(["param", "tag"]), _keys, st.just("text")),
    st.just(Field("attribute", "run_name", "text")),
)
_number_fields = st.one_of(
    st.builds(Field, st.just("metric"), _keys, st.just("number"), _aggregates),
    st.builds(Field, st.just("param"), _keys, st.just("number")),
)
_times = st.sampled_from([Field("attribute", "start_time", "number"), Field("attribute", "end_time", "number")])
_sizes = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_sets = st.sampled_from(["IN", "NOT IN"])


def _compared(fields: Any, values: Any) -> Any:
    return st.one_of(
        st.builds(Compare, fields, st.sampled_from(["=", "!="]), values),
        st.builds(Compare, fields, _sets, st.lists(values, min_size=1, max_size=3).map(tuple)),
        st.builds(Compare, fields, st.just("BETWEEN"), st.tuples(values, values)),
    )


_moments = st.integers(_MOMENT - 1, _MOMENT + len(RUNS))
conditions = st.one_of(
    _compared(_text_fields, _texts),
    st.builds(Compare, _text_fields, st.sampled_from(["LIKE", "ILIKE"]), st.sampled_from(PATTERNS)),
    _compared(_number_fields, _numbers),
    st.builds(Compare, _number_fields, _sizes, _numbers),
    _compared(_times, _moments),
    st.builds(Compare, _times, _sizes, _moments),
    st.builds(Compare, st.one_of(_text_fields, _times), st.sampled_from(["IS NULL", "IS NOT NULL"])),
)
trees = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.tuples(inner, inner)),
        st.builds(Or, st.tuples(inner, inner, inner)),
    ),
    max_leaves=6,
)


@given(trees)
def test_a_filter_finds_the_runs_for_which_it_is_true(store: Store, tree: Node) -> None:
    text = write(tree)
    found = store.send(SearchRuns(experiment_ids=["0"], filter=text, max_results=50, order_by=["start_time"]))
    names = [run.info.run_name for run in found.runs]
    assert names == [run["attribute", "run_name"] for run in RUNS if _is_true(tree, run)], text
