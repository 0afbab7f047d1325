"""Walks over a text of the search language, one piece at a time, and points at what it refuses."""

from __future__ import annotations

import re
from typing import NoReturn

from headrace.base.errors import BadRequest

#: Bytes of a text, at most.
TEXT_BYTES = 64 << 10
#: Characters of a text shown on each side of a fault.
_AROUND = 40

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"[^\W\d]\w*")
#: What a name may be made of unless it is quoted; dots join its parts.
_NAME = re.compile(r"[\w/:@$#-]+(?:\.[\w/:@$#-]+)*")
_QUOTED = {mark: re.compile(f"{mark}((?:[^{mark}]|{mark}{mark})*){mark}") for mark in "'\"`"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Scanner:
    """A place in a text. ``at`` always stands on the next piece, past the blanks before it."""

    def __init__(self, text: str, what: str) -> None:
        self.text, self.what = text, what
        if len(text) > TEXT_BYTES or len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
            raise BadRequest(f"The {what} is longer than {TEXT_BYTES >> 10} KiB; ask for less at once")
        if found := _UNSTORABLE.search(text):
            self.fail("there is a character that no text can hold", found.start())
        self.at = 0
        self.skip(0)

    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at == len(self.text)

    def fail(self, fault: str, at: int | None = None) -> NoReturn:
        """Refuse the text for what stands at one character."""
        at = self.at if at is None else at
        start, end = max(0, at - _AROUND), at + _AROUND
        shown = re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", self.text[start:end])
        before, after = "..." if start else "", "..." if end < len(self.text) else ""
        caret = " " * (len(before) + at - start) + "^"
        raise BadRequest(f"Invalid {self.what} at character {at + 1}: {fault}\n{before}{shown}{after}\n{caret}")

    def skip(self, length: int) -> None:
        """Pass ``length`` characters, and the blanks behind them."""
        found = _BLANK.match(self.text, self.at + length)
        assert found
        self.at = found.end()

    def take(self, pattern: re.Pattern[str], *, blanks: bool = True) -> str | None:
        """What matches here, if anything does; the place moves past it, and past the blanks behind it if ``blanks``."""
        found = pattern.match(self.text, self.at)
        if not found:
            return None
        if blanks:
            self.skip(found.end() - self.at)
        else:
            self.at = found.end()
        return found[0]

    def sign(self, mark: str) -> bool:
        """Pass ``mark`` if it stands here."""
        if not self.text.startswith(mark, self.at):
            return False
        self.skip(len(mark))
        return True

    def peek(self) -> str:
        """The word that stands here, in capitals; empty if there is none."""
        found = _WORD.match(self.text, self.at)
        return found[0].upper() if found else ""

    def keyword(self, word: str) -> bool:
        """Pass ``word`` if it stands here, in capitals or not."""
        if self.peek() != word:
            return False
        self.skip(len(word))
        return True

    def word(self) -> str | None:
        """Pass one word, and nothing behind it."""
        return self.take(_WORD, blanks=False)

    def name(self) -> str | None:
        """Pass an unquoted name with its dots, and nothing behind it."""
        return self.take(_NAME, blanks=False)

    def quoted(self, marks: str) -> str | None:
        """Pass a text in quotation ``marks``, and nothing behind it. A doubled mark inside stands for one."""
        mark = self.text[self.at : self.at + 1]
        if not mark or mark not in marks:
            return None
        found = _QUOTED[mark].match(self.text, self.at)
        if not found:
            self.fail(f"this {mark} is never closed")
        self.at = found.end()
        return found[1].replace(mark * 2, mark)
