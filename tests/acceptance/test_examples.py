"""The programs in ``examples`` run, with headrace and with MLflow itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
#: Program -> what it says when all is well; the chain of models_from_code is run beside LangChain.
SAYS = {
    "models_from_code/basic.py": ["105.00", "3257.79"],
    "models_from_code/code_paths.py": ["[7.0, 21.0]", "Elsewhere: [0.125]"],
    "four_ways_to_log.py": ["autolog", "takes anything", "inferred signature", "explicit signature"],
}


@pytest.mark.parametrize("program", SAYS)
def test_an_example_runs(program: str, tmp_path: Path) -> None:
    done = _run(sys.executable, program, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(said in done.stdout for said in SAYS[program])
    assert done.stderr == ""


@pytest.mark.parametrize("program", SAYS)
def test_an_example_runs_with_mlflow_itself(program: str, tmp_path: Path) -> None:
    genuine = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not genuine or not Path(genuine).exists():
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    done = _run(genuine, program, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(said in done.stdout for said in SAYS[program])


def _run(python: str, program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [python, str(EXAMPLES / program)]
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False, timeout=300)
