"""Chat models and agents saved by genuine MLflow and asked here, and the other way round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("genuine-agents")]
SIDES = {"ours": "headrace", "genuine": "mlflow"}
#: What differs from save to save.
_OWN = {"model_uuid", "utc_time_created", "model_size_bytes"}


@pytest.fixture(scope="module")
def pythons() -> dict[str, str]:
    """The interpreters of both sides."""
    genuine = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not genuine or not Path(genuine).exists():
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    return {"genuine": genuine, "ours": sys.executable}


@pytest.fixture(scope="module")
def saved(pythons: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models of each side."""
    home = tmp_path_factory.mktemp("agents")
    for side in SIDES:
        _run(pythons, side, "save", home / side)
    return home


def _run(pythons: dict[str, str], side: str, do: str, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    env = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/{side}.db" if side == "genuine" else str(folder / "store"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [pythons[side], str(Path(__file__).with_name("agents.py")), SIDES[side], do, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def test_each_side_asks_the_other_s_models_as_its_own(pythons: dict[str, str], saved: Path) -> None:
    told = {(by, of): json.loads(_run(pythons, by, "ask", saved / of).splitlines()[-1]) for by in SIDES for of in SIDES}
    assert told["ours", "ours"] == told["genuine", "genuine"]
    assert told["ours", "genuine"] == told["genuine", "ours"] == told["ours", "ours"]
    assert told["ours", "ours"]["chat"][0]["choices"][0]["message"]["content"] == "hello there at 0.5"


@pytest.mark.parametrize("name", ["chat", "agent", "responder"])
def test_the_files_say_the_same(saved: Path, name: str) -> None:
    ours, theirs = (_described(saved / side / name) for side in ("ours", "genuine"))
    assert ours == theirs
    for file in ("input_example.json", "serving_input_example.json"):
        assert (saved / "ours" / name / file).read_text() == (saved / "genuine" / name / file).read_text()


def _described(folder: Path) -> dict[str, Any]:
    said = yaml.safe_load((folder / "MLmodel").read_text())
    for versions in ("python_version", "cloudpickle_version"):
        said["flavors"]["python_function"].pop(versions)
    return {key: value for key, value in said.items() if key not in _OWN}
