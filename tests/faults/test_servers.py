"""Four servers on one PostgreSQL, and writers who log to one run through all of them."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from benchmarks.crowd import connections, crowd

from headrace.stores.sql.pooled import CONNECTIONS
from tests.databases import free_port
from tests.processes import serving

pytestmark = pytest.mark.slow
SERVERS, WRITERS, SECONDS = 4, 64, 6


def test_nothing_is_refused_or_lost_and_connections_are_few(postgresql_server: Any, tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(postgresql_server.database())
        ports = []
        for number in range(SERVERS):
            port = free_port()
            command = [sys.executable, "-m", "headrace", "server", f"--port={port}", f"--backend-store-uri={url}"]
            server = stack.enter_context(serving(command, f"http://127.0.0.1:{port}", tmp_path / f"log {number}"))
            ports.append(urlsplit(server.url).port or 0)
        outcome = crowd(ports, WRITERS, SECONDS, lambda: connections(url))
    assert (outcome.faults, outcome.lost) == ([], 0)
    assert outcome.points > 0
    assert outcome.connections
    assert outcome.connections <= SERVERS * CONNECTIONS
