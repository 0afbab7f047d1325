"""One HTTP exchange, as the rest of the server sees it: a question with headers and a body, and an answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

#: What every answer says to a browser: run nothing and load nothing that is not ours, guess no types, tell nobody.
SECURITY_HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PAGE_POLICY = (
    b"default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; "
    b"frame-ancestors 'none'; form-action 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    b"frame-src 'self' blob:"
)
PAGE_HEADERS: tuple[Header, ...] = (*SECURITY_HEADERS, (b"content-security-policy", _PAGE_POLICY))
#: For what somebody uploaded: even opened by itself it is nobody's page.
FILE_HEADERS: tuple[Header, ...] = (
    *SECURITY_HEADERS,
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cache-control", b"no-store"),
)
_JSON_HEADERS: tuple[Header, ...] = (
    *SECURITY_HEADERS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
    (b"content-type", b"application/json"),
)
#: Bytes of a body that are read to their end even when nobody wants them, to keep the connection.
_SHORT = 64 << 10
_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Disconnected(Exception):
    """The caller went away before the whole request had arrived."""


class Compressed(BadRequest):
    """The body is compressed; it would have to be unpacked before anybody knows how large it is."""

    status = 415


class Question:
    """A request: verb, path as it was sent, query, headers, and a body that is read once."""

    __slots__ = ("_receive", "_unread", "headers", "id", "local_address", "path", "query", "send_whole", "verb")

    def __init__(self, scope: Scope, receive: Receive, number: str, path: bytes) -> None:
        self.id = number
        self.verb: str = scope["method"]
        self.path = path
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        server = scope.get("server")
        self.local_address: str = server[0] if server else ""
        self._receive = receive
        #: Sends an answer in one write, where the server in front of us can do that.
        self.send_whole: Callable[[int, bytes, bytes], Awaitable[None]] | None = scope.get("headrace.whole")
        self._unread = b"content-length" in self.headers or b"transfer-encoding" in self.headers

    @property
    def has_body(self) -> bool:
        """Whether some of a body is still unread."""
        return self._unread

    @property
    def has_much_left(self) -> bool:
        """Whether more of the body is still to come than is worth waiting for."""
        return self._unread and (b"transfer-encoding" in self.headers or self.announced() > _SHORT)

    def pairs(self) -> list[tuple[str, str]]:
        """The query string, decoded."""
        return [
            (decoded(name.replace(b"+", b" "), "query"), decoded(value.replace(b"+", b" "), "query"))
            for name, _, value in (pair.partition(b"=") for pair in self.query.split(b"&") if pair)
        ]

    def one(self, *names: str) -> str:
        """The value of the query parameter called by any of ``names``. Raises ``BadRequest`` unless there is one."""
        values = {value for name, value in self.pairs() if name in names}
        if not values:
            raise BadRequest(f"Missing value for required parameter '{names[0]}'")
        if len(values) > 1:
            raise BadRequest(f"The parameter '{names[0]}' is given more than once, with different values")
        return values.pop()

    def refuse_compressed(self) -> None:
        """Raise ``Compressed`` unless the body is as it is."""
        if self.headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Compressed("Compressed bodies are not taken; send it without Content-Encoding")

    def announced(self) -> int:
        """The bytes of body that Content-Length announces; 0 without one."""
        said = self.headers.get(b"content-length", b"0")
        if not said.isdigit() or len(said) > 18:
            raise BadRequest("Content-Length is not a whole number")
        return int(said)

    async def body(self, limit: int) -> bytes:
        """The whole body, or ``TooLarge`` as soon as it is known to be more than ``limit`` bytes."""
        if b"content-length" in self.headers and self.announced() > limit:
            raise TooLarge(f"The body has {self.announced()} bytes; {limit} are allowed here")
        pieces, size = [], 0
        while piece := await self.next_piece():
            size += len(piece)
            if size > limit:
                raise TooLarge(f"The body has more than the {limit} bytes that are allowed here")
            pieces.append(piece)
            if not self._unread:
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def next_piece(self) -> bytes:
        """The next bytes of the body as they arrive; none at its end."""
        while self._unread:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._unread = message.get("more_body", False)
            body: bytes = message.get("body", b"")
            if body:
                return body
        return b""

    async def gone(self) -> None:
        """Return when the caller has gone away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Answer:
    """Where a response goes. Headers of our own and those every answer has are written by ``start``."""

    __slots__ = ("_send", "extra", "question", "started")

    def __init__(self, send: Send, question: Question) -> None:
        self._send = send
        self.question = question
        self.started = False
        #: Headers that this answer has besides, such as those of CORS.
        self.extra: tuple[Header, ...] = ()

    async def json(self, body: bytes, status: int = 200, headers: tuple[Header, ...] = ()) -> None:
        """Answer with JSON bytes."""
        await self.whole(body, (*_JSON_HEADERS, *headers), status)

    async def whole(self, body: bytes, headers: tuple[Header, ...], status: int = 200) -> None:
        """Answer with ``body``, all at once."""
        send_whole = self.question.send_whole
        if send_whole is not None:
            self.started = True
            head = _head(headers, self.question)
            await send_whole(status, head + _lines(self.extra) if self.extra else head, body)
            return
        length = str(len(body)).encode()
        await self.start(status, (*headers, (b"content-length", length)))
        await self.piece(b"" if self.question.verb == "HEAD" else body, last=True)

    async def error(self, error: HeadraceError, headers: tuple[Header, ...] = (), status: int | None = None) -> None:
        """Answer with what went wrong, under the status of the error unless another one is given."""
        status = status or error.get_http_status_code()
        if self.question.has_much_left:
            headers = (*headers, (b"connection", b"close"))
        if status in (429, 503):
            headers = (*headers, (b"retry-after", b"1"))
        said = {"error_code": error.error_code, "message": error.message, "request_id": self.question.id}
        await self.json(msgspec.json.encode(said), status, headers)

    async def start(self, status: int, headers: tuple[Header, ...]) -> None:
        """Send the status and the headers."""
        self.started = True
        mine = ((b"x-request-id", self.question.id.encode()), *self.extra)
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *mine]})

    async def piece(self, body: bytes, *, last: bool = False) -> None:
        """Send some bytes of the body; waits until the caller takes them."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})


def json_head(question: Question) -> bytes:
    """The header lines of an answer in JSON."""
    return _head(_JSON_HEADERS, question)


def _head(headers: tuple[Header, ...], question: Question) -> bytes:
    return _lines(headers) + b"x-request-id: " + question.id.encode() + b"\r\n"


@lru_cache(1024)
def _lines(headers: tuple[Header, ...]) -> bytes:
    """Headers as they stand in an answer."""
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    if lines.count(b"\n") != len(headers) or b"\0" in lines:
        raise ValueError("A header of an answer has a line break")
    return lines


def decoded(text: bytes, where: str) -> str:
    """Percent-encoded bytes as text, decoded exactly once. Raises ``BadRequest`` for what is no UTF-8."""
    if b"%" not in text and text.isascii():
        return text.decode()
    if _ESCAPE.search(text):
        raise BadRequest(f"The {where} has a '%' that is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise BadRequest(f"The {where} is not UTF-8") from None
