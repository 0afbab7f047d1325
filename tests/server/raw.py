"""A client without manners: it sends exactly the bytes it is given, and reads what comes back."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: Seconds after which a server that says nothing is taken to hang.
HANGS = 30


@dataclass(frozen=True)
class Reply:
    """An answer: status, headers by lower-case name, body, and whether the server then closed the connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool = field(default=False, compare=False)

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Raw:
    """Sends raw requests to one server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self.address = (parts.hostname, parts.port)
        self.host = parts.netloc

    def connect(self) -> socket.socket:
        """A new connection."""
        return socket.create_connection(self.address, timeout=HANGS)

    def ask(
        self,
        verb: str,
        target: str | bytes,
        body: bytes | Any = b"",
        *,
        headers: dict[str, str] | None = None,
        kind: str | None = "application/json",
    ) -> Reply:
        """Send one request whose target is written as it stands; what is not bytes is sent as JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        lines = {"Host": self.host, "Connection": "close", **(headers or {})}
        if kind and (body or verb in ("POST", "PUT", "PATCH")):
            lines.setdefault("Content-Type", kind)
        if body or verb in ("POST", "PUT", "PATCH"):
            lines.setdefault("Content-Length", str(len(body)))
        head = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in lines.items())
        path = target if isinstance(target, bytes) else target.encode("latin-1")
        return self.send(verb.encode() + b" " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body)

    def send(self, request: bytes) -> Reply:
        """Send these bytes on a new connection, and read one answer."""
        with self.connect() as connection:
            # A server that has heard enough may have answered all the same.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            return read_reply(connection)


def read_reply(connection: socket.socket) -> Reply:
    """One answer, read to its announced end or to the end of the connection."""
    data, closed = b"", False
    while b"\r\n\r\n" not in data:
        piece = _receive(connection)
        if not piece:
            return Reply(0, {}, data, closed=True)
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        assert re.fullmatch(r"[\w-]+", name), f"a broken header: {line!r}"
        headers[name.lower()] = value.strip()
    length = headers.get("content-length")
    while not closed and (length is None or len(body) < int(length)):
        piece = _receive(connection)
        closed = not piece
        body += piece
    if headers.get("connection") == "close":
        closed = closed or not _receive(connection)
    return Reply(int(first.split()[1]), headers, body, closed)


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except ConnectionResetError:
        return b""
