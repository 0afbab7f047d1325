"""Models that are Python objects, saved, loaded and asked as the scoring server asks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest

import headrace as mlflow
from headrace.models.types import ColSpec, ParamSchema, ParamSpec, Schema
from headrace.serving.app import Scorer
from tests.serving.test_app import score

_RECORDED = Path(__file__).parent / "assets" / "recorded_python.json"


class Frames(mlflow.pyfunc.PythonModel):
    """Answers with the frame it is given."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input


class Texts(mlflow.pyfunc.PythonModel):
    """Answers with the texts it is given, and says so by a type hint."""

    def predict(self, model_input: list[str]) -> list[str]:
        return model_input


class Chat(mlflow.pyfunc.PythonModel):
    """Answers a conversation, with what it was told."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return {"choices": [{"seen": str(type(model_input).__name__), "params": params}]}


def _scorer(model: Any, folder: Path, signature: Any = None) -> Scorer:
    mlflow.pyfunc.save_model(str(folder), python_model=model, signature=signature, pip_requirements=[])
    return Scorer(mlflow.pyfunc.load_model(str(folder)), version="1")


@pytest.fixture(scope="module")
def scorers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scorer]:
    """The recorded models, by the names they were recorded under."""
    home = tmp_path_factory.mktemp("models")
    signature = mlflow.models.ModelSignature(
        inputs=Schema([ColSpec("double", "a"), ColSpec("long", "b")]),
        params=ParamSchema([ParamSpec("temp", "double", 0.5)]),
    )
    return {
        "pyfunc df->df": _scorer(Frames(), home / "frames", signature),
        "typehint list[str]": _scorer(Texts(), home / "texts"),
    }


@pytest.mark.parametrize("case", json.loads(_RECORDED.read_text()), ids=lambda case: str(case["req"]["json"])[:80])
def test_a_recorded_request_is_answered_as_mlflow_answers_it(case: dict[str, Any], scorers: dict[str, Scorer]) -> None:
    reply = score(scorers[case["model"]], case["req"]["json"])
    assert reply.status == case["status"], reply.said
    if reply.status == 200:
        assert reply.said == json.loads(case["body"])
    else:
        assert reply.said["error_code"] == json.loads(case["body"])["error_code"]
        assert set(reply.said) == {"error_code", "message"}


def test_a_conversation_is_passed_on_and_its_answer_is_not_wrapped(tmp_path: Path) -> None:
    signature = mlflow.models.ModelSignature(params=ParamSchema([ParamSpec("temperature", "double", 0.5)]))
    app = _scorer(Chat(), tmp_path / "chat", signature)
    reply = score(app, {"messages": [{"role": "user", "content": "x"}], "temperature": 0.9})
    assert (reply.status, reply.said) == (200, {"choices": [{"seen": "dict", "params": {"temperature": 0.9}}]})


def test_a_frame_goes_there_and_back(scorers: dict[str, Scorer]) -> None:
    frame = pandas.DataFrame({"a": [1.5, 2.5], "b": [1, 2]})
    reply = score(scorers["pyfunc df->df"], {"dataframe_split": frame.to_dict("split")})
    assert pandas.DataFrame(reply.said["predictions"]).equals(frame)
