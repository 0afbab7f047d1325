"""A loaded model behind HTTP: ``/invocations``, ``/v2``, and the small pages by which a machine is watched."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, TooLarge, UnknownMedia
from headrace.serving import dialects, open_inference, openapi
from headrace.serving.dialects import Dialect, Invocations, Model, ask
from headrace.serving.open_inference import OpenInference

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
#: Raises when a request must not come in: its verb, its headers as a dict and as sent, and our address.
Gate = Callable[[str, dict[bytes, bytes], Sequence[Header], str], None]

#: Seconds one prediction may take, bytes one body may have, and predictions at a time, unless told otherwise.
TIMEOUT_SECONDS, BODY_BYTES, THREADS = 60.0, 32 << 20, 8

_JSON, _TEXT = b"application/json", b"text/plain; charset=utf-8"
_HTML = b"text/html; charset=utf-8"
_PATHS = {
    **dict.fromkeys(("/ping", "/health", "/version", "/openapi.json", "/docs"), "GET"),
    "/invocations": "POST",
}


class Scorer:
    """The ASGI application that answers for one model."""

    def __init__(
        self,
        model: Model,
        *,
        version: str,
        name: str = "model",
        model_version: str | None = None,
        example: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        body_bytes: int = BODY_BYTES,
        threads: int = THREADS,
        gate: Gate | None = None,
    ) -> None:
        self._model = model
        self._invocations = Invocations(model)
        self._inference = OpenInference(model, name=name, version=model_version, server_version=version)
        self._timeout = timeout
        self._limit = body_bytes
        self._gate = gate
        self._threads = ThreadPoolExecutor(threads, "prediction")
        signature = model.metadata.signature if model.metadata is not None else None
        said = openapi.document(signature, name=name, version=model_version, server_version=version, example=example)
        self._pages = {
            "/ping": (b"\n", _JSON),
            "/health": (b"\n", _JSON),
            "/version": (version.encode(), _JSON),
            "/openapi.json": (msgspec.json.encode(said), _JSON),
            "/docs": (openapi.page(said, signature), _HTML),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        try:
            status, body, kind = await self._answer(scope, receive)
        except _Gone:
            return
        except HeadraceError as error:
            status, body, kind = error.get_http_status_code(), _fault_of(scope["path"], error), _JSON
        except Exception:
            # The last resort: whatever was not foreseen is our fault, and its details are for our log alone.
            traceback.print_exc()
            ours = HeadraceError("The server failed; its log says how")
            status, body, kind = 500, _fault_of(scope["path"], ours), _JSON
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if kind is _HTML:
            headers.append((b"content-security-policy", openapi.POLICY))
        if status == 405:
            headers.append(
                (b"allow", _PATHS.get(scope["path"], "POST" if scope["method"] == "GET" else "GET").encode())
            )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        path, verb = scope["path"], scope["method"]
        headers = dict(scope["headers"])
        if self._gate:
            self._gate(verb, headers, scope["headers"], (scope.get("server") or ("",))[0])
        dialect: Dialect = self._invocations
        if path == "/v2" or path.startswith("/v2/"):
            page = self._inference.page(path, ready=True)
            _expect(verb, "GET" if page else "POST", path)
            if page:
                return page[0], msgspec.json.encode(page[1]), _JSON
            dialect = self._inference
        elif (allowed := _PATHS.get(path)) is None:
            raise NoSuchEndpoint(f"There is nothing at {path[:80]!r}; there are {', '.join(_PATHS)}, and /v2")
        else:
            _expect(verb, allowed, path)
        if path in self._pages:
            return 200, *self._pages[path]
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise UnknownMedia("The body is compressed (Content-Encoding); send it as it is")
        body = await self._body(headers, receive)
        kind = headers.get(b"content-type")
        work = asyncio.get_running_loop().run_in_executor(
            self._threads, self._score, dialect, body, None if kind is None else kind.decode("latin-1")
        )
        # Not asyncio.timeout: the server may run the first steps of a request outside any task.
        await asyncio.wait((work,), timeout=self._timeout or None)
        if work.done():
            return 200, work.result(), _JSON
        work.cancel()
        fault = f"The prediction took longer than {self._timeout:g} seconds; --timeout allows it more"
        if dialect is not self._invocations:
            raise HeadraceError(fault, "DEADLINE_EXCEEDED")
        return 504, fault.encode(), _TEXT

    def _score(self, dialect: Dialect, body: bytes, content_type: str | None) -> bytes:
        payload = dialect.read(body, content_type)
        return dialect.write(ask(self._model, payload), payload)

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
                raise _Gone
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > self._limit:
                raise TooLarge(fault)
            more = message.get("more_body", False)
        return b"".join(pieces)


async def _live(receive: Receive, send: Send) -> None:
    """Follow the server from its start to its end."""
    while True:
        what = (await receive())["type"]
        await send({"type": f"{what}.complete"})
        if what == "lifespan.shutdown":
            return


class _Gone(Exception):
    """The caller went away before the whole request had arrived."""


class _NotAllowed(BadRequest):
    """The path answers another verb."""

    status = 405


def _expect(verb: str, allowed: str, path: str) -> None:
    if verb != allowed:
        raise _NotAllowed(f"{path} answers {allowed}, not {verb}")


def _fault_of(path: str, error: HeadraceError) -> bytes:
    return open_inference.fault_of(error) if path.startswith("/v2") else dialects.fault_of(error)
