"""What a store promises about the history of metrics."""

from __future__ import annotations

import math

from headrace.schema.runs import (
    DeleteRun,
    GetMetricHistory,
    GetMetricHistoryBulk,
    GetMetricHistoryBulkInterval,
    LogBatch,
    LogMetric,
    Metric,
    RestoreRun,
)
from headrace.stores.port import Store
from headrace.testing.stores import making


class HistoryContract:
    """Every point is there, in order, and no spike is hidden."""

    def test_points_come_back_in_order_of_time_then_step(self, store: Store) -> None:
        run_id = making.run(store)
        for timestamp, step in ((30, 1), (10, 3), (20, 2), (10, 1)):
            making.point(store, run_id, "loss", 1.0, timestamp=timestamp, step=step)
        points = store.send(GetMetricHistory(run_id=run_id, metric_key="loss")).metrics
        assert [(point.timestamp, point.step) for point in points] == [(10, 1), (10, 3), (20, 2), (30, 1)]

    def test_a_point_sent_again_without_a_writer_is_one_point(self, store: Store) -> None:
        run_id = making.run(store)
        for value in (1.0, 1.0, 2.0, math.nan, math.nan, math.inf):
            making.point(store, run_id, "x", value)
        store.send(LogBatch(run_id=run_id, metrics=[Metric("x", 1.0, 1), Metric("x", 3.0, 1), Metric("x", 3.0, 1)]))
        points = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
        assert sorted(repr(point.value) for point in points) == ["1.0", "2.0", "3.0", "inf", "nan"]
        (found,) = making.found(store, run_id, "metrics.x.count = 5 AND metrics.x.min = 1")
        assert found == run_id

    def test_equal_points_of_one_writer_are_each_kept(self, store: Store) -> None:
        run_id, writer = making.run(store), making.fresh("writer")
        values = [1.0, math.nan, 1.0, -0.0, 0.0, math.inf, math.nan, -0.0]
        for sequence, value in enumerate(values, 1):
            call = LogMetric(run_id=run_id, key="x", value=value, timestamp=1, writer=writer, sequence=sequence)
            store.send(call)
        batch = [Metric("x", value, 1) for value in (*values, *values)]
        store.send(LogBatch(run_id=run_id, metrics=batch, writer=writer))
        points = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
        assert sorted(repr(point.value) for point in points) == sorted(map(repr, values * 3))
        (found,) = making.found(store, run_id, "metrics.x.count = 24 AND metrics.x.max > 1e308")
        assert found == run_id

    def test_what_a_writer_sends_twice_is_done_once(self, store: Store) -> None:
        run_id, writer = making.run(store), making.fresh("writer")
        first = LogMetric(run_id=run_id, key="x", value=1.0, timestamp=1, writer=writer, sequence=1)
        second = LogBatch(run_id=run_id, metrics=[Metric("x", 1.0, 1)] * 3, writer=writer, sequence=2)
        other = LogMetric(run_id=run_id, key="x", value=1.0, timestamp=1, writer=writer + "b", sequence=1)
        for call in (first, first, second, second, first, other, second, other):
            store.send(call)
        assert len(store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics) == 5

    def test_a_write_that_was_refused_can_be_sent_again(self, store: Store) -> None:
        run_id, writer = making.run(store), making.fresh("writer")
        call = LogMetric(run_id=run_id, key="x", value=1.0, timestamp=1, writer=writer, sequence=1)
        store.send(DeleteRun(run_id=run_id))
        with making.refused("INVALID_PARAMETER_VALUE", "deleted"):
            store.send(call)
        store.send(RestoreRun(run_id=run_id))
        store.send(call)
        assert len(store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics) == 1

    def test_steps_in_any_order_make_the_same_history(self, store: Store) -> None:
        steps = [0, 2**63 - 1, -1, 7, -(2**63), 3, 7, 7]
        points = [Metric("x", step / 3, at % 3, step) for at, step in enumerate(steps)]
        told = []
        for order in (points, points[::-1]):
            run_id, writer = making.run(store), making.fresh("writer")
            store.send(LogBatch(run_id=run_id, metrics=order[:5], writer=writer))
            store.send(LogBatch(run_id=run_id, metrics=order[5:], writer=writer))
            history = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
            told.append((history, making.read(store, run_id).data.metric_list))
        assert told[0] == told[1]
        assert sorted(point.step for point in told[0][0]) == sorted(steps)

    def test_history_in_pages_is_the_whole_history(self, store: Store) -> None:
        run_id = making.run(store)
        store.send(LogBatch(run_id=run_id, metrics=[Metric("x", n / 7, n // 3, n) for n in range(10)]))
        whole = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
        found: list[Metric] = []
        token = None
        for _ in range(4):
            page = store.send(GetMetricHistory(run_id=run_id, metric_key="x", max_results=3, page_token=token))
            found, token = found + page.metrics, page.next_page_token
        assert found == whole
        assert token is None

    def test_an_unknown_metric_has_no_points(self, store: Store) -> None:
        assert store.send(GetMetricHistory(run_id=making.run(store), metric_key="never")).metrics == []
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nowhere"):
            store.send(GetMetricHistory(run_id="nowhere", metric_key="x"))

    def test_a_made_up_page_token_is_refused(self, store: Store) -> None:
        run_id = making.run(store)
        store.send(LogBatch(run_id=run_id, metrics=[Metric("x", n, n, n) for n in range(5)]))
        good = store.send(GetMetricHistory(run_id=run_id, metric_key="x", max_results=3)).next_page_token
        assert good is not None
        for token in ("garbage", "eyJvZmZzZXQiOiAxfQ==", good[:-4], good[4:], "é", "A" * 4000):
            with making.refused("INVALID_PARAMETER_VALUE", "page_token"):
                store.send(GetMetricHistory(run_id=run_id, metric_key="x", max_results=3, page_token=token))
        with making.refused("INVALID_PARAMETER_VALUE", "page_token"):
            store.send(GetMetricHistory(run_id=run_id, metric_key="y", max_results=3, page_token=good))

    def test_thinning_keeps_the_ends_and_the_extremes(self, store: Store) -> None:
        first, second = making.run(store), making.run(store)
        points = [Metric("x", math.sin(n / 50), n, n) for n in range(1000)]
        points[333] = Metric("x", 100.0, 333, 333)
        points[777] = Metric("x", -100.0, 777, 777)
        store.send(LogBatch(run_id=first, metrics=points))
        store.send(LogBatch(run_id=second, metrics=points[:5]))
        call = GetMetricHistoryBulkInterval(run_ids=[first, second], metric_key="x", max_results=50)
        found = store.send(call).metrics
        steps = [point.step for point in found if point.run_id == first]
        assert steps == sorted(steps)
        assert len(steps) <= 50
        assert {0, 333, 777, 999} <= set(steps)
        assert len([point for point in found if point.run_id == second]) == 5
        part = GetMetricHistoryBulkInterval(run_ids=[first], metric_key="x", start_step=330, end_step=335)
        assert [point.step for point in store.send(part).metrics] == [330, 331, 332, 333, 334, 335]

    def test_histories_of_several_runs_follow_one_another(self, store: Store) -> None:
        runs = sorted(making.run(store) for _ in range(3))
        for number, run_id in enumerate(runs):
            store.send(LogBatch(run_id=run_id, metrics=[Metric("x", math.nan, 9 - n, n) for n in range(number, 3)]))
        call = GetMetricHistoryBulk(run_id=[runs[1], runs[0], runs[2], runs[0]], metric_key="x")
        found = [(point.run_id, point.step) for point in store.send(call).metrics]
        assert found == [(runs[0], 2), (runs[0], 1), (runs[0], 0), (runs[1], 2), (runs[1], 1), (runs[2], 2)]
        call = GetMetricHistoryBulk(run_id=runs, metric_key="x", max_results=4)
        assert [(point.run_id, point.step) for point in store.send(call).metrics] == found[:4]
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nowhere"):
            store.send(GetMetricHistoryBulk(run_id=["nowhere"], metric_key="x"))
        for wrong in ([], ["r"] * 101):
            with making.refused("INVALID_PARAMETER_VALUE", "run_id"):
                store.send(GetMetricHistoryBulk(run_id=wrong, metric_key="x"))

    def test_a_long_history_is_whole_and_its_spikes_are_seen_whatever_order_it_came_in(self, store: Store) -> None:
        run_id = making.run(store)
        points = [Metric("x", math.sin(n / 50), n // 2 * 10, n) for n in range(9_000)]
        points[1234] = Metric("x", 100.0, 6170, 1234)
        points[7777] = Metric("x", -100.0, 3, 7777)
        for start in (3000, 0, 1000, 2000, *range(4000, 9000, 1000)):
            store.send(LogBatch(run_id=run_id, metrics=points[start : start + 1000]))
        self._must_be_told(store, run_id, points)
        late = [Metric("x", math.inf if n == 70 else math.nan, n, n) for n in range(50, 100)]
        store.send(LogBatch(run_id=run_id, metrics=late))
        self._must_be_told(store, run_id, sorted([*points, *late], key=lambda each: (each.step, each.timestamp)))

    @staticmethod
    def _must_be_told(store: Store, run_id: str, points: list[Metric]) -> None:
        found, token = list[Metric](), None
        while token or not found:
            call = GetMetricHistory(run_id=run_id, metric_key="x", max_results=2500, page_token=token)
            page = store.send(call)
            found, token = found + page.metrics, page.next_page_token
        expected = sorted(points, key=lambda each: (each.timestamp, each.step))
        assert [(each.timestamp, each.step) for each in found] == [(each.timestamp, each.step) for each in expected]
        for start, end in ((0, 8999), (40, 8000), (60, 75), (1200, 7000)):
            within = [each for each in points if start <= each.step <= end]
            numbers = [each.value for each in within if not math.isnan(each.value)]
            asked = GetMetricHistoryBulkInterval(
                run_ids=[run_id], metric_key="x", start_step=start, end_step=end, max_results=100
            )
            sample = store.send(asked).metrics
            assert len(sample) <= 100
            assert [sample[0].step, sample[-1].step] == [within[0].step, within[-1].step]
            values = [each.value for each in sample]
            assert min(numbers) in values
            assert max(numbers) in values
