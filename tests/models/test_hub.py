"""Artifacts of models from the Hugging Face hub, which here is a server that speaks its protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headrace.base.errors import BadRequest
from headrace.models import hub

COMMIT = "a" * 40
FILES = {"config.json": b'{"a": 1}', "sub/weights.bin": bytes(100)}


class _Hub(BaseHTTPRequestHandler):
    """A hub with one repository, ``tiny/model``, of two files."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        headers: dict[str, str] = {}
        body: bytes | None = None
        if path == "/api/models/tiny/model/revision/main":
            said = {"id": "tiny/model", "sha": COMMIT, "siblings": [{"rfilename": name} for name in FILES]}
            body = json.dumps(said).encode()
        elif path == f"/api/models/tiny/model/tree/{COMMIT}":
            tree = [{"type": "file", "path": name, "size": len(data), "oid": "b" * 40} for name, data in FILES.items()]
            body = json.dumps(tree).encode()
        elif path.startswith(f"/tiny/model/resolve/{COMMIT}/"):
            name = path.removeprefix(f"/tiny/model/resolve/{COMMIT}/")
            body, headers = FILES[name], {"ETag": f'"{name}"', "X-Repo-Commit": COMMIT}
        self.send_response(200 if body is not None else 404)
        headers |= {"Content-Length": str(len(body or b"")), "Content-Type": "application/json"}
        for name, value in (headers if body is not None else {**headers, "X-Error-Code": "RepoNotFound"}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body or b"")

    do_HEAD = do_GET

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where the hub is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


SCRIPT = """
import sys
import headrace as mlflow
from headrace.base.errors import NotFound

class Reads(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.folder = context.artifacts["snapshot"]
    def predict(self, context, model_input):
        import pathlib
        folder = pathlib.Path(self.folder)
        return [(folder / "config.json").read_text(), (folder / "sub/weights.bin").stat().st_size]

def save(folder, uri):
    mlflow.pyfunc.save_model(folder, python_model=Reads(), artifacts={"snapshot": uri}, pip_requirements=[])

save(sys.argv[1], "hf:/tiny/model")
print(mlflow.pyfunc.load_model(sys.argv[1]).predict([1]))
try:
    save(sys.argv[1] + "2", "hf:/no/such")
except NotFound as error:
    print(error)
"""


@pytest.mark.slow
def test_a_snapshot_of_the_hub_travels_with_the_model(address: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    env = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
    words = [sys.executable, "-c", SCRIPT, str(tmp_path / "model")]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer, refusal = done.stdout.splitlines()
    assert answer == """['{"a": 1}', 100]"""
    assert "hf:/no/such" in refusal
    copied = tmp_path / "model" / "artifacts" / "tiny" / "model"
    assert sorted(file.relative_to(copied).as_posix() for file in copied.rglob("*") if file.is_file()) == sorted(FILES)
    assert not any(file.is_symlink() for file in copied.rglob("*"))


@pytest.mark.parametrize(
    ("uri", "meant"),
    [
        ("hf:/tiny/model", ("tiny/model", None)),
        ("hf://tiny/model", ("tiny/model", None)),
        ("hf:/gpt2", ("gpt2", None)),
        ("hf:/tiny/model@v1.0", ("tiny/model", "v1.0")),
        ("hf:/tiny/model@refs/pr/1", ("tiny/model", "refs/pr/1")),
    ],
)
def test_a_uri_names_a_repository_and_a_revision(uri: str, meant: tuple[str, str | None]) -> None:
    assert hub.repository(uri) == meant


@pytest.mark.parametrize(
    "uri", ["hf:/", "hf:/../etc", "hf:/a/b/c", "hf:/a/..", "hf:/a b", "hf:/-a/b", "hf:/a--b/c", "hf:/a@"]
)
def test_what_is_no_repository_is_refused(uri: str) -> None:
    with pytest.raises(BadRequest, match="names no repository"):
        hub.repository(uri)
