"""The outline of a long series: what there is to see of it, and how its times run, without reading its points.

A block stands for some hundred points that follow one another by step and time: how many, where they end, the lowest
and the highest of them, and their earliest and latest times. An outline has at most ``BLOCKS`` blocks, which grow with
the series, so that it takes as long to look at a million points as at ten million. What was added since, the tail, is
read point by point. Nobody who writes points cares for outlines: a reading finds that one is missing, too old, or wrong
because points came in between, and leaves a better one behind.
"""

from __future__ import annotations

import struct
import sys
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import le
from typing import NamedTuple

from headrace.stores.sql.points import told
from headrace.stores.sql.tx import Tx, Unfinished

#: Step, timestamp, value as it was logged, and the mark it is kept with.
Row = tuple[int, int, float, int]
#: Where a point stands in its series, but for others of the same step and time.
Place = tuple[int, int]

#: Points that are read rather than outlined: a shorter series, or the tail of a longer one.
FEW = 4096
#: Blocks of an outline, at most, and points of a block as long as there are few of them.
BLOCKS, NARROWEST = 4096, 16
#: Points read at a time, and seconds that one reading goes on outlining; the next one continues.
_CHUNK, _SECONDS = 8192, 3.0
_HEAD = struct.Struct("<4sII")
_FORMAT = b"hro2"
_WHOLE = (
    *("counts", "first_steps", "end_steps", "end_times", "least_times", "latest_times"),
    *("low_steps", "low_times", "high_steps", "high_times", "straight"),
)
_REAL = ("lows", "highs")
_ROW = "step, timestamp, value, special"


class Window(NamedTuple):
    """Some points that follow one another: after one place, until another, None standing for the ends of a series."""

    after: Place | None
    until: Place | None
    #: Whether their order by step is also that by time.
    straight: bool


