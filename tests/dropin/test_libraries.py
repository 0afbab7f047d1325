"""Libraries that log to mlflow by themselves, where mlflow is headrace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STUDY = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, optuna
from optuna_integration.mlflow import MLflowCallback

callback = MLflowCallback(tracking_uri=sys.argv[1], metric_name="accuracy", mlflow_kwargs={"nested": True})
study = optuna.create_study(study_name="study", direction="maximize")

@callback.track_in_mlflow()
def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    mlflow.log_metric("seen", x)
    return x

study.optimize(objective, n_trials=3, callbacks=[callback])
mlflow.set_tracking_uri(sys.argv[1])
runs = mlflow.search_runs(experiment_names=["study"], order_by=["tags.number ASC"], output_format="list")
print(json.dumps([[run.data.tags["number"], run.data.metrics, run.data.params, run.info.status] for run in runs]))
"""


@pytest.mark.slow
def test_optuna_logs_its_trials(tmp_path: Path) -> None:
    (tmp_path / "study.py").write_text(STUDY)
    command = [sys.executable, "-m", "headrace.dropin", "study.py", str(tmp_path / "records")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout.splitlines()[-1])
    assert [trial[0] for trial in trials] == ["0", "1", "2"]
    for _, metrics, params, status in trials:
        assert metrics["accuracy"] == metrics["seen"] == pytest.approx(float(params["x"]))
        assert status == "FINISHED"
