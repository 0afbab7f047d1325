"""Clients and plugins of deployment targets, and the commands that ask them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from click.testing import CliRunner

import headrace as mlflow
from headrace.base.errors import BadRequest, HeadraceError, NotFound, NotSupported
from headrace.cli.deployments import deployments
from headrace.deployments import PredictionsResponse, interface
from headrace.deployments.plugin_manager import DeploymentPlugins
from headrace.tracking import plugins

PLUGIN = '''
"""A target that keeps its deployments in a file."""

import json
import pathlib

from mlflow.deployments import BaseDeploymentClient, PredictionsResponse


def run_local(name, model_uri, flavor=None, config=None):
    print("running", name, model_uri, flavor, json.dumps(config))


def target_help():
    return "shelf:/path of a file"


class ShelfClient(BaseDeploymentClient):
    def __init__(self, target_uri):
        super().__init__(target_uri)
        self.file = pathlib.Path(target_uri.removeprefix("shelf:"))
        self.kept = json.loads(self.file.read_text()) if self.file.exists() else {}

    def _keep(self, name, value):
        self.kept[name] = value
        self.file.write_text(json.dumps(self.kept))
        return {"name": name, **value}

    def create_deployment(self, name, model_uri, flavor=None, config=None, endpoint=None):
        return self._keep(name, {"model_uri": model_uri, "flavor": flavor or "python_function", "config": config})

    def update_deployment(self, name, model_uri=None, flavor=None, config=None, endpoint=None):
        return self._keep(name, {**self.kept[name], "model_uri": model_uri})

    def delete_deployment(self, name, config=None, endpoint=None):
        self.kept.pop(name, None)
        self.file.write_text(json.dumps(self.kept))

    def list_deployments(self, endpoint=None):
        return [{"name": name} for name in self.kept]

    def get_deployment(self, name, endpoint=None):
        return {"name": name, "endpoint": endpoint, **self.kept[name]}

    def predict(self, deployment_name=None, inputs=None, endpoint=None):
        return PredictionsResponse(predictions=inputs.sum(axis=1).tolist())
'''


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An installed plugin for targets of the scheme ``shelf``, and such a target."""
    site = tmp_path / "site"
    (site / "shelf-1.0.dist-info").mkdir(parents=True)
    (site / "shelf-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    points = "[mlflow.deployments]\nshelf=shelf_target\nbroken=json\n"
    (site / "shelf-1.0.dist-info" / "entry_points.txt").write_text(points)
    (site / "shelf_target.py").write_text(PLUGIN.replace("from mlflow", "from headrace"))
    monkeypatch.syspath_prepend(str(site))
    plugins._groups.cache_clear()
    plugins.entry_points.cache_clear()
    yield f"shelf:{tmp_path / 'shelf.json'}"
    plugins._groups.cache_clear()
    plugins.entry_points.cache_clear()
    sys.modules.pop("shelf_target", None)


@pytest.fixture(autouse=True)
def no_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interface, "_target", None)
    monkeypatch.delenv("MLFLOW_DEPLOYMENTS_TARGET", raising=False)


def _run(*words: str) -> str:
    done = CliRunner().invoke(deployments, list(words))
    if isinstance(done.exception, HeadraceError):
        raise done.exception
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


def test_a_plugin_is_found_by_the_scheme_of_its_target(shelf: str) -> None:
    client: Any = mlflow.deployments.get_deploy_client(shelf)
    assert type(client).__name__ == "ShelfClient"
    assert client.create_deployment("a", "models:/m/1") == {
        "name": "a", "model_uri": "models:/m/1", "flavor": "python_function", "config": None,
    }  # fmt: skip
    for asked in (client.explain, client.list_endpoints, client.predict_stream):
        with pytest.raises(NotImplementedError, match="ShelfClient has no"):
            asked()


