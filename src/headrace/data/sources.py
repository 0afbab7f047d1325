"""Every kind of source by its name."""

from __future__ import annotations

from typing import Any

from headrace.data.artifact_dataset_sources import BY_NAME
from headrace.data.code_dataset_source import CodeDatasetSource
from headrace.data.delta_dataset_source import DeltaDatasetSource
from headrace.data.http_dataset_source import HTTPDatasetSource
from headrace.data.huggingface_dataset_source import HuggingFaceDatasetSource
from headrace.data.spark_dataset_source import SparkDatasetSource
from headrace.data.uc_volume_dataset_source import UCVolumeDatasetSource

__all__ = [
    "CodeDatasetSource",
    "DeltaDatasetSource",
    "HTTPDatasetSource",
    "HuggingFaceDatasetSource",
    "SparkDatasetSource",
    "UCVolumeDatasetSource",
]
__all__ += BY_NAME


def __getattr__(name: str) -> Any:
    from headrace.data.dataset_source_registry import get_registered_sources

    for kind in get_registered_sources():
        if kind.__name__ == name:
            return BY_NAME.get(name, kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
