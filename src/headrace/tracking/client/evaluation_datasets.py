"""Evaluation datasets, as ``MlflowClient`` offers them."""

from __future__ import annotations

import json
from typing import Any

from headrace.schema.evaluation_datasets import (
    USER_TAG,
    AddDatasetToExperiments,
    CreateDataset,
    DeleteDataset,
    DeleteDatasetTag,
    GetDataset,
    RemoveDatasetFromExperiments,
    SearchEvaluationDatasets,
    SetDatasetTags,
)
from headrace.tracking import context
from headrace.tracking.client.asking import Asking
from headrace.tracking.evaluation_datasets import EvaluationDataset
from headrace.tracking.paged import PagedList


class EvaluationDatasets(Asking):
    """Methods of the client about evaluation datasets."""

    def create_dataset(
        self, name: str, experiment_id: str | list[str] | None = None, tags: dict[str, Any] | None = None
    ) -> EvaluationDataset:
        """Open a new evaluation dataset, of one experiment, of several or of none."""
        said = {USER_TAG: context.user(), **(tags or {})}
        call = CreateDataset(name=name, experiment_ids=_ids(experiment_id), tags=_texts(said))
        return EvaluationDataset.told(self._send(call).dataset, self._send)

    def get_dataset(self, dataset_id: str) -> EvaluationDataset:
        """One evaluation dataset."""
        return EvaluationDataset.told(self._send(GetDataset(dataset_id=dataset_id)).dataset, self._send)

    def delete_dataset(self, dataset_id: str) -> None:
        """Remove an evaluation dataset and its records."""
        self._send(DeleteDataset(dataset_id=dataset_id))

    def search_datasets(
        self,
        experiment_ids: list[str] | None = None,
        filter_string: str | None = None,
        max_results: int = 50,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[EvaluationDataset]:
        """A page of evaluation datasets; of all experiments unless some are named."""
        found = self._send(
            SearchEvaluationDatasets(
                experiment_ids=_ids(experiment_ids),
                filter_string=filter_string or "",
                max_results=max_results,
                order_by=list(order_by or ()),
                page_token=page_token or None,
            )
        )
        datasets = [EvaluationDataset.told(each, self._send) for each in found.datasets]
        return PagedList(datasets, found.next_page_token)

    def set_dataset_tags(self, dataset_id: str, tags: dict[str, Any]) -> None:
        """Set tags of an evaluation dataset."""
        self._send(SetDatasetTags(dataset_id=dataset_id, tags=_texts(tags)))

    def delete_dataset_tag(self, dataset_id: str, key: str) -> None:
        """Remove a tag of an evaluation dataset."""
        self._send(DeleteDatasetTag(dataset_id=dataset_id, key=key))

    def add_dataset_to_experiments(self, dataset_id: str, experiment_ids: list[str]) -> EvaluationDataset:
        """Let an evaluation dataset belong to more experiments."""
        call = AddDatasetToExperiments(dataset_id=dataset_id, experiment_ids=_ids(experiment_ids))
        return EvaluationDataset.told(self._send(call).dataset, self._send)

    def remove_dataset_from_experiments(self, dataset_id: str, experiment_ids: list[str]) -> EvaluationDataset:
        """Let an evaluation dataset no longer belong to some experiments."""
        call = RemoveDatasetFromExperiments(dataset_id=dataset_id, experiment_ids=_ids(experiment_ids))
        return EvaluationDataset.told(self._send(call).dataset, self._send)


def _ids(said: str | list[str] | None) -> list[str]:
    return [str(each) for each in ([said] if isinstance(said, str) else said or ())]


def _texts(tags: dict[str, Any]) -> str:
    return json.dumps({str(key): None if value is None else str(value) for key, value in tags.items()})
