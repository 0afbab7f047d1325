"""Programs that train something while autologging is on: each is run with headrace and with genuine MLflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import metrics
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingRegressor, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, get_scorer, make_scorer, mean_squared_error
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

CASES: dict[str, Callable[[Any], object]] = {}


def case(program: Callable[[Any], object]) -> Callable[[Any], object]:
    """Make ``program`` one of the cases."""
    CASES[program.__name__] = program
    return program


def iris() -> tuple[pd.DataFrame, pd.Series[int]]:
    """Flowers of three kinds."""
    X, y = load_iris(return_X_y=True, as_frame=True)
    return X, y


def two() -> tuple[pd.DataFrame, pd.Series[int]]:
    """Flowers of two kinds, not told apart perfectly."""
    X, y = iris()
    return X[y > 0].reset_index(drop=True), (y[y > 0] - 1).reset_index(drop=True)


def diabetes() -> tuple[Any, Any]:
    """Arrays of numbers with a numeric target."""
    X, y = load_diabetes(return_X_y=True)
    return X, y


@case
def logistic_regression(library: Any) -> None:
    X, y = iris()
    LogisticRegression(max_iter=300).fit(X, y)


@case
def two_classes(library: Any) -> None:
    X, y = two()
    LogisticRegression(max_iter=300, C=0.01).fit(X, y)


@case
def words_as_classes(library: Any) -> None:
    X, y = two()
    library.sklearn.autolog(pos_label="yes")
    LogisticRegression(max_iter=300, C=0.01).fit(X, np.where(y > 0, "yes", "no"))


@case
def random_forest(library: Any) -> None:
    X, y = iris()
    RandomForestClassifier(5, random_state=0).fit(X.to_numpy(), y.to_numpy())


@case
def ridge(library: Any) -> None:
    X, y = diabetes()
    Ridge(alpha=0.5).fit(X, y)


@case
def clusters(library: Any) -> None:
    X, _ = iris()
    KMeans(3, random_state=0, n_init=1).fit(X)


@case
def fit_predict(library: Any) -> None:
    X, _ = iris()
    KMeans(3, random_state=0, n_init=1).fit_predict(X)


@case
def only_fit_predict(library: Any) -> None:
    X, _ = iris()
    DBSCAN().fit_predict(X)


@case
def fit_transform(library: Any) -> None:
    X, _ = iris()
    PCA(2, random_state=0).fit_transform(X)


@case
def only_transformers(library: Any) -> None:
    X, _ = iris()
    StandardScaler().fit_transform(X)
    SimpleImputer().fit(X)
    ColumnTransformer([("scale", StandardScaler(), list(X.columns[:2]))]).fit(X)


@case
def pipeline(library: Any) -> None:
    X, y = iris()
    Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(C=0.5))]).fit(X, y)


@case
def transformer_pipeline(library: Any) -> None:
    X, _ = iris()
    make_pipeline(StandardScaler(), PCA(2, random_state=0)).fit_transform(X)


@case
def column_transformer_pipeline(library: Any) -> None:
    X = pd.DataFrame({"kind": ["a", "b", "a", "c"] * 10, "size": np.arange(40.0)})
    y = np.arange(40.0) * 2
    prepare = ColumnTransformer([("kinds", OneHotEncoder(), ["kind"]), ("sizes", StandardScaler(), ["size"])])
    make_pipeline(prepare, LinearRegression()).fit(X, y)


@case
def grid_search(library: Any) -> None:
    X, y = iris()
    library.sklearn.autolog(max_tuning_runs=2)
    GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.01, 0.1, 1.0]}, cv=2).fit(X, y)


@case
def grid_search_without_refit(library: Any) -> None:
    X, y = two()
    scoring = {"accuracy": make_scorer(accuracy_score), "f1": "f1"}
    GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.01, 0.1]}, cv=2, scoring=scoring, refit=False).fit(X, y)


@case
def grid_search_of_many_scores(library: Any) -> None:
    X, y = two()
    library.sklearn.autolog(max_tuning_runs=1)
    grid = {"C": [0.01, 0.1], "fit_intercept": [True, False]}
    GridSearchCV(
        LogisticRegression(max_iter=300), grid, cv=2, scoring=["accuracy", "f1"], refit="f1", return_train_score=True
    ).fit(X, y)


@case
def grid_search_of_all(library: Any) -> None:
    X, y = diabetes()
    library.sklearn.autolog(max_tuning_runs=None)
    grid = {"ridge__alpha": [0.1, 1.0, 2.0], "scale__with_mean": [True, False]}
    GridSearchCV(Pipeline([("scale", StandardScaler()), ("ridge", Ridge())]), grid, cv=2).fit(X, y)


@case
def grid_search_without_children(library: Any) -> None:
    X, y = diabetes()
    library.sklearn.autolog(max_tuning_runs=0)
    GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)


@case
def grid_search_of_estimators(library: Any) -> None:
    X, y = diabetes()
    pipe = Pipeline([("model", Ridge())])
    GridSearchCV(pipe, {"model": [Ridge(0.5), LinearRegression()]}, cv=2).fit(X, y)


@case
def randomized_search(library: Any) -> None:
    X, y = iris()
    forest = RandomForestClassifier(3, random_state=0)
    RandomizedSearchCV(forest, {"max_depth": [1, 2, 3, 4]}, n_iter=3, cv=2, random_state=0, n_jobs=2).fit(X, y)


@case
def cross_validation(library: Any) -> None:
    X, y = iris()
    cross_val_score(LogisticRegression(max_iter=300), X, y, cv=3)


@case
def meta_estimators(library: Any) -> None:
    X, y = iris()
    BaggingClassifier(LogisticRegression(max_iter=300), 3, random_state=0).fit(X, y)
    OneVsRestClassifier(LogisticRegression(max_iter=300)).fit(X, y)


@case
def voting(library: Any) -> None:
    X, y = iris()
    VotingClassifier([("bayes", GaussianNB()), ("line", LogisticRegression(max_iter=300))]).fit(X, y)


@case
def stacking(library: Any) -> None:
    X, y = diabetes()
    StackingRegressor([("ridge", Ridge()), ("line", LinearRegression())], cv=2).fit(X, y)


@case
def transformed_target(library: Any) -> None:
    X, y = diabetes()
    TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(X, y)


@case
def parallel(library: Any) -> None:
    X, y = iris()
    BaggingClassifier(LogisticRegression(max_iter=300), 4, n_jobs=2, random_state=0).fit(X, y)


@case
def sample_weight(library: Any) -> None:
    X, y = two()
    weights = np.arange(len(y)) + 1.0
    LogisticRegression(C=0.01).fit(X, y, weights)
    LogisticRegression(C=0.01).fit(X, y, sample_weight=weights)
    Ridge().fit(X=X, y=y, sample_weight=weights)


@case
def named_arguments(library: Any) -> None:
    X, y = two()
    LogisticRegression(C=0.01).fit(y=y, X=X)


@case
def sparse_matrix(library: Any) -> None:
    X, y = two()
    LogisticRegression(C=0.01).fit(sparse.csr_matrix(X.to_numpy()), y)


@case
def lists(library: Any) -> None:
    X, y = two()
    LogisticRegression(C=0.01).fit(X.to_numpy().tolist(), y.tolist())


@case
def targets_as_frame(library: Any) -> None:
    X, y = diabetes()
    LinearRegression().fit(X, np.stack([y, y + 1], axis=1))
    Ridge().fit(pd.DataFrame(X, columns=[f"x{at}" for at in range(X.shape[1])]), pd.DataFrame({"target": y}))


@case
def without_probabilities(library: Any) -> None:
    X, y = two()
    SVC(C=0.1).fit(X, y)


@case
def partial_fit(library: Any) -> None:
    X, y = two()
    SGDClassifier(random_state=0).partial_fit(X, y, classes=[0, 1])


@case
def input_example(library: Any) -> None:
    X, y = two()
    library.sklearn.autolog(log_input_examples=True)
    LogisticRegression(C=0.01).fit(X, y)
    LogisticRegression(C=0.01).fit(X.to_numpy(), y)


@case
def no_model(library: Any) -> None:
    X, y = two()
    library.sklearn.autolog(log_models=False, log_datasets=False, extra_tags={"who": "me"})
    LogisticRegression(C=0.01).fit(X, y)


@case
def no_signature(library: Any) -> None:
    X, y = two()
    library.sklearn.autolog(log_model_signatures=False, serialization_format="pickle")
    LogisticRegression(C=0.01).fit(X, y)


@case
def registered(library: Any) -> None:
    X, y = two()
    library.sklearn.autolog(registered_model_name="autologged")
    LogisticRegression(C=0.01).fit(X, y)
    KMeans(2, random_state=0, n_init=1).fit(X)


@case
def post_training_metrics(library: Any) -> None:
    X, y = two()
    X_test, y_test = X[::2], y[::2]
    model = LogisticRegression(C=0.01).fit(X, y)
    model.score(X_test, y_test)
    model.score(X[::2], y[::2])
    predicted = model.predict(X_test)
    accuracy_score(y_test, predicted)
    accuracy_score(y_test, predicted)
    accuracy_score(y_true=y_test, y_pred=predicted, normalize=False)
    metrics.f1_score(y_test, predicted, average="macro")
    metrics.precision_recall_fscore_support(y_test, predicted)
    metrics.roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
    metrics.log_loss(y_test, model.predict_proba(X_test))
    accuracy_score(y_test, np.array(predicted))
    metrics.confusion_matrix(y_test, predicted)
    get_scorer("f1")(model, X_test, y_test)
    make_scorer(mean_squared_error)(model, X, y)


@case
def post_training_metrics_of_several(library: Any) -> None:
    X, y = diabetes()
    first, second = Ridge(1.0).fit(X, y), Ridge(2.0).fit(X, y)
    answers = second.predict(X)
    mean_squared_error(y, answers)
    metrics.r2_score(y, first.predict(X))
    first.score(X, y)
    second.score(X=X, y=y)


@case
def post_training_metrics_of_a_search(library: Any) -> None:
    X, y = diabetes()
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)
    search.score(X, y)
    search.best_estimator_.score(X, y)
    mean_squared_error(y, search.predict(X))


@case
def no_post_training_metrics(library: Any) -> None:
    X, y = diabetes()
    library.sklearn.autolog(log_post_training_metrics=False)
    model = Ridge(1.0).fit(X, y)
    mean_squared_error(y, model.predict(X))
    model.score(X, y)


@case
def in_a_run(library: Any) -> None:
    X, y = diabetes()
    with library.start_run(run_name="mine", tags={"who": "me"}):
        model = Ridge(1.0).fit(X, y)
        model.score(X, y)
        library.log_metric("mine", 1)


@case
def twice_in_a_run(library: Any) -> None:
    X, y = diabetes()
    with library.start_run():
        Ridge(1.0).fit(X, y)
        LinearRegression().fit(X, y)


@case
def in_a_nested_run(library: Any) -> None:
    X, y = diabetes()
    with library.start_run(run_name="outer"), library.start_run(run_name="inner", nested=True):
        Ridge(1.0).fit(X, y)


@case
def search_in_a_run(library: Any) -> None:
    X, y = diabetes()
    with library.start_run(run_name="mine"):
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)


@case
def exclusive(library: Any) -> None:
    X, y = diabetes()
    library.sklearn.autolog(exclusive=True)
    with library.start_run(run_name="mine"):
        Ridge(1.0).fit(X, y)
    Ridge(2.0).fit(X, y)


@case
def failing(library: Any) -> None:
    X, y = diabetes()
    for bad in (X[:3], "nothing"):
        try:
            Ridge(1.0).fit(bad, y)
        except ValueError:
            continue


@case
def failing_in_a_run(library: Any) -> None:
    X, y = diabetes()
    with library.start_run():
        try:
            Ridge(1.0).fit(X[:3], y)
        except ValueError:
            library.set_tag("failed", "yes")


@case
def long_params(library: Any) -> None:
    X, y = two()
    LogisticRegression(class_weight={0: 1.0, 1: 2.0, **dict.fromkeys(range(2, 3), 1.0)}, C=0.01).fit(X, y)
    RandomForestClassifier(2, random_state=np.random.RandomState(0)).fit(X, y)


@case
def front_door(library: Any) -> None:
    X, y = diabetes()
    library.sklearn.autolog(disable=True)
    library.autolog(log_models=False, extra_tags={"who": "me"})
    Ridge(1.0).fit(X, y)
    library.autolog(disable=True)
    Ridge(2.0).fit(X, y)


@case
def disabled(library: Any) -> None:
    X, y = diabetes()
    library.sklearn.autolog(disable=True)
    Ridge(1.0).fit(X, y).score(X, y)
    library.sklearn.autolog()
    Ridge(2.0).fit(X, y)


@case
def own_estimator(library: Any) -> None:
    X, y = diabetes()

    class Own(Ridge):
        def fit(self, X: Any, y: Any) -> Own:
            super().fit(X, y)
            return self

    Own(alpha=3.0).fit(X, y)


@case
def copied_and_fitted_again(library: Any) -> None:
    X, y = diabetes()
    model = Ridge(1.0)
    model.fit(X, y)
    model.set_params(alpha=2.0).fit(X, y)
    mean_squared_error(y, model.predict(X))