def test_commands_ask_a_plugin(shelf: str, tmp_path: Path) -> None:
    assert "a is there" in _run("create", "-t", shelf, "--name", "a", "-m", "models:/m/1", "-C", "x=1", "-C", "y=a=b")
    shown = json.loads(_run("get", "-t", shelf, "--name", "a", "--endpoint", "e"))
    assert shown == {
        "name": "a", "endpoint": "e", "model_uri": "models:/m/1", "flavor": "python_function",
        "config": {"x": "1", "y": "a=b"},
    }  # fmt: skip
    assert "is updated" in _run("update", "-t", shelf, "--name", "a", "-m", "models:/m/2")
    assert json.loads(_run("list", "-t", shelf)) == ["a"]
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "rows.json").write_text('{"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}')
    for file in ("rows.csv", "rows.json"):
        assert json.loads(_run("predict", "-t", shelf, "--name", "a", "-I", str(tmp_path / file))) == {
            "predictions": [3, 7]
        }
    _run("predict", "-t", shelf, "--name", "a", "-I", str(tmp_path / "rows.csv"), "-O", str(tmp_path / "out"))
    assert json.loads((tmp_path / "out").read_text()) == {"predictions": [3, 7]}
    assert "shelf:/path" in _run("help", "-t", shelf)
    said = _run("run-local", "-t", shelf, "--name", "a", "-m", "models:/m/1", "-C", "p=1")
    assert said == 'running a models:/m/1 None {"p": "1"}\n'
    _run("delete", "-t", shelf, "--name", "a")
    assert json.loads(_run("list", "-t", shelf)) == []


def test_words_that_cannot_be_meant_are_refused(shelf: str, tmp_path: Path) -> None:
    for words in (
        ("create", "-t", shelf, "--name", "a", "-m", "x", "-C", "novalue"),
        ("create", "-t", shelf, "--name", "a", "-m", "x", "-C", "a=1", "-C", "a=2"),
        ("predict", "-t", shelf, "-I", "x"),
        ("predict", "-t", shelf, "--name", "a", "--endpoint", "b", "-I", "x"),
    ):
        with pytest.raises(BadRequest):
            _run(*words)
    with pytest.raises(NotFound, match="no file"):
        _run("predict", "-t", shelf, "--name", "a", "-I", str(tmp_path / "nothing"))


def test_a_target_nobody_knows_is_refused_with_those_that_are_there(shelf: str) -> None:
    with pytest.raises(NotFound, match="shelf"):
        mlflow.deployments.get_deploy_client("nowhere:/x")
    for absent in ("databricks", "http://localhost:5000", "openai"):
        with pytest.raises(NotSupported):
            mlflow.deployments.get_deploy_client(absent)
    with pytest.raises(BadRequest, match="run_local and no target_help"):
        mlflow.deployments.get_deploy_client("broken:/x")
    assert list(DeploymentPlugins()) == ["broken", "sagemaker", "shelf"]


def test_a_target_is_set_for_those_who_name_none(shelf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mlflow.deployments.get_deploy_client() is None
    with pytest.raises(BadRequest, match="No target is set"):
        mlflow.deployments.get_deployments_target()
    monkeypatch.setenv("MLFLOW_DEPLOYMENTS_TARGET", shelf)
    assert mlflow.deployments.get_deployments_target() == shelf
    mlflow.deployments.set_deployments_target("sagemaker:/eu-west-1")
    client: Any = mlflow.deployments.get_deploy_client()
    assert client.region_name == "eu-west-1"
    with pytest.raises(BadRequest, match="no target"):
        mlflow.deployments.set_deployments_target("nowhere")


def test_answers_become_tables_and_arrays(tmp_path: Path) -> None:
    answer = PredictionsResponse.from_json('{"predictions": [{"a": 1, "b": 2}], "more": 3}')
    pandas.testing.assert_frame_equal(answer.get_predictions(), pandas.DataFrame({"a": [1], "b": [2]}))
    assert answer["more"] == 3
    numbers = PredictionsResponse.from_json('{"predictions": [1, 2]}')
    assert numbers.get_predictions("ndarray", "float32").dtype == numpy.float32
    assert numbers.to_json(tmp_path / "out") is None
    assert json.loads((tmp_path / "out").read_text()) == json.loads(str(numbers.to_json())) == {"predictions": [1, 2]}
    for text in ("[1]", '{"x": 1}', "{"):
        with pytest.raises(BadRequest):
            PredictionsResponse.from_json(text)
    with pytest.raises(BadRequest, match="predictions_format"):
        numbers.get_predictions("table")
