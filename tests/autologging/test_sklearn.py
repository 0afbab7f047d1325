"""scikit-learn keeps the contract of autologging, and what is its own."""

from __future__ import annotations

import inspect
import json
import logging
import pickle
import threading
from pathlib import Path
from typing import Any

import headrace.sklearn
import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import headrace
from headrace.autologging.sklearn import SKLEARN
from headrace.schema.runs import Run
from headrace.testing.autologging import AutologgingContract

X = np.random.default_rng(0).random((40, 3))
Y = X @ [1.0, 2.0, 3.0]
KINDS = (Y > 3).astype(int)


class SklearnProgram:
    """Fits a small ridge regression."""

    name = "sklearn"

    def autolog(self, **options: Any) -> None:
        headrace.sklearn.autolog(**options)

    def train(self) -> Any:
        return Ridge().fit(X, Y).coef_.tolist()

    def fail(self) -> None:
        Ridge().fit(X[:3], Y)

    def watched(self) -> dict[str, Any]:
        methods = {
            (kind, name)
            for kind, name in [
                (Ridge, "fit"),
                (KMeans, "fit"),
                (LogisticRegression, "predict_proba"),
                (Pipeline, "fit_transform"),
            ]
        }
        found: dict[str, Any] = {f"{kind.__name__}.{name}": vars(kind)[name] for kind, name in methods}
        return {**found, "accuracy_score": sklearn.metrics.accuracy_score}


@pytest.fixture
def program() -> SklearnProgram:
    return SklearnProgram()


class TestContract(AutologgingContract):
    pass


@pytest.fixture
def place(tmp_path: Path) -> Any:
    """An empty store, where autologging without models is on."""
    before = headrace.get_tracking_uri()
    headrace.set_tracking_uri(f"sqlite:///{tmp_path}/kept.db")
    headrace.set_experiment(experiment_id=headrace.create_experiment("here", str(tmp_path / "artifacts")))
    headrace.sklearn.autolog(log_models=False)
    yield tmp_path
    headrace.sklearn.autolog(disable=True)
    headrace.flush_artifact_async_logging()
    headrace.set_tracking_uri(before)


def runs() -> list[Run]:
    found: list[Run] = headrace.search_runs(output_format="list")
    return found


