"""Reads values: quoted text, numbers, durations such as ``1h 30m``, and points in time such as ``now() - 7d``."""

from __future__ import annotations

import math
import re

from headrace.base.clock import now_ms
from headrace.search.fields import Place
from headrace.search.scanner import Scanner

_NUMBER = re.compile(r"[+-]?\s*(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
#: A whole number that surely fits in 64 bits.
_PLAIN = re.compile(r"[0-9]{1,18}")
_NOW = re.compile(r"now\s*\(\s*\)", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]{1,12})\s*(ms|s|m|h|d|w)\b")
_LENGTH = re.compile(r"(?:[0-9]{1,12}\s*(?:ms|s|m|h|d|w)\b\s*)+")
_STRAY = re.compile(r"[\w.]+")

#: Milliseconds of each unit of a duration.
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
#: Characters of a number, at most.
_DIGITS = 400
_INT64 = 2**63


def read_literal(scanner: Scanner, place: Place, now: int | None) -> str | float | int:
    """The value written here, if it fits the field; the place moves past it."""
    start = scanner.at
    kind_is_text = place.field.type != "number"
    text = scanner.quoted("'\"")
    if text is not None:
        if place.key and place.key.may_quote and _PLAIN.fullmatch(text):
            scanner.skip(0)
            return int(text)
        if not kind_is_text:
            scanner.fail(f"{place.shown} is a number; write its value without quotation marks", start)
        scanner.skip(0)
        return text
    if kind_is_text and not place.kind.numeric:
        scanner.fail(f"{place.shown} is text; write its value in quotation marks, as in 'value'")
    if place.is_time and scanner.take(_NOW):
        return _offset(scanner, now_ms() if now is None else now)
    if place.is_duration and (said := scanner.take(_LENGTH)):
        length = sum(int(count) * UNITS[unit] for count, unit in _DURATION.findall(said))
        if length >= _INT64:
            scanner.fail("this duration is too long", start)
        return length
    return _number(scanner, place)


def _number(scanner: Scanner, place: Place) -> float | int:
    start = scanner.at
    said = scanner.take(_NUMBER, blanks=False)
    if said is None:
        also = (
            " or text in quotation marks"
            if place.kind.numeric
            else " or now()"
            if place.is_time
            else " or a duration such as 5m"
            if place.is_duration
            else ""
        )
        scanner.fail(f"expected a number{also} as the value of {place.shown}")
    if _STRAY.match(scanner.text, scanner.at):
        scanner.fail("a number ends here, and something else follows it without a space")
    digits = re.sub(r"\s", "", said)
    number: float | int
    if place.key and _WHOLE.fullmatch(digits):
        number = int(digits) if len(digits) <= _DIGITS else _INT64
        if not -_INT64 <= number < _INT64:
            scanner.fail("this number does not fit in 64 bits", start)
    else:
        number = float(digits)
        if not math.isfinite(number):
            scanner.fail("this number is too large", start)
    scanner.skip(0)
    return number


def _offset(scanner: Scanner, moment: int) -> int:
    """``moment``, moved by each duration that follows."""
    while True:
        start = scanner.at
        if scanner.sign("-"):
            direction = -1
        elif scanner.sign("+"):
            direction = 1
        else:
            return moment
        said = scanner.take(_DURATION)
        if said is None:
            scanner.fail("expected a duration such as 7d; its units are ms, s, m, h, d and w")
        found = _DURATION.match(said)
        assert found
        moment += direction * int(found[1]) * UNITS[found[2]]
        if not -_INT64 <= moment < _INT64:
            scanner.fail("this time is too far away", start)
