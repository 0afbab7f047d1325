"""Metrics of an estimator on what it was fitted to, under MLflow's names."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from headrace.autologging.sklearn import measures
from headrace.autologging.sklearn.answers import Answers

PREFIX = "training_"
#: What measures one metric; None for one that is not defined here.
Measure = Callable[[], float | None]


def training(answers: Answers, pos_label: Any) -> Iterator[tuple[str, Measure]]:
    """Names of metrics, and what measures them."""
    from sklearn.base import is_classifier, is_regressor

    estimator = answers.estimator
    if answers.y is None or getattr(estimator, "refit", True) is False:
        return
    found: dict[str, Measure] = {}
    same = ""
    if is_classifier(estimator):
        found, same = _of_classifier(answers, pos_label), "accuracy_score"
    elif is_regressor(estimator):
        found, same = _of_regressor(answers), "r2_score"
    for name, measure in found.items():
        yield f"{PREFIX}{name}", measure
    if hasattr(estimator, "score"):
        scores_so = same and _scores_as_all_do(estimator)
        yield f"{PREFIX}score", found[same] if scores_so else lambda: _score(answers)


def _of_classifier(answers: Answers, pos_label: Any) -> dict[str, Measure]:
    three = cache(lambda: _precision_recall_f1(answers, pos_label))
    found: dict[str, Measure] = {
        "precision_score": lambda: three()[0],
        "recall_score": lambda: three()[1],
        "f1_score": lambda: three()[2],
        "accuracy_score": cache(lambda: _accuracy(answers)),
    }
    if answers.has_likely:
        found |= {"log_loss": lambda: _log_loss(answers), "roc_auc": lambda: _roc_auc(answers)}
    return found


def _precision_recall_f1(answers: Answers, pos_label: Any) -> Any:
    if pos_label is not None and len(getattr(answers.estimator, "classes_", ())) > 2:
        return (None, None, None)  # There is no one class against the other.
    if answers.counts is not None:
        return answers.counts.precision_recall_f1(pos_label)
    from sklearn.metrics import precision_recall_fscore_support

    about = {"average": "weighted"} if pos_label is None else {"average": "binary", "pos_label": pos_label}
    return precision_recall_fscore_support(
        answers.y, answers.predicted, sample_weight=answers.weight, zero_division=0, **about
    )


def _accuracy(answers: Answers) -> float:
    if answers.counts is not None:
        return answers.counts.accuracy()
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(answers.y, answers.predicted, sample_weight=answers.weight))


def _log_loss(answers: Answers) -> float | None:
    if isinstance(answers.likely, list):  # One table for each of several outputs.
        return None
    if (likely := answers.likely_by_class) is not None and answers.counts is not None:
        return measures.log_loss(answers.counts.codes, likely, answers.weights)
    from sklearn.metrics import log_loss

    return float(log_loss(answers.y, answers.likely, sample_weight=answers.weight))


def _roc_auc(answers: Answers) -> float | None:
    if isinstance(answers.likely, list):
        return None
    if (likely := answers.likely_by_class) is not None and answers.counts is not None:
        return measures.roc_auc(answers.counts.codes, likely, answers.weights)
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(answers.y, answers.likely, average="weighted", sample_weight=answers.weight))


def _of_regressor(answers: Answers) -> dict[str, Measure]:
    found = cache(lambda: _regression(answers))
    names = ("mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "r2_score")
    return {name: partial(_named, found, name) for name in names}


def _named(found: Callable[[], dict[str, float]], name: str) -> float:
    return found()[name]


def _regression(answers: Answers) -> dict[str, float]:
    true, said = np.asarray(answers.y), np.asarray(answers.predicted)
    if true.dtype.kind in "biuf" and said.dtype.kind in "biuf" and true.size == said.size and len(true) > 1:
        return measures.regression(true.astype(float), said, answers.weights)
    from sklearn import metrics

    y, predicted, weight = answers.y, answers.predicted, answers.weight
    squared = float(metrics.mean_squared_error(y, predicted, sample_weight=weight))
    return {
        "mean_squared_error": squared,
        "root_mean_squared_error": math.sqrt(squared),
        "mean_absolute_error": float(metrics.mean_absolute_error(y, predicted, sample_weight=weight)),
        "r2_score": float(metrics.r2_score(y, predicted, sample_weight=weight)),
    }


def _scores_as_all_do(estimator: Any) -> bool:
    """Whether ``score`` is that of all classifiers or regressors, which is one of their metrics."""
    from sklearn.base import ClassifierMixin, RegressorMixin

    pipeline = sys.modules.get("sklearn.pipeline")
    if pipeline is not None and type(estimator) is pipeline.Pipeline:
        # It has its last step score what the others made of the data, which is what it predicts from.
        return _scores_as_all_do(estimator.steps[-1][1])
    score = getattr(type(estimator), "score", None)
    if not inspect.isfunction(score):
        return False
    return any(
        inspect.unwrap(score) is inspect.unwrap(vars(kind)["score"]) for kind in (ClassifierMixin, RegressorMixin)
    )


def _score(answers: Answers) -> float:
    score = answers.estimator.score
    if answers.weight is None or "sample_weight" not in inspect.signature(score).parameters:
        return float(score(answers.X, answers.y))
    return float(score(answers.X, answers.y, sample_weight=answers.weight))
