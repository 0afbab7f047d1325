"""Regular expressions that cannot take long: the patterns of RLIKE.

Engines that go back and try again, Python's among them, need exponential time for patterns such as ``(a+)+$``. Here a
pattern becomes an automaton whose positions are all followed at once (Glushkov's construction, positions as the bits of
a number), so that each character of a text is looked at once. What such an automaton cannot do, references back and
looking around, is refused.

A pattern matches where it is found anywhere in the text. ``.`` is any character but a line break; ``\\d``, ``\\w`` and
``\\s`` are of any script; ``^`` and ``$`` are the ends of the text. ``(?i)`` at the start lets case differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

import msgspec

#: Characters of a pattern, positions of its automaton (each repetition counts as often as it may occur), and groups
#: within groups, at most.
LENGTH, POSITIONS, DEPTH = 1000, 300, 50
#: Sets of positions whose followers are remembered, at most.
_REMEMBERED = 4096

#: Stand before and after a text, for ``^`` and ``$`` to match.
_START, _END = "\ue000start", "\ue000end"
_COUNT = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_CODES = {"x": 2, "u": 4}

#: Whether a character is one that a position takes.
Test = Callable[[str], bool]

_CLASSES: dict[str, Test] = {
    "d": str.isdecimal,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
}


class Fault(Exception):
    """A pattern that is not understood, and where in it."""

    def __init__(self, words: str, at: int) -> None:
        super().__init__(words)
        self.words, self.at = words, at


class Part(msgspec.Struct, frozen=True):
    """A piece of a pattern: whether it may be empty, and the positions it can begin and end with."""

    empty: bool
    first: int
    last: int


_NOTHING = Part(True, 0, 0)


class Pattern:
    """A pattern, ready to be held against texts. Safe to share between threads."""

    def __init__(self, text: str) -> None:
        reader = _Reader(text)
        whole = reader.whole()
        self._tests = reader.tests
        self._follow = reader.follow
        self._first, self._last = whole.first, whole.last
        self._always = whole.empty
        # One sentinel for each anchor that may want one.
        self._before, self._after = [_START] * reader.starts, [_END] * reader.ends
        self._taken: dict[str, int] = {}
        self._next: dict[int, int] = {}

    def matches(self, text: str) -> bool:
        """Whether the pattern is found in ``text``. The time is linear in its length."""
        if self._always:
            return True
        state, last = 0, self._last
        taken, follow = self._taken, self._next
        for character in (*self._before, *text, *self._after):
            mask = taken.get(character)
            if mask is None:
                mask = self._takers(character)
            there = follow.get(state)
            if there is None:
                there = self._followers(state)
            state = there & mask
            if state & last:
                return True
        return False

    def _takers(self, character: str) -> int:
        """The positions that take a character."""
        if len(self._taken) > _REMEMBERED:
            self._taken.clear()
        mask = sum(1 << place for place, test in enumerate(self._tests) if test(character))
        self._taken[character] = mask
        return mask

    def _followers(self, state: int) -> int:
        """The positions that can come after those of ``state``; a match may begin anywhere."""
        if len(self._next) > _REMEMBERED:
            self._next.clear()
        found, rest = self._first, state
        while rest:
            lowest = rest & -rest
            found |= self._follow[lowest.bit_length() - 1]
            rest ^= lowest
        self._next[state] = found
        return found


@lru_cache(64)
def pattern(text: str) -> Pattern:
    """The pattern that ``text`` spells. Raises ``Fault``."""
    return Pattern(text)


class _Reader:
    """Reads a pattern from left to right, and numbers its positions."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._folds = text.startswith("(?i)")
        #: What each position takes, and the positions that may follow it.
        self.tests: list[Test] = []
        self.follow: list[int] = []
        #: How many of the positions are ^ and $.
        self.starts = self.ends = 0
        if len(text) > LENGTH:
            self._fail(f"a pattern has at most {LENGTH} characters")
        if self._folds:
            self._at = 4

    def whole(self) -> Part:
        """The whole pattern."""
        part = self._either(0)
        if self._at < len(self._text):
            self._fail("this parenthesis closes nothing")
        return part

    def _fail(self, words: str, at: int | None = None) -> NoReturn:
        raise Fault(words, self._at if at is None else at)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        found = self._peek()
        if not found:
            self._fail("the pattern ends too early")
        self._at += 1
        return found

    def _either(self, depth: int) -> Part:
        part = self._sequence(depth)
        while self._peek() == "|":
            self._at += 1
            other = self._sequence(depth)
            part = Part(part.empty or other.empty, part.first | other.first, part.last | other.last)
        return part

    def _sequence(self, depth: int) -> Part:
        part = _NOTHING
        while self._peek() not in ("", "|", ")"):
            part = self._joined(part, self._repeated(depth))
        return part

    def _joined(self, left: Part, right: Part) -> Part:
        rest = left.last
        while rest:
            lowest = rest & -rest
            self.follow[lowest.bit_length() - 1] |= right.first
            rest ^= lowest
        return Part(
            left.empty and right.empty,
            left.first | (right.first if left.empty else 0),
            right.last | (left.last if right.empty else 0),
        )

    def _repeated(self, depth: int) -> Part:
        start, known = self._at, len(self.tests)
        part = self._atom(depth)
        end = self._at
        low, high = self._bounds()
        if (low, high) == (1, 1) or len(self.tests) == known:
            return part
        if self._text[start] in "^$":
            self._fail("an end of the text cannot be repeated", end)
        if high is None:
            # One more than is needed, which may go round.
            parts = [part, *(self._again(start, end, depth) for _ in range(low - 1))]
            parts[-1] = self._looped(parts[-1], may_lack=low == 0)
        else:
            parts = [part, *(self._again(start, end, depth) for _ in range(high - 1))] if high else [_NOTHING]
            parts = [each if number < low else Part(True, each.first, each.last) for number, each in enumerate(parts)]
        found = _NOTHING
        for each in parts:
            found = self._joined(found, each)
        return found

    def _again(self, start: int, end: int, depth: int) -> Part:
        """The same piece of the pattern once more, with positions of its own."""
        after, self._at = self._at, start
        part = self._atom(depth)
        assert self._at == end
        self._at = after
        return part

    def _looped(self, part: Part, *, may_lack: bool) -> Part:
        self._joined(part, part)
        return Part(part.empty or may_lack, part.first, part.last)

    def _bounds(self) -> tuple[int, int | None]:
        """How often the piece before this may occur; None is without end."""
        start, mark = self._at, self._peek()
        low: int
        high: int | None
        if found := _COUNT.match(self._text, self._at):
            self._at = found.end()
            low = int(found[1])
            high = int(found[3]) if found[3] else None if found[2] else low
            if high is not None and high < low:
                self._fail("the second number is less than the first", start)
        elif mark and mark in "*+?":
            self._at += 1
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[mark]
        else:
            return 1, 1
        if self._peek() == "?":
            self._at += 1  # Whether it prefers few or many, it is found or not.
        if self._peek() and self._peek() in "*+?{":
            self._fail("this repeats a repetition; put that in parentheses")
        return low, high

    def _atom(self, depth: int) -> Part:
        start = self._at
        mark = self._take()
        match mark:
            case "(":
                return self._group(start, depth)
            case "[":
                return self._position(self._set(start))
            case ".":
                return self._position(lambda c: c != "\n")
            case "^":
                self.starts += 1
                return self._position(None, _START)
            case "$":
                self.ends += 1
                return self._position(None, _END)
            case "\\":
                said = self._escaped()
                return self._position(said if callable(said) else self._one(said))
            case "*" | "+" | "?":
                self._fail(f"there is nothing before {mark} that it could repeat", start)
            case "{" if _COUNT.match(self._text, start):
                self._fail("there is nothing before this that it could repeat", start)
        return self._position(self._one(mark))

    def _group(self, start: int, depth: int) -> Part:
        if depth == DEPTH:
            self._fail(f"there are more than {DEPTH} groups within groups", start)
        if self._peek() == "?":
            if self._text[self._at : self._at + 2] != "?:":
                self._fail("of groups with a question mark there are only (?:…), and (?i) at the start", start)
            self._at += 2
        part = self._either(depth + 1)
        if self._peek() != ")":
            self._fail("this parenthesis is never closed", start)
        self._at += 1
        return part

    def _position(self, test: Test | None, sentinel: str = "") -> Part:
        if len(self.tests) == POSITIONS:
            self._fail(f"with its repetitions the pattern has more than {POSITIONS} characters")
        if test is None:
            self.tests.append(lambda c: c == sentinel)
        else:
            known = test
            self.tests.append(lambda c: len(c) == 1 and known(c))
        self.follow.append(0)
        bit = 1 << len(self.tests) - 1
        return Part(False, bit, bit)

    def _one(self, character: str) -> Test:
        if self._folds:
            folded = character.lower()
            return lambda c: c.lower() == folded
        return lambda c: c == character

    def _escaped(self) -> str | Test:
        """What an escape stands for: one character, or a class of them."""
        start, mark = self._at - 1, self._take()
        if mark.lower() in _CLASSES:
            test = _CLASSES[mark.lower()]
            return test if mark.islower() else lambda c: not test(c)
        if mark in _CODES:
            digits = self._text[self._at : self._at + _CODES[mark]]
            if not re.fullmatch(rf"[0-9A-Fa-f]{{{_CODES[mark]}}}", digits):
                self._fail(f"after \\{mark} there are {_CODES[mark]} hexadecimal digits", start)
            self._at += len(digits)
            return chr(int(digits, 16))
        if mark in _ESCAPES:
            return _ESCAPES[mark]
        if mark.isalnum():
            self._fail(f"\\{mark} is not known here; a backslash goes before d, w, s, n, r, t, and signs", start)
        return mark

    def _set(self, start: int) -> Test:
        """The characters in brackets."""
        negated = self._peek() == "^"
        self._at += negated
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        classes: list[Test] = []
        while self._peek() != "]" or not (singles or ranges or classes):
            if not self._peek():
                self._fail("this bracket is never closed", start)
            low = self._member()
            if callable(low):
                classes.append(low)
            elif self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("", "]"):
                self._at += 1
                high = self._member()
                if callable(high) or high < low:
                    self._fail("this range has no end, or it is before its beginning")
                ranges.append((low, high))
            else:
                singles.add(low)
        self._at += 1

        def among(c: str) -> bool:
            return c in singles or any(low <= c <= high for low, high in ranges) or any(test(c) for test in classes)

        if self._folds:
            return lambda c: (among(c.lower()) or among(c.upper())) != negated
        return lambda c: among(c) != negated

    def _member(self) -> str | Test:
        mark = self._take()
        return self._escaped() if mark == "\\" else mark
