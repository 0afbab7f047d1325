"""Metrics by their definitions are those of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from headrace.autologging.sklearn import measures


@st.composite
def answers(draw: st.DrawFn) -> tuple[Any, Any, Any, Any]:
    """Classes, predicted classes, probabilities and weights of some rows; every class is there."""
    size = draw(st.integers(2, 5))
    rows = draw(st.integers(size, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    y = np.concatenate([np.arange(size), rng.integers(0, size, rows - size)])
    # Few different values, so that many are tied.
    likely = rng.integers(1, draw(st.sampled_from([3, 1000])), (rows, size)).astype(float)
    likely /= likely.sum(axis=1, keepdims=True)
    weight = rng.integers(1, 5, rows).astype(float) if draw(st.booleans()) else None
    return y, rng.integers(0, size, rows), likely, weight


@given(answers())
def test_precision_recall_f1_and_accuracy(said: tuple[Any, Any, Any, Any]) -> None:
    y, predicted, _, weight = said
    counts = measures.ClassCounts.of(np.unique(y), y, predicted, weight)
    assert counts is not None
    assert measures.ClassCounts.of(np.unique(y), y + 1, predicted, weight) is None
    theirs = metrics.precision_recall_fscore_support(
        y, predicted, average="weighted", sample_weight=weight, zero_division=0
    )
    assert counts.precision_recall_f1(None) == pytest.approx(theirs[:3])
    assert counts.accuracy() == pytest.approx(metrics.accuracy_score(y, predicted, sample_weight=weight))
    if len(counts.classes) == 2:
        theirs = metrics.precision_recall_fscore_support(
            y, predicted, average="binary", pos_label=0, sample_weight=weight, zero_division=0
        )
        assert counts.precision_recall_f1(0) == pytest.approx(theirs[:3])


@given(answers())
def test_log_loss_and_area(said: tuple[Any, Any, Any, Any]) -> None:
    y, _, likely, weight = said
    assert measures.log_loss(y, likely, weight) == pytest.approx(metrics.log_loss(y, likely, sample_weight=weight))
    if likely.shape[1] == 2:
        theirs = metrics.roc_auc_score(y, likely[:, 1], sample_weight=weight)
    elif weight is None:
        theirs = metrics.roc_auc_score(y, likely, average="weighted", multi_class="ovo")
    else:
        assert measures.roc_auc(y, likely, weight) is None
        return
    assert measures.roc_auc(y, likely, weight) == pytest.approx(theirs)


@given(st.integers(2, 30), st.integers(1, 3), st.booleans(), st.integers(0, 10_000), st.booleans())
def test_errors_and_share_explained(rows: int, outputs: int, weighted: bool, seed: int, constant: bool) -> None:
    rng = np.random.default_rng(seed)
    y, predicted = rng.normal(size=(2, rows, outputs))
    if constant:
        y[:, 0] = 1.0
    weight = rng.random(rows) + 0.1 if weighted else None
    ours = measures.regression(y, predicted, weight)
    assert ours["mean_squared_error"] == pytest.approx(metrics.mean_squared_error(y, predicted, sample_weight=weight))
    assert ours["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(y, predicted, sample_weight=weight))
    assert ours["root_mean_squared_error"] ** 2 == pytest.approx(ours["mean_squared_error"])
    assert ours["r2_score"] == pytest.approx(metrics.r2_score(y, predicted, sample_weight=weight))
