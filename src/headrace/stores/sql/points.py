"""Points of metrics, and the one summary row each metric of a run has."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from headrace.schema.runs import Metric
from headrace.stores.sql import names
from headrace.stores.sql.tx import Tx, marks

NAN, PLUS, MINUS = 1, 2, 3
_LARGEST = sys.float_info.max
_SPELLED = {NAN: math.nan, PLUS: math.inf, MINUS: -math.inf}

_POINT = "run, name, step, timestamp, value, special"
_SUMMARY = (
    "last_val, last_special, last_step, last_timestamp, first_val, first_special, first_step, first_timestamp,"
    " min_val, min_step, max_val, max_step, total, numbers, points"
)

Point = tuple[int, int, int, int, float, int]
#: The columns of a summary, in the order of ``_SUMMARY``.
Summary = tuple[Any, ...]


def kept(value: float) -> tuple[float, int]:
    """A value as databases keep it: a finite number, and what it stands for."""
    if math.isfinite(value):
        return value, 0
    if math.isnan(value):
        return 0.0, NAN
    return (_LARGEST, PLUS) if value > 0 else (-_LARGEST, MINUS)


def told(value: float, special: int) -> float:
    """The value that was logged."""
    return _SPELLED[special] if special else value


def add(tx: Tx, run: int, metrics: Sequence[Metric]) -> None:
    """Append points to metrics of a run, and bring their summaries up to date.

    A point that is there already, to the last digit, is not added twice: a client may send it again when it did not
    hear the answer.
    """
    if not metrics:
        return
    if len(metrics) == 1:
        (metric,) = metrics
        rows: list[Point] = [(run, names.number(tx, metric.key), metric.step, metric.timestamp, *kept(metric.value))]
    else:
        ids = names.numbers(tx, {metric.key for metric in metrics})
        rows = [(run, ids[each.key], each.step, each.timestamp, *kept(each.value)) for each in metrics]
    new = tx.put_new("points", _POINT, rows)
    if not new:
        return
    touched: dict[int, list[Point]] = {}
    for row in rows:
        touched.setdefault(row[1], []).append(row)
    there = _summaries(tx, run, list(touched))
    if new != len(rows):
        # Some were there already, and the database does not say which: count again what is kept.
        merged = [(run, name, *_recounted(tx, run, name)) for name in touched]
    else:
        merged = [(run, name, *_merged(there.get(name), points)) for name, points in touched.items()]
    tx.put("summaries", "run, name", _SUMMARY, merged)


def _summaries(tx: Tx, run: int, ids: list[int]) -> dict[int, Summary]:
    if len(ids) == 1:
        row = tx.row(f"SELECT {_SUMMARY} FROM summaries WHERE run = ? AND name = ?", run, ids[0])
        return {ids[0]: row} if row else {}
    found = tx.rows(f"SELECT name, {_SUMMARY} FROM summaries WHERE run = ? AND name IN {marks(ids)}", run, *ids)
    return {row[0]: row[1:] for row in found}


def _recounted(tx: Tx, run: int, name: int) -> Summary:
    return _merged(None, tx.rows(f"SELECT {_POINT} FROM points WHERE run = ? AND name = ?", run, name))


def _merged(before: Summary | None, points: Iterable[Point]) -> Summary:
    """The summary of what ``before`` sums up and some more points. NaN is in no minimum, maximum or mean."""
    if before is None:
        last = first = None
        low = high = low_step = high_step = None
        total, numbers, count = 0.0, 0, 0
    else:
        value, special, step, timestamp, *rest = before
        last = (step, timestamp, value, special)
        value, special, step, timestamp, low, low_step, high, high_step, total, numbers, count = rest
        first = (step, timestamp, value, special)
    for _, _, step, timestamp, value, special in points:
        here = (step, timestamp, value, special)
        last = here if last is None or here > last else last
        first = here if first is None or here < first else first
        count += 1
        if special == NAN:
            continue
        numbers += 1
        total = _sum(total, value)
        if low is None or value < low:
            low, low_step = value, step
        if high is None or value > high:
            high, high_step = value, step
    assert last is not None
    assert first is not None
    return (
        last[2], last[3], last[0], last[1], first[2], first[3], first[0], first[1],
        low, low_step, high, high_step, total, numbers, count,
    )  # fmt: skip


def _sum(total: float, value: float) -> float:
    # Databases other than SQLite keep no infinity: the sum stops at the largest number.
    return max(-_LARGEST, min(_LARGEST, total + value))
