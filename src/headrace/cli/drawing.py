"""Charts of characters: a braille character has two columns of four dots, so a line of text is four lines of dots."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from headrace.cli import output

Point = tuple[float, float]

_BARS = "▁▂▃▄▅▆▇█"
_SPARK = 24
#: Where the bit of each dot is, by column and row (Unicode, block U+2800).
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_COLORS = (6, 3, 5, 2, 1, 4)


def sparkline(values: Sequence[float]) -> str:
    """The course of some values in a few characters; nothing for fewer than two of them."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    count = min(_SPARK, len(finite))
    bars = []
    for number in range(count):
        stretch = finite[number * len(finite) // count : (number + 1) * len(finite) // count]
        level = stretch[-1] if number else stretch[0]
        bars.append(_BARS[round(_share(level, low, high) * (len(_BARS) - 1))])
    return "".join(bars)


def chart(lines: Sequence[Sequence[Point]], width: int, height: int, *, logarithmic: bool = False) -> str:
    """Lines through points, with the ends of both axes written beside them.

    On a logarithmic axis, values that are not above 0 are left out.
    """
    shown = [_placed(line, logarithmic) for line in lines]
    points = [point for line in shown for point in line]
    if not points:
        return "(no value above 0)"
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    values = [value for line in lines for _, value in line if not logarithmic or value > 0]
    top, bottom = output.number(max(values)), output.number(min(values))
    margin = max(len(top), len(bottom))
    columns = max(10, width - margin - 2)
    canvas = _Canvas(columns, height)
    for number, line in enumerate(shown):
        places = [
            (_share(x, left, right) * (columns * 2 - 1), (1 - _share(y, low, high)) * (height * 4 - 1)) for x, y in line
        ]
        canvas.line(places, number)
    rows = canvas.rows(colored=len(lines) > 1)
    labels = [top, *[""] * (height - 2), bottom]
    body = [f"{label:>{margin}} ┤{row}" for label, row in zip(labels, rows, strict=True)]
    start, end = output.number(left), output.number(right)
    foot = " " * (margin + 2) + start + end.rjust(max(1, columns - len(start)))
    return "\n".join([*body, foot])


class _Canvas:
    """Dots, and which line touched each character last."""

    def __init__(self, columns: int, height: int) -> None:
        self._bits = [[0] * columns for _ in range(height)]
        self._owner = [[0] * columns for _ in range(height)]

    def line(self, places: Sequence[Point], number: int) -> None:
        """Dots along straight lines from place to place."""
        for place in places[:1]:
            self._dot(*place, number)
        for (x, y), (to_x, to_y) in itertools.pairwise(places):
            steps = max(1, math.ceil(max(abs(to_x - x), abs(to_y - y))))
            for step in range(1, steps + 1):
                share = step / steps
                self._dot(x + (to_x - x) * share, y + (to_y - y) * share, number)

    def rows(self, *, colored: bool) -> list[str]:
        """The lines of text."""
        return [
            "".join(self._cell(row, column, colored) for column in range(len(bits)))
            for row, bits in enumerate(self._bits)
        ]

    def _cell(self, row: int, column: int, colored: bool) -> str:
        bits = self._bits[row][column]
        if not bits:
            return " "
        cell = chr(0x2800 + bits)
        return f"\x1b[3{_COLORS[self._owner[row][column] % len(_COLORS)]}m{cell}\x1b[0m" if colored else cell

    def _dot(self, x: float, y: float, number: int) -> None:
        column, row = round(x), round(y)
        self._bits[row // 4][column // 2] |= _DOTS[column % 2][row % 4]
        self._owner[row // 4][column // 2] = number


def _placed(line: Sequence[Point], logarithmic: bool) -> list[Point]:
    placed = [(x, math.log10(y)) if logarithmic else (x, y) for x, y in line if not logarithmic or y > 0]
    return sorted(placed, key=lambda point: point[0])


def _share(value: float, low: float, high: float) -> float:
    # Halves first: the distance between two numbers may be more than the largest of them.
    return 0.5 if high == low else (value / 2 - low / 2) / (high / 2 - low / 2)
