"""A dataset or a tensor of TensorFlow."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from headrace.base.errors import BadRequest
from headrace.data.content import tensor_digest
from headrace.data.dataset import Dataset
from headrace.data.dataset_source import DatasetSource
from headrace.data.digest_utils import compute_numpy_digest, compute_tensorflow_dataset_digest
from headrace.data.pyfunc_dataset_mixin import PyFuncConvertibleDatasetMixin, PyFuncInputsOutputs
from headrace.data.schema import TensorDatasetSchema
from headrace.data.tables import source_or_program
from headrace.models.types import Schema, TensorSpec
from headrace.tracking.extras import need

if TYPE_CHECKING:
    from headrace.data.evaluation_dataset import EvaluationDataset


class TensorFlowDataset(Dataset, PyFuncConvertibleDatasetMixin):
    """A ``tf.data.Dataset`` or a tensor of features, and one of the same kind of targets if there are any."""

    def __init__(
        self,
        features: Any,
        source: DatasetSource,
        targets: Any = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        tensorflow = need("tensorflow", "A TensorFlow dataset")
        kinds = (tensorflow.data.Dataset, tensorflow.Tensor)
        kind = next((each for each in kinds if isinstance(features, each)), None)
        if kind is None:
            raise BadRequest(f"The features must be a tf.data.Dataset or a tensor, not a {type(features).__name__}")
        if targets is not None and not isinstance(targets, kind):
            raise BadRequest(f"The features are a {kind.__name__}, so the targets must be one as well")
        self._features, self._targets = features, targets
        self._is_tensor = kind is tensorflow.Tensor
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        if self._is_tensor:
            return compute_numpy_digest(*self._arrays())
        return compute_tensorflow_dataset_digest(self._features, self._targets)

    def _compute_content_digest(self) -> str | None:
        """Of tensors; a dataset may have no end, and give other elements each time."""
        if not self._is_tensor:
            return None
        features, targets = self._arrays()
        return tensor_digest(features=features, targets=targets)

    def _arrays(self) -> tuple[Any, Any]:
        return self._features.numpy(), None if self._targets is None else self._targets.numpy()

    def to_dict(self) -> dict[str, str]:
        """Name, digest, source and its type, schema and profile, as records have them."""
        return self._with_shape(None if self.schema is None else self.schema.to_dict())

    @property
    def data(self) -> Any:
        """The features."""
        return self._features

    @property
    def targets(self) -> Any:
        """The targets."""
        return self._targets

    @property
    def profile(self) -> Any | None:
        """How many elements there are; -1 for a dataset without end, -2 when TensorFlow does not know."""
        parts = {"features": self._features, "targets": self._targets}
        return {f"{name}_cardinality": self._count(part) for name, part in parts.items() if part is not None}

    def _count(self, part: Any) -> int:
        return int(part.numpy().size if self._is_tensor else part.cardinality().numpy())

    @cached_property
    def schema(self) -> TensorDatasetSchema | None:
        """The types and shapes of the tensors; None when an element has no dimension, or is no tensor alone."""
        features = _tensors(self._features, self._is_tensor)
        targets = None if self._targets is None else _tensors(self._targets, self._is_tensor)
        if features is None or (targets is None and self._targets is not None):
            return None
        return TensorDatasetSchema(features=features, targets=targets)

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """What a model is given, and what it should answer with."""
        return PyFuncInputsOutputs(self._features, self._targets)

    def to_evaluation_dataset(self, path: Any = None, feature_names: Any = None) -> EvaluationDataset:
        """The tensors as evaluation takes them. Raises ``BadRequest`` for a ``tf.data.Dataset``."""
        from headrace.data.evaluation_dataset import EvaluationDataset

        if not self._is_tensor:
            raise BadRequest("Only tensors can be evaluated; read the tf.data.Dataset into one")
        features, targets = self._arrays()
        return EvaluationDataset(
            data=features, targets=targets, name=self.name, path=path, feature_names=feature_names, digest=self.digest
        )


def from_tensorflow(
    features: Any,
    source: str | DatasetSource | None = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> TensorFlowDataset:
    """A dataset of a ``tf.data.Dataset`` or tensor, which came from ``source``, or this program if it is not given."""
    return TensorFlowDataset(features, source_or_program(source), targets, name, digest)


def _tensors(part: Any, is_tensor: bool) -> Schema | None:
    """The schema of a tensor, or of the elements of a dataset."""
    spec = part if is_tensor else part.element_spec
    shape = getattr(spec, "shape", None)
    if not hasattr(spec, "dtype") or shape is None or not shape.rank:
        return None
    return Schema([TensorSpec(_numpy_dtype(spec.dtype), (-1, *(-1 if size is None else size for size in shape[1:])))])


def _numpy_dtype(dtype: Any) -> Any:
    import numpy

    return numpy.dtype(dtype.as_numpy_dtype)
