"""Files of a plain web server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headrace.artifacts import open_store
from headrace.base.errors import NotFound, NotSupported, Unreachable


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site" / "sub dir").mkdir(parents=True)
    (tmp_path / "site" / "sub dir" / "data.csv").write_bytes(b"a,b\n1,2\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "site")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_is_downloaded_by_its_url(url: str, tmp_path: Path) -> None:
    got = open_store(f"{url}/sub%20dir/data.csv").get("", tmp_path / "back")
    assert got.read_bytes() == b"a,b\n1,2\n"


def test_a_file_below_a_url_is_downloaded_by_its_key(url: str) -> None:
    store = open_store(url)
    assert b"".join(store.read("sub dir/data.csv", 4)) == b"1,2\n"
    assert store.stat("sub dir/data.csv").file_size == 8


def test_what_is_not_there_is_not_found_and_leaves_no_file(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="404"):
        open_store(url).get("nothing", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_server_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(Unreachable):
        open_store("http://127.0.0.1:9").read("x")


def test_nothing_can_be_written(url: str, tmp_path: Path) -> None:
    store = open_store(url)
    with pytest.raises(NotSupported, match="only be read"):
        store.write("x", [b"1"])
    with pytest.raises(NotSupported):
        store.delete("x")
    assert store.list() == []
