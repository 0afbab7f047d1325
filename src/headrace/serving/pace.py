"""Whether predictions are so quick that handing each of them to a thread would cost more than they do.

A prediction that is made in the event loop holds up everybody else, so that is done only for models that have shown
that they neither compute for long nor wait for anything: the kernel counts how often a thread gave up its turn.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Quick predictions in a row, made by threads, before the next one is made in the event loop.
PROOFS = 8
#: Seconds of CPU that a quick prediction takes at most; and seconds after which one that waited is found to be slow.
QUICK_SECONDS, WAITED_SECONDS = 0.005, 0.002
#: Seconds that the event loop makes none after one that took too long: twice as many each time, up to the last.
PATIENT_SECONDS, LONGEST_SECONDS = 1.0, 600.0


class Pace:
    """What is known of how long predictions of one model take."""

    def __init__(self) -> None:
        self._proofs = 0
        self._patience = PATIENT_SECONDS
        self._until = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether the next prediction may be made in the event loop."""
        return self._proofs >= PROOFS and (not self._until or time.monotonic() >= self._until)

    def watch(self, work: Callable[[], T]) -> T:
        """What ``work`` returns; it is done in a thread, and counts as a proof when it was quick."""
        before = _spent()
        try:
            return work()
        finally:
            seconds, waits = (now - then for now, then in zip(_spent(), before, strict=True))
            self._proofs = 0 if seconds > QUICK_SECONDS or waits else self._proofs + 1

    def here(self, work: Callable[[], T]) -> T:
        """What ``work`` returns; it is done in the event loop, which it does not get to see: there is none in threads.

        One that waited for something else than its turn, or computed for long, sends others to threads again.
        """
        loop, clock, before = asyncio.get_running_loop(), time.monotonic(), _spent()
        asyncio._set_running_loop(None)
        try:
            return work()
        finally:
            asyncio._set_running_loop(loop)
            seconds, waits = (now - then for now, then in zip(_spent(), before, strict=True))
            if seconds > QUICK_SECONDS or (waits and time.monotonic() - clock > WAITED_SECONDS):
                self._proofs = 0
                self._until = time.monotonic() + self._patience
                self._patience = min(2 * self._patience, LONGEST_SECONDS)


if sys.platform == "linux":
    import resource

    def _spent() -> tuple[float, float]:
        """Seconds of CPU of this thread, and how often it gave up its turn of its own accord."""
        used = resource.getrusage(resource.RUSAGE_THREAD)
        return used.ru_utime + used.ru_stime, used.ru_nvcsw

else:

    def _spent() -> tuple[float, float]:
        """Nothing is known elsewhere: every prediction looks as if it had waited."""
        return 0.0, time.monotonic()
