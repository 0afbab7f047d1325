"""A real server for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import free_port
from tests.processes import Running, serving
from tests.server.raw import Raw

HEADRACE = str(Path(sys.executable).with_name("headrace"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of this module keeps everything."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Running]:
    """A server on an empty store."""
    port = free_port()
    command = [
        HEADRACE,
        "server",
        f"--port={port}",
        f"--backend-store-uri={home / 'mlruns'}",
        f"--artifacts-destination={home / 'mlartifacts'}",
    ]
    with serving(command, f"http://127.0.0.1:{port}", home / "log") as server:
        yield server


@pytest.fixture(scope="module")
def raw(running: Running) -> Raw:
    """The client without manners, for that server."""
    return Raw(running.url)
