"""A loaded model behind HTTP: ``/invocations``, ``/v2``, and the small pages by which a machine is watched."""

from __future__ import annotations

import asyncio
import math
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, TooLarge, UnknownMedia
from headrace.serving import chat, dialects, open_inference, openapi
from headrace.serving.batching import REQUESTS
from headrace.serving.deployed import Deployed, Question, answer, answer_one
from headrace.serving.dialects import Dialect, Model
from headrace.serving.line import WAITING, Busy, Late, Line
from headrace.serving.metrics import MEDIA, Metrics
from headrace.serving.served import UNNAMED
from headrace.serving.streams import Gone, Limits, Stream, Streams

if TYPE_CHECKING:
    from headrace.serving.watch import Watch

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
#: Raises when a request must not come in: its verb, its headers as a dict and as sent, and our address.
Gate = Callable[[str, dict[bytes, bytes], Sequence[Header], str], None]

#: Seconds one prediction may take, bytes one body may have, and predictions at a time, unless told otherwise.
TIMEOUT_SECONDS, BODY_BYTES, THREADS = 60.0, 32 << 20, 8
#: Answers that may be sent part by part at a time, for each thread: most of them wait for somebody else's service.
STREAMS = 16

#: Bytes of a body that the event loop may read itself, at most.
_SMALL = 128 << 10
_JSON, _TEXT = b"application/json", b"text/plain; charset=utf-8"
_HTML = b"text/html; charset=utf-8"
#: The head of most answers, where the server can send one whole.
_HEAD = b"content-type: application/json\r\nx-content-type-options: nosniff\r\n"
#: The header in which a caller says how many seconds it will wait.
_DEADLINE = b"x-request-timeout"
#: Headers of a request that is not answered at once.
_UNUSUAL = {_DEADLINE, b"content-encoding"}
_PATHS = {
    **dict.fromkeys(("/ping", "/health", "/version", "/openapi.json", "/docs", "/metrics"), "GET"),
    "/invocations": "POST",
}


