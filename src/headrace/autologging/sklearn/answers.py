"""What a fitted estimator answers about what it was fitted to: asked once, for all who want to know."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from headrace.autologging.sklearn.measures import ClassCounts


class Answers:
    """An estimator, what it was fitted to, and what it says of that."""

    def __init__(self, estimator: Any, X: Any, y: Any, weight: Any) -> None:
        self.estimator, self.X, self.y, self.weight = estimator, X, y, weight

    @cached_property
    def predicted(self) -> Any:
        """Its predictions."""
        return self.estimator.predict(self.X)

    @cached_property
    def likely(self) -> Any:
        """The probability of each class for each row; a list of such tables for several outputs."""
        return self.estimator.predict_proba(self.X)

    @cached_property
    def weights(self) -> Any:
        """The weights of rows as an array; None without."""
        return None if self.weight is None else np.asarray(self.weight, dtype=float)

    @property
    def has_likely(self) -> bool:
        """Whether it knows probabilities."""
        return hasattr(self.estimator, "predict_proba")

    @cached_property
    def counts(self) -> ClassCounts | None:
        """The rows by class, if each has one plain one; None where only scikit-learn knows how to read them."""
        from headrace.autologging.sklearn.measures import ClassCounts

        classes = getattr(self.estimator, "classes_", None)
        y, predicted = np.asarray(self.y), np.asarray(self.predicted)
        if not isinstance(classes, np.ndarray) or not classes.ndim == y.ndim == predicted.ndim == 1:
            return None
        if len(classes) < 2 or classes.dtype.kind not in "biufU" or len(y) != len(predicted):
            return None
        if y.dtype.kind not in "biufU" or predicted.dtype.kind not in "biufU":
            return None
        return ClassCounts.of(classes, y, predicted, self.weights)

    @property
    def likely_by_class(self) -> Any:
        """The probabilities, if they are one table with a column for each counted class."""
        if self.counts is None or isinstance(self.likely, list):
            return None
        fits = self.likely.shape == (len(self.counts.codes), len(self.counts.classes))
        return np.asarray(self.likely) if fits else None

    @property
    def scores(self) -> Any:
        """How sure it is of the second of two classes."""
        return self.likely[:, 1] if self.has_likely else self.estimator.decision_function(self.X)
