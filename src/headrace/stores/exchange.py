"""Connections to a server that write a request in one piece, and read its answer with the parser that servers use.

They stand in for urllib3's own, whose general way of doing the same costs several times as much CPU. Pools, time limits
and TLS stay urllib3's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httptools
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ProtocolError

#: Bytes read at a time.
_PIECE = 1 << 18


class Reply:
    """An answer that has arrived: ``status``, ``headers`` by names in Title-Case, and the bytes in ``data``."""

    #: What urllib3's pools note on an answer, and say of it in their log.
    retries: Any = None
    _connection: Any = None
    _pool: Any = None
    version_string = "HTTP/1.1"
    length_remaining = 0

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self._pieces: list[bytes] = []

    @property
    def data(self) -> bytes:
        """The body."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").title()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        self.complete = True


class _Exchange:
    """How a request goes out and an answer comes in."""

    sock: Any
    timeout: Any

    def request(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> None:
        """Send a request, in one piece: a head alone would wake the server up for nothing."""
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        lines = [f"{method} {url} HTTP/1.1", f"Host: {self._authority()}", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("A header of a request has a line break")
        self.sock.sendall("\r\n".join([*lines, "\r\n"]).encode("latin-1") + (body or b""))

    def getresponse(self) -> Reply:
        """The answer. Raises ``ProtocolError`` when it breaks off, or is none."""
        self.sock.settimeout(self.timeout)
        while True:
            reply = Reply()
            parser = httptools.HttpResponseParser(reply)
            self._read(reply, parser)
            reply.status = parser.get_status_code()
            # Those below 200 announce the answer.
            if reply.status >= 200:
                break
        if parser.get_http_version() != "1.1" or "close" in reply.headers.get("Connection", "").lower():
            self.close()  # type: ignore[attr-defined]
        return reply

    def _read(self, reply: Reply, parser: httptools.HttpResponseParser) -> None:
        while not reply.complete:
            piece = self.sock.recv(_PIECE)
            if not piece:
                # An answer without a length ends with the connection.
                if reply.headers and not {"Content-Length", "Transfer-Encoding"} & reply.headers.keys():
                    self.close()  # type: ignore[attr-defined]
                    return
                raise ConnectionResetError("the server closed the connection")
            try:
                parser.feed_data(piece)
            except httptools.HttpParserError as error:
                raise ProtocolError(f"This is no answer of HTTP/1.1: {error}") from error

    def _authority(self) -> str:
        host, port, usual = self.host, self.port, self.default_port  # type: ignore[attr-defined]
        name = f"[{host}]" if ":" in host else host
        return name if port == usual else f"{name}:{port}"


class PlainConnection(_Exchange, HTTPConnection):  # type: ignore[misc]
    """Over TCP as it is."""


class SecureConnection(_Exchange, HTTPSConnection):  # type: ignore[misc]
    """Over TLS."""
