"""HTTP in front of a store. One route per call, none written by hand."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from headrace.base import caller
from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, Unreachable
from headrace.schema import CALLS, Call
from headrace.server.callers import name_in
from headrace.server.crew import Crew
from headrace.server.gate import Gate
from headrace.server.http import (
    Answer,
    Disconnected,
    Header,
    Message,
    Question,
    Receive,
    Scope,
    Send,
    json_head,
)
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
#: Quick calls that took so many seconds each in the event loop, so often within a second, send others to threads for
#: so many: the disk is slow, say. A process that had to wait for a core is rarely late as often.
SLOW_SECONDS, SLOW_TIMES, PATIENT_SECONDS = 0.05, 3, 1.0

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
        self._slow = deque([-math.inf] * SLOW_TIMES, SLOW_TIMES)
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
        path = self._inner(scope["raw_path"])
        question = Question(scope, receive, f"{self._name}-{next(self._count):x}", path)
        answer = Answer(send, question)
        try:
            self._gate.check(question.verb, question.headers, scope["headers"], question.local_address)
            if b"origin" in question.headers:
                answer.extra = self._gate.cors_headers(question.headers)
            if failed := scope.get("headrace.failed"):
                raise failed
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

    def _inner(self, path: bytes) -> bytes:
        """A path without the prefix under which the server is reached."""
        prefix = self._prefix
        if not prefix:
            return path
        if path.startswith(prefix):
            return path[len(prefix) :] or b"/"
        return path if path in (b"/health", b"/version") else b""

    def at_once(
        self, verb: str, target: bytes, headers: list[Header], body: bytes, address: str
    ) -> tuple[int, bytes, bytes] | None:
        """The answer to a quick call whose request is all here, as ``protocol.AtOnce`` asks for it."""
        path, _, query = target.partition(b"?")
        kind = self._calls.get((verb, self._inner(path)))
        if kind is None or not kind.route.quick or self._prompt is None or self._crew.load >= WAITING:
            return None
        scope = {"method": verb, "query_string": query, "headers": headers, "server": (address, None)}
        question = Question(scope, _never, f"{self._name}-{next(self._count):x}", path)
        self._gate.check(verb, question.headers, headers, address)
        if b"origin" in question.headers or len(body) > kind.route.limit or b"#" in target:
            return None
        question.refuse_compressed()
        _check_type(question, body)
        reply = self._at_once(kind, body, question, {})
        return None if reply is None else (200, json_head(question), reply)

    async def _call(self, kind: type[Call[Any]], question: Question, answer: Answer, fields: dict[str, str]) -> None:
        question.refuse_compressed()
        body = await question.body(kind.route.limit) if question.has_body else b""
        _check_type(question, body)
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
                self._slow.append(begun)
                if ended - self._slow[0] < 1 + SLOW_SECONDS * SLOW_TIMES:
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


def _check_type(question: Question, body: bytes) -> None:
    """Raise ``BadRequest`` unless what is sent is said to be JSON."""
    if question.verb != "GET" and (body or b"content-type" in question.headers):
        require_json(question.headers.get(b"content-type"))


async def _never() -> Message:
    raise Disconnected
