"""Models that are logged, registered, changed and loaded again, in a folder and at a server."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

import headrace
from headrace.base.errors import BadRequest, NotFound, Untrusted
from headrace.flavors import pyfunc, sklearn
from headrace.models import (
    get_model_info,
    infer_signature,
    set_signature,
    update_model_requirements,
    validate_serving_input,
)
from headrace.models.model import Model

X = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
Y = np.array([1.0, 2.0, 5.0])
QUICK: dict[str, Any] = {"pip_requirements": []}

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def line() -> LinearRegression:
    return LinearRegression().fit(X, Y)


def test_a_logged_model_is_ready_and_belongs_to_its_run(line: Any) -> None:
    with headrace.start_run() as run:
        info = sklearn.log_model(line, name="line", step=3, params={"depth": 3}, tags={"kind": "small"}, **QUICK)
    logged = headrace.get_logged_model(info.model_id)
    assert (logged.name, logged.status, logged.source_run_id) == ("line", "READY", run.info.run_id)
    assert logged.params == {"depth": "3"}
    assert logged.tags["kind"] == "small"
    outputs = headrace.get_run(run.info.run_id).outputs.model_outputs
    assert [(each.model_id, each.step) for each in outputs] == [(info.model_id, 3)]
    assert (info.name, info.run_id, info.model_uri) == ("line", run.info.run_id, f"models:/{info.model_id}")
    assert Model.load(info.model_uri).model_id == info.model_id


def test_a_model_is_logged_without_a_run(line: Any) -> None:
    info = sklearn.log_model(line, name="alone", **QUICK)
    assert info.run_id is None
    assert headrace.active_run() is None
    assert np.allclose(sklearn.load_model(info.model_uri).predict(X), Y)


def test_a_model_is_found_by_every_kind_of_uri(line: Any) -> None:
    name = f"line {uuid.uuid4().hex}"
    with headrace.start_run() as run:
        info = sklearn.log_model(line, "older", registered_model_name=name, input_example=X, **QUICK)
    assert info.registered_model_version == 1
    headrace.MlflowClient().set_registered_model_alias(name, "champion", "1")
    for uri in (
        info.model_uri,
        f"models:/{name}/1",
        f"models:/{name}@champion",
        f"runs:/{run.info.run_id}/older",
        info.artifact_path,
    ):
        model = pyfunc.load_model(uri)
        assert np.allclose(model.predict(X), Y), uri
        assert model.model_id == info.model_id
        assert model.input_example.equals(X)


def test_what_could_not_be_saved_is_marked_as_failed() -> None:
    forest = RandomForestClassifier(2).fit(X, [0, 1, 0])
    with pytest.raises(Untrusted):
        sklearn.log_model(forest, name="forest", **QUICK)
    (logged,) = headrace.search_logged_models(output_format="list")
    assert logged.status == "FAILED"


def test_what_is_no_model_opens_no_logged_model() -> None:
    with pytest.raises(BadRequest):
        pyfunc.log_model(name="nothing", python_model=3)
    assert headrace.search_logged_models(output_format="list") == []


def test_a_name_is_given_once_and_is_a_name(line: Any) -> None:
    with pytest.raises(BadRequest, match="older spelling"):
        sklearn.log_model(line, name="a", artifact_path="b")
    with pytest.raises(BadRequest, match="name"):
        sklearn.log_model(line, name="a/b")


def test_files_can_join_a_logged_model_that_is_open(line: Any) -> None:
    opened = headrace.initialize_logged_model(name="open")
    info = sklearn.log_model(line, model_id=opened.model_id, **QUICK)
    assert info.model_id == opened.model_id
    assert headrace.get_logged_model(opened.model_id).status == "READY"


def test_a_signature_can_be_set_later(line: Any, tmp_path: Path) -> None:
    signature = infer_signature(X, Y)
    info = sklearn.log_model(line, name="line", **QUICK)
    set_signature(info.model_uri, signature)
    assert get_model_info(info.model_uri).signature == signature
    sklearn.save_model(line, tmp_path / "saved", **QUICK)
    set_signature(str(tmp_path / "saved"), signature)
    assert Model.load(tmp_path / "saved").signature == signature
    name = f"fixed {uuid.uuid4().hex}"
    headrace.register_model(info.model_uri, name)
    with pytest.raises(BadRequest, match="registered version"):
        set_signature(f"models:/{name}/1", signature)


def test_requirements_can_be_changed_later(line: Any) -> None:
    info = sklearn.log_model(line, name="line", pip_requirements=["scipy==1.0", "numpy"])
    update_model_requirements(info.model_uri, "add", ["scipy==1.1"])
    update_model_requirements(info.model_uri, "remove", ["numpy"])
    file = Path(pyfunc.get_model_dependencies(info.model_uri))
    assert file.read_text().splitlines() == ["mlflow==3.17.2", "scipy==1.1"]
    assert "scipy==1.1" in Path(pyfunc.get_model_dependencies(info.model_uri, "conda")).read_text()


def test_a_request_is_answered_as_the_server_would(line: Any) -> None:
    info = sklearn.log_model(line, name="line", input_example=X, **QUICK)
    model = pyfunc.load_model(info.model_uri)
    request = model.metadata.get_serving_input(str(model._folder))
    assert request is not None
    assert np.allclose(validate_serving_input(info.model_uri, request), Y)
    with pytest.raises(BadRequest, match="'b'"):
        validate_serving_input(info.model_uri, {"dataframe_split": {"columns": ["a"], "data": [[1.0]]}})


def test_somebody_else_s_flavor_logs_through_the_same_pipeline() -> None:
    class Theirs:
        """A flavor module of another package."""

        FLAVOR_NAME = "theirs"

        @staticmethod
        def save_model(words: list[str], path: str, mlflow_model: Any = None) -> None:
            Path(path).mkdir()
            (Path(path) / "words.txt").write_text(" ".join(words))
            mlflow_model.add_flavor("theirs", data="words.txt")
            mlflow_model.save(Path(path) / "MLmodel")

    info = Model.log(artifact_path=None, flavor=Theirs, name="theirs", metadata={"a": 1}, words=["to", "be"])
    assert info.metadata == {"a": 1}
    assert info.flavors == {"theirs": {"data": "words.txt"}}
    assert headrace.get_logged_model(info.model_id).status == "READY"


def test_a_model_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        pyfunc.load_model("models:/nobody/1")
    with pytest.raises(NotFound):
        sklearn.load_model("models:/m-00000000000000000000000000000000")
    with pytest.raises(NotFound, match="nowhere"):
        sklearn.load_model("nowhere")
