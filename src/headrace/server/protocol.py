"""HTTP/1.1 on one connection: uvicorn's protocol, with deadlines, limits, and no tolerance for two readings.

A caller that sends slowly must not hold a connection for ever, one that sends much must not fill the memory, and a
request whose end two parsers might see at different places must not be answered at all.

A short request that is all there, where none before it waits, is first offered to the application as it is
(``AtOnce``): what ASGI wants around a request costs as much as the answer to a quick call.
"""

from __future__ import annotations

import asyncio
import functools
import time
import types
import typing
from collections.abc import Coroutine, Generator
from email.utils import formatdate
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from headrace.server.http import Header

#: Seconds for the headers of a request, from its first byte; and for the first byte of the first request.
HEADER_SECONDS = 10.0
#: After so many seconds of one body, it must have come at so many bytes a second.
GRACE_SECONDS, BYTES_PER_SECOND = 30.0, 1024
#: Bytes of the request line, of one header, of all headers, and their number, at most.
LINE_BYTES, HEADER_BYTES, HEADERS_BYTES, HEADERS = 16 << 10, 8 << 10, 32 << 10, 100
#: A body of at most so many bytes is gathered before anybody looks at the request: callers send it apart from the head.
GATHERED_BYTES = 256 << 10
#: Bytes of an answer that wait for a caller who does not read, and seconds that they may.
STALLED_SECONDS = 60.0


class AtOnce(typing.Protocol):
    """An application that can answer some requests without waiting for anything."""

    def at_once(
        self, verb: str, target: bytes, headers: list[Header], body: bytes, address: str
    ) -> tuple[int, bytes, bytes] | None:
        """The status, the header lines and the body of the answer, or None where the request must be put by ASGI.

        What this raises is raised by the application again when it is asked by ASGI, under ``headrace.failed``.
        """


