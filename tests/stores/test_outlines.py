"""Long series, held against the plain reading of all their points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.base.errors import Unreachable
from headrace.schema.runs import GetMetricHistory, GetMetricHistoryBulkInterval, LogBatch, Metric
from headrace.stores import Store, open_store
from headrace.stores.sql import outlines, thinning
from headrace.stores.sql.outlines import Outline, Row
from headrace.testing.stores import making

STEPS = st.integers(-20, 40)
VALUES = st.sampled_from(
    [0.0, 1.0, -1.0, 0.5, 7.0, 1e300, -1e300, 1.7976931348623157e308, math.inf, -math.inf, math.nan]
)
POINTS = st.lists(st.builds(Metric, st.just("x"), VALUES, st.integers(0, 30), STEPS), min_size=1, max_size=60)
WINDOWS = st.one_of(st.none(), st.tuples(STEPS, STEPS).map(lambda pair: (min(pair), max(pair))))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/h.db")
    yield store
    store.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Series are long already with a few points, so that a test sees every seam."""
    for name, value in (("FEW", 8), ("BLOCKS", 8), ("NARROWEST", 2), ("_CHUNK", 4)):
        monkeypatch.setattr(outlines, name, value)
    monkeypatch.setattr(thinning, "FEW", 8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(POINTS, min_size=1, max_size=4), WINDOWS, st.integers(1, 40))
def test_a_sample_keeps_ends_and_extremes_whatever_order_points_came_in(
    store: Store, small: None, batches: list[list[Metric]], window: tuple[int, int] | None, most: int
) -> None:
    run_id = making.run(store)
    for batch in batches:
        store.send(LogBatch(run_id=run_id, metrics=batch))
        every = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
        start, end = window or (None, None)
        call = GetMetricHistoryBulkInterval(
            run_ids=[run_id], metric_key="x", start_step=start, end_step=end, max_results=most
        )
        found = [(each.step, each.timestamp, each.value) for each in store.send(call).metrics]
        plain = sorted(
            (
                (each.step, each.timestamp, each.value)
                for each in every
                if window is None or window[0] <= each.step <= window[1]
            ),
            key=lambda row: row[:2],
        )
        _judge(found, plain, most)


def _judge(found: list[tuple[int, int, float]], plain: list[tuple[int, int, float]], most: int) -> None:
    if len(plain) <= min(most, 4):
        assert sorted(map(repr, found)) == sorted(map(repr, plain))
        return
    left = list(map(repr, plain))
    for row in found:
        left.remove(repr(row))
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)
    assert len(found) <= most
    values = [row[2] for row in found]
    numbers = [row[2] for row in plain if not math.isnan(row[2])]
    assert found[-1][:2] == plain[-1][:2]
    if most >= 4:
        assert found[0][:2] == plain[0][:2]
        if numbers:
            assert min(numbers) in values
            assert max(numbers) in values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(POINTS, min_size=1, max_size=4), st.integers(1, 9))
def test_pages_put_together_are_the_whole_history_whatever_order_points_came_in(
    store: Store, small: None, batches: list[list[Metric]], size: int
) -> None:
    run_id = making.run(store)
    for batch in batches:
        store.send(LogBatch(run_id=run_id, metrics=batch))
        whole = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
        assert [(each.timestamp, each.step) for each in whole] == sorted((each.timestamp, each.step) for each in whole)
        found, token = list[Metric](), None
        while True:
            page = store.send(GetMetricHistory(run_id=run_id, metric_key="x", max_results=size, page_token=token))
            found += page.metrics
            token = page.next_page_token
            if token is None:
                break
            assert len(page.metrics) == size
        assert repr(found) == repr(whole)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), VALUES), max_size=90))
def test_blocks_stand_for_their_points(points: list[tuple[int, int, float]]) -> None:
    rows: list[Row] = [
        (*point, 1 if math.isnan(point[2]) else 0) for point in sorted(points, key=lambda each: each[:2])
    ]
    outline = Outline()
    outline.width = 2
    used = outline.add(rows)
    assert outline.points == used
    assert len(rows) - used < 2
    again = Outline.unpacked(outline.packed())
    assert again is not None
    start = 0
    for block in range(len(again)):
        end = start + again.counts[block]
        values = [row[2] for row in rows[start:end] if not math.isnan(row[2])]
        assert (again.end_steps[block], again.end_times[block]) == rows[end - 1][:2]
        assert end == len(rows) or rows[end][:2] != rows[end - 1][:2]
        if values:
            assert again.low(block)[2] == min(values)
            assert again.high(block)[2] == max(values)
        else:
            assert math.isnan(again.low(block)[2])
        start = end


def test_samples_are_spread_evenly(store: Store, small: None) -> None:
    run_id = making.run(store)
    store.send(LogBatch(run_id=run_id, metrics=[Metric("x", math.sin(n), n, n) for n in range(1000)]))
    for window in (None, (100, 899)):
        start, end = window or (None, None)
        call = GetMetricHistoryBulkInterval(
            run_ids=[run_id], metric_key="x", start_step=start, end_step=end, max_results=10
        )
        steps = [each.step for each in store.send(call).metrics]
        assert max(b - a for a, b in pairwise(steps)) <= 2 * (steps[-1] - steps[0]) / 4 + 250


def test_what_one_reading_cannot_outline_the_next_one_does(
    store: Store, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = making.run(store)
    store.send(LogBatch(run_id=run_id, metrics=[Metric("x", n % 700, n, n) for n in range(1000)]))
    monkeypatch.setattr(outlines, "_SECONDS", 0)
    call = GetMetricHistoryBulkInterval(run_ids=[run_id], metric_key="x", max_results=4)
    with pytest.raises(Unreachable, match="ask again"):
        store.send(call)
    monkeypatch.setattr(outlines, "_CHUNK", 64)
    assert [each.step for each in store.send(call).metrics] == [0, 699, 999]


def test_an_outline_of_another_version_is_made_anew(store: Store, tmp_path: Path) -> None:
    assert Outline.unpacked(b"hrXX" + Outline().packed()[4:]) is None
