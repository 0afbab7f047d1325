"""An evaluation dataset that the tracking server keeps."""

from __future__ import annotations

from typing import Any, NoReturn

from headrace.data.dataset_source import DatasetSource


class EvaluationDatasetSource(DatasetSource):
    """An evaluation dataset by its id."""

    def __init__(self, dataset_id: str) -> None:
        self._dataset_id = dataset_id

    @staticmethod
    def _get_source_type() -> str:
        return "mlflow_evaluation_dataset"

    def load(self) -> Any:
        """The evaluation dataset, from the tracking store in use."""
        from headrace.tracking.client import MlflowClient

        return MlflowClient().get_dataset(self._dataset_id)

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> NoReturn:
        raise NotImplementedError("Text does not say that it names an evaluation dataset; build its source")

    def to_dict(self) -> dict[str, Any]:
        """``{"dataset_id": …}``."""
        return {"dataset_id": self._dataset_id}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> EvaluationDatasetSource:
        """The inverse of ``to_dict``. Raises ``BadRequest`` without ``dataset_id``."""
        return cls(cls._needed(source_dict, "dataset_id"))
