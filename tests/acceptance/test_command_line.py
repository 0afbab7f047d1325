"""The command line and the server it starts, as somebody at a terminal meets them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from tests.processes import Running

pytestmark = pytest.mark.slow


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("command", [(), ("server",), ("ui",), ("models",), ("models", "serve"), ("models", "predict")])
def test_every_command_tells_how_it_is_used(headrace: str, command: tuple[str, ...]) -> None:
    done = run(headrace, *command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: {' '.join(('headrace', *command))}")


def test_the_module_is_the_command(headrace: str) -> None:
    assert run(sys.executable, "-m", "headrace", "--version").stdout == run(headrace, "--version").stdout


def test_an_unknown_command_is_refused(headrace: str) -> None:
    done = run(headrace, "serber")
    assert done.returncode == 2
    assert "serber" in done.stderr


def test_a_taken_port_is_named_with_what_to_do(headrace: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(headrace, "server", "--port", port, "--backend-store-uri", str(tmp_path))
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_answers_and_ends_on_ctrl_c(server: Running) -> None:
    with urllib3.PoolManager() as pool:
        assert pool.request("GET", f"{server.url}/health").data == b"OK"
        assert pool.request("GET", f"{server.url}/version").status == 200
        assert (
            "/api/2.0/mlflow/runs/create" in json.loads(pool.request("GET", f"{server.url}/openapi.json").data)["paths"]
        )
        assert pool.request("GET", f"{server.url}/docs").status == 200
        assert b"<html" in pool.request("GET", server.url).data.lower()
    os.killpg(server.process.pid, signal.SIGINT)
    server.process.wait(timeout=60)
    assert "Traceback" not in server.said()


def test_a_script_logs_to_a_server_that_only_its_environment_names(server: Running, tmp_path: Path) -> None:
    script = "import headrace\nwith headrace.start_run() as run: headrace.log_metric('x', 1)\nprint(run.info.run_id)"
    done = run(sys.executable, "-c", script, HEADRACE_TRACKING_URI=server.url, PYTHONWARNINGS="error")
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.split()[-1]
    with urllib3.PoolManager() as pool:
        reply = pool.request("GET", f"{server.url}/api/2.0/mlflow/runs/get?run_id={run_id}").json()
    assert [metric["value"] for metric in reply["run"]["data"]["metrics"]] == [1.0]


def test_what_a_server_kept_is_there_when_it_starts_again(headrace: str, tmp_path: Path) -> None:
    from headrace.schema.experiments import CreateExperiment, GetExperimentByName
    from headrace.stores import open_store
    from tests.databases import free_port
    from tests.processes import serving

    for call in (CreateExperiment(name="kept"), GetExperimentByName(experiment_name="kept")):
        url = f"http://127.0.0.1:{free_port()}"
        command = [headrace, "server", "--port", url.rpartition(":")[2], "--backend-store-uri", str(tmp_path / "store")]
        with serving(command, url, tmp_path / "log"):
            store = open_store(url)
            store.send(call)
            store.close()
