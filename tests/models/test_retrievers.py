"""What scripts say of their retrievers, the prediction that is made now, and what belongs to a URI."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pandas
import pytest

import headrace as mlflow
from headrace.base.errors import BadRequest, NotFound
from headrace.models.dependencies_schemas import DependenciesSchemas, RetrieverSchema, take
from headrace.models.prediction_context import Context, get_prediction_context, set_prediction_context

SCRIPT = """
from mlflow.models import set_model, set_retriever_schema

set_retriever_schema(primary_key="id", text_column="text", doc_uri="uri", other_columns=["page"], name="one")
set_retriever_schema(primary_key="key", text_column="words", name="two")


def predict(model_input):
    return model_input


set_model(predict)
"""


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    take()


def test_a_script_says_what_its_retrievers_columns_are(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    said = {"python_model": str(tmp_path / "script.py"), "pip_requirements": []}
    mlflow.pyfunc.save_model(str(tmp_path / "one"), metadata={"team": "a"}, **said)
    metadata = mlflow.models.Model.load(tmp_path / "one").metadata
    assert metadata is not None
    one, two = metadata["dependencies_schemas"]["retrievers"]
    assert metadata["team"] == "a"
    assert one == {
        "name": "one", "primary_key": "id", "text_column": "text", "doc_uri": "uri", "other_columns": ["page"],
    }  # fmt: skip
    assert (two["name"], two["doc_uri"], two["other_columns"]) == ("two", None, [])
    # The next model has retrievers of its own.
    mlflow.pyfunc.save_model(str(tmp_path / "two"), python_model=lambda x: x, pip_requirements=[])
    assert mlflow.models.Model.load(tmp_path / "two").metadata is None


def test_a_retriever_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "headrace.models.dependencies_schemas"):
        for column in ("text", "text", "words"):
            mlflow.models.set_retriever_schema(primary_key="id", text_column=column)
    assert len(caplog.messages) == 1
    (said,) = take()["dependencies_schemas"]["retrievers"]
    assert said["text_column"] == "words"
    schema = RetrieverSchema.from_dict(said)
    assert DependenciesSchemas([schema]).to_dict() == {"dependencies_schemas": {"retrievers": [said]}}
    assert take() == {}


def test_a_prediction_is_known_where_it_is_made_and_nowhere_else() -> None:
    assert get_prediction_context() is None
    elsewhere: list[object] = []
    with set_prediction_context(Context(request_id="r", unknown=1)) as _:
        thread = threading.Thread(target=lambda: elsewhere.append(get_prediction_context()))
        thread.start()
        thread.join()
        found = get_prediction_context()
        assert found is not None
        found.update(model_id="m")
        assert (found.request_id, found.model_id) == ("r", "m")
        with pytest.raises(AttributeError, match="has no 'nothing'"):
            found.update(nothing=1)
    assert elsewhere == [None]
    assert get_prediction_context() is None


def test_a_request_is_kept_beside_a_model_with_an_example(tmp_path: Path) -> None:
    said = {"python_model": lambda x: x, "pip_requirements": []}
    mlflow.pyfunc.save_model(str(tmp_path / "with"), input_example=pandas.DataFrame({"a": [1]}), **said)
    request = mlflow.models.utils.load_serving_example(str(tmp_path / "with"))
    assert request == {"dataframe_split": {"columns": ["a"], "data": [[1]]}}
    mlflow.pyfunc.save_model(str(tmp_path / "without"), **said)
    with pytest.raises(NotFound, match="without an input example"):
        mlflow.models.utils.load_serving_example(str(tmp_path / "without"))
    with pytest.raises(BadRequest, match="names no version"):
        mlflow.models.utils.get_model_version_from_model_uri(str(tmp_path / "with"))
