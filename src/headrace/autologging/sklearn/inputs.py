"""What estimators are given: as a dataset, and as an example."""

from __future__ import annotations

import copy
import sys
from typing import Any


def dataset_of(X: Any, y: Any = None) -> Any:
    """X, with y beside it when both are arrays, as a dataset; None for what is neither a data frame nor an array."""
    if _is(X, "pandas", "DataFrame"):
        from headrace.data.pandas_dataset import from_pandas

        return from_pandas(X)
    if _is(X, "numpy", "ndarray"):
        import numpy

        from headrace.data.numpy_dataset import from_numpy

        return from_numpy(X, targets=None if y is None else numpy.asarray(y))
    return None


def example_of(X: Any, rows: int) -> Any:
    """A copy of the first rows of X."""
    return copy.deepcopy(X.iloc[:rows] if hasattr(X, "iloc") else X[:rows])


def _is(value: Any, module: str, kind: str) -> bool:
    # A library that nobody imported has no values.
    return module in sys.modules and isinstance(value, getattr(sys.modules[module], kind))
