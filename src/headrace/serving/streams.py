"""Answers that are sent part by part: a thread makes the parts, the event loop sends them.

A reader that is slow stops its own thread and no other. When a reader goes away, or stays away too long, the generator
that makes the parts is closed where it stands.
"""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from headrace.base.errors import HeadraceError
from headrace.serving.events import MEDIA
from headrace.serving.line import Busy, Late

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Parts that are made ahead of the reader, at most.
AHEAD = 32
#: Seconds that a reader may leave what was sent to it unread, where predictions may take any time.
_PATIENCE = 60.0
#: What is told of a caller that went away.
_GONE = 499
_HEADERS = [
    (b"content-type", MEDIA),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Gone(Exception):
    """The reader went away."""


class Limits:
    """How long a stream may take, in seconds: each of its parts, 0 for any time, and the whole of it."""

    def __init__(self, part: float, late: str, whole: float | None = None) -> None:
        self.part, self._late = part, late
        self._end = None if whole is None else time.monotonic() + whole

    def left(self) -> float | None:
        """Seconds until the next part must be there."""
        if self._end is not None:
            return max(0.0, self._end - time.monotonic())
        return self.part or None

    def late(self) -> Late:
        """What is said when it is not."""
        return Late(self._late)


class Stream:
    """One answer on its way."""

    def __init__(
        self, parts: Callable[[], Iterator[bytes]], end: Callable[[HeadraceError], Iterator[bytes]], limits: Limits
    ) -> None:
        """``parts`` makes the answer, in a thread; ``end`` makes the last events of one that failed."""
        self._make, self._end, self._limits = parts, end, limits
        self._loop = asyncio.get_running_loop()
        self._ready: deque[bytes | BaseException | None] = deque()
        self._arrived = asyncio.Event()
        self._room = threading.Semaphore(AHEAD)
        self._closed = self._gone = False
        self._watch: asyncio.Future[None] | None = None
        self._told: list[Callable[[int], None]] = []

    def at_end(self, told: Callable[[int], None]) -> None:
        """Have ``told`` called with the status that the answer ended with."""
        self._told.append(told)

    async def begin(self, receive: Receive) -> None:
        """Wait until the first part is there. Raises why there is none: ``Late``, ``Gone``, or the model's error."""
        self._watch = asyncio.ensure_future(self._until_gone(receive))
        threading.Thread(target=self._run, name="stream", daemon=True).start()
        try:
            await self._wait()
            if isinstance(self._ready[0], BaseException):
                raise self._ready[0]
        except BaseException:
            self.close()
            raise

    async def send(self, send: Send) -> None:
        """Send the parts as they come."""
        status, patience = 200, self._limits.part or _PATIENCE
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            more = True
            while more:
                body, more, status = await self._next()
                await asyncio.wait_for(send({"type": "http.response.body", "body": body, "more_body": more}), patience)
        except (Gone, TimeoutError):
            status = _GONE
        finally:
            self.close()
            for told in self._told:
                told(status)

    def close(self) -> None:
        """Make no more parts."""
        self._closed = True
        self._room.release()
        if self._watch is not None:
            self._watch.cancel()

    async def _next(self) -> tuple[bytes, bool, int]:
        """What is there, at least one part; whether more will come, and the status so far."""
        try:
            await self._wait()
        except Late as late:
            return b"".join(self._end(late)), False, late.status
        body = b""
        while self._ready:
            part = self._ready.popleft()
            if part is None:
                return body, False, 200
            if isinstance(part, HeadraceError):
                return body + b"".join(self._end(part)), False, part.get_http_status_code()
            if isinstance(part, BaseException):
                traceback.print_exception(part)
                ours = HeadraceError("The server failed; its log says how")
                return body + b"".join(self._end(ours)), False, ours.status
            body += part
            self._room.release()
        return body, True, 200

    async def _wait(self) -> None:
        while not self._ready:
            if self._gone:
                raise Gone
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), self._limits.left())
            except TimeoutError:
                raise self._limits.late() from None
        if self._gone:
            raise Gone

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        self._gone = True
        self._arrived.set()

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            parts = self._make()
            try:
                for part in parts:
                    self._room.acquire()
                    if self._closed:
                        break
                    self._put(part)
            finally:
                if close := getattr(parts, "close", None):
                    close()
        except BaseException as error:  # whatever was raised is told where the answer is sent
            last = error
        self._put(last)

    def _put(self, part: bytes | BaseException | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._take_in, part)
        except RuntimeError:
            # The loop was closed: nobody reads any more.
            self._closed = True

    def _take_in(self, part: bytes | BaseException | None) -> None:
        self._ready.append(part)
        self._arrived.set()


class Streams:
    """The answers on their way: so many at a time, and no more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.open = 0

    async def begin(self, stream: Stream, receive: Receive) -> Stream:
        """Begin an answer; it counts until it ended. Raises ``Busy`` when there are too many."""
        if self.open >= self._most:
            raise Busy(f"{self.open} answers are being streamed already; send this request again later", 1)
        self.open += 1
        try:
            await stream.begin(receive)
        except BaseException:
            self.open -= 1
            raise
        stream.at_end(self._ended)
        return stream

    def _ended(self, status: int) -> None:
        self.open -= 1
