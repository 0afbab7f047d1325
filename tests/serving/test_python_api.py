"""``mlflow.models.predict``, and wheels that travel with a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import headrace as mlflow
from headrace.base.errors import BadRequest, HeadraceError, NotFound

SHOWS = """
import os

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Shows(PythonModel):
    def predict(self, context, model_input):
        import six

        return [type(model_input).__name__, str(model_input), os.environ.get("SAID", ""), six.__version__]


set_model(Shows())
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model that tells what it was asked, and what it was asked with."""
    (tmp_path / "shows.py").write_text(SHOWS)
    folder = tmp_path / "saved"
    mlflow.pyfunc.save_model(str(folder), python_model=str(tmp_path / "shows.py"), pip_requirements=["six==1.16.0"])
    return folder


@pytest.fixture
def envs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of environments that goes with the test."""
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(tmp_path / "envs"))
    return tmp_path / "envs"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"inputs": [1]}, "dict"),
        ('{"inputs": [1]}', "ndarray"),
        ('{"messages": []}', "dict"),
        ("hello", "ndarray"),
        ([1, 2], "ndarray"),
        (numpy.array([[1, 2]]), "ndarray"),
        (pandas.DataFrame({"a": [1]}), "DataFrame"),
        (5, "ndarray"),
    ],
)
def test_any_input_is_asked_as_a_server_would_read_it(
    saved: Path, data: Any, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("six")
    mlflow.models.predict(str(saved), data, env_manager="local")
    said = json.loads(capsys.readouterr().out)
    # What chat models answer is passed on as it is.
    assert (said["predictions"] if isinstance(said, dict) else said)[0] == kind


def test_inputs_come_from_a_file_and_answers_go_to_one(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    said = {"content_type": "csv", "env_manager": "local", "output_path": tmp_path / "out"}
    mlflow.models.predict(str(saved), input_path=tmp_path / "rows.csv", **said)
    from_file = json.loads((tmp_path / "out").read_text())
    mlflow.models.predict(str(saved), pandas.DataFrame({"a": [1]}), **said)
    assert json.loads((tmp_path / "out").read_text()) == from_file
    assert from_file["predictions"][0] == "DataFrame"


def test_what_cannot_be_meant_is_refused(saved: Path, tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [
        {"input_data": [1], "input_path": "x"},
        {},
        {"input_data": [1], "content_type": "xml"},
        {"input_data": [1], "env_manager": "docker"},
        {"input_data": [1], "extra_envs": {"A": "1"}},
        {"input_data": [1], "pip_requirements_override": ["numpy"]},
    ]
    for said in wrong:
        with pytest.raises(BadRequest):
            mlflow.models.predict(str(saved), **{"env_manager": "local", **said})
    with pytest.raises(NotFound):
        mlflow.models.predict(str(saved), input_path=tmp_path / "nothing", env_manager="local")


@pytest.mark.slow
def test_a_model_is_asked_with_other_requirements_and_variables(
    saved: Path, envs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for override, version in ((None, "1.16.0"), (["six==1.17.0"], "1.17.0")):
        mlflow.models.predict(
            str(saved), [1], env_manager="uv", pip_requirements_override=override, extra_envs={"SAID": "hello"}
        )
        assert json.loads(capsys.readouterr().out)["predictions"][2:] == ["hello", version]
    with pytest.raises(HeadraceError, match="could not be asked in its environment"):
        mlflow.models.predict(str(saved), "a,b\n1\n", content_type="csv", env_manager="uv")


@pytest.mark.slow
def test_a_model_with_wheels_is_asked_without_an_index(
    saved: Path, envs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(str(tmp_path / "mlruns"))
    monkeypatch.setenv("HEADRACE_WHEELED_MODEL_PIP_DOWNLOAD_OPTIONS", "--only-binary=:all: --no-deps")
    try:
        with mlflow.start_run():
            logged = mlflow.pyfunc.log_model(
                name="shows",
                python_model=str(tmp_path / "shows.py"),
                pip_requirements=["six==1.16.0", "mlflow==3.17.2"],
                registered_model_name="shows",
            )
        made = mlflow.models.add_libraries_to_model("models:/shows/1")
        assert (made.registered_model_version, made.name, made.run_id) == (2, "shows_wheels", logged.run_id)
        folder = Path(mlflow.artifacts.download_artifacts("models:/shows/2", dst_path=str(tmp_path / "copy")))
        wheels = (folder / "requirements.txt").read_text().splitlines()
        assert wheels == ["wheels/mlflow-3.17.2-py3-none-any.whl", "wheels/six-1.16.0-py2.py3-none-any.whl"]
        assert all((folder / each).is_file() for each in wheels)
        assert (folder / "original_requirements.txt").read_text().splitlines() == ["six==1.16.0", "mlflow==3.17.2"]
        assert set(mlflow.models.Model.load(folder).others["wheels"]) == {"platform"}
        mlflow.models.predict("models:/shows/2", [1], env_manager="uv")
        assert json.loads(capsys.readouterr().out)["predictions"][3] == "1.16.0"
        with pytest.raises(BadRequest, match="has wheels already"):
            mlflow.models.add_libraries_to_model("models:/shows/2")
        with pytest.raises(BadRequest, match="versions of registered models"):
            mlflow.models.add_libraries_to_model(logged.model_uri)
        monkeypatch.setenv("HEADRACE_WHEELED_MODEL_PIP_DOWNLOAD_OPTIONS", "--target=/etc")
        with pytest.raises(BadRequest, match="--target"):
            mlflow.models.add_libraries_to_model("models:/shows/1")
    finally:
        mlflow.set_tracking_uri(before)


def test_a_wheel_outside_of_the_model_is_refused(saved: Path) -> None:
    from headrace.serving.environments import needed

    (saved / "requirements.txt").write_text("wheels/../../x-1.0-py3-none-any.whl\n")
    with pytest.raises(BadRequest, match="not in the model's folder"):
        needed(saved)
