"""Plugins written for MLflow work unchanged: tags, headers, credentials, experiments, artifacts and whole stores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parent / "assets" / "plugin"


def test_a_plugin_written_for_mlflow_works_unchanged(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "HEADRACE_"))}
    environment |= {"PYTHONPATH": str(PLUGIN), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "headrace.dropin", str(PLUGIN / "use_plugin.py")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "experiment": True,
        "tag": "12",
        "file": "hello",
        "listed": ["a", "d.json"],
        "loaded": {"a": 1},
        "downloaded": ["b.txt"],
        "repository": ["Shelf", 1],
        "plain repository": ["kept/d.json"],
        "memo": [{"m": 2.0, "n": 3.0}, {"p": "1"}, "x", "FINISHED", "r"],
        "history": [[1, 1.0], [2, 2.0]],
        "found": ["r"],
        "text": "kept",
        "unknown": "RESOURCE_DOES_NOT_EXIST",
        "registry": [{"a": "b"}, "1", True, 1],
        "over HTTP": "heard",
        "headers": ["12", "Badge GET", True],
    }


def test_a_plugin_that_fails_is_named_and_left_out(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import mlflow\nwith mlflow.start_run() as run: pass\nprint(run.info.status)")
    environment = {**os.environ, "PYTHONPATH": str(PLUGIN), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "headrace.dropin", str(script)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout == "RUNNING\n", done.stderr
    assert "the door is locked" in done.stderr
    assert "lab_plugin:Gone" in done.stderr