class Outline:
    """Blocks in the order of their points. A block of nothing but NaN has a low of +inf and a high of -inf."""

    counts: array[int]
    first_steps: array[int]
    end_steps: array[int]
    end_times: array[int]
    least_times: array[int]
    latest_times: array[int]
    low_steps: array[int]
    low_times: array[int]
    high_steps: array[int]
    high_times: array[int]
    #: 1 where no time is before that of the point before it.
    straight: array[int]
    lows: array[float]
    highs: array[float]

    def __init__(self) -> None:
        self.width = NARROWEST
        for name in _WHOLE:
            setattr(self, name, array("q"))
        for name in _REAL:
            setattr(self, name, array("d"))

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def points(self) -> int:
        """The points that the blocks stand for."""
        return sum(self.counts)

    @property
    def end(self) -> Place | None:
        """The last place in it."""
        return (self.end_steps[-1], self.end_times[-1]) if self.counts else None

    def low(self, block: int) -> Row:
        """The lowest point of a block."""
        return _row(self.low_steps[block], self.low_times[block], self.lows[block], self._is_nan(block))

    def high(self, block: int) -> Row:
        """The highest point of a block."""
        return _row(self.high_steps[block], self.high_times[block], self.highs[block], self._is_nan(block))

    def _is_nan(self, block: int) -> bool:
        return self.lows[block] > self.highs[block]

    def lowest(self, start: int, end: int) -> int:
        """The block from ``start`` up to ``end`` with the lowest point; one of NaN only if there are no others."""
        return self._extreme(self.lows, min(self.lows[start:end]), start, end)

    def highest(self, start: int, end: int) -> int:
        """The block from ``start`` up to ``end`` with the highest point; one of NaN only if there are no others."""
        return self._extreme(self.highs, max(self.highs[start:end]), start, end)

    def _extreme(self, values: array[float], wanted: float, start: int, end: int) -> int:
        first = values.index(wanted, start, end)
        if not self._is_nan(first):
            return first
        return next((at for at in range(first, end) if values[at] == wanted and not self._is_nan(at)), first)

    def add(self, rows: Sequence[Row]) -> int:
        """Make blocks of rows that follow the end; how many of them were used. No place may go on after the last."""
        start = 0
        while start + self.width <= len(rows):
            end = start + self.width
            while end < len(rows) and rows[end][:2] == rows[end - 1][:2]:
                end += 1
            self._append(rows[start:end])
            start = end
            if len(self) == BLOCKS:
                self._halve()
        return start

    def _append(self, rows: Sequence[Row]) -> None:
        _, times, values, marks = zip(*rows, strict=True)
        numbers = [value for value in values if value == value] if any(marks) else values
        low, high = (min(numbers), max(numbers)) if numbers else (float("inf"), float("-inf"))
        lowest = rows[values.index(low) if numbers else 0]
        highest = rows[values.index(high) if numbers else 0]
        for name, value in (
            ("counts", len(rows)),
            ("first_steps", rows[0][0]),
            ("end_steps", rows[-1][0]),
            ("end_times", rows[-1][1]),
            ("least_times", min(times)),
            ("latest_times", max(times)),
            ("low_steps", lowest[0]),
            ("low_times", lowest[1]),
            ("high_steps", highest[0]),
            ("high_times", highest[1]),
            ("straight", int(times == tuple(sorted(times)))),
            ("lows", low),
            ("highs", high),
        ):
            getattr(self, name).append(value)

    def _halve(self) -> None:
        """Make one block of every two."""
        pairs = [(at, at + 1) for at in range(0, len(self), 2)]
        low = [self.lowest(start, start + 2) for start, _ in pairs]
        high = [self.highest(start, start + 2) for start, _ in pairs]
        straight = [self._is_straight(start, start + 2) for start, _ in pairs]
        self.width *= 2
        self.counts = array("q", (self.counts[a] + self.counts[b] for a, b in pairs))
        self.least_times = array("q", (min(self.least_times[a], self.least_times[b]) for a, b in pairs))
        self.latest_times = array("q", (max(self.latest_times[a], self.latest_times[b]) for a, b in pairs))
        self.straight = array("q", straight)
        self.first_steps = self.first_steps[::2]
        self.end_steps, self.end_times = self.end_steps[1::2], self.end_times[1::2]
        for name, kept in (("low_steps", low), ("low_times", low), ("high_steps", high), ("high_times", high)):
            setattr(self, name, array("q", map(getattr(self, name).__getitem__, kept)))
        lows, highs = [self.lows[at] for at in low], [self.highs[at] for at in high]
        self.lows, self.highs = array("d", lows), array("d", highs)

    def window(self, after: int | None, wanted: int, tail: int | None) -> Window:
        """Where, in the order of time, at least ``wanted`` points later than the time ``after`` are found.

        ``tail`` is the earliest time after the last block.
        """
        latest = list(accumulate(self.latest_times, max))
        later = list(accumulate([tail if tail is not None else sys.maxsize, *self.least_times[::-1]], min))[::-1]
        start = 0
        if after is not None:
            start = bisect_left(latest, after)
            while start and latest[start - 1] > later[start]:
                start -= 1
        found = 0
        lower = (self.end_steps[start - 1], self.end_times[start - 1]) if start else None
        for at in range(start, len(self)):
            if after is None or self.least_times[at] > after:
                found += self.counts[at]
            if found >= wanted and latest[at] <= later[at + 1]:
                return Window(lower, (self.end_steps[at], self.end_times[at]), self._is_straight(start, at + 1))
        return Window(lower, None, False)

    def _is_straight(self, start: int, end: int) -> bool:
        return all(self.straight[start:end]) and all(
            map(le, self.latest_times[start : end - 1], self.least_times[start + 1 : end])
        )

    def packed(self) -> bytes:
        """The outline as bytes."""
        columns = [getattr(self, name) for name in (*_WHOLE, *_REAL)]
        return _HEAD.pack(_FORMAT, self.width, len(self)) + b"".join(map(_little, columns))

    @classmethod
    def unpacked(cls, kept: bytes) -> Outline | None:
        """The outline in some bytes; None if they are of another version."""
        outline = cls()
        form, outline.width, blocks = _HEAD.unpack_from(kept)
        if form != _FORMAT:
            return None
        at = _HEAD.size
        for name in (*_WHOLE, *_REAL):
            column = getattr(outline, name)
            column.frombytes(kept[at : at + 8 * blocks])
            at += 8 * blocks
            if sys.byteorder == "big":
                column.byteswap()
        return outline


class Series(NamedTuple):
    """The points of one metric of one run, and their outline if they are many."""

    run: int
    name: int
    points: int
    outline: Outline | None


