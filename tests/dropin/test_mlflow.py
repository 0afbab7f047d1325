"""Scripts that import mlflow, run where that is headrace."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

SCRIPT = """
import importlib.metadata, importlib.util, subprocess, sys
import mlflow, mlflow.entities, mlflow.sklearn, mlflow.tracking
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.types.schema import Schema
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
import mlflow.tracking.context.registry as context
import mlflow.store.entities.paged_list
import headrace, headrace.entities, headrace.types

assert mlflow.entities is headrace.entities
assert mlflow.sklearn is headrace.sklearn
assert mlflow.types.Schema is Schema is headrace.types.Schema
assert mlflow.MlflowClient is MlflowClient is headrace.MlflowClient
assert mlflow.exceptions.MlflowException is MlflowException is mlflow.MlflowException
assert mlflow.__version__ == "3.17.2"
assert importlib.metadata.version("mlflow").startswith("3.17.2")
assert importlib.util.find_spec("mlflow") is not None
assert set(mlflow.__all__) <= set(dir(mlflow))
with mlflow.start_run(run_name="r") as run:
    mlflow.log_metric("m", 1)
assert mlflow.get_run(run.info.run_id).data.tags[MLFLOW_RUN_NAME] == "r"
try:
    mlflow.get_run("0" * 32)
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST"
for name in ("trace", "nonsense"):
    try:
        getattr(mlflow, name)
    except AttributeError as error:
        print(error)
try:
    import mlflow.gateway
except ModuleNotFoundError as error:
    print(error)
print(sys.argv[1:], __name__, flush=True)
subprocess.run([sys.executable, "-c", "import mlflow; print(mlflow.get_experiment('0').name)"], check=True)
subprocess.run([sys.executable, "-m", "mlflow", "--version"], check=True)
"""

SAID = [
    "trace is not in headrace yet; MLflow 3 has it",
    "module 'mlflow' has no attribute 'nonsense'",
    "gateway is not in headrace yet; MLflow 3 has it",
    "['a', '-b'] __main__",
    "Default",
]


def _run(folder: Path, *command: str) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "HEADRACE_TRACK"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_script_runs_with_mlflow_meaning_headrace(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "train.py").write_text(f"import beside\n{SCRIPT}")
    said = _run(tmp_path, sys.executable, "-W", "error", "-m", "headrace.dropin", "train.py", "a", "-b")
    assert said[:5] == SAID
    assert "headrace" in said[5]


def test_a_module_runs_with_mlflow_meaning_headrace(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    said = _run(tmp_path, sys.executable, "-W", "error", "-m", "headrace.dropin", "-m", "train", "a", "-b")
    assert said[:5] == SAID


IDIOMS = """
import mlflow
# Modules that a script names without importing them, as MLflow lets it.
assert mlflow.utils.validation.MAX_PARAMS_TAGS_PER_BATCH == 100
assert mlflow.tracking.fluent._get_experiment_id() == "0"
assert mlflow.models.signature.infer_signature is mlflow.models.infer_signature
assert mlflow.types.schema.Schema is mlflow.types.Schema
assert mlflow.entities.metric.Metric is mlflow.entities.Metric
assert mlflow.artifacts.download_artifacts
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
assert ErrorCode.Value(ErrorCode.Name(RESOURCE_DOES_NOT_EXIST)) == RESOURCE_DOES_NOT_EXIST == 3002
assert mlflow.exceptions.MlflowException("x", error_code=3002).error_code == "RESOURCE_DOES_NOT_EXIST"
from mlflow.entities.model_registry.model_version_status import ModelVersionStatus
from mlflow.tracking import MlflowClient, context
from mlflow.tracking.artifact_utils import _download_artifact_from_uri
from mlflow.utils.mlflow_tags import MLFLOW_USER
assert MLFLOW_USER in context.registry.resolve_tags()
with mlflow.start_run() as run:
    mlflow.log_text("x", "x.txt")
assert open(_download_artifact_from_uri(f"runs:/{run.info.run_id}/x.txt")).read() == "x"
import headrace.utils, headrace.models.types.columns
assert headrace.utils is mlflow.utils
assert headrace.models.types.columns.__name__ == "headrace.models.types.columns"
for package in (mlflow.utils, mlflow.tracking, mlflow.entities, mlflow.models):
    assert not hasattr(package, "nonsense")
"""


def test_modules_open_as_scripts_and_libraries_ask_for_them(tmp_path: Path) -> None:
    (tmp_path / "idioms.py").write_text(IDIOMS)
    _run(tmp_path, sys.executable, "-W", "error", "-m", "headrace.dropin", "idioms.py")


@pytest.mark.parametrize("arguments", [[], ["-m"], ["nothing.py"]])
def test_who_names_no_script_is_told_how(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "headrace.dropin", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "usage: python -m headrace.dropin" in done.stdout + done.stderr


@pytest.mark.slow
def test_an_environment_with_the_distribution_has_mlflow_and_its_command(tmp_path: Path) -> None:
    dropin = Path(__file__).parents[2] / "dropin"
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    (wheel,) = _run(dropin, sys.executable, "-c", build, str(tmp_path))[-1:]
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True, with_pip=False)
    (packages,) = environment.glob("lib/python*/site-packages")
    # What this environment has, and the wheel before it, as an installer would unpack it.
    (packages / "beside.pth").write_text(
        "\n".join(path for path in sys.path if path.endswith(("site-packages", "src")))
    )
    with zipfile.ZipFile(tmp_path / wheel) as archive:
        archive.extractall(packages)
        assert "mlflow = headrace.cli:main" in archive.read(_entry_points(archive)).decode()
    (tmp_path / "train.py").write_text(SCRIPT)
    said = _run(tmp_path, str(environment / "bin" / "python"), "train.py", "a", "-b")
    assert said[:5] == SAID


def _entry_points(archive: zipfile.ZipFile) -> str:
    (found,) = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
    return found
