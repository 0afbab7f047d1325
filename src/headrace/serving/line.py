"""The line in which requests wait for a thread that predicts: bounded, with a deadline for each.

Where the predictions of a model are quick nobody waits: see ``headrace.serving.pace``.
"""

from __future__ import annotations

import asyncio
import functools
import math
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Literal, TypeVar

from headrace.base.errors import HeadraceError
from headrace.serving.pace import Pace

T = TypeVar("T")

#: Requests that may wait while every thread predicts, unless told otherwise.
WAITING = 1024
#: How much the newest request counts in the mean time that one takes.
_WEIGHT = 0.1
#: Seconds a caller is told to stay away, at most.
_LONGEST = 60


class Busy(HeadraceError):
    """So many requests wait that another one is better sent later."""

    code, status = "RESOURCE_EXHAUSTED", 429

    def __init__(self, message: str, after: int) -> None:
        super().__init__(message)
        self.after = after


class Late(HeadraceError):
    """The answer was not there in the time it was given."""

    code, status = "DEADLINE_EXCEEDED", 504


class Job:
    """One request in the line: what is asked, and what its caller awaits."""

    __slots__ = ("_here", "_loop", "_token", "answer", "asked")

    def __init__(self, asked: Any, *, here: bool = False) -> None:
        """``here`` is for one that the event loop itself carries out."""
        self.asked, self._here = asked, here
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[bytes] = self._loop.create_future()
        self._token = [True]

    def take(self) -> bool:
        """Whether the caller of this method is the first: a thread that begins the work, or who gives it up."""
        try:
            # Of several threads, one gets it.
            self._token.pop()
        except IndexError:
            return False
        return True

    def end(self, result: bytes | BaseException) -> None:
        """Give the answer, or the error, from any thread. A caller that is gone does not get it."""
        if self._here:
            self._set(result)
            return
        try:
            self._loop.call_soon_threadsafe(self._set, result)
        except RuntimeError:
            # The loop was closed: nobody awaits anything any more.
            return

    def attempt(self, do: Callable[[], T]) -> T | None:
        """What ``do`` returns. When it fails this request ends with its error, which is raised where it is answered."""
        try:
            return do()
        except Exception as error:
            self.end(error)
            return None

    def _set(self, result: bytes | BaseException) -> None:
        if self.answer.done():
            return
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class Line:
    """Threads that take requests in their order, up to ``batch`` of those that wait at once."""

    def __init__(
        self, work: Callable[[list[Job]], None], *, threads: int, waiting: int = WAITING, batch: int = 1
    ) -> None:
        """``work`` ends each of the jobs it is given, and raises nothing."""
        self._work, self._threads, self._waiting, self._batch = work, threads, waiting, batch
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._queued = self._running = 0
        #: How often a thread took requests.
        self.rounds = 0
        self._mean = 0.0
        self._pace = Pace()
        #: Requests that came in this turn of the event loop, and who sent the last one.
        self._gathered: list[Job] = []
        self._last: Any = None
        for number in range(threads):
            # A prediction that never ends must not keep the process from ending.
            threading.Thread(target=self._serve, name=f"prediction-{number}", daemon=True).start()

    @property
    def joins(self) -> bool:
        """Whether requests that wait are predicted together."""
        return self._batch > 1

    @property
    def queued(self) -> int:
        """Requests that wait."""
        return self._queued

    @property
    def running(self) -> int:
        """Requests that are predicted now, those included that nobody waits for any more."""
        return self._running

    def at_once(self, caller: Any) -> Literal["alone", "together"] | None:
        """How a request of ``caller`` can be answered in the event loop, if it can be at all.

        It is worth a turn of the loop to see who else asks, unless it was the same caller who asked last.
        """
        if self._queued or self._running or not self._pace.is_quick:
            return None
        before, self._last = self._last, caller
        return "alone" if self._batch == 1 or (before == caller and not self._gathered) else "together"

    def alone(self, work: Callable[[], bytes]) -> bytes:
        """What ``work`` answers, in the event loop."""
        self.rounds += 1
        return self._pace.here(work)

    async def together(self, asked: Any) -> bytes:
        """The answer to ``asked``, made in the event loop for all who ask in this turn of it."""
        job = Job(asked, here=True)
        self._gathered.append(job)
        if len(self._gathered) == 1:
            asyncio.get_running_loop().call_soon(self._flush)
        return await job.answer

    def _flush(self) -> None:
        while self._gathered:
            jobs, self._gathered = self._gathered[: self._batch], self._gathered[self._batch :]
            self.rounds += 1
            self._pace.here(functools.partial(self._work, jobs))

    async def ask(self, asked: Any, seconds: float, late: str) -> bytes:
        """The answer to ``asked`` within ``seconds``, 0 for as long as it takes, made by a thread.

        Raises ``Busy`` when too many wait, and ``Late``, saying ``late``, when the time is over.
        """
        with self._lock:
            if self._queued >= self._waiting + self._threads - self._running:
                raise Busy(f"{self._queued} requests wait already; send this one again later", self._after())
            self._queued += 1
        job = Job(asked)
        self._jobs.put(job)
        clock = asyncio.get_running_loop().call_later(seconds, self._expire, job, late) if seconds else None
        try:
            return await job.answer
        finally:
            if clock:
                clock.cancel()
            self._give_up(job)

    def _after(self) -> int:
        """Seconds until the line will be about empty."""
        return max(1, min(_LONGEST, math.ceil(self._queued * self._mean / self._threads)))

    def _expire(self, job: Job, late: str) -> None:
        job._set(Late(late))

    def _give_up(self, job: Job) -> None:
        if job.take():
            with self._lock:
                self._queued -= 1

    def close(self) -> None:
        """End the threads when all that waits is done. Nobody may ask any more."""
        self._jobs.put(None)

    def _serve(self) -> None:
        while (first := self._jobs.get()) is not None:
            jobs, last = [first], False
            while len(jobs) < self._batch and not last:
                try:
                    job = self._jobs.get_nowait()
                except Empty:
                    break
                if job is None:
                    last = True
                else:
                    jobs.append(job)
            # Those that were given up are not worth the work.
            jobs = [job for job in jobs if job.take()]
            if jobs:
                self._run(jobs)
            if last:
                break
        # For the next thread.
        self._jobs.put(None)

    def _run(self, jobs: list[Job]) -> None:
        with self._lock:
            self._queued -= len(jobs)
            self._running += len(jobs)
            self.rounds += 1
        before = time.monotonic()
        try:
            self._pace.watch(functools.partial(self._work, jobs))
        finally:
            each = (time.monotonic() - before) / len(jobs)
            with self._lock:
                self._running -= len(jobs)
                self._mean += (each - self._mean) * _WEIGHT
