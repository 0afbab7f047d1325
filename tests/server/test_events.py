"""Pages hear of what changes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.schema.runs import LogMetric
from headrace.stores import open_store
from tests.server.raw import Raw

API = "/api/2.0/mlflow"


@contextmanager
def watching(raw: Raw, about: str) -> Iterator[socket.SocketType]:
    """An open stream of events, from its first word on."""
    with raw.connect() as connection:
        request = f"GET /ajax-api/2.0/headrace/events?{about} HTTP/1.1\r\nHost: {raw.host}\r\n\r\n"
        connection.sendall(request.encode())
        data = b""
        while b": watching\n\n" not in data:
            data += connection.recv(1 << 16)
        assert b"content-type: text/event-stream" in data
        yield connection


def next_change(connection: socket.socket) -> dict[str, str]:
    """What the next event says."""
    data = b""
    while b"data: " not in data or not data.rstrip(b"\r\n").endswith(b"}"):
        data += connection.recv(1 << 16)
    assert b"event: changed\n" in data
    line = next(line for line in data.split(b"\n") if line.startswith(b"data: "))
    said: dict[str, str] = json.loads(line[6:])
    return said


def new_run(raw: Raw) -> str:
    made = raw.ask("POST", f"{API}/runs/create", {"experiment_id": "0"}).json()
    return str(made["run"]["info"]["run_id"])


def log(raw: Raw, run_id: str) -> None:
    body = {"run_id": run_id, "key": "loss", "value": 1, "timestamp": 1}
    assert raw.ask("POST", f"{API}/runs/log-metric", body).status == 200


def test_a_page_about_a_run_hears_of_its_metrics(raw: Raw) -> None:
    run_id = new_run(raw)
    with watching(raw, f"run_id={run_id}") as stream:
        log(raw, run_id)
        assert next_change(stream) == {"run_id": run_id, "experiment_id": "0"}


def test_a_page_about_an_experiment_hears_of_its_runs(raw: Raw) -> None:
    with watching(raw, "experiment_id=0") as stream:
        run_id = new_run(raw)
        assert next_change(stream) == {"run_id": run_id, "experiment_id": "0"}


def test_a_page_does_not_hear_of_other_runs(raw: Raw) -> None:
    mine, other = new_run(raw), new_run(raw)
    with watching(raw, f"run_id={mine}") as stream:
        log(raw, other)
        log(raw, mine)
        assert next_change(stream)["run_id"] == mine


def test_a_page_hears_of_what_another_process_wrote(raw: Raw, home: Path) -> None:
    run_id = new_run(raw)
    store = open_store(str(home / "mlruns"))
    with watching(raw, f"run_id={run_id}") as stream:
        log(raw, run_id)
        next_change(stream)
        store.send(LogMetric(run_id=run_id, key="elsewhere", value=1.0, timestamp=1))
        assert next_change(stream)["run_id"] == run_id
    store.close()


def test_a_page_says_what_it_watches(raw: Raw) -> None:
    for about in ("", "run_id=", "run_id=a&experiment_id=1", f"run_id={'a' * 65}"):
        assert raw.ask("GET", f"/ajax-api/2.0/headrace/events?{about}").status == 400
