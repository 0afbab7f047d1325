"""Data in numpy arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from headrace.data.content import tensor_digest
from headrace.data.dataset import Dataset
from headrace.data.dataset_source import DatasetSource
from headrace.data.digest_utils import compute_numpy_digest
from headrace.data.pyfunc_dataset_mixin import PyFuncConvertibleDatasetMixin, PyFuncInputsOutputs
from headrace.data.schema import TensorDatasetSchema
from headrace.data.tables import source_or_program
from headrace.models.types import Schema, TensorSpec

if TYPE_CHECKING:
    import numpy

    from headrace.data.evaluation_dataset import EvaluationDataset


class NumpyDataset(Dataset, PyFuncConvertibleDatasetMixin):
    """Arrays of features, and of targets if there are any."""

    def __init__(
        self,
        features: numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]],
        source: DatasetSource,
        targets: numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]] | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        self._features, self._targets = features, targets
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        return compute_numpy_digest(self._features, self._targets)

    def _compute_content_digest(self) -> str | None:
        return tensor_digest(features=self._features, targets=self._targets)

    def to_dict(self) -> dict[str, str]:
        """Name, digest, source and its type, schema and profile, as records have them."""
        return self._with_shape(None if self.schema is None else self.schema.to_dict())

    @property
    def features(self) -> numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]]:
        """The features: one array, or arrays by their names."""
        return self._features

    @property
    def targets(self) -> numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]] | None:
        """The targets: one array, or arrays by their names."""
        return self._targets

    @property
    def profile(self) -> Any | None:
        """Shape, number of elements and number of bytes of each array."""
        said: dict[str, Any] = {}
        for part, arrays in (("features", self._features), ("targets", self._targets)):
            if arrays is not None:
                said[f"{part}_shape"] = _of_each(arrays, "shape")
                said[f"{part}_size"] = _of_each(arrays, "size")
                said[f"{part}_nbytes"] = _of_each(arrays, "nbytes")
        return said

    @cached_property
    def schema(self) -> TensorDatasetSchema | None:
        """The types and shapes of the arrays; None for an array without dimensions."""
        features = _tensors(self._features)
        targets = None if self._targets is None else _tensors(self._targets)
        if features is None or (targets is None and self._targets is not None):
            return None
        return TensorDatasetSchema(features=features, targets=targets)

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """What a model is given, and what it should answer with."""
        return PyFuncInputsOutputs(self._features, self._targets)

    def to_evaluation_dataset(self, path: Any = None, feature_names: Any = None) -> EvaluationDataset:
        """The arrays as evaluation takes them. Raises ``BadRequest`` for dicts of arrays."""
        from headrace.data.evaluation_dataset import EvaluationDataset

        return EvaluationDataset(
            data=self._features,
            targets=self._targets,
            name=self.name,
            path=path,
            feature_names=feature_names,
            digest=self.digest,
        )


def from_numpy(
    features: numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]],
    source: str | DatasetSource | None = None,
    targets: numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]] | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """A dataset of numpy arrays, which came from ``source``: a path, a URL, or this program if it is not given."""
    return NumpyDataset(features, source_or_program(source), targets, name, digest)


def _of_each(arrays: Any, what: str) -> Any:
    if isinstance(arrays, dict):
        return {name: getattr(array, what) for name, array in arrays.items()}
    return getattr(arrays, what)


def _tensors(arrays: Any) -> Schema | None:
    """The schema of arrays; None when one has no dimension, of which a model could be given one row."""
    named = list(arrays.items()) if isinstance(arrays, dict) else [(None, arrays)]
    if not all(array.ndim for _, array in named):
        return None
    return Schema([TensorSpec(array.dtype, (-1, *array.shape[1:]), name) for name, array in named])