class Scorer:
    """The ASGI application that answers for one model."""

    def __init__(
        self,
        model: Model | Deployed,
        *,
        version: str,
        name: str = UNNAMED,
        model_version: str | None = None,
        example: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        body_bytes: int = BODY_BYTES,
        threads: int = THREADS,
        waiting: int = WAITING,
        drain: float = 0.0,
        batch: str = "off",
        gate: Gate | None = None,
    ) -> None:
        """``name``, ``model_version``, ``example`` and ``batch`` are of a model that is not deployed yet.

        ``drain`` is how many seconds it goes on answering, though not ready, when it is told to stop.
        """
        self._version = version
        if not isinstance(model, Deployed):
            model = Deployed(
                model, server_version=version, name=name, version=model_version, example=example, batch=batch
            )
        self.deployed = model
        self._timeout = timeout
        self._limit = body_bytes
        self._gate = gate
        self._threads, self._waiting = threads, waiting
        self._line = self._new_line()
        self._streams = Streams(threads * STREAMS)
        self._swaps = 0
        #: What follows an alias while this serves.
        self.watch: Watch | None = None
        self._metrics = Metrics()
        self._drain, self._ready = drain, True

    def _new_line(self) -> Line:
        joins = not self.deployed.proof.fault
        # While one prediction is made, the requests of the next one gather; more threads would tear them apart.
        threads, batch = (1, REQUESTS) if joins else (self._threads, 1)
        return Line(answer, threads=threads, waiting=self._waiting, batch=batch)

    def swap(self, deployed: Deployed) -> None:
        """Serve another model from the next request on; what was asked before is answered. Call it in the loop."""
        before, self.deployed = self._line, deployed
        self._line = self._new_line()
        before.close()
        self._swaps += 1

    def drain(self) -> float:
        """Be ready no more; the seconds to go on answering, so that whoever sends requests takes notice."""
        self._ready = False
        return self._drain

    def at_once(
        self, verb: str, target: bytes, headers: list[Header], body: bytes, address: str
    ) -> tuple[int, bytes, bytes] | None:
        """The answer to a small request of a model whose predictions are quick, as ``protocol.AtOnce`` asks for it."""
        deployed, line = self.deployed, self._line
        if target != b"/invocations" or verb != "POST" or line.joins or deployed.ways.task:
            return None
        named = dict(headers)
        unusual = named.keys() & _UNUSUAL or len(body) > min(_SMALL, self._limit)
        if unusual or deployed.invocations.wants_parts(body) or line.at_once(None) is None:
            return None
        if self._gate:
            self._gate(verb, named, headers, address)
        before, kind = time.monotonic(), named.get(b"content-type")
        asked = Question(deployed, deployed.invocations, body, None if kind is None else kind.decode("latin-1"))
        found = line.alone(partial(answer_one, asked))
        self._metrics.count("invocations", 200, time.monotonic() - before)
        return 200, _HEAD, found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        more: list[Header] = []
        try:
            status, body, kind = await self._answer(scope, receive)
            if isinstance(body, Stream):
                await body.send(send)
                return
        except Gone:
            return
        except HeadraceError as error:
            status, body, kind = error.get_http_status_code(), _fault_of(scope["path"], error), _JSON
            if isinstance(error, Busy):
                more.append((b"retry-after", str(error.after).encode()))
            elif isinstance(error, Late) and scope["path"] == "/invocations":
                body, kind = error.message.encode(), _TEXT
        except Exception:
            # The last resort: whatever was not foreseen is our fault, and its details are for our log alone.
            traceback.print_exc()
            ours = HeadraceError("The server failed; its log says how")
            status, body, kind = 500, _fault_of(scope["path"], ours), _JSON
        whole = scope.get("headrace.whole")
        if status == 200 and kind is _JSON and whole:
            await whole(200, _HEAD, body)
            return
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
            *more,
        ]
        if kind is _HTML:
            headers.append((b"content-security-policy", openapi.POLICY))
        if status == 405:
            other = "POST" if scope["method"] == "GET" else "GET"
            headers.append((b"allow", _PATHS.get(scope["path"], other).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes | Stream, bytes]:
        path, verb = scope["path"], scope["method"]
        headers = dict(scope["headers"])
        if self._gate:
            self._gate(verb, headers, scope["headers"], (scope.get("server") or ("",))[0])
        deployed = self.deployed
        if path == "/v2" or path.startswith("/v2/"):
            page = deployed.inference.page(path, ready=self._ready)
            _expect(verb, "GET" if page else "POST", path)
            if page:
                return page[0], msgspec.json.encode(page[1]), _JSON
            return await self._measured("v2", deployed, deployed.inference, headers, scope, receive)
        if path.startswith("/v1/"):
            about = deployed.ways.page(path)
            way = None if about else deployed.ways.way(path)
            _expect(verb, "POST" if way else "GET", path)
            if way:
                return await self._measured("v1", deployed, way, headers, scope, receive)
            return 200, msgspec.json.encode(about), _JSON
        if (allowed := _PATHS.get(path)) is None:
            raise NoSuchEndpoint(f"There is nothing at {path[:80]!r}; there are {', '.join(_PATHS)}, /v1 and /v2")
        _expect(verb, allowed, path)
        if path == "/invocations":
            return await self._measured("invocations", deployed, deployed.invocations, headers, scope, receive)
        return 200, *self._page(path, deployed)

    def _page(self, path: str, deployed: Deployed) -> tuple[bytes, bytes]:
        match path:
            case "/version":
                return self._version.encode(), _JSON
            case "/openapi.json":
                return deployed.document, _JSON
            case "/docs":
                return deployed.page, _HTML
            case "/metrics":
                gauges = {
                    "queued": ("Requests that wait for a thread.", float(self._line.queued)),
                    "streaming": ("Answers that are sent part by part now.", float(self._streams.open)),
                    "running": ("Requests that are predicted now.", float(self._line.running)),
                    "predictions_total": ("Predictions made, each for one request or more.", float(self._line.rounds)),
                    "swaps_total": ("Models that took over because an alias moved.", float(self._swaps)),
                    "ready": ("1 until the server is told to stop.", float(self._ready)),
                }
                return self._metrics.text(gauges, deployed.labels), MEDIA
        return b"\n", _JSON

    async def _measured(
        self,
        protocol: str,
        deployed: Deployed,
        dialect: Dialect,
        headers: dict[bytes, bytes],
        scope: Scope,
        receive: Receive,
    ) -> tuple[int, bytes | Stream, bytes]:
        before, status, streamed = time.monotonic(), 500, False
        self._metrics.in_flight += 1

        def ended(status: int) -> None:
            self._metrics.in_flight -= 1
            self._metrics.count(protocol, status, time.monotonic() - before)

        try:
            failed = scope.get("headrace.failed")
            body = await self._predict(deployed, dialect, headers, scope.get("client"), receive, failed)
            status = 200
            if isinstance(body, Stream):
                streamed = True
                body.at_end(ended)
        except HeadraceError as error:
            status = error.get_http_status_code()
            raise
        except Gone:
            status = 499
            raise
        finally:
            if not streamed:
                ended(status)
        return 200, body, _JSON

    async def _predict(
        self,
        deployed: Deployed,
        dialect: Dialect,
        headers: dict[bytes, bytes],
        caller: Any,
        receive: Receive,
        failed: Exception | None,
    ) -> bytes | Stream:
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise UnknownMedia("The body is compressed (Content-Encoding); send it as it is")
        seconds, late = self._deadline(headers.get(_DEADLINE))
        if failed is not None:
            # It was asked already, and must not be asked twice.
            raise failed
        body = await self._body(headers, receive)
        kind = headers.get(b"content-type")
        asked = Question(deployed, dialect, body, None if kind is None else kind.decode("latin-1"))
        if dialect.wants_parts(body):
            limits = Limits(seconds, late, seconds if _DEADLINE in headers else None)
            parts = partial(dialect.parts, body, asked.content_type)
            return await self._streams.begin(Stream(parts, dialect.end, limits), receive)
        # Whoever names a deadline is to have an answer by then, whatever happens.
        if (
            len(body) <= _SMALL
            and not deployed.ways.task
            and _DEADLINE not in headers
            and (how := self._line.at_once(caller))
        ):
            if how == "together":
                return await self._line.together(asked)
            return self._line.alone(partial(answer_one, asked))
        return await self._line.ask(asked, seconds, late)

    def _deadline(self, asked: bytes | None) -> tuple[float, str]:
        """Seconds that an answer may take, 0 for any, and what is said when they are over."""
        if asked is not None:
            try:
                seconds = float(asked)
            except ValueError:
                seconds = math.nan
            if not 0 < seconds < math.inf:
                raise BadRequest(f"X-Request-Timeout must be a number of seconds, not {asked.decode('latin-1')[:40]!r}")
            if not self._timeout or seconds < self._timeout:
                return seconds, f"The prediction took longer than the {seconds:g} seconds of X-Request-Timeout"
        return self._timeout, f"The prediction took longer than {self._timeout:g} seconds; --timeout allows it more"

    async def _live(self, receive: Receive, send: Send) -> None:
        """Follow the server from its start to its end."""
        # A prediction made in this thread is to find what it finds in any other: no loop that is somebody else's.
        asyncio.set_event_loop(None)
        if self.watch:
            self.watch.start(asyncio.get_running_loop())
        while True:
            what = (await receive())["type"]
            if what == "lifespan.shutdown" and self.watch:
                self.watch.stop()
            await send({"type": f"{what}.complete"})
            if what == "lifespan.shutdown":
                return

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        announced = headers.get(b"content-length", b"0")
        pieces: list[bytes] = []
        size = int(announced) if announced.isdigit() and len(announced) < 19 else 0
        fault = f"The body has more than the {self._limit} bytes that one request may have"
        if size > self._limit:
            raise TooLarge(fault)
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > self._limit:
                raise TooLarge(fault)
            more = message.get("more_body", False)
        return b"".join(pieces)


class _NotAllowed(BadRequest):
    """The path answers another verb."""

    status = 405


def _expect(verb: str, allowed: str, path: str) -> None:
    if verb != allowed:
        raise _NotAllowed(f"{path} answers {allowed}, not {verb}")


def _fault_of(path: str, error: HeadraceError) -> bytes:
    if path.startswith("/v1/"):
        return chat.fault_of(error)
    return open_inference.fault_of(error) if path.startswith("/v2") else dialects.fault_of(error)