def test_what_is_logged_later_is_there_when_somebody_looks(place: Path) -> None:
    LogisticRegression().fit(X, KINDS)
    (run,) = runs()
    files = {each.path for each in headrace.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert files == {
        "estimator.html",
        "training_confusion_matrix.png",
        "training_precision_recall_curve.png",
        "training_roc_curve.png",
    }
    picture = headrace.artifacts.download_artifacts(f"runs:/{run.info.run_id}/training_roc_curve.png")
    assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_pictures_show_the_fit_and_not_what_came_after(place: Path) -> None:
    model = LogisticRegression()
    kinds = KINDS.copy()
    model.fit(X, kinds)
    kinds[:] = 7
    model.classes_ = np.array([1, 2, 3])
    (run,) = runs()
    files = {each.path for each in headrace.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert "training_roc_curve.png" in files


def test_without_matplotlib_there_are_no_pictures(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: (name != "matplotlib" and find(name, *rest)) or None
    )
    LogisticRegression().fit(X, KINDS)
    assert [each.path for each in headrace.artifacts.list_artifacts(run_id=runs()[0].info.run_id)] == ["estimator.html"]


def test_a_fit_inside_of_a_fit_is_not_recorded_alone(place: Path) -> None:
    for backend in ("sequential", "threading", "loky", "multiprocessing"):
        with joblib.parallel_config(backend, n_jobs=2):
            BaggingClassifier(LogisticRegression(), 3, n_jobs=2).fit(X, KINDS)
    assert [run.data.tags["estimator_name"] for run in runs()] == ["BaggingClassifier"] * 4


def test_folds_are_recorded_here_and_not_by_other_processes(place: Path) -> None:
    cross_val_score(Ridge(), X, Y, cv=2)
    assert len(runs()) == 2
    cross_val_score(Ridge(), X, Y, cv=2, n_jobs=2)
    assert len(runs()) == 2


def test_estimators_are_fitted_pickled_and_copied_as_ever(place: Path) -> None:
    model = make_pipeline(StandardScaler(), Ridge())
    assert model.fit(X, Y) is model
    assert set(vars(model)) == set(vars(make_pipeline(StandardScaler(), Ridge())))
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - pickled in this very line
    assert again.predict(X) == pytest.approx(model.predict(X))
    assert clone(model).get_params().keys() == model.get_params().keys()
    assert str(inspect.signature(Ridge.fit)) == "(self, X, y, sample_weight=None)"


def test_functions_that_measure_are_pickled_and_copied_as_themselves(place: Path) -> None:
    watched = sklearn.metrics.accuracy_score
    headrace.sklearn.autolog(disable=True)
    assert pickle.loads(pickle.dumps(watched)) is sklearn.metrics.accuracy_score  # noqa: S301 - pickled in this very line
    headrace.sklearn.autolog(log_models=False)
    scorer = sklearn.metrics.make_scorer(sklearn.metrics.accuracy_score)
    GridSearchCV(LogisticRegression(), {"C": [1.0]}, scoring=scorer, cv=2, n_jobs=2).fit(X, KINDS)
    assert len(runs()) == 2


def test_a_class_of_the_user_s_own_is_not_recorded_but_what_it_is_built_on_is(place: Path) -> None:
    class Own(ClassifierMixin, BaseEstimator):
        def fit(self, X: Any, y: Any) -> Own:
            self.classes_ = np.unique(y)
            return self

        def predict(self, X: Any) -> Any:
            return np.zeros(len(X))

    class More(Ridge):
        pass

    Own().fit(X, KINDS).score(X, KINDS)
    assert runs() == []
    More().fit(X, Y)
    assert [run.data.tags["estimator_name"] for run in runs()] == ["More"]


def test_measures_are_logged_to_the_fit_that_answered(place: Path) -> None:
    model = LogisticRegression().fit(X, KINDS)
    X_test, y_test = X[:20], KINDS[:20]
    answer = model.predict(X_test)
    sklearn.metrics.accuracy_score(y_test, answer)
    sklearn.metrics.f1_score(y_test, y_pred=answer, zero_division=0)
    sklearn.metrics.accuracy_score(y_test, answer)
    model.score(X_test, y_test)
    sklearn.metrics.accuracy_score(y_test, KINDS[20:])
    (run,) = runs()
    assert {name for name in run.data.metrics if not name.startswith("training_")} == {
        "accuracy_score_X_test",
        "accuracy_score-2_X_test",
        "f1_score_X_test",
        "LogisticRegression_score_X_test",
    }
    said = json.loads(headrace.artifacts.load_text(f"runs:/{run.info.run_id}/metric_info.json"))
    assert said["f1_score_X_test"] == "f1_score(y_true=y_test, y_pred=answer, zero_division=0)"
    assert said["LogisticRegression_score_X_test"] == "LogisticRegression.score(X=X_test, y=y_test)"


def test_two_tables_of_one_name_are_told_apart(place: Path) -> None:
    model = Ridge().fit(X, Y)

    def measure(X_test: Any, y: Any) -> None:
        sklearn.metrics.r2_score(y, model.predict(X_test))

    parts = X[:20], X[20:]
    measure(parts[0], Y[:20])
    measure(parts[1], Y[20:])
    names = {name for name in runs()[0].data.metrics if name.startswith("r2")}
    assert names == {"r2_score_X_test", "r2_score-2_X_test-2"}


def test_asking_row_by_row_does_not_fill_the_run_with_datasets(place: Path) -> None:
    model = Ridge().fit(X, Y)
    for at in range(len(X)):
        model.predict(X[at : at + 1])
    assert len(runs()[0].inputs.dataset_inputs) <= 11


def test_a_fit_that_changes_its_data_has_the_example_from_before(place: Path) -> None:
    headrace.sklearn.autolog(log_input_examples=True)
    changed = X.copy()
    model = make_pipeline(StandardScaler(copy=False), Ridge(copy_X=False)).fit(changed, Y)
    assert not np.allclose(changed, X)
    (logged,) = headrace.search_logged_models(output_format="list")
    example = headrace.pyfunc.load_model(logged.model_uri).input_example
    assert example == pytest.approx(X[:5])
    assert model is not None


def test_candidates_beyond_the_best_get_no_run(place: Path) -> None:
    headrace.sklearn.autolog(log_models=False, max_tuning_runs=2)
    GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0, 100.0]}, cv=2).fit(X, Y)
    children = [run for run in runs() if "mlflow.parentRunId" in run.data.tags]
    assert sorted(run.data.metrics["rank_test_score"] for run in children) == [1, 2]
    with pytest.raises(headrace.MlflowException, match="max_tuning_runs"):
        headrace.sklearn.autolog(max_tuning_runs=-1)


def test_long_params_are_cut_and_many_are_all_logged(place: Path) -> None:
    steps = [(f"step{at}", StandardScaler()) for at in range(60)]
    Pipeline([*steps, ("model", Ridge())]).fit(X, Y)
    params = runs()[0].data.params
    assert len(params) > 240
    RandomForestClassifier(2, class_weight=dict.fromkeys(range(1000), 1.0)).fit(X, KINDS)
    longest = runs()[0].data.params["class_weight"]
    assert len(longest) == 6000
    assert longest.endswith("...")


def test_an_unknown_version_is_warned_of_or_left_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    headrace.sklearn.autolog(disable=True)
    monkeypatch.setattr(SKLEARN, "_versions", ("0.1", "0.2"))
    headrace.sklearn.autolog(disable_for_unsupported_versions=True)
    assert SKLEARN.is_disabled()
    with caplog.at_level(logging.WARNING, "headrace.autologging"):
        headrace.sklearn.autolog(log_models=False)
    assert not SKLEARN.is_disabled()
    assert "0.1 to 0.2" in caplog.text


def test_other_threads_of_a_fit_are_not_recorded_but_other_threads_are(place: Path) -> None:
    def train() -> None:
        RandomForestClassifier(2, n_jobs=2).fit(X, KINDS)

    thread = threading.Thread(target=train)
    thread.start()
    train()
    thread.join()
    assert [run.data.tags["estimator_name"] for run in runs()] == ["RandomForestClassifier"] * 2


def test_frames_and_arrays_are_noted_as_datasets(place: Path) -> None:
    Ridge().fit(pd.DataFrame(X, columns=list("abc")), Y)
    Ridge().fit(X, Y)
    Ridge().fit(X.tolist(), Y.tolist())
    found = [[each.dataset.source_type for each in run.inputs.dataset_inputs] for run in runs()]
    assert sorted(found) == [[], ["code"], ["code"]]
