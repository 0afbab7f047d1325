"""Streamed answers when readers are slow, go away or are too many, and when the server stops."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

import headrace as mlflow
from headrace.serving.streams import AHEAD
from tests.databases import free_port
from tests.processes import PATIENCE, Running, serving
from tests.serving.conftest import HEADRACE

pytestmark = pytest.mark.slow
_SCRIPT = Path(__file__).parent / "assets" / "tells.py"


def _until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


class Asked:
    """A server of the model that tells, and connections to it."""

    def __init__(self, running: Running, home: Path) -> None:
        self.running, self.home = running, home
        self._open: list[socket.socket] = []

    def begin(self, what: str, **headers: str) -> socket.socket:
        """Ask for a stream; the connection that it comes by."""
        host, port = self.running.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), PATIENCE)
        body = json.dumps({"inputs": [str(self.home), what], "stream": True})
        lines = {"Host": host, "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(f"POST /invocations HTTP/1.1\r\n{head}\r\n{body}".encode())
        self._open.append(connection)
        return connection

    def made(self) -> int:
        """How many parts of the endless answer were made."""
        file = self.home / "count"
        return int(file.read_text() or 0) if file.exists() else 0

    def is_closed(self) -> bool:
        """Whether the model's generator has ended."""
        return (self.home / "closed").exists()

    def get(self, path: str) -> str:
        """The page at ``path``."""
        return urllib3.request("GET", self.running.url + path, retries=False).data.decode()

    def close(self) -> None:
        """Hang up."""
        for each in self._open:
            each.close()


def _read(connection: socket.socket, until: bytes) -> bytes:
    got = b""
    while until not in got:
        piece = connection.recv(65536)
        assert piece, got
        got += piece
    return got


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    mlflow.pyfunc.save_model(str(tmp_path / "model"), python_model=str(_SCRIPT))
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", str(tmp_path / "model"), "-p", str(port)]
    env = {"HEADRACE_SCORING_SERVER_THREADS": "1"}
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=env) as running:
        made = Asked(running, tmp_path)
        yield made
        (tmp_path / "go").touch()
        made.close()


def test_a_reader_that_does_not_read_stops_its_own_model_only(asked: Asked) -> None:
    slow = asked.begin("endless")
    _read(slow, b"data: ")
    before = -1
    while asked.made() != before:
        before = asked.made()
        time.sleep(0.3)
    # What is made ahead, and what lies in the buffers of two sockets.
    assert before < AHEAD + 500
    body = {"inputs": [str(asked.home), "endless"]}
    reply = urllib3.request("POST", f"{asked.running.url}/invocations", json=body, retries=False)
    assert reply.json() == {"predictions": ["whole"]}
    assert not asked.is_closed()
    slow.close()
    _until(asked.is_closed)
    assert "headrace_scoring_streaming" in asked.get("/metrics")
    _until(lambda: re.search(r"headrace_scoring_streaming{[^}]*} 0", asked.get("/metrics")))
    assert re.search(r'requests_total{protocol="invocations",status="499"[^}]*} 1', asked.get("/metrics"))


def test_a_reader_that_goes_away_ends_the_model_at_its_next_part(asked: Asked) -> None:
    connection = asked.begin("words")
    assert b'data: "first"\n\n' in _read(connection, b"first")
    connection.close()
    (asked.home / "go").touch()
    _until(asked.is_closed)
    _until(lambda: re.search(r"headrace_scoring_streaming{[^}]*} 0", asked.get("/metrics")))


def test_a_model_that_is_late_is_told_by_status_or_in_the_stream(asked: Asked) -> None:
    late = asked.begin("silent", **{"X-Request-Timeout": "0.2"})
    assert _read(late, b"seconds").startswith(b"HTTP/1.1 504 ")
    begun = _read(asked.begin("words", **{"X-Request-Timeout": "0.2"}), b"[DONE]\n\n\r\n0\r\n\r\n")
    assert begun.startswith(b"HTTP/1.1 200 ")
    assert begun.index(b'data: "first"') < begun.index(b'data: {"error": "The prediction took longer than the 0.2')


def test_an_error_before_the_first_part_is_a_status_and_after_it_an_event(asked: Asked) -> None:
    (asked.home / "go").touch()
    failed = _read(asked.begin("fails"), b"no more")
    assert failed.startswith(b"HTTP/1.1 400 ")
    assert b"data:" not in failed


def test_streams_that_are_too_many_are_sent_away(asked: Asked) -> None:
    open_ones = [asked.begin("words") for _ in range(16)]
    for each in open_ones:
        _read(each, b"first")
    assert _read(asked.begin("words"), b"later").startswith(b"HTTP/1.1 429 ")
    (asked.home / "go").touch()
    for each in open_ones:
        assert b'data: "last"\n\n' in _read(each, b"[DONE]")
    assert _read(asked.begin("words"), b"[DONE]").startswith(b"HTTP/1.1 200 ")


def test_a_stream_is_told_to_its_end_when_the_server_stops(asked: Asked) -> None:
    connection = asked.begin("words")
    _read(connection, b"first")
    asked.running.process.send_signal(signal.SIGTERM)
    (asked.home / "go").touch()
    assert b'data: "last"\n\n' in _read(connection, b"data: [DONE]\n\n")
    assert asked.running.process.wait(PATIENCE) == 0
