"""Models of other libraries, saved by genuine MLflow and loaded here, and the other way round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.flavors.libraries import LIBRARIES, installed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("genuine-libraries")]
SIDES = {"genuine": "mlflow", "ours": "headrace"}
#: MLflow reads no signature off the examples of these.
_UNSIGNED = {"onnx-array", "onnx-small"}
#: What either side says of itself, and differs.
_OWN = ("python_version",)


@pytest.fixture(scope="module")
def ask() -> Any:
    """Runs a job on one side."""
    genuine = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not genuine or not Path(genuine).exists():
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    return partial(_run, {"genuine": genuine, "ours": sys.executable})


@pytest.fixture(scope="module")
def both(ask: Any) -> list[str]:
    """The libraries that both sides have."""
    found = [name for name in ask("genuine", "installed", ["-"]) if name in installed()]
    if not found:
        pytest.skip("the environment with genuine MLflow has none of the libraries")
    return found


@pytest.fixture(scope="module")
def saved(ask: Any, both: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of models that each side saved."""
    folders = {side: tmp_path_factory.mktemp(f"saved-by-{side}") for side in SIDES}
    for side, folder in folders.items():
        ask(side, "save", both, folder)
    return folders


@pytest.fixture(scope="module")
def told(ask: Any, both: list[str], saved: dict[str, Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """What the models of one side answer when another loads them."""
    return {(by, to): ask(to, "load", both, saved[by]) for by in SIDES for to in SIDES}


def _of(library: str, models: Any, both: list[str]) -> list[str]:
    if library not in both:
        pytest.skip(f"{library} is not installed on both sides")
    return [name for name in models if name.partition("-")[0] == library]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("by", "to"), [("genuine", "ours"), ("ours", "genuine")])
def test_a_model_answers_the_same_on_both_sides(told: Any, both: list[str], by: str, to: str, library: str) -> None:
    names = _of(library, told["ours", "ours"], both)
    assert names
    for name in names:
        assert told[by, to][name]["answer"] == told[by, by][name]["answer"]
        assert told["ours", "ours"][name]["answer"] == told["genuine", "genuine"][name]["answer"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_both_sides_describe_the_model_alike(told: Any, both: list[str], library: str) -> None:
    for name in _of(library, told["ours", "ours"], both):
        ours, theirs = (told[side, side][name] for side in ("ours", "genuine"))
        assert theirs["signature"] == (None if name in _UNSIGNED else ours["signature"])
        assert ours["flavors"].keys() == theirs["flavors"].keys()
        for flavor, said in theirs["flavors"].items():
            assert _but_own(ours["flavors"][flavor]) == _but_own(said)


@pytest.mark.parametrize("library", LIBRARIES)
def test_both_sides_write_the_same_files(saved: dict[str, Path], both: list[str], library: str) -> None:
    for folder in saved["ours"].iterdir():
        if folder.name in _of(library, [folder.name], both):
            ours, theirs = (_files(saved[side] / folder.name) for side in ("ours", "genuine"))
            assert ours == theirs


def test_functions_take_the_arguments_of_mlflow(ask: Any, both: list[str]) -> None:
    ours, theirs = (ask(side, "arguments", both) for side in ("ours", "genuine"))
    # Where MLflow says **kwargs, ours may name what they are, after the rest.
    assert {name: ours[name][: len(takes)] for name, takes in theirs.items()} == theirs


def _but_own(said: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in said.items() if name not in _OWN}


def _files(folder: Path) -> list[str]:
    found = (file.relative_to(folder) for file in folder.rglob("*"))
    # Their external data is named by chance; the manifest is ours.
    return sorted("*.data" if each.suffix == ".data" else str(each) for each in found if each.suffix != ".sha256")


def _run(pythons: dict[str, str], side: str, job: str, libraries: list[str], *folder: Path) -> Any:
    done = subprocess.run(
        [pythons[side], str(Path(__file__).with_name("libraries.py")), job, SIDES[side], ",".join(libraries)]
        + [str(each) for each in folder],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore", "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.rpartition("@@")[2]) if "@@" in done.stdout else None
