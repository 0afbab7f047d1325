"""A receiver of webhooks: a real HTTP server that notes what it gets and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One message."""

    path: str
    headers: dict[str, str]
    body: str


class Receiver:
    """What came in, and what is answered."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        #: The answers to come, each a status and headers; 200 when there are no more.
        self.answers: list[tuple[int, dict[str, str]]] = []
        self._arrived = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def note(self, message: Received) -> tuple[int, dict[str, str]]:
        with self._arrived:
            self.received.append(message)
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else (200, {})

    def wait_for(self, count: int) -> list[Received]:
        """What came in, once there are so many messages."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, 60), self.received
            return list(self.received)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while the block runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, headers = receiver.note(Received(self.path, dict(self.headers.items()), body))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
