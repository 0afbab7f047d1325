"""Genuine MLflow, which is in this environment too."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def genuine() -> Iterator[Any]:
    """MLflow itself, as a module; what it warns of is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow

        assert not type(mlflow).__module__.startswith("headrace")
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        yield mlflow
