"""Answers that read the points of metrics."""

from __future__ import annotations

from typing import Any

from headrace.schema.runs import (
    GetMetricHistory,
    GetMetricHistoryBulkInterval,
    Metric,
    MetricHistory,
    MetricsOfRuns,
    MetricWithRunId,
)
from headrace.stores.sql import names
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.points import NAN, told
from headrace.stores.sql.runs import missing
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_ORDER = tuple(Term(column) for column in ("timestamp", "step", "special", "value"))
Row = tuple[int, int, float, int]


@answers(GetMetricHistory)
def get_metric_history(tx: Tx, call: GetMetricHistory) -> MetricHistory:
    run = _run(tx, call.run_id)
    name = names.known(tx, call.metric_key)
    source = "FROM points WHERE run = ? AND name = ?"
    if call.max_results is None:
        rows = tx.rows(
            f"SELECT timestamp, step, value, special {source} ORDER BY timestamp, step, special, value", run, name
        )
        return MetricHistory(metrics=_metrics(call.metric_key, rows))
    page = Page(tx, call, _ORDER, call.max_results)
    rows = page.rows(tx, "SELECT timestamp, step, value, special", source, [run, name])
    return MetricHistory(metrics=_metrics(call.metric_key, rows), next_page_token=page.next_token)


@answers(GetMetricHistoryBulkInterval)
def get_metric_history_bulk_interval(tx: Tx, call: GetMetricHistoryBulkInterval) -> MetricsOfRuns:
    found: list[MetricWithRunId] = []
    name = names.known(tx, call.metric_key)
    runs = dict(tx.rows(f"SELECT run_id, id FROM runs WHERE run_id IN {marks(call.run_ids)}", *call.run_ids))
    within = ""
    bounds: tuple[Any, ...] = ()
    if call.start_step is not None:
        within, bounds = " AND step BETWEEN ? AND ?", (call.start_step, call.end_step)
    for run_id in dict.fromkeys(call.run_ids):
        if run_id not in runs:
            raise missing(run_id)
        rows = tx.rows(
            f"SELECT timestamp, step, value, special FROM points WHERE run = ? AND name = ?{within}"
            " ORDER BY step, timestamp, special, value",
            runs[run_id],
            name,
            *bounds,
        )
        found += [
            MetricWithRunId(call.metric_key, told(value, special), timestamp, step, run_id)
            for timestamp, step, value, special in thinned(rows, call.max_results)
        ]
    return MetricsOfRuns(metrics=found)


def thinned(rows: list[Row], most: int) -> list[Row]:
    """At most ``most`` of some rows, evenly spread: the first, the last and, of each stretch between them, the lowest
    and the highest, so that no spike is ever hidden."""
    if len(rows) <= most:
        return rows
    if most < 4:
        return [rows[0], rows[-1]][:most]
    kept = {0, len(rows) - 1}
    stretches = (most - 2) // 2
    for each in range(stretches):
        start = 1 + each * (len(rows) - 2) // stretches
        end = 1 + (each + 1) * (len(rows) - 2) // stretches
        numbers = [at for at in range(start, end) if rows[at][3] != NAN] or [start]
        kept.add(min(numbers, key=lambda at: rows[at][2]))
        kept.add(max(numbers, key=lambda at: rows[at][2]))
    return [rows[at] for at in sorted(kept)]


def _run(tx: Tx, run_id: str) -> int:
    key = tx.scalar("SELECT id FROM runs WHERE run_id = ?", run_id)
    if key is None:
        raise missing(run_id)
    return int(key)


def _metrics(key: str, rows: list[tuple[int, int, float, int]]) -> list[Metric]:
    return [Metric(key, told(row[2], row[3]), row[0], row[1]) for row in rows]
