"""Datasets: what a run read, by name, digest, source, schema and profile. Kinds of dataset have one file each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from headrace import _doors
from headrace.base.errors import BadRequest
from headrace.data import dataset_registry
from headrace.data.dataset import Dataset
from headrace.schema.datasets import Dataset as DatasetEntity
from headrace.schema.datasets import DatasetInput

if TYPE_CHECKING:
    from headrace.data.dataset_source import DatasetSource

#: What MLflow has not, and the module here that has it.
_MORE = {"column_digests": "content", "content_digest": "content", "from_dataframe": "dataframe_dataset"}


def get_source(dataset: DatasetEntity | DatasetInput | Dataset) -> DatasetSource:
    """The source of a dataset, of the record of one, or of what a run says it read; ``load()`` fetches the data."""
    if isinstance(dataset, Dataset):
        return dataset.source
    record = dataset.dataset if isinstance(dataset, DatasetInput) else dataset
    if not isinstance(record, DatasetEntity):
        raise BadRequest(f"get_source takes a dataset, its record, or a run's input, not a {type(dataset).__name__}")
    from headrace.data.dataset_source_registry import get_dataset_source_from_json

    return get_dataset_source_from_json(record.source, record.source_type)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return ["get_source", *dataset_registry.names(), *_MORE]
    if name in _MORE:
        return getattr(importlib.import_module(f"{__name__}.{_MORE[name]}"), name)
    if not name.startswith("__") and (found := dataset_registry.constructor(name)):
        return found
    return _doors.submodule(__name__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dataset_registry.names(), *_MORE})
