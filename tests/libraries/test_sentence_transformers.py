"""Sentence transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import pyfunc, sentence_transformers
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change
from tests.libraries import tiny
from tests.libraries.genuine import arguments, genuine

TEXTS = ["the cat sat", "a good dog ran on"]
EMBEDDINGS = "llm/v1/embeddings"


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny.sentences(tmp_path_factory.mktemp("made"))


class TestSentenceTransformers(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return sentence_transformers.FLAVOR

    @pytest.fixture
    def model(self, sentences: Any) -> Any:
        return sentences

    @pytest.fixture
    def data(self) -> Any:
        return TEXTS


def _saved(model: Any, folder: Path, **told: Any) -> pyfunc.PyFuncModel:
    sentence_transformers.save_model(model, str(folder), pip_requirements=[], **told)
    return pyfunc.load_model(str(folder))


def test_a_text_a_column_and_a_list_are_told_apart_by_nothing(sentences: Any, tmp_path: Path) -> None:
    loaded, expected = _saved(sentences, tmp_path / "m"), sentences.encode(TEXTS, show_progress_bar=False)
    for asked in (TEXTS, pd.DataFrame({"any": TEXTS}), np.array(TEXTS)):
        assert loaded.predict(asked) == pytest.approx(expected, abs=1e-6)
    assert loaded.predict(TEXTS[0]) == pytest.approx(expected[:1], abs=1e-6)


def test_what_encode_is_told_is_kept_with_the_model_and_params_win(sentences: Any, tmp_path: Path) -> None:
    signature = infer_signature(TEXTS, params={"normalize_embeddings": True})
    loaded = _saved(sentences, tmp_path / "m", inference_config={"normalize_embeddings": True}, signature=signature)
    assert np.linalg.norm(loaded.predict(TEXTS), axis=1) == pytest.approx(1)
    raw = loaded.predict(TEXTS, params={"normalize_embeddings": False})
    assert raw == pytest.approx(sentences.encode(TEXTS, show_progress_bar=False), abs=1e-6)
    with pytest.raises(BadRequest, match="Precision"):
        sentence_transformers.Sentences(sentences, None, {}).predict(TEXTS, {"precision": "none"})


def test_embeddings_are_asked_and_answered_as_openai_does(sentences: Any, tmp_path: Path) -> None:
    loaded = _saved(sentences, tmp_path / "m", task=EMBEDDINGS, metadata={"mine": 1})
    answer = loaded.predict({"input": TEXTS})
    assert [each["index"] for each in answer["data"]] == [0, 1]
    vectors = [each["embedding"] for each in answer["data"]]
    assert np.asarray(vectors) == pytest.approx(sentences.encode(TEXTS, show_progress_bar=False), abs=1e-6)
    assert answer["usage"] == {"prompt_tokens": 12, "total_tokens": 12}
    assert len(loaded.predict({"input": TEXTS[0]})["data"]) == 1
    assert loaded.metadata.metadata == {"mine": 1, "task": EMBEDDINGS}
    json.dumps(answer)


def test_what_is_no_sentence_transformer_or_no_task_of_one_is_refused(sentences: Any, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="str is no SentenceTransformer"):
        _saved("model", tmp_path / "m")
    with pytest.raises(BadRequest, match="llm/v1/chat"):
        _saved(sentences, tmp_path / "m", task="llm/v1/chat")
    with pytest.raises(BadRequest, match="asked with a text"):
        _saved(sentences, tmp_path / "n", signature=False).predict([1, 2])


def test_weights_run_nothing_and_a_module_of_anybody_s_is_refused(
    sentences: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    _saved(sentences, tmp_path / "m").predict(TEXTS)
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    inside = tmp_path / "m" / "model.sentence_transformer"
    said = tiny.says(inside, "modules.json")
    said[0]["type"] = "joblib.numpy_pickle"
    change(tmp_path / "m", "model.sentence_transformer/modules.json", lambda _: json.dumps(said).encode())
    for load in (sentence_transformers.load_model, pyfunc.load_model):
        with pytest.raises(Untrusted, match=r"import joblib\.numpy_pickle"):
            load(str(tmp_path / "m"))


def test_a_function_of_anybody_s_in_a_layer_is_refused(
    sentences: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    _saved(sentences, tmp_path / "m")
    evil = {"in_features": 16, "out_features": 2, "bias": True, "activation_function": "os.abort"}
    (tmp_path / "m" / "model.sentence_transformer" / "2_Dense").mkdir()
    (tmp_path / "m" / "model.sentence_transformer" / "2_Dense" / "config.json").write_text(json.dumps(evil))
    with pytest.raises(Untrusted, match=r"import os\.abort"):
        pyfunc.load_model(str(tmp_path / "m"))


def test_models_go_both_ways(sentences: Any, tmp_path: Path) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "plain": {},
        "example": {"input_example": TEXTS},
        "task": {"task": EMBEDDINGS},
        "config": {"inference_config": {"normalize_embeddings": True}},
    }
    asks = {"task": {"input": TEXTS}}
    for kind, told in kinds.items():
        _saved(sentences, tmp_path / f"ours-{kind}", **told)
        with genuine() as mlflow:
            theirs = tmp_path / f"theirs-{kind}"
            mlflow.sentence_transformers.save_model(sentences, str(theirs), pip_requirements=[], **told)
            answer = mlflow.pyfunc.load_model(str(tmp_path / f"ours-{kind}")).predict(asks.get(kind, TEXTS))
        loaded = pyfunc.load_model(str(theirs))
        ours, said = (Model.load(tmp_path / f"{who}-{kind}").to_dict() for who in ("ours", "theirs"))
        assert ours["flavors"] == said["flavors"]
        assert ours.get("signature") == said.get("signature")
        assert ours.get("metadata") == said.get("metadata")
        mine = loaded.predict(asks.get(kind, TEXTS))
        if kind == "config":  # which MLflow keeps, and forgets to tell the model
            answer /= np.linalg.norm(answer, axis=1, keepdims=True)
        if kind == "task":
            assert mine["usage"] == answer["usage"]
            mine, answer = ([each["embedding"] for each in one["data"]] for one in (mine, answer))
        assert np.asarray(mine) == pytest.approx(np.asarray(answer), abs=1e-6)


def test_functions_take_what_mlflows_take() -> None:
    names = ["save_model", "log_model", "load_model", "get_default_pip_requirements", "get_default_conda_env"]
    ours, theirs = arguments(sentence_transformers, *names)
    assert ours == theirs
