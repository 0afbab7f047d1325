"""Threads that carry out what the event loop hands them, with as little ado as can be.

The loop alone keeps the books, so nothing here needs a lock: it hands a job to the thread that was idle last, whose
memory is still warm, and is told of results in bunches.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds after which a job takes long.
LATE_SECONDS = 0.1

_Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class _Hand:
    """One thread: it sleeps at its gate until it has a job."""

    __slots__ = ("clock", "gate", "job")

    def __init__(self) -> None:
        self.gate = threading.Lock()
        self.gate.acquire()
        #: What to do next; None is to go home.
        self.job: _Job | None = None
        #: What will say that the job takes long.
        self.clock: asyncio.TimerHandle | None = None


class Crew:
    """At most ``size`` threads, started when they are first needed. Used by one event loop.

    Only ``abreast`` of them work at a time, as long as no job takes longer than ``LATE_SECONDS``; one that does is no
    reason for others to wait. Threads that compute side by side under one interpreter lock take several times as long
    as one after the other, above all where they read rows from SQLite, which lets go of the lock at every row.
    """

    def __init__(self, size: int, name: str, *, abreast: int | None = None) -> None:
        self._size = size
        self._abreast = size if abreast is None else abreast
        self._late: set[_Hand] = set()
        self._name = name
        self._idle: list[_Hand] = []
        self._threads: list[threading.Thread] = []
        self._waiting: deque[_Job] = deque()
        self._done: deque[tuple[_Hand, asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._busy = 0
        #: Whether the loop knows that there are results to collect.
        self._told = False
        self._drained: asyncio.Event | None = None

    @property
    def load(self) -> int:
        """Jobs under way and waiting."""
        return self._busy + len(self._waiting)

    def do(self, job: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """The future result of calling ``job`` in a thread. To be called in the event loop."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        if self._drained is not None:
            raise RuntimeError("This crew has gone home")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((future, job, arguments))
        self._dispatch()
        return future

    async def close(self) -> None:
        """Finish what is under way and what waits, and end the threads."""
        if self._drained is None:
            self._drained = asyncio.Event()
            if self.load:
                await self._drained.wait()
            for hand in self._idle:
                hand.gate.release()
            for thread in self._threads:
                thread.join()

    def _dispatch(self) -> None:
        while self._waiting and self._busy - len(self._late) < self._abreast:
            if self._idle:
                hand = self._idle.pop()
            elif len(self._threads) < self._size:
                hand = _Hand()
                number = len(self._threads)
                thread = threading.Thread(target=self._work, args=(hand,), name=f"{self._name}-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                return
            hand.job = self._waiting.popleft()
            self._busy += 1
            if self._abreast < self._size and self._loop:
                hand.clock = self._loop.call_later(LATE_SECONDS, self._note_late, hand)
            hand.gate.release()

    def _note_late(self, hand: _Hand) -> None:
        hand.clock = None
        self._late.add(hand)
        self._dispatch()

    def _work(self, hand: _Hand) -> None:
        assert self._loop is not None
        while True:
            hand.gate.acquire()
            if hand.job is None:
                return
            future, job, arguments = hand.job
            result: Any = None
            fault: BaseException | None = None
            try:
                result = job(*arguments)
            except BaseException as error:
                # Whatever it is, it belongs to whoever asked for the job.
                fault = error
            hand.job = None
            self._done.append((hand, future, result, fault))
            # References kept here would keep a whole reply alive until the next job.
            del future, job, arguments, result, fault
            # Whoever finds this set finds it before the loop looks, so its result is collected too.
            if not self._told:
                self._told = True
                try:
                    self._loop.call_soon_threadsafe(self._collect)
                except RuntimeError:
                    return  # the loop has ended, and nobody waits for results any more

    def _collect(self) -> None:
        self._told = False
        while self._done:
            hand, future, result, fault = self._done.popleft()
            self._busy -= 1
            self._idle.append(hand)
            self._late.discard(hand)
            if hand.clock:
                hand.clock.cancel()
                hand.clock = None
            if future.cancelled():
                continue
            if fault is None:
                future.set_result(result)
            else:
                future.set_exception(fault)
        self._dispatch()
        if self._drained is not None and not self.load:
            self._drained.set()
