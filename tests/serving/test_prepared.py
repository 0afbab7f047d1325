"""Environments of models, made by uv for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
import urllib3

import headrace as mlflow
from tests.databases import free_port
from tests.processes import serving
from tests.serving.conftest import HEADRACE

pytestmark = pytest.mark.slow
_SCRIPT = Path(__file__).parent / "assets" / "where.py"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model that requires next to nothing."""
    folder = tmp_path / "saved"
    mlflow.pyfunc.save_model(str(folder), python_model=str(_SCRIPT), pip_requirements=["mlflow", "numpy"])
    return folder


def _run(home: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HEADRACE_ENV_ROOT": str(home / "envs")}
    return subprocess.run(
        [HEADRACE, "models", *words], input=said, capture_output=True, text=True, check=False, env=env
    )


def test_a_model_is_asked_in_an_environment_of_its_own_which_is_kept(saved: Path, tmp_path: Path) -> None:
    prepared = _run(tmp_path, "prepare-env", "-m", str(saved), "--env-manager", "virtualenv")
    assert prepared.returncode == 0, prepared.stderr
    prefix = Path(prepared.stdout.strip()).parents[1]
    assert prefix.parent == tmp_path / "envs"
    words = ["predict", "-m", str(saved), "--env-manager", "uv"]
    done = _run(tmp_path, *words, said='{"inputs": [1]}')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"predictions": [str(prefix)]}
    # A second time nothing is made.
    assert [each.name for each in prefix.parent.iterdir() if each.is_dir()] == [prefix.name]
    marked = (prefix / "headrace-complete").stat().st_mtime_ns
    assert _run(tmp_path, "prepare-env", "-m", str(saved)).stdout.strip() == prepared.stdout.strip()
    assert (prefix / "headrace-complete").stat().st_mtime_ns == marked
    failed = _run(tmp_path, *words, said="{}")
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: ")


def test_a_model_is_served_in_an_environment_of_its_own_and_stops_when_told(saved: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", str(saved), "-p", str(port), "--env-manager", "uv"]
    env = {"HEADRACE_ENV_ROOT": str(tmp_path / "envs")}
    with (
        urllib3.PoolManager(retries=False, timeout=60) as pool,
        serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=env) as running,
    ):
        reply = pool.request("POST", f"{running.url}/invocations", json={"inputs": [1]})
        assert reply.json()["predictions"][0].startswith(str(tmp_path / "envs"))
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0


def test_what_cannot_be_installed_is_told_and_not_kept(saved: Path, tmp_path: Path) -> None:
    words = ["predict", "-m", str(saved), "--env-manager", "uv", "-r", "numpy==0.0.1"]
    for _ in range(2):
        done = _run(tmp_path, *words, said='{"inputs": [1]}')
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: The environment of the model cannot be made")
        assert "numpy" in done.stderr
