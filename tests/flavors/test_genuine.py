"""Models saved by genuine MLflow and loaded here, and the other way round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("genuine-models")]

MODELS = [
    *("cloudpickle", "function", "hinted", "hinted_class", "loader", "pickle", "python_model", "script", "skops"),
    "trusted",
]
#: Whose models, loaded by whom.
DIRECTIONS = [("genuine", "ours"), ("ours", "genuine")]


@pytest.fixture(scope="module")
def pythons() -> dict[str, tuple[str, str]]:
    """The interpreter of each side, and the module that it imports."""
    genuine = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not genuine or not Path(genuine).exists():
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    return {"genuine": (genuine, "mlflow"), "ours": (sys.executable, "headrace")}


@pytest.fixture(scope="module")
def saved(pythons: dict[str, tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of models that each side saved."""
    folders = {side: tmp_path_factory.mktemp(f"saved-by-{side}") for side in pythons}
    for side, folder in folders.items():
        _run(pythons[side], "save", folder)
    return folders


@pytest.fixture(scope="module")
def told(pythons: dict[str, tuple[str, str]], saved: dict[str, Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """What the models of one side answer when another loads them."""
    return {(by, to): _run(pythons[to], "load", saved[by]) for by in pythons for to in pythons}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("by", "to"), DIRECTIONS)
def test_a_model_answers_the_same_on_both_sides(told: Any, by: str, to: str, name: str) -> None:
    assert told[by, to][name] == told[by, by][name]


@pytest.mark.parametrize("name", MODELS)
def test_both_sides_make_the_same_model(told: Any, name: str) -> None:
    assert told["ours", "ours"][name]["answer"] == told["genuine", "genuine"][name]["answer"]


@pytest.mark.parametrize("name", MODELS)
def test_both_sides_write_the_same_files(saved: dict[str, Path], name: str) -> None:
    ours, theirs = (
        {str(file.relative_to(saved[side] / name)) for file in (saved[side] / name).rglob("*")}
        for side in ("ours", "genuine")
    )
    # What was defined in the program itself is kept as source beside its pickle.
    source = {"python_model.py"} if "python_model.pkl" in ours else set()
    assert ours - theirs == {"manifest.sha256", *source}
    assert not theirs - ours


def test_functions_take_the_arguments_of_mlflow(pythons: dict[str, tuple[str, str]]) -> None:
    ours, theirs = (_run(pythons[side], "arguments") for side in ("ours", "genuine"))
    # Where MLflow says **kwargs, ours may name what they are, after the rest.
    assert {name: takes[: len(theirs[name])] for name, takes in ours.items()} == theirs


def _run(python: tuple[str, str], job: str, *folder: Path) -> Any:
    program, module = python
    done = subprocess.run(
        [program, str(Path(__file__).with_name("exchange.py")), job, module, *map(str, folder)],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("@@")[2]) if "@@" in done.stdout else None
