"""A long series with few of its points: the first, the last, and of each stretch the lowest and the highest."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from operator import itemgetter

from headrace.stores.sql import outlines
from headrace.stores.sql.outlines import FEW, Outline, Row, Series
from headrace.stores.sql.tx import Tx


def sample(tx: Tx, series: Series, most: int, steps: tuple[int, int] | None) -> list[Row]:
    """At most ``most`` points of a series, from one step to another, in order.

    The last point is always there, then as many as may be of the highest, the lowest and the first; from four on, all
    of them. The others are the lowest and the highest of stretches of about equally many points. NaN is neither.
    """
    if series.outline is None:
        return thinned(outlines.rows_between(tx, series, None, None, steps), most)
    outline = series.outline
    start, end = 0, len(outline)
    if steps:
        start, end = bisect_left(outline.first_steps, steps[0]), bisect_right(outline.end_steps, steps[1])
    # Where few blocks would leave a chart coarse, a few more points are read.
    few = FEW if 4 * (end - start) >= most else 4 * FEW
    if start >= end or (steps and sum(outline.counts[start:end]) <= few):
        return thinned(outlines.rows_between(tx, series, None, None, steps), most)
    before, behind = _place_before(outline, start), _place_before(outline, end)
    left = outlines.rows_between(tx, series, None, before, steps) if before and steps else []
    right = outlines.rows_between(tx, series, behind, None, steps)
    first = left[0] if left else outlines.row_at(tx, series, before, None)
    last = right[-1] if right else outlines.row_at(tx, series, None, behind)
    return _Stretches(left, outline, start, end, right).thinned(most, first, last)


def thinned(rows: Sequence[Row], most: int) -> list[Row]:
    """At most ``most`` of some rows, chosen as ``sample`` does."""
    if len(rows) <= most:
        return list(rows)
    return _Stretches(rows, Outline(), 0, 0, ()).thinned(most, rows[0], rows[-1])


def _place_before(outline: Outline, block: int) -> outlines.Place | None:
    return (outline.end_steps[block - 1], outline.end_times[block - 1]) if block else None


class _Stretches:
    """Points in order, some of them told one by one and those between them by blocks."""

    def __init__(self, left: Sequence[Row], outline: Outline, start: int, end: int, right: Sequence[Row]) -> None:
        self._left, self._outline, self._right = left, outline, right
        self._start, self._end = start, end
        #: How many points are before each block.
        self._before = list(accumulate(outline.counts[start:end], initial=len(left)))
        self._count = self._before[-1] + len(right)

    def thinned(self, most: int, first: Row, last: Row) -> list[Row]:
        """At most ``most`` of the points."""
        if most < 4:
            low, high = self._extremes(0, self._count)
            wanted = [last, high, low, first]
        else:
            stretches = (most - 2) // 2
            bounds = [each * self._count // stretches for each in range(stretches + 1)]
            wanted = [last, first]
            for start, end in pairwise(bounds):
                wanted += self._extremes(start, end)
        found: dict[tuple[int, int, float | None], Row] = {}
        for row in wanted:
            if len(found) < most:
                found.setdefault((row[0], row[1], row[2] if row[2] == row[2] else None), row)
        return sorted(found.values(), key=_place)

    def _extremes(self, start: int, end: int) -> Sequence[Row]:
        """The lowest and the highest of the points from ``start`` up to ``end``; a block is where it begins."""
        left, right = len(self._left), self._before[-1]
        lows = self._left[start:end]
        highs = lows
        if start < right and end > left:
            first, after = (self._start + bisect_left(self._before, max(at, left)) for at in (start, end))
            after = min(after, self._end)
            if first < after:
                lows = [*lows, self._outline.low(self._outline.lowest(first, after))]
                highs = [*highs, self._outline.high(self._outline.highest(first, after))]
        if end > right:
            more = self._right[max(0, start - right) : end - right]
            lows, highs = [*lows, *more], [*highs, *more]
        return (_best(min, lows), _best(max, highs)) if lows else ()


def _best(choose: Callable[..., Row], rows: Sequence[Row]) -> Row:
    numbers = [row for row in rows if row[2] == row[2]]
    return choose(numbers, key=_value) if numbers else rows[0]


_place = itemgetter(0, 1)
_value = itemgetter(2)
