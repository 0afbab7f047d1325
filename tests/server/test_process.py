"""The server as a process: how it starts, who it listens to, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.schema.experiments import CreateExperiment, GetExperiment, GetExperimentByName
from headrace.stores.remote import RemoteStore
from tests.databases import free_port
from tests.processes import Running, serving
from tests.server.conftest import HEADRACE
from tests.server.raw import Raw, read_reply

API = "/api/2.0/mlflow"


@contextmanager
def server(home: Path, *options: str) -> Iterator[Running]:
    """A server of this test's own, with these options."""
    port = free_port()
    command = [HEADRACE, "server", f"--port={port}", f"--backend-store-uri={home / 'runs'}", *options]
    with serving(command, f"http://127.0.0.1:{port}", home / "log") as running:
        yield running


def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The outcome of one command."""
    return subprocess.run([HEADRACE, *arguments], cwd=home, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_several_workers_serve_one_store(tmp_path: Path) -> None:
    with server(tmp_path, "--workers=2") as running:
        store = RemoteStore(running.url)
        for number in range(20):
            store.send(CreateExperiment(name=f"e{number}"))
            assert store.send(GetExperimentByName(experiment_name=f"e{number}")).experiment.name == f"e{number}"
        store.close()
        os.killpg(running.process.pid, signal.SIGTERM)
        assert running.process.wait(timeout=60) == 0


@pytest.mark.slow
def test_everything_lies_below_the_prefix(tmp_path: Path) -> None:
    with server(tmp_path, "--static-prefix=/ml/flow") as running:
        raw = Raw(running.url)
        assert raw.ask("GET", f"/ml/flow{API}/experiments/get?experiment_id=0").status == 200
        assert raw.ask("GET", "/ml/flow/health").body == b"OK"
        assert raw.ask("GET", "/health").body == b"OK"
        assert raw.ask("GET", f"{API}/experiments/get?experiment_id=0").status == 404
        assert raw.ask("GET", "/ml/flower/health").status == 404
        page = raw.ask("GET", "/ml/flow/").body
        assert raw.ask("GET", "/ml/flow").body == page
        assert b'="/static-files/' not in page
        assert b"<head>" not in page or b'<meta name="headrace-prefix" content="/ml/flow">' in page
        store = RemoteStore(f"{running.url}/ml/flow")
        assert store.send(GetExperimentByName(experiment_name="Default")).experiment.experiment_id == "0"
        store.close()


@pytest.mark.slow
def test_names_and_origins_are_those_the_operator_gave(tmp_path: Path) -> None:
    options = ("--allowed-hosts=ml.example.com,*.internal", "--cors-allowed-origins=https://ui.example.com")
    with server(tmp_path, *options) as running:
        raw = Raw(running.url)
        for host in ("ml.example.com", "ML.example.com:443", "a.internal", "a.b.internal", "localhost"):
            assert raw.ask("GET", "/health", headers={"Host": host}).status == 200, host
        for host in ("example.com", "xml.example.com", "internal", "ainternal", "a.internal.evil.com"):
            assert raw.ask("GET", "/health", headers={"Host": host}).status == 403, host
        page = {"Origin": "https://ui.example.com"}
        said = raw.ask("POST", f"{API}/experiments/create", {"name": "from a page"}, headers=page)
        assert said.status == 200
        assert said.headers["access-control-allow-origin"] == "https://ui.example.com"
        asked = raw.ask(
            "OPTIONS", f"{API}/experiments/create", headers={**page, "Access-Control-Request-Method": "POST"}
        )
        assert asked.status == 204
        assert "POST" in asked.headers["access-control-allow-methods"]


@pytest.mark.slow
def test_a_folder_the_operator_named_may_be_pointed_at(tmp_path: Path) -> None:
    with server(tmp_path, f"--allowed-artifact-roots={tmp_path / 'shared'}") as running:
        raw = Raw(running.url)
        for location, status in [(tmp_path / "shared/a", 200), (tmp_path / "shared/../b", 400), (tmp_path / "b", 403)]:
            body = {"name": str(location), "artifact_location": str(location)}
            assert raw.ask("POST", f"{API}/experiments/create", body).status == status, location


@pytest.mark.slow
def test_who_takes_forever_is_let_go(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        raw = Raw(running.url)
        slow = [raw.connect() for _ in range(200)]
        for connection in slow:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
        silent = raw.connect()
        blank = raw.connect()
        assert raw.ask("GET", "/health").status == 200
        deadline = time.monotonic() + 60
        for connection in slow:
            connection.settimeout(max(deadline - time.monotonic(), 0.1))
            assert read_reply(connection).status == 408
            connection.close()
        for connection in (silent, blank):
            assert connection.recv(1) == b""
            connection.close()


@pytest.mark.slow
def test_a_server_told_to_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        raw = Raw(running.url)
        with raw.connect() as watching, raw.connect() as uploading:
            about = f"GET /ajax-api/2.0/headrace/events?experiment_id=0 HTTP/1.1\r\nHost: {raw.host}\r\n\r\n"
            watching.sendall(about.encode())
            assert b"200 OK" in watching.recv(1 << 16)
            head = f"POST {API}/experiments/create HTTP/1.1\r\nHost: {raw.host}\r\nContent-Type: application/json\r\n"
            uploading.sendall(f"{head}Content-Length: 15\r\n\r\n".encode())
            assert raw.ask("GET", "/health").status == 200
            running.process.send_signal(signal.SIGTERM)
            while watching.recv(1 << 16):
                pass
            uploading.sendall(b'{"name":"last"}')
            assert read_reply(uploading).status == 200
        assert running.process.wait(timeout=60) == 0


@pytest.mark.slow
def test_an_idle_server_is_small_and_does_nothing(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        Raw(running.url).ask("GET", f"{API}/experiments/get?experiment_id=0")
        status = Path(f"/proc/{running.process.pid}/status")

        def wakings() -> list[str]:
            return [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt")]

        def sleeps_through(seconds: float) -> bool:
            before = wakings()
            time.sleep(seconds)
            return wakings() == before

        # The connection of the last question may still be ending in the first of these spans.
        assert any(sleeps_through(2) for _ in range(3))
        memory = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        assert memory < 100 << 10


@pytest.mark.slow
def test_a_server_for_everybody_says_that_nobody_is_asked_who_they_are(tmp_path: Path) -> None:
    with server(tmp_path, "--host=0.0.0.0") as running:
        assert "no authentication" in running.said()
        assert Raw(running.url).ask("GET", "/health", headers={"Host": "evil.com"}).status == 403


@pytest.mark.slow
def test_options_may_come_from_the_environment(tmp_path: Path) -> None:
    port = free_port()
    env = {
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path / 'mine.db'}",
        "HEADRACE_PORT": str(port),
        "MLFLOW_HOST": "::1",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "ml.example.com",
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": str(tmp_path / "files"),
    }
    with serving([HEADRACE, "ui"], f"http://[::1]:{port}", tmp_path / "log", env=env) as running:
        store = RemoteStore(running.url)
        made = store.send(CreateExperiment(name="kept")).experiment_id
        location = store.send(GetExperiment(experiment_id=made)).experiment.artifact_location
        assert location == str(tmp_path / "files" / made)
        store.close()
    assert (tmp_path / "mine.db").exists()


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("server", f"--port={port}", home=tmp_path)
    assert said.returncode == 1
    assert said.stderr == (
        f"Error: Port {port} of 127.0.0.1 is taken: stop the program that has it, or choose another one with --port\n"
    )
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--allowed-hosts=ex*mple.com", "--allowed-hosts"),
        ("--cors-allowed-origins=example.com", "--cors-allowed-origins"),
        ("--static-prefix=ml flow", "--static-prefix"),
        ("--backend-store-uri=http://127.0.0.1:1", "--backend-store-uri"),
        ("--app-name=basic-auth", "authentication"),
        ("--port=70000", "70000"),
        ("--host=no.such.host.invalid", "--host"),
        ("--registry-store-uri=sqlite:///other.db", "--registry-store-uri"),
    ],
)
def test_what_a_server_cannot_do_is_said_before_it_starts(tmp_path: Path, option: str, word: str) -> None:
    said = run("server", "--port=0", option, home=tmp_path)
    assert said.returncode in (1, 2)
    assert word in said.stderr
    assert "Traceback" not in said.stderr


def test_help_is_there_without_what_the_commands_need() -> None:
    code = (
        "import sys; from headrace.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("uvicorn", "sqlite3", "numpy", "pandas", "urllib3", "yaml", "headrace.server.app"):
        assert heavy not in said.split()


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run("--version", home=tmp_path).stdout.startswith("headrace, version ")
