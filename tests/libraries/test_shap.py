"""Explainers of the real SHAP."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shap as library
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression

import headrace
from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import pyfunc, shap
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import genuine

X = pd.DataFrame(np.random.RandomState(0).rand(12, 3), columns=list("abc"))
Y = X["a"] * 2 + X["b"]


def _linear() -> Any:
    return library.LinearExplainer(LinearRegression().fit(X, Y), X)


def _exact() -> Any:
    return library.Explainer(RandomForestRegressor(3, random_state=0).fit(X, Y).predict, X, algorithm="exact")


def _trees() -> Any:
    return library.TreeExplainer(RandomForestRegressor(3, random_state=0).fit(X, Y))


class TestShap(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return shap.FLAVOR

    @pytest.fixture(params=[_linear, _exact, _trees])
    def model(self, request: pytest.FixtureRequest) -> Any:
        return request.param()

    @pytest.fixture
    def data(self) -> Any:
        return X.head(5)


@pytest.mark.parametrize("beside", [True, False])
def test_an_explainer_answers_the_same_on_both_sides(beside: bool, tmp_path: Path) -> None:
    explainer, (ours, theirs) = _exact(), (tmp_path / "ours", tmp_path / "theirs")
    expected = explainer(X).values
    told: dict[str, Any] = {"serialize_model_using_mlflow": beside, "pip_requirements": []}
    shap.save_explainer(explainer, ours, **told)
    genuine.call("shap.save_explainer", explainer, str(theirs), **told)
    for folder in (ours, theirs):
        assert pyfunc.load_model(str(folder)).predict(X) == pytest.approx(expected)
        assert genuine.answer(folder, X) == pytest.approx(expected)
        assert isinstance(shap.load_explainer(str(folder)), library.explainers.ExactExplainer)
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours) == genuine.files(theirs)


def test_the_method_that_was_explained_is_the_one_that_is_asked(tmp_path: Path) -> None:
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y > 1)
    explainer = library.Explainer(forest.predict_proba, X, algorithm="exact")
    shap.save_model(explainer, tmp_path / "m", pip_requirements=[])
    assert pyfunc.load_model(str(tmp_path / "m")).predict(X) == pytest.approx(explainer(X).values)


def test_a_logged_explainer_is_loaded_by_its_uri(tmp_path: Path) -> None:
    headrace.set_tracking_uri(str(tmp_path / "store"))
    info = shap.log_explainer(_linear(), name="explainer", pip_requirements=[])
    assert shap.load_explainer(info.model_uri)(X).values == pytest.approx(_linear()(X).values)


def test_an_explanation_is_that_of_genuine_mlflow(tmp_path: Path) -> None:
    import mlflow

    predict = RandomForestRegressor(3, random_state=0).fit(X, Y).predict
    headrace.set_tracking_uri(str(tmp_path / "store"))
    with headrace.start_run() as run:
        uri = shap.log_explanation(predict, X)
        shap.log_explanation(predict, X.to_numpy(), artifact_path="other")
        assert uri.endswith("model_explanations_shap")
    ours = Path(headrace.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model_explanations_shap"))
    with genuine.genuine():
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'theirs.db'}")
        mlflow.create_experiment("shap", artifact_location=str(tmp_path / "theirs"))
        mlflow.set_experiment("shap")
        with mlflow.start_run() as other:
            mlflow.shap.log_explanation(predict, X)
        theirs = tmp_path / "theirs" / other.info.run_id / "artifacts/model_explanations_shap"
    assert genuine.files(ours) == genuine.files(theirs)
    for name in ("base_values.npy", "shap_values.npy"):
        assert np.load(ours / name) == pytest.approx(np.load(theirs / name))
    assert (ours / "summary_bar_plot.png").read_bytes()[:4] == b"\x89PNG"


def test_a_strangers_explainer_is_not_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shap.save_explainer(_exact(), tmp_path / "m", pip_requirements=[])
    bomb = pickle.dumps(_Bomb(tmp_path / "ran"))
    change(tmp_path / "m", "explainer.shap", lambda _: bomb)
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (shap.load_explainer, pyfunc.load_model):
        with pytest.raises(Untrusted, match=r"unpickle explainer\.shap.*unpickle underlying_model/model\.pkl"):
            load(str(tmp_path / "m"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("said", ["os", "pyfunc", 7])
def test_an_explainer_cannot_name_any_flavor_or_file(said: Any, tmp_path: Path) -> None:
    shap.save_explainer(_exact(), tmp_path / "m", pip_requirements=[])
    say(tmp_path / "m", "shap", underlying_model_flavor=said)
    with pytest.raises(BadRequest, match="Malformed MLmodel"):
        shap.load_explainer(str(tmp_path / "m"))
    say(tmp_path / "m", "shap", serialized_explainer="requirements.txt", underlying_model_flavor=None)
    with pytest.raises(BadRequest, match=r"ends in \.shap"):
        shap.load_explainer(str(tmp_path / "m"))


def test_what_is_no_explainer_is_refused_and_a_broken_one_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no explainer"):
        shap.save_explainer(LinearRegression(), tmp_path / "m")
    shap.save_explainer(_exact(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "explainer.shap", lambda whole: whole[:200])
    with pytest.raises(BadRequest, match="cannot be read"):
        shap.load_explainer(str(tmp_path / "m"))


def test_the_flavor_of_the_model_is_known() -> None:
    assert shap.get_underlying_model_flavor(_exact().model) == "sklearn"
    assert shap.get_underlying_model_flavor(_trees().model) == "unknown"
    assert [each.partition("==")[0] for each in shap.get_default_pip_requirements()] == ["shap"]


class _Bomb:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)
