"""A table given to a scikit-learn model through us has the very answer that scikit-learn gives itself."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RANSACRegressor, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from headrace.flavors.sklearn import SklearnModel

_X = pd.DataFrame(np.random.default_rng(0).random((60, 5)) * 10, columns=[f"feature {at}" for at in range(5)])
_Y = (_X.sum(axis=1) > 25).to_numpy().astype(int)


class Own(RegressorMixin, BaseEstimator):
    """Somebody's own estimator, which asks for its columns by name."""

    def fit(self, table: Any, target: Any) -> Own:
        """Learn nothing."""
        self.feature_names_in_ = np.array(table.columns, dtype=object)
        return self

    def predict(self, table: Any) -> Any:
        """One of the columns."""
        return table["feature 1"].to_numpy()


def _by_name() -> Any:
    return make_pipeline(
        ColumnTransformer([("scaled", StandardScaler(), ["feature 1", "feature 3"])]), LogisticRegression()
    )


_MODELS = [
    LinearRegression(),
    LogisticRegression(),
    SGDClassifier(random_state=0),
    RANSACRegressor(random_state=0),
    DecisionTreeRegressor(random_state=0),
    RandomForestClassifier(3, random_state=0),
    GradientBoostingRegressor(n_estimators=3, random_state=0),
    IsolationForest(n_estimators=3, random_state=0),
    KNeighborsClassifier(),
    GaussianNB(),
    SVC(),
    MLPRegressor(hidden_layer_sizes=(3,), max_iter=5, random_state=0),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(PCA(2), RandomForestClassifier(3, random_state=0)),
    make_pipeline(MinMaxScaler().set_output(transform="pandas"), SVC()),
    _by_name(),
    Own(),
]


def _said(ask: Any, data: Any) -> tuple[Any, list[str]]:
    """The answer or the error, and the warnings."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            answer = ask(data)
        except Exception as error:
            answer = np.array([repr(error)])
    return answer, [str(each.message) for each in seen]


@pytest.mark.parametrize("model", _MODELS, ids=lambda model: type(model).__name__)
def test_a_table_is_answered_as_scikit_learn_itself_answers_it(model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(_X, _Y)
    frames = [_X[:1], _X[3:40], _X.astype("float32"), _X.astype("int64"), _X.assign(**{"feature 2": 3}), _X * np.nan]
    frames += [_X[_X.columns[::-1]], _X.rename(columns={"feature 0": "another"}), _X[_X.columns[:3]], _X.to_numpy()]
    for method in ("predict", "predict_proba", "decision_function"):
        if not hasattr(model, method):
            continue
        asked = SklearnModel(model, method)
        for frame in frames:
            ours, warned = _said(asked.predict, frame)
            theirs, told = _said(getattr(model, method), frame)
            assert type(ours) is type(theirs)
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
            assert warned == told


def test_a_model_that_is_changed_after_it_was_loaded_answers_with_what_it_is_now() -> None:
    model = LinearRegression().fit(_X, _Y)
    asked = SklearnModel(model, "predict")
    asked.predict(_X)
    model.coef_ = np.zeros(5)
    model.intercept_ = 7.0
    assert asked.predict(_X[:2]).tolist() == [7.0, 7.0]
    assert list(model.feature_names_in_) == list(_X.columns)