def look(tx: Tx, run: int, name: int) -> Series:
    """A series with an outline that is right, and ends not long before it does."""
    points, blocks = tx.row(
        "SELECT s.points, o.blocks FROM summaries s LEFT JOIN outlines o ON o.run = s.run AND o.name = s.name"
        " WHERE s.run = ? AND s.name = ?",
        run,
        name,
    ) or (0, None)
    if points <= FEW:
        return Series(run, name, points, None)
    outline = Outline.unpacked(blocks) if blocks else None
    if outline:
        points, tail = _count(tx, run, name, outline)
        if outline.points + tail != points:
            outline = None
        elif tail <= FEW:
            return Series(run, name, points, outline)
    outline = outline or Outline()
    done = _extend(tx, run, name, outline)
    row = (run, name, *(outline.end or (0, 0)), outline.packed())
    tx.later(lambda writing: writing.put("outlines", "run, name", "end_step, end_timestamp, blocks", [row]))
    if not done:
        raise Unfinished(f"This metric has {points} points that nobody looked at before; ask again to go on reading")
    return Series(run, name, points, outline)


def _count(tx: Tx, run: int, name: int, outline: Outline) -> tuple[int, int]:
    """The points of a series, and those after the end of its outline, at one moment: that of one statement."""
    within, bounds = between(tx, outline.end, None)
    tail = f"SELECT COUNT(*) FROM points WHERE run = ? AND name = ?{within}"
    found = tx.row(f"SELECT points, ({tail}) FROM summaries WHERE run = ? AND name = ?", run, name, *bounds, run, name)
    return int(found[0]), int(found[1])


def rows_between(
    tx: Tx, series: Series, after: Place | None, until: Place | None, steps: tuple[int, int] | None = None
) -> list[Row]:
    """Points after one place and until another, within some steps."""
    within, bounds = between(tx, after, until)
    if steps:
        within += " AND step >= ? AND step <= ?"
        bounds += steps
    return _read(tx, series.run, series.name, within, bounds, "ORDER BY step, timestamp, value, special")


def row_at(tx: Tx, series: Series, after: Place | None, until: Place | None) -> Row:
    """The first point after a place, or the last until one."""
    within, bounds = between(tx, after, until)
    down = " DESC" if until else ""
    order = ", ".join(f"{column}{down}" for column in ("step", "timestamp", "value", "special"))
    return _read(tx, series.run, series.name, within, bounds, f"ORDER BY {order} LIMIT 1")[0]


def earliest_after(tx: Tx, series: Series) -> int | None:
    """The earliest time of the points that are not in the outline; None if there are none."""
    assert series.outline is not None
    within, bounds = between(tx, series.outline.end, None)
    least = tx.scalar(
        f"SELECT MIN(timestamp) FROM points WHERE run = ? AND name = ?{within}", series.run, series.name, *bounds
    )
    return None if least is None else int(least)


def between(tx: Tx, after: Place | None, until: Place | None) -> tuple[str, list[int]]:
    """`` AND …`` for the points after one place and until another, and its parameters."""
    sql, params = "", list[int]()
    # MySQL finds no range by a comparison of two columns at once.
    alone = tx.dialect.name == "mysql"
    if after is not None:
        sql += (" AND step >= ?" if alone else "") + " AND (step, timestamp) > (?, ?)"
        params += [after[0], *after] if alone else after
    if until is not None:
        sql += (" AND step <= ?" if alone else "") + " AND (step, timestamp) <= (?, ?)"
        params += [until[0], *until] if alone else until
    return sql, params


def _extend(tx: Tx, run: int, name: int, outline: Outline) -> bool:
    """Outline the points after the end of ``outline``; whether it came to the last."""
    begin = after = outline.end
    chunk, waiting, until = _CHUNK, list[Row](), time.monotonic() + _SECONDS
    while outline.end == begin or time.monotonic() < until:
        within, bounds = between(tx, after, None)
        order = f"ORDER BY step, timestamp, value, special LIMIT {chunk}"
        rows = _read(tx, run, name, within, bounds, order)
        more = len(rows) == chunk
        if more:
            # The place of the last one may go on in the next chunk.
            complete = chunk
            while complete and rows[complete - 1][:2] == rows[-1][:2]:
                complete -= 1
            if not complete:
                chunk *= 2
                continue
            rows = rows[:complete]
        if rows:
            after = rows[-1][:2]
        waiting += rows
        del waiting[: outline.add(waiting)]
        if not more:
            return True
    return False


def _read(tx: Tx, run: int, name: int, within: str, bounds: Iterable[int], ending: str) -> list[Row]:
    rows = tx.rows(f"SELECT {_ROW} FROM points WHERE run = ? AND name = ?{within} {ending}", run, name, *bounds)
    if any(row[3] for row in rows):
        return [(step, time, told(value, mark), mark) for step, time, value, mark in rows]
    return rows


def _row(step: int, time: int, value: float, is_nan: bool) -> Row:
    return step, time, float("nan") if is_nan else value, 0


def _little(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()