_WORDS = {
    400: "The request is not valid HTTP/1.1",
    408: "The request did not arrive in time",
    414: f"The request line is longer than {LINE_BYTES} bytes",
    431: f"The headers are more than {HEADERS}, or longer than {HEADER_BYTES} bytes each or {HEADERS_BYTES} together",
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    #: Whether some of a request's line and headers have arrived, but not all.
    _in_head = False
    #: Bytes received since the head began, and bytes of the names and values found in it so far.
    _raw_bytes = 0
    _head_bytes = 0
    _fault = 0
    _body_bytes = 0
    _body_since = 0.0
    #: What looks at how fast bodies come. It is left to run when one is complete, for the next is often about to come.
    _body_clock: asyncio.TimerHandle | None = None
    #: Whether the body that comes is small enough to be gathered.
    _gathers = False
    #: Whether the request that comes is to be offered to the application as it is, and its body so far.
    _offers = False
    _body = b""
    #: Whether bytes are being parsed, and the request among them that is still to be answered.
    _parsing = False
    _begun: tuple[RequestResponseCycle, Any] | None = None
    #: When the last answer was complete, on the clock of the loop, and what looks at that now and then.
    _idle_since = 0.0
    _idle_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._local_address = self.server[0] if self.server else ""
        self._asked: AtOnce | None = self.app if hasattr(self.app, "at_once") else None
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._disarm()
        for clock in (self._stalled, self._idle_clock, self._body_clock):
            if clock:
                clock.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; within a head, no more of them than a head may have."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._raw_bytes += len(data)
            if self._raw_bytes > LINE_BYTES + 2 * HEADERS_BYTES:
                self._refuse(431)
                return
        self._parsing = True
        super().data_received(data)
        self._parsing = False
        if self.transport.is_closing():
            return
        if self._begun and not (self._gathers and self._begun[0].more_body):
            (cycle, app), self._begun = self._begun, None
            self._answer_now(cycle, app)
        self._set_clock()

    def _set_clock(self) -> None:
        """Give what is still to come a deadline. Most requests come in one piece and need none."""
        if self._body_since:
            if self._body_clock is None:
                self._body_clock = self.loop.call_later(GRACE_SECONDS, self._check_rate)
        elif self._in_head and self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._too_slow)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Begin to answer; not before all bytes at hand were parsed, for then there is often nothing to wait for."""
        if self._parsing:
            self._begun = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _answer_now(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Run the application until it waits for something, if it does at all; the rest is a task."""
        answering = cycle.run_asgi(app)
        try:
            waits_for = answering.send(None)
        except StopIteration:
            return
        task = self.loop.create_task(_rest_of(answering, waits_for))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or what was found to break a limit while it was parsed."""
        self._refuse(self._fault or 400)

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._in_head = True
        self._raw_bytes = self._head_bytes = self._fault = 0

    def on_url(self, url: bytes) -> None:
        """Collect the target of the request."""
        self.url += url
        if len(self.url) > LINE_BYTES:
            self._stop(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect one header."""
        size = len(name) + len(value)
        self._head_bytes += size
        if size > HEADER_BYTES or self._head_bytes > HEADERS_BYTES or len(self.headers) >= HEADERS:
            self._stop(431)
        if b"\n" in value or b"\r" in value or b"\0" in value:
            self._stop(400)
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Judge the whole head, and begin to answer."""
        self._in_head = False
        self._disarm()
        lengths, codings = [], []
        for name, value in self.headers:
            if name == b"content-length":
                lengths.append(value)
            elif name == b"transfer-encoding":
                codings.append(value)
            elif name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
        if len(lengths) + len(codings) > 1 or self.parser.get_http_version() not in ("1.0", "1.1"):
            self._stop(400)
        if codings and codings[0].strip().lower() != b"chunked":
            self._stop(400)
        self._refresh_date()
        self._body_bytes = 0
        self._body_since = 0.0
        if lengths or codings:
            self._body_since = self.loop.time()
        self._gathers = bool(lengths) and not self.expect_100_continue and int(lengths[0]) <= GATHERED_BYTES
        is_free = self.cycle is None or self.cycle.response_complete
        self._offers = bool(self._asked and is_free and (self._gathers or not self._body_since))
        self._body = b""
        if not self._offers:
            self._ask_by_asgi()

    def _ask_by_asgi(self, failed: Exception | None = None) -> None:
        """Begin to put the request whose head is here to the application."""
        self._offers = False
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()
        scope = cast(dict[str, Any], self.scope)
        scope["headrace.whole"] = functools.partial(_send_whole, self.cycle)
        if failed is not None:
            scope["headrace.failed"] = failed
        if self._body:
            self.cycle.body += self._body
            self.cycle.message_event.set()

    def _offer(self) -> bool:
        """Have the request answered at once; False, with the way by ASGI begun, where that is not to be had."""
        self._offers = False
        failed, verb = None, self.parser.get_method().decode("ascii")
        crowded = self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency
        if self._asked and not crowded and not self.parser.should_upgrade():
            try:
                answer = self._asked.at_once(verb, self.url, self.headers, self._body, self._local_address)
            except Exception as error:  # The application says so itself, as soon as it is asked by ASGI.
                failed, answer = error, None
            if answer:
                stays = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
                self.transport.write(_lines(self.server_state.default_headers, *answer, stays=stays, verb=verb))
                if not stays:
                    self.transport.close()
                self.on_response_complete()
                return True
        self._ask_by_asgi(failed)
        return False

    def shutdown(self) -> None:
        """Close the connection, after the request of which some is here."""
        if self._offers:
            self._ask_by_asgi()
        super().shutdown()

    def on_body(self, body: bytes) -> None:
        """Count the bytes of a body."""
        self._body_bytes += len(body)
        if self._offers:
            self._body += body
        elif self._gathers:
            self.cycle.body += body
            self.cycle.message_event.set()
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is all here."""
        self._body_since = 0.0
        if not self._offers or not self._offer():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for it; one clock serves all waits of a connection."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            super()._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._idle_clock is None:
            self._idle_clock = self.loop.call_later(self.timeout_keep_alive, self._check_idle)

    def pause_writing(self) -> None:
        """The caller does not read its answer; it has a while to go on."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The caller reads on."""
        if self._stalled:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _check_rate(self) -> None:
        """Break off a body that comes too slowly, unless it is we who do not read."""
        self._body_clock = None
        if not self._body_since:
            return
        seconds = self.loop.time() - self._body_since
        if self.flow.read_paused:
            self._body_since, self._body_bytes = self.loop.time(), 0
        elif seconds >= GRACE_SECONDS and self._body_bytes < seconds * BYTES_PER_SECOND:
            self._too_slow()
            return
        left = GRACE_SECONDS - seconds
        self._body_clock = self.loop.call_later(left if left > 0 else GRACE_SECONDS, self._check_rate)

    def _check_idle(self) -> None:
        """Close a connection on which nothing has been asked for long."""
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self._in_head or (self.cycle is not None and not self.cycle.response_complete):
            left = self.timeout_keep_alive
        if left > 0:
            self._idle_clock = self.loop.call_later(left, self._check_idle)
        else:
            self.transport.close()

    def _too_slow(self) -> None:
        self._deadline = None
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()
        elif self._in_head or self._body_since:
            self._refuse(408)
        else:
            self.transport.close()

    def _disarm(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _stop(self, status: int) -> None:
        """Make the parser give up; ``send_400_response`` then says why."""
        self._fault = status
        raise ValueError(_WORDS[status])

    def _refuse(self, status: int) -> None:
        """Answer with an error and close, whatever was under way."""
        self._disarm()
        if self.transport.is_closing():
            return
        code = "INVALID_PARAMETER_VALUE" if status != 408 else "DEADLINE_EXCEEDED"
        body = msgspec.json.encode({"error_code": code, "message": _WORDS[status]})
        head = (
            b"content-type: application/json\r\nx-content-type-options: nosniff\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n" % len(body)
        )
        answering = self.cycle is not None and not self.cycle.response_complete
        # While an earlier request is answered, or half an answer is out, another one would be taken for its rest.
        if not answering or not (self._in_head or self.cycle.response_started):
            self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()

    def _refresh_date(self) -> None:
        """Keep the Date header, which uvicorn would have a timer for, while there is something to date."""
        now = int(time.time())
        state: Any = self.server_state
        if now != getattr(state, "dated", 0):
            state.dated = now
            state.default_headers = [(b"date", formatdate(now, usegmt=True).encode())]


@types.coroutine
def _rest_of(answering: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """What remains of a coroutine that has been run up to where it waits for ``waits_for``."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:
            step = functools.partial(answering.throw, error)
        else:
            step = functools.partial(answering.send, sent)
        try:
            waits_for = step()
        except StopIteration:
            return


async def _send_whole(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> None:
    """Send an answer that is all there at once: one write, where ASGI's two messages would make two.

    ``head`` has whole header lines; how long the body is, and whether the connection stays, is added here.
    """
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    if cycle.response_started:
        raise RuntimeError("An answer has begun already")
    verb, stays = cycle.scope["method"], cycle.keep_alive
    cycle.response_started = cycle.response_complete = True
    cycle.keep_alive = cycle.keep_alive and b"connection: close" not in head
    cycle.transport.write(_lines(cycle.default_headers, status, head, body, stays=stays, verb=verb))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def _lines(defaults: list[Header], status: int, head: bytes, body: bytes, *, stays: bool, verb: str) -> bytes:
    """A whole answer; ``stays`` is whether the connection does."""
    lines = [STATUS_LINE[status]]
    for name, value in defaults:
        lines += (name, b": ", value, b"\r\n")
    lines += (head, b"content-length: %d\r\n" % len(body))
    if not stays and b"connection: close" not in head:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    if verb != "HEAD":
        lines.append(body)
    return b"".join(lines)
