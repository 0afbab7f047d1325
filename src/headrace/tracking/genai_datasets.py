"""Evaluation datasets as ``mlflow.genai.datasets`` has them: functions on the tracking store in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.tracking import active
from headrace.tracking.client import MlflowClient
from headrace.tracking.evaluation_datasets import EvaluationDataset
from headrace.tracking.searches import everything

__all__ = [
    "EvaluationDataset",
    "EvaluationDatasetVersion",
    "add_dataset_to_experiments",
    "create_dataset",
    "delete_dataset",
    "delete_dataset_tag",
    "get_dataset",
    "remove_dataset_from_experiments",
    "search_datasets",
    "set_dataset_tags",
]


@dataclass
class EvaluationDatasetVersion:
    """A version of a dataset, in stores that keep versions."""

    version: int
    created_at: datetime | None = None
    created_by: str | None = None
    operation: str | None = None


def create_dataset(
    name: str | None = None, experiment_id: str | list[str] | None = None, tags: dict[str, Any] | None = None
) -> EvaluationDataset:
    """Open a new evaluation dataset, by default of the experiment in use."""
    if not name:
        raise ValueError("Give the dataset a name")
    return MlflowClient().create_dataset(name, experiment_id or active.experiment_id(), tags)


def get_dataset(
    name: str | None = None, dataset_id: str | None = None, version: int | EvaluationDatasetVersion | None = None
) -> EvaluationDataset:
    """One evaluation dataset, by its id, or by its name if only one has that."""
    if version is not None:
        raise NotSupported("This store keeps no versions of evaluation datasets")
    if (name is None) == (dataset_id is None):
        raise ValueError("Give either the name or the dataset_id of a dataset")
    client = MlflowClient()
    if dataset_id is not None:
        return client.get_dataset(dataset_id)
    found = client.search_datasets(filter_string="name = '{}'".format((name or "").replace("'", "''")), max_results=2)
    if not found:
        raise NotFound(f"No evaluation dataset has the name {name!r}")
    if len(found) > 1:
        raise BadRequest(f"Several evaluation datasets have the name {name!r}; give the dataset_id of one")
    return found[0]


def delete_dataset(name: str | None = None, dataset_id: str | None = None) -> None:
    """Remove an evaluation dataset, by its id."""
    if name is not None or dataset_id is None:
        raise ValueError("Give the dataset_id of the dataset; several may have the same name")
    MlflowClient().delete_dataset(dataset_id)


def search_datasets(
    experiment_ids: str | list[str] | None = None,
    filter_string: str | None = None,
    max_results: int | None = None,
    order_by: list[str] | None = None,
) -> list[EvaluationDataset]:
    """Every evaluation dataset that a filter finds, up to ``max_results``."""
    client = MlflowClient()
    wanted = [experiment_ids] if isinstance(experiment_ids, str) else experiment_ids
    return everything(
        lambda size, token: client.search_datasets(wanted, filter_string, size, order_by, token), max_results
    )


def set_dataset_tags(dataset_id: str, tags: dict[str, Any]) -> None:
    """Set tags of an evaluation dataset."""
    MlflowClient().set_dataset_tags(dataset_id, tags)


def delete_dataset_tag(dataset_id: str, key: str) -> None:
    """Remove a tag of an evaluation dataset."""
    MlflowClient().delete_dataset_tag(dataset_id, key)


def add_dataset_to_experiments(dataset_id: str, experiment_ids: list[str]) -> EvaluationDataset:
    """Let an evaluation dataset belong to more experiments."""
    return MlflowClient().add_dataset_to_experiments(dataset_id, experiment_ids)


def remove_dataset_from_experiments(dataset_id: str, experiment_ids: list[str]) -> EvaluationDataset:
    """Let an evaluation dataset no longer belong to some experiments."""
    return MlflowClient().remove_dataset_from_experiments(dataset_id, experiment_ids)
