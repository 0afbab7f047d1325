"""Answers that read the points of metrics."""

from __future__ import annotations

from headrace.schema.runs import (
    GetMetricHistory,
    GetMetricHistoryBulkInterval,
    Metric,
    MetricHistory,
    MetricsOfRuns,
    MetricWithRunId,
)
from headrace.stores.sql import names, outlines
from headrace.stores.sql.outlines import Series
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.points import told
from headrace.stores.sql.runs import missing
from headrace.stores.sql.store import answers
from headrace.stores.sql.thinning import sample
from headrace.stores.sql.tx import Tx, marks

_COLUMNS = ("timestamp", "step", "value", "special", "copy")
_ORDER = tuple(Term(column) for column in _COLUMNS)


@answers(GetMetricHistory)
def get_metric_history(tx: Tx, call: GetMetricHistory) -> MetricHistory:
    run = _run(tx, call.run_id)
    name = names.known(tx, call.metric_key)
    source, params = "FROM points WHERE run = ? AND name = ?", [run, name]
    if call.max_results is None:
        columns = ", ".join(_COLUMNS)
        rows = tx.rows(f"SELECT {columns} {source} ORDER BY {columns}", *params)
        return MetricHistory(metrics=_metrics(call.metric_key, rows))
    page = Page(tx, call, _ORDER, call.max_results)
    series = outlines.look(tx, run, name)
    if series.outline is not None:
        within, bounds = _window(tx, series, page.after[0] if page.after else None, call.max_results + 1)
        source, params = source + within, params + bounds
    rows = page.rows(tx, "SELECT", source, params)
    return MetricHistory(metrics=_metrics(call.metric_key, rows), next_page_token=page.next_token)


@answers(GetMetricHistoryBulkInterval)
def get_metric_history_bulk_interval(tx: Tx, call: GetMetricHistoryBulkInterval) -> MetricsOfRuns:
    found: list[MetricWithRunId] = []
    name = names.known(tx, call.metric_key)
    runs = dict(tx.rows(f"SELECT run_id, id FROM runs WHERE run_id IN {marks(call.run_ids)}", *call.run_ids))
    steps = None
    if call.start_step is not None and call.end_step is not None:
        steps = (call.start_step, call.end_step)
    for run_id in dict.fromkeys(call.run_ids):
        if run_id not in runs:
            raise missing(run_id)
        series = outlines.look(tx, runs[run_id], name)
        found += [
            MetricWithRunId(call.metric_key, value, timestamp, step, run_id)
            for step, timestamp, value, _ in sample(tx, series, call.max_results, steps)
        ]
    return MetricsOfRuns(metrics=found)


def _window(tx: Tx, series: Series, after: int | None, wanted: int) -> tuple[str, list[int]]:
    """Where a page is that begins after a time, so that not every point must be put in the order of time for it."""
    assert series.outline is not None
    earliest = outlines.earliest_after(tx, series)
    return outlines.between(tx, *series.outline.window(after, wanted, earliest))


def _run(tx: Tx, run_id: str) -> int:
    key = tx.scalar("SELECT id FROM runs WHERE run_id = ?", run_id)
    if key is None:
        raise missing(run_id)
    return int(key)


def _metrics(key: str, rows: list[tuple[int, int, float, int, int]]) -> list[Metric]:
    return [Metric(key, told(value, mark) if mark else value, time, step) for time, step, value, mark, _ in rows]
