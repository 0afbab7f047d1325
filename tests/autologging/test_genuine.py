"""The same programs under genuine MLflow and under headrace record the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.autologging.cases import CASES
from tests.autologging.comparing import differences

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each side recorded, by case."""
    genuine = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not genuine or not Path(genuine).exists():
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    if subprocess.run([genuine, "-c", "import sklearn, matplotlib, pandas"], check=False).returncode:
        pytest.skip("The Python of HEADRACE_GENUINE_PYTHON has no scikit-learn, matplotlib and pandas")
    sides = {"genuine": (genuine, "mlflow"), "ours": (sys.executable, "headrace")}
    started = {side: _start(*sides[side], tmp_path_factory.mktemp(side)) for side in sides}
    return {side: _end(process) for side, process in started.items()}


@pytest.mark.parametrize("name", CASES)
def test_both_sides_record_the_same(told: dict[str, dict[str, Any]], name: str) -> None:
    assert differences(name, told["ours"][name], told["genuine"][name]) == []


def test_the_options_are_mlflow_s(told: dict[str, dict[str, Any]]) -> None:
    assert told["ours"]["signatures"] == told["genuine"]["signatures"]


def _start(program: str, module: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [program, "-W", "ignore", str(Path(__file__).with_name("exchange.py")), module, str(folder)],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(process: subprocess.Popen[str]) -> dict[str, Any]:
    said, complaints = process.communicate(timeout=500)
    assert process.returncode == 0, complaints[-2000:]
    told: dict[str, Any] = json.loads(said.rpartition("@@")[2])
    return told
