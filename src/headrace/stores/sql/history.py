"""Answers that read the points of metrics."""

from __future__ import annotations

from typing import Any

from headrace.schema.runs import (
    BULK_POINTS,
    GetMetricHistory,
    GetMetricHistoryBulk,
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

#: The columns of a point in the order of a history, and in that in which points are kept.
_TOLD, _ALONG = "timestamp, step, value, special, copy", "step, timestamp, value, special, copy"
_ORDER = tuple(Term(column) for column in _TOLD.split(", "))


@answers(GetMetricHistory)
def get_metric_history(tx: Tx, call: GetMetricHistory) -> MetricHistory:
    run = _run(tx, call.run_id)
    name = names.known(tx, call.metric_key)
    source, params = "FROM points WHERE run = ? AND name = ?", [run, name]
    if call.max_results is None:
        rows = tx.rows(f"SELECT {_TOLD} {source} ORDER BY {_TOLD}", *params)
        return MetricHistory(metrics=_metrics(call.metric_key, rows))
    page = Page(tx, call, _ORDER, call.max_results)
    series = outlines.look(tx, run, name)
    rows = _from_long(tx, page, series) if series.outline else page.rows(tx, "SELECT", source, params)
    return MetricHistory(metrics=_metrics(call.metric_key, rows), next_page_token=page.next_token)


@answers(GetMetricHistoryBulk)
def get_metric_history_bulk(tx: Tx, call: GetMetricHistoryBulk) -> MetricsOfRuns:
    found: list[MetricWithRunId] = []
    left = min(call.max_results, BULK_POINTS)
    for run_id in sorted(set(call.run_id)):
        page = get_metric_history(tx, GetMetricHistory(run_id=run_id, metric_key=call.metric_key, max_results=left))
        found += [MetricWithRunId(each.key, each.value, each.timestamp, each.step, run_id) for each in page.metrics]
        left -= len(page.metrics)
        if not left:
            break
    return MetricsOfRuns(metrics=found)


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


def _from_long(tx: Tx, page: Page, series: Series) -> list[Any]:
    """A page of a long history, for which not every point must be put in the order of time."""
    assert series.outline
    earliest = outlines.earliest_after(tx, series)
    window = series.outline.window(page.after[0] if page.after else None, page.limit + 1, earliest)
    source, params = "FROM points WHERE run = ? AND name = ?", [series.run, series.name]
    if not window.straight:
        within, bounds = outlines.between(tx, window.after, window.until)
        return page.rows(tx, "SELECT", source + within, params + bounds)
    if page.after:
        time, step, *rest = page.after
        # MySQL finds no range by a comparison of several columns at once.
        ahead, bounds = (" AND step >= ?", [step]) if tx.dialect.name == "mysql" else ("", [])
        source += f"{ahead} AND ({_ALONG}) > (?, ?, ?, ?, ?)"
        params += [*bounds, step, time, *rest]
    return page.cut(tx.rows(f"SELECT {_TOLD} {source} ORDER BY {_ALONG} LIMIT {page.limit + 1}", *params))


def _run(tx: Tx, run_id: str) -> int:
    key = tx.scalar("SELECT id FROM runs WHERE run_id = ?", run_id)
    if key is None:
        raise missing(run_id)
    return int(key)


def _metrics(key: str, rows: list[tuple[int, int, float, int, int]]) -> list[Metric]:
    return [Metric(key, told(value, mark) if mark else value, time, step) for time, step, value, mark, _ in rows]
