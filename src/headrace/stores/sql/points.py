"""Points of metrics, and the one summary row each metric of a run has."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby, islice, pairwise
from operator import eq, itemgetter
from typing import Any

from headrace.schema.runs import Metric
from headrace.stores.sql import names
from headrace.stores.sql.tx import Tx, marks

NAN, PLUS, MINUS, NEGATIVE_ZERO = 1, 2, 3, 4
_LARGEST = sys.float_info.max
_SPELLED = {NAN: math.nan, PLUS: math.inf, MINUS: -math.inf, NEGATIVE_ZERO: -0.0}

_POINT = "run, name, step, timestamp, value, special, copy"
#: One more of some points that are equal to the last digit.
_ANOTHER = (
    f"INSERT INTO points ({_POINT}) SELECT ?, ?, ?, ?, ?, ?, COALESCE(MAX(copy) + 1, 0) FROM points"
    " WHERE run = ? AND name = ? AND step = ? AND timestamp = ? AND value = ? AND special = ?"
)
_SUMMARY = (
    "last_val, last_special, last_step, last_timestamp, first_val, first_special, first_step, first_timestamp,"
    " min_val, min_step, max_val, max_step, total, numbers, points"
)

#: A row of ``points``.
Point = tuple[int, int, int, int, float, int, int]
#: The columns of a summary, in the order of ``_SUMMARY``.
Summary = tuple[Any, ...]


def kept(value: float) -> tuple[float, int]:
    """A value as databases keep it: a finite number, and what it stands for."""
    if math.isfinite(value):
        return (value, 0) if value or math.copysign(1, value) > 0 else (0.0, NEGATIVE_ZERO)
    if math.isnan(value):
        return 0.0, NAN
    return (_LARGEST, PLUS) if value > 0 else (-_LARGEST, MINUS)


def told(value: float, special: int) -> float:
    """The value that was logged."""
    return _SPELLED[special] if special else value


def add(tx: Tx, run: int, metrics: Sequence[Metric], *, again: bool) -> None:
    """Append points to metrics of a run, which the caller holds, and bring their summaries up to date.

    A point that is there already, to the last digit, is kept ``again``, or else passed over: most clients send it again
    when they did not hear the answer.
    """
    if not metrics:
        return
    ids = names.numbers(tx, {metric.key for metric in metrics})
    series: dict[int, list[Point]] = {name: [] for name in ids.values()}
    for each in metrics:
        name, value = ids[each.key], each.value
        series[name].append(
            (run, name, each.step, each.timestamp, value, 0, 0)
            if value and math.isfinite(value)
            else (run, name, each.step, each.timestamp, *kept(value), 0)
        )
    put(tx, run, series, again=again)


def put(tx: Tx, run: int, series: dict[int, list[Point]], *, again: bool = False) -> int:
    """Add rows of a run, by their names, and bring the summaries up to date; how many rows were kept."""
    there = _summaries(tx, run, list(series))
    later: list[Point] = []
    others: list[Point] = []
    for name in sorted(series):
        points = series[name]
        points.sort()
        others += _take_late(points, there.get(name))
        later += points
    tx.append("points", _POINT, later)
    for name, late in groupby(_added(tx, others, again), itemgetter(1)):
        series[name] = sorted([*series[name], *late])
    merged = [(run, name, *_merged(there.get(name), points)) for name, points in series.items() if points]
    tx.put("summaries", "run, name", _SUMMARY, merged)
    return sum(map(len, series.values()))


def _take_late(points: list[Point], before: Summary | None) -> list[Point]:
    """Remove from the sorted points of a metric those to which an equal one may be there, and return them."""
    late: list[Point] = []
    if before is not None:
        value, special, step, timestamp = before[:4]
        end = (step, timestamp, value, special)
        if points[0][2:6] <= end:
            start = bisect_right(points, end, key=itemgetter(2, 3, 4, 5))
            late = points[:start]
            del points[:start]
    if any(map(eq, points, islice(points, 1, None))):
        late += [point for point, next in pairwise(points) if point == next]
        points[:] = sorted(set(points))
    return late


def _added(tx: Tx, points: list[Point], again: bool) -> list[Point]:
    """Those of some points that were kept; what is equal to them may be there."""
    if not points:
        return points
    if again:
        tx.many(_ANOTHER, [(*point[:6], *point[:6]) for point in points])
        return points
    changed = tx.each(tx.dialect.insert_ignore("points", _POINT), points)
    return [point for point, count in zip(points, changed, strict=True) if count]


def _summaries(tx: Tx, run: int, ids: list[int]) -> dict[int, Summary]:
    if len(ids) == 1:
        row = tx.row(f"SELECT {_SUMMARY} FROM summaries WHERE run = ? AND name = ?", run, ids[0])
        return {ids[0]: row} if row else {}
    found = tx.rows(f"SELECT name, {_SUMMARY} FROM summaries WHERE run = ? AND name IN {marks(ids)}", run, *ids)
    return {row[0]: row[1:] for row in found}


def _merged(before: Summary | None, points: list[Point]) -> Summary:
    """The summary of what ``before`` sums up and some more sorted points. NaN is in no minimum, maximum or mean."""
    first, last = _end(points[0]), _end(points[-1])
    low = high = low_step = high_step = None
    total, numbers, count = 0.0, 0, 0
    if before is not None:
        last = max(before[:4], last, key=_in_order)
        first = min(before[4:8], first, key=_in_order)
        low, low_step, high, high_step, total, numbers, count = before[8:]
    finite = [point for point in points if point[5] != NAN]
    if finite:
        values = [point[4] for point in finite]
        least, most = min(values), max(values)
        if low is None or least < low:
            low, low_step = least, finite[values.index(least)][2]
        if high is None or most > high:
            high, high_step = most, finite[values.index(most)][2]
        # Databases other than SQLite keep no infinity: the sum stops at the largest number.
        total = max(-_LARGEST, min(_LARGEST, total + sum(values)))
    return (*last, *first, low, low_step, high, high_step, total, numbers + len(finite), count + len(points))


def _end(point: Point) -> Summary:
    """A point as the first or last of a summary."""
    return point[4], point[5], point[2], point[3]


#: Of the first or last point of a summary: its place among the others.
_in_order = itemgetter(2, 3, 0, 1)
