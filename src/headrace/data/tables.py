"""What datasets of a table share: columns with the targets and the predictions, and a schema of columns."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headrace.base.errors import BadRequest
from headrace.data.dataset import Dataset
from headrace.data.dataset_source import DatasetSource
from headrace.data.pyfunc_dataset_mixin import PyFuncConvertibleDatasetMixin, PyFuncInputsOutputs
from headrace.models.inference import infer_schema
from headrace.models.types import Schema

if TYPE_CHECKING:
    from headrace.data.evaluation_dataset import EvaluationDataset


class TableDataset(Dataset, PyFuncConvertibleDatasetMixin):
    """A dataset that is a table, of which one column may be the targets and one the predictions."""

    _targets: str | None = None
    _predictions: str | None = None

    def _must_have(self, columns: Iterable[Any]) -> None:
        """Raise ``BadRequest`` when a column that was named is not there."""
        known = list(columns)
        for what, name in (("targets", self._targets), ("predictions", self._predictions)):
            if name is not None and name not in known:
                raise BadRequest(f"There is no column {name!r} for the {what}; the columns are {known}")

    def _frame(self) -> Any:
        """The table as a pandas frame."""
        raise NotImplementedError

    def _infer_schema(self) -> Schema | None:
        frame = self._frame()
        return infer_schema(frame) if len(frame.columns) else None

    @cached_property
    def schema(self) -> Schema | None:
        """The columns and their types; None for a table without any."""
        return self._infer_schema()

    def _schema_dict(self) -> dict[str, Any] | None:
        return None if self.schema is None else {"mlflow_colspec": self.schema.to_dict()}

    def to_dict(self) -> dict[str, str]:
        """Name, digest, source and its type, schema and profile, as records have them."""
        return self._with_shape(self._schema_dict())

    @property
    def targets(self) -> str | None:
        """The column with the targets."""
        return self._targets

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """The columns that a model is given, and those it should answer with."""
        frame = self._frame()
        if self._targets is None:
            return PyFuncInputsOutputs(frame)
        return PyFuncInputsOutputs(frame.drop(columns=self._targets), frame[self._targets])

    def to_evaluation_dataset(self, path: Any = None, feature_names: Any = None) -> EvaluationDataset:
        """The table as evaluation takes it."""
        from headrace.data.evaluation_dataset import EvaluationDataset

        return EvaluationDataset(
            data=self._frame(),
            targets=self._targets,
            predictions=self._predictions,
            name=self.name,
            path=path,
            feature_names=feature_names,
            digest=self.digest,
        )


class FrameDataset(TableDataset):
    """A dataset of one object that has the columns: the data frame of a library."""

    def __init__(
        self,
        df: Any,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        self._df, self._targets, self._predictions = df, targets, predictions
        self._must_have(self._columns())
        super().__init__(source=source, name=name, digest=digest)

    def _columns(self) -> Iterable[Any]:
        return self._df.columns  # type: ignore[no-any-return]  # whatever the library has

    @property
    def df(self) -> Any:
        """The frame."""
        return self._df

    @property
    def predictions(self) -> str | None:
        """The column with the predictions."""
        return self._predictions


def source_or_program(source: Any) -> DatasetSource:
    """The source that was given or named; this program when there was none."""
    if source is None:
        from headrace.data.code_dataset_source import CodeDatasetSource

        return CodeDatasetSource.here()
    if isinstance(source, DatasetSource):
        return source
    from headrace.data.dataset_source_registry import resolve_dataset_source

    return resolve_dataset_source(source)
