"""Artifacts behind a real server, and behind one that breaks off."""

from __future__ import annotations

import http.server
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.artifacts import open_store
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest, NotFound, Unauthenticated, Unreachable
from headrace.testing.artifacts import ArtifactContract
from tests.tracking.conftest import server_url

__all__ = ["server_url"]


class TestProxiedStore(ArtifactContract):
    @pytest.fixture
    def store(self, server_url: str) -> ArtifactStore:
        return open_store(f"mlflow-artifacts:/{uuid.uuid4().hex}/artifacts", tracking_uri=server_url)


class TestProxiedStoreByItsUrl(ArtifactContract):
    @pytest.fixture
    def store(self, server_url: str) -> ArtifactStore:
        return open_store(f"{server_url}/api/2.0/mlflow-artifacts/artifacts/{uuid.uuid4().hex}")


class _Breaking(http.server.BaseHTTPRequestHandler):
    """Gives 100,000 bytes, of which each connection carries 30,000; answers as its server is told to."""

    protocol_version = "HTTP/1.1"
    body = bytes(n % 251 for n in range(100_000))
    server: _Server

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))
        if self.server.answers:
            self._short(*self.server.answers.pop(0))
            return
        found = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found and self.server.resumes else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.body) - start))
        self.send_header("ETag", '"v1"')
        self.end_headers()
        self.wfile.write(self.body[start : start + 30_000])
        self.close_connection = True

    def do_PUT(self) -> None:
        self.server.seen.append(dict(self.headers))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.answers:
            self._short(*self.server.answers.pop(0))
            return
        self.server.stored.append(body)
        self._short(200, b"")

    def _short(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Breaking)
        self.answers: list[tuple[int, bytes]] = []
        self.stored: list[bytes] = []
        self.seen: list[dict[str, str]] = []
        self.resumes = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def breaking() -> Iterator[_Server]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_download_is_taken_up_where_it_broke(breaking: _Server, tmp_path: Path) -> None:
    store = open_store("mlflow-artifacts:/a", tracking_uri=breaking.url)
    assert store.get("big.bin", tmp_path / "back").read_bytes() == _Breaking.body
    assert [seen.get("Range") for seen in breaking.seen] == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]
    assert {seen.get("If-Range") for seen in breaking.seen[1:]} == {'"v1"'}


def test_a_download_that_cannot_be_taken_up_leaves_no_file(breaking: _Server, tmp_path: Path) -> None:
    breaking.resumes = False
    store = open_store("mlflow-artifacts:/a", tracking_uri=breaking.url)
    with pytest.raises(Unreachable, match="changed"):
        store.get("big.bin", tmp_path / "back")
    assert list(tmp_path.iterdir()) == []


def test_an_upload_is_sent_again_from_its_beginning(breaking: _Server) -> None:
    breaking.answers = [(503, b""), (429, b"")]
    open_store("mlflow-artifacts:/a", tracking_uri=breaking.url).write("x", [b"a" * 70_000, b"b"])
    assert breaking.stored == [b"a" * 70_000 + b"b"]


def test_a_servers_refusal_is_raised_in_its_words(breaking: _Server) -> None:
    store = open_store("mlflow-artifacts:/a", tracking_uri=breaking.url)
    breaking.answers = [(400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "not that"}')]
    with pytest.raises(BadRequest, match="not that"):
        store.read("x")
    breaking.answers = [(404, b"<html>gone</html>"), (401, b"")]
    with pytest.raises(NotFound, match="404"):
        store.read("x")
    with pytest.raises(Unauthenticated):
        store.read("x")


def test_credentials_go_to_their_own_server_only(breaking: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    breaking.answers = [(404, b""), (404, b"")]
    for uri, tracking in [
        ("mlflow-artifacts:/a", breaking.url),
        (f"mlflow-artifacts://127.0.0.1:{breaking.server_port}/a", "http://elsewhere:5000"),
    ]:
        with pytest.raises(NotFound):
            open_store(uri, tracking_uri=tracking).read("x")
    assert [seen.get("Authorization") for seen in breaking.seen] == ["Bearer secret", None]


def test_a_name_and_password_may_stand_in_the_address(breaking: _Server) -> None:
    breaking.answers = [(404, b"")]
    with pytest.raises(NotFound):
        open_store("mlflow-artifacts:/a", tracking_uri=breaking.url.replace("//", "//me:p%40ss@")).read("x")
    assert breaking.seen[0]["Authorization"] == "Basic bWU6cEBzcw=="


@pytest.mark.parametrize("listed", ["../x", "/etc/passwd", "a/b", "..", ""])
def test_a_name_a_server_makes_up_is_not_taken(breaking: _Server, listed: str) -> None:
    breaking.answers = [(200, b'{"files": [{"path": "%s", "is_dir": false, "file_size": 1}]}' % listed.encode())]
    with pytest.raises(BadRequest):
        open_store("mlflow-artifacts:/a", tracking_uri=breaking.url).list("")


def test_a_location_behind_a_server_needs_one(tmp_path: Path) -> None:
    for tracking in (None, str(tmp_path)):
        with pytest.raises(BadRequest, match="set_tracking_uri"):
            open_store("mlflow-artifacts:/a", tracking_uri=tracking)


def test_a_server_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        open_store("mlflow-artifacts:/a", tracking_uri="http://127.0.0.1:9").list()


def test_a_file_that_grows_while_it_is_sent_is_sent_as_long_as_it_was(breaking: _Server, tmp_path: Path) -> None:
    source = tmp_path / "log"
    source.write_bytes(b"x" * 10_000)
    stop = threading.Event()

    def grow() -> None:
        while not stop.is_set():
            with source.open("ab") as file:
                file.write(b"y" * 1000)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(20):
            open_store("mlflow-artifacts:/a", tracking_uri=breaking.url).put(source, "log")
    finally:
        stop.set()
        writer.join()
    assert len(breaking.stored) == 20


def test_a_proxy_of_the_environment_is_asked(breaking: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", breaking.url)
    breaking.answers = [(404, b""), (404, b"")]
    for store in (
        open_store("mlflow-artifacts:/a", tracking_uri="http://tracking.invalid:5001"),
        open_store("http://files.invalid"),
    ):
        with pytest.raises(NotFound):
            store.read("x")
    assert [seen["Host"] for seen in breaking.seen] == ["tracking.invalid:5001", "files.invalid"]
