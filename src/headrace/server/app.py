"""HTTP in front of a store. One route per call, none written by hand."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from headrace.base import caller
from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, Unreachable
from headrace.schema import CALLS, Call
from headrace.server.callers import name_in
from headrace.server.crew import Crew
from headrace.server.gate import Gate
from headrace.server.http import Answer, Disconnected, Message, Question, Receive, Scope, Send
from headrace.server.routing import ByteRoute, Routes, require_json
from headrace.stores.port import PromptStore, Store, WouldWait
from headrace.wire import codec

_log = logging.getLogger("headrace.server")

#: Calls carried out at the same time: those that write or are quick, and those that may read much. The latter are few,
#: for each thread that computes delays every other one, the event loop's too; more of them would not be done sooner.
#: Of those that read from this machine, all but the ones that take long are done one after the other.
THREADS, READERS = 16, max(4, 2 * (os.cpu_count() or 1))
#: Calls of either sort that may wait for their turn.
WAITING = 256
#: A quick call that took so many seconds in the event loop (a slow disk, say) sends others to threads for so many.
SLOW_SECONDS, PATIENT_SECONDS = 0.05, 1.0

#: Told of every call that changed something, with its reply. Called from a worker thread.
Listener = Callable[[Call[Any], Any], None]


class Part(Protocol):
    """Something beside the calls that has an end of its own."""

    def stop(self) -> None:
        """End all streams that would never end by themselves."""
        ...

    async def close(self) -> None:
        """Finish what is under way."""
        ...


class App:
    """The ASGI application that puts a store on the network.

    Every request passes the gate and finds its route in one dict. The store is synchronous, and this is the only bridge
    to it: a quick call that need not wait is answered in the event loop, for handing it to a thread and back would cost
    more than the answer; any other call is carried out by a thread.
    """

    def __init__(
        self,
        store: Store,
        *,
        gate: Gate | None = None,
        byte_routes: Iterable[ByteRoute] = (),
        prefix: str = "",
        on_change: Listener | None = None,
        parts: Iterable[Part] = (),
        prompt: PromptStore | None = None,
    ) -> None:
        self._store = store
        self._prompt = prompt
        #: Until when, on the monotonic clock, quick calls go to threads as well.
        self._patient_until = 0.0
        self._gate = gate or Gate()
        self._routes = Routes(CALLS, byte_routes)
        self._calls = self._routes.calls
        self._prefix = prefix.encode()
        self._on_change = on_change
        self._parts = tuple(parts)
        self._crew = Crew(THREADS, "headrace-call")
        self._readers = Crew(READERS, "headrace-read", abreast=1 if prompt else None)
        self._name = secrets.token_hex(4)
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of ASGI."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        path = scope["raw_path"]
        prefix = self._prefix
        if prefix and path.startswith(prefix):
            path = path[len(prefix) :] or b"/"
        elif prefix and path not in (b"/health", b"/version"):
            path = b""
        question = Question(scope, receive, f"{self._name}-{next(self._count):x}", path)
        answer = Answer(send, question)
        try:
            self._gate.check(question.verb, question.headers, scope["headers"], question.local_address)
            if b"origin" in question.headers:
                answer.extra = self._gate.cors_headers(question.headers)
            kind = self._calls.get((question.verb, path))
            if kind is not None:
                await self._call(kind, question, answer, {})
            else:
                await self._seek(question, answer)
        except HeadraceError as error:
            await self._refuse(answer, error)
        except Disconnected:
            return
        except Exception:
            _log.exception("Request %s failed: %s %s", question.id, question.verb, ascii(path.decode("latin-1"))[:300])
            await self._refuse(
                answer, HeadraceError("Something went wrong here; the server's log has it under the request id")
            )

    async def _call(self, kind: type[Call[Any]], question: Question, answer: Answer, fields: dict[str, str]) -> None:
        headers = question.headers
        question.refuse_compressed()
        body = b""
        if b"content-length" in headers or b"transfer-encoding" in headers:
            body = await question.body(kind.route.limit)
        if question.verb != "GET" and (body or b"content-type" in headers):
            require_json(headers.get(b"content-type"))
        crew = self._crew if kind.route.writes or kind.route.quick else self._readers
        if crew.load >= WAITING:
            raise Unreachable("The server has more calls waiting than it can answer soon; try again")
        reply = self._at_once(kind, body, question, fields) if kind.route.quick and self._prompt else None
        if reply is None:
            reply = await crew.do(self._carry_out, kind, body, question, fields, self._store.send)
        await answer.json(reply)

    def _at_once(self, kind: type[Call[Any]], body: bytes, question: Question, fields: dict[str, str]) -> bytes | None:
        """The reply to a quick call, or None when it would have to wait or such calls are not quick just now."""
        assert self._prompt
        begun = time.monotonic()
        if begun < self._patient_until:
            return None
        try:
            return self._carry_out(kind, body, question, fields, self._prompt.attempt)
        except WouldWait:
            return None
        finally:
            ended = time.monotonic()
            if ended - begun > SLOW_SECONDS:
                self._patient_until = ended + PATIENT_SECONDS

    def _carry_out(
        self,
        kind: type[Call[Any]],
        body: bytes,
        question: Question,
        fields: dict[str, str],
        send: Callable[[Call[Any]], Any],
    ) -> bytes:
        if body or not question.query:
            call = codec.decode(body, kind, **fields)
        else:
            call = codec.from_query(question.pairs(), kind, **fields)
        if not kind.route.writes:
            return codec.encode(send(call))
        with caller.acting_for(name_in(question.headers)):
            reply = send(call)
        if self._on_change is not None:
            self._on_change(call, reply)
        return codec.encode(reply)

    async def _seek(self, question: Question, answer: Answer) -> None:
        """Answer what is no call with a plain path."""
        verb, path = question.verb, question.path
        if verb == "OPTIONS":
            await answer.start(204, self._gate.preflight(question.headers))
            await answer.piece(b"", last=True)
            return
        matched = self._routes.with_fields(verb, path)
        if matched:
            await self._call(matched.kind, question, answer, matched.fields)
            return
        found = self._routes.bytes_for(verb, path)
        if found:
            route, rest = found
            await route.handler(question, answer, rest)
            return
        allowed = self._routes.verbs_at(path)
        if allowed:
            error = BadRequest(f"This path answers {', '.join(allowed)}, not {verb}", "BAD_REQUEST")
            await answer.error(error, ((b"allow", ", ".join(allowed).encode()),), status=405)
            return
        raise NoSuchEndpoint("No route has this path")

    async def _refuse(self, answer: Answer, error: HeadraceError) -> None:
        if answer.started:
            # Half an answer is out; breaking the connection is all that is left to say.
            raise error
        await answer.error(error)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await send({"type": "websocket.close", "code": 1002})
            return
        while True:
            message: Message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def stop_streams(self) -> None:
        """End what would otherwise never end, so that the server can."""
        for part in self._parts:
            part.stop()

    async def close(self) -> None:
        """Finish what is under way and let go of the store."""
        self.stop_streams()
        await self._crew.close()
        await self._readers.close()
        for part in self._parts:
            await part.close()
        await asyncio.to_thread(self._store.close)
