"""How far a long work has come, shown on standard error."""

from __future__ import annotations

import sys
import time

from headrace.moving.reports import Report

#: Seconds between two lines where no terminal shows them in place, and where one does.
_LINE_SECONDS, _SHOW_SECONDS = 5.0, 0.1
_WIDTH = 24


class Progress:
    """A bar on a terminal, a line now and then elsewhere. ``runs`` is how many there will be, if that is known."""

    def __init__(self, runs: int | None, *, quiet: bool = False) -> None:
        self._runs, self._quiet = runs, quiet
        self._in_place = sys.stderr.isatty()
        self._next = time.monotonic() + (0 if self._in_place else _LINE_SECONDS)
        self._shown = False

    def show(self, report: Report) -> None:
        """Show how far an import has come, if it is time to."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + (_SHOW_SECONDS if self._in_place else _LINE_SECONDS)
        runs = report.new["run"] + report.added["run"] + report.there["run"]
        points = report.new["point"] + report.there["point"]
        files = report.new["artifact"] + report.there["artifact"]
        of = f" of {self._runs:,}" if self._runs else ""
        line = f"{runs:,}{of} runs, {points:,} points, {files:,} artifacts"
        if not self._in_place:
            sys.stderr.write(f"{line}\n")
            return
        done = min(_WIDTH, _WIDTH * runs // self._runs) if self._runs else 0
        bar = f"[{'#' * done}{'-' * (_WIDTH - done)}] " if self._runs else ""
        sys.stderr.write(f"\r\x1b[K{bar}{line}")
        sys.stderr.flush()
        self._shown = True

    def end(self) -> None:
        """Leave the line of the bar."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
