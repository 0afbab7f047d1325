"""The places a script may track at: a folder of its own, and a real server over a socket."""

from __future__ import annotations

import socket
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace
from headrace.tracking import models_here, uri
from tests.processes import serving


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that the tests of this session share."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
    command += ["--backend-store-uri", str(folder / "records"), "--artifacts-destination", str(folder / "artifacts")]
    with serving(command, f"http://127.0.0.1:{port}", folder / "log") as running:
        yield running.url


@pytest.fixture(params=["folder", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where this test tracks; nothing of the test before is left."""
    for name in ("TRACKING_URI", "REGISTRY_URI", "EXPERIMENT_ID", "EXPERIMENT_NAME", "RUN_ID", "ACTIVE_MODEL_ID"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
        monkeypatch.delenv(f"HEADRACE_{name}", raising=False)
    chosen = str(tmp_path / "records") if request.param == "folder" else request.getfixturevalue("server_url")
    headrace.set_tracking_uri(chosen)
    headrace.set_experiment(f"of {uuid.uuid4().hex}")
    yield chosen
    while headrace.active_run():
        headrace.end_run()
    models_here.activate(None)
    headrace.set_registry_uri("")
    headrace.set_tracking_uri("")
    uri.close_stores()
