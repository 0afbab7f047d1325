"""Stores of real MLflow for the tests of moving: those kept as assets, and what a client reads from any store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

POPULATE = Path(__file__).with_name("populate.py")
ASSETS = Path(__file__).with_name("assets")
#: Where the stores of the assets were when MLflow wrote them.
WRITTEN_AT = "/srv/mlflow"
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}


def unpacked(version: str, folder: Path) -> Path:
    """The folder with the database and the mlruns folder that a version of MLflow wrote."""
    with zipfile.ZipFile(ASSETS / f"mlflow-{version}.zip") as archive:
        archive.extractall(folder)
    return folder


def tell(uri: str, python: str = sys.executable) -> dict[str, Any]:
    """What a client reads from a store: that of MLflow where ``python`` has it, and of Headrace elsewhere."""
    said = run(python, "tell", uri)
    line = next(line for line in said.splitlines() if line.startswith("@@"))
    told: dict[str, Any] = json.loads(line.removeprefix("@@"))
    return told


def fill(uri: str, folder: Path, python: str) -> None:
    """Let MLflow write some of everything into a store."""
    folder.mkdir(parents=True, exist_ok=True)
    run(python, "fill", uri, str(folder), folder=folder)


def run(python: str, *arguments: str, folder: Path | None = None) -> str:
    """What the populating program prints."""
    done = subprocess.run(
        [python, "-W", "ignore", str(POPULATE), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, **_QUIET},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
