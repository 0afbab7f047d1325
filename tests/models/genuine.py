"""Genuine MLflow, asked in a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


def run(program: str, *arguments: str) -> str:
    """What ``program`` prints when genuine MLflow's Python runs it; the test is skipped where there is none."""
    python = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not python or not Path(python).exists():
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [python, "-c", program, *arguments], env={**os.environ, **quiet}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
