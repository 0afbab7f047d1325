"""Metrics of plain arrays by their definitions, at a tenth of what it costs to have scikit-learn check them each time.

The definitions are those of ``sklearn.metrics``, and so are the values; the tests compare them.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class ClassCounts:
    """Rows by class and predicted class, as the weights have them: what precision, recall and the like are made of."""

    def __init__(self, classes: Array, codes: Array, said: Array, weight: Array | None) -> None:
        self.classes, self.codes, size = classes, codes, len(classes)
        rows = np.bincount(codes * size + said, weights=weight, minlength=size * size)
        self.table = rows.reshape(size, size).astype(float)

    @classmethod
    def of(cls, classes: Array, y: Array, predicted: Array, weight: Array | None) -> ClassCounts | None:
        """The counts of rows of these classes, which are sorted; None when there are rows of another."""
        codes, said = _codes(classes, y), _codes(classes, predicted)
        return None if codes is None or said is None else cls(classes, codes, said, weight)

    def accuracy(self) -> float:
        """Share of rows whose class was predicted."""
        return float(np.trace(self.table) / self.table.sum())

    def precision_recall_f1(self, pos_label: Any) -> tuple[float, float, float]:
        """Of the one class, or else the averages over all, weighted by how many rows each has; 0 where undefined."""
        hits, said, are = np.diag(self.table), self.table.sum(axis=0), self.table.sum(axis=1)
        three = _ratio(hits, said), _ratio(hits, are), _ratio(2 * hits, said + are)
        if pos_label is None:
            precision, recall, f1 = (float(np.average(each, weights=are)) for each in three)
        else:
            at = int(np.flatnonzero(self.classes == pos_label)[0])
            precision, recall, f1 = (float(each[at]) for each in three)
        return precision, recall, f1


def log_loss(codes: Array, likely: Array, weight: Array | None) -> float:
    """Mean negative logarithm of the probability given to the right class."""
    smallest = np.finfo(likely.dtype).eps
    given = np.clip(likely[np.arange(len(codes)), codes], smallest, 1 - smallest)
    return float(np.average(-np.log(given), weights=weight))


def roc_auc(codes: Array, likely: Array, weight: Array | None) -> float | None:
    """Area under the ROC curve; of many classes the mean over pairs, weighted by how many rows each pair has."""
    if likely.shape[1] == 2:
        return area(codes == 1, likely[:, 1], weight)
    if weight is not None:  # Not defined for one class against another.
        return None
    rows = [np.flatnonzero(codes == at) for at in range(likely.shape[1])]
    areas, shares = [], []
    for one, other in combinations(range(likely.shape[1]), 2):
        both = np.concatenate([rows[one], rows[other]])
        first = np.arange(len(both)) < len(rows[one])
        areas.append((area(first, likely[both, one], None) + area(~first, likely[both, other], None)) / 2)
        shares.append(len(both) / len(codes))
    return float(np.average(areas, weights=shares))


def area(positive: Array, scores: Array, weight: Array | None) -> float:
    """Area under the ROC curve of ``scores`` as a sign of ``positive``."""
    order = np.argsort(-scores, kind="stable")
    scores, positive = scores[order], positive[order]
    weights = np.ones(len(scores)) if weight is None else weight[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    hits = np.append(0.0, np.cumsum(weights * positive)[last])
    misses = np.append(0.0, np.cumsum(weights * ~positive)[last])
    return float(np.sum(np.diff(misses) * (hits[1:] + hits[:-1])) / 2 / (hits[-1] * misses[-1]))


def regression(y: Array, predicted: Array, weight: Array | None) -> dict[str, float]:
    """Mean squared and absolute error, and the share of variance explained, averaged over outputs."""
    y, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
    weights = np.ones(len(y)) if weight is None else weight
    errors = y - predicted
    squared = np.average(errors**2, axis=0, weights=weights)
    spread = np.average((y - np.average(y, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    explained = np.where(spread == 0, np.where(squared == 0, 1.0, 0.0), 1 - squared / np.where(spread == 0, 1, spread))
    mean_squared = float(np.mean(squared))
    return {
        "mean_squared_error": mean_squared,
        "root_mean_squared_error": math.sqrt(mean_squared),
        "mean_absolute_error": float(np.mean(np.average(np.abs(errors), axis=0, weights=weights))),
        "r2_score": float(np.mean(explained)),
    }


def _codes(classes: Array, values: Array) -> Array | None:
    """At which place among the classes each value is."""
    found = np.searchsorted(classes, values)
    found[found == len(classes)] = 0
    return found if bool((classes[found] == values).all()) else None


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole != 0)
