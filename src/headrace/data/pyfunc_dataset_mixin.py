"""Datasets that can be given to a model."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.data.evaluation_dataset import EvaluationDataset


@dataclass
class PyFuncInputsOutputs:
    """What a model is given, and what it should answer with if that is known."""

    inputs: Any
    outputs: Any = None


class PyFuncConvertibleDatasetMixin:
    """A dataset that can be given to a model."""

    @abstractmethod
    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """What a model is given, and what it should answer with."""

    @abstractmethod
    def to_evaluation_dataset(self, path: Any = None, feature_names: Any = None) -> EvaluationDataset:
        """The data as evaluation takes it."""
