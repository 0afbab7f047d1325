"""The real command line, started as a user starts it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import free_port
from tests.processes import Running, serving


@pytest.fixture(scope="session")
def headrace() -> str:
    """The installed command."""
    return str(Path(sys.executable).with_name("headrace"))


@pytest.fixture
def server(headrace: str, tmp_path: Path) -> Iterator[Running]:
    """A server with an empty store of its own."""
    port = free_port()
    command = [headrace, "server", "--port", str(port), "--backend-store-uri", str(tmp_path / "store")]
    destination = ["--artifacts-destination", str(tmp_path / "artifacts")]
    with serving([*command, *destination], f"http://127.0.0.1:{port}", tmp_path / "server.log") as running:
        yield running
