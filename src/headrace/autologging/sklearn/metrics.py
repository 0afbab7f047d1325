"""Metrics of an estimator on what it was fitted to, under MLflow's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

PREFIX = "training_"


def training(
    estimator: Any, X: Any, y: Any, weight: Any, pos_label: Any
) -> Iterator[tuple[str, Callable[[], float | None]]]:
    """Names of metrics, and what measures them; None for one that is not defined here."""
    from sklearn.base import is_classifier, is_regressor

    if y is None or getattr(estimator, "refit", True) is False:
        return
    predicted = cache(lambda: estimator.predict(X))
    if is_classifier(estimator):
        yield from _of_classifier(estimator, X, y, weight, pos_label, predicted)
    elif is_regressor(estimator):
        yield from _of_regressor(y, weight, predicted)
    if hasattr(estimator, "score"):
        yield f"{PREFIX}score", partial(_score, estimator, X, y, weight)


def _of_classifier(
    estimator: Any, X: Any, y: Any, weight: Any, pos_label: Any, predicted: Callable[[], Any]
) -> Iterator[tuple[str, Callable[[], float | None]]]:
    from sklearn import metrics as measures

    about = {"average": "weighted"} if pos_label is None else {"average": "binary", "pos_label": pos_label}

    @cache
    def three() -> Any:
        if pos_label is not None and len(_classes(estimator)) > 2:
            return (None, None, None)  # There is no one class against the other.
        return measures.precision_recall_fscore_support(y, predicted(), sample_weight=weight, zero_division=0, **about)

    for at, name in enumerate(("precision", "recall", "f1")):
        yield f"{PREFIX}{name}_score", partial(_one, three, at)
    yield f"{PREFIX}accuracy_score", lambda: measures.accuracy_score(y, predicted(), sample_weight=weight)
    if not hasattr(estimator, "predict_proba"):
        return
    likely = cache(lambda: estimator.predict_proba(X))
    yield (
        f"{PREFIX}log_loss",
        lambda: None if isinstance(likely(), list) else measures.log_loss(y, likely(), sample_weight=weight),
    )
    yield f"{PREFIX}roc_auc", lambda: _roc_auc(y, likely(), weight)


def _one(of: Callable[[], Any], at: int) -> Any:
    return of()[at]


def _roc_auc(y: Any, likely: Any, weight: Any) -> float | None:
    from sklearn.metrics import roc_auc_score

    if isinstance(likely, list):  # One table for each of several outputs.
        return None
    if likely.shape[1] == 2:
        return float(roc_auc_score(y, likely[:, 1], average="weighted", sample_weight=weight))
    if weight is not None:  # Not defined for one class against another.
        return None
    return float(roc_auc_score(y, likely, average="weighted", multi_class="ovo"))


def _of_regressor(
    y: Any, weight: Any, predicted: Callable[[], Any]
) -> Iterator[tuple[str, Callable[[], float | None]]]:
    from sklearn import metrics as measures

    squared = cache(lambda: measures.mean_squared_error(y, predicted(), sample_weight=weight))
    yield f"{PREFIX}mean_squared_error", squared
    yield f"{PREFIX}root_mean_squared_error", lambda: math.sqrt(squared())
    yield (
        f"{PREFIX}mean_absolute_error",
        lambda: measures.mean_absolute_error(y, predicted(), sample_weight=weight),
    )
    yield f"{PREFIX}r2_score", lambda: measures.r2_score(y, predicted(), sample_weight=weight)


def _score(estimator: Any, X: Any, y: Any, weight: Any) -> float:
    from sklearn.utils.validation import has_fit_parameter

    if weight is None:
        return float(estimator.score(X, y))
    takes = "sample_weight" in estimator.score.__code__.co_varnames if hasattr(estimator.score, "__code__") else False
    takes = takes or has_fit_parameter(estimator, "sample_weight")
    return float(estimator.score(X, y, sample_weight=weight) if takes else estimator.score(X, y))


def _classes(estimator: Any) -> Any:
    return getattr(estimator, "classes_", ())
