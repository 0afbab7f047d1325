"""Experiments, as ``MlflowClient`` offers them."""

from __future__ import annotations

from typing import Any

from headrace.base.errors import NotFound
from headrace.schema.experiments import (
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    Experiment,
    ExperimentTag,
    GetExperiment,
    GetExperimentByName,
    RestoreExperiment,
    SearchExperiments,
    SetExperimentTag,
    UpdateExperiment,
)
from headrace.tracking.client.asking import Asking, tag_texts
from headrace.tracking.entities import ViewType, view_type_word
from headrace.tracking.paged import PagedList

#: Experiments on a page, unless told.
_PAGE = 1000


class Experiments(Asking):
    """Methods of the client about experiments."""

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None
    ) -> str:
        """Open an experiment; its id. Raises ``AlreadyExists`` when the name is taken."""
        said = [ExperimentTag(key, value) for key, value in tag_texts(tags)]
        call = CreateExperiment(name=name, artifact_location=artifact_location, tags=said)
        return self._send(call).experiment_id

    def get_experiment(self, experiment_id: str) -> Experiment:
        """One experiment by its id, or ``NotFound``."""
        return self._send(GetExperiment(experiment_id=str(experiment_id))).experiment

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """One experiment by its name; None when there is none."""
        try:
            return self._send(GetExperimentByName(experiment_name=name)).experiment
        except NotFound:
            return None

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = _PAGE,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: Any = None,
    ) -> PagedList[Experiment]:
        """A page of experiments."""
        found = self._send(
            SearchExperiments(
                max_results=_PAGE if max_results is None else max_results,
                page_token=page_token or None,
                filter=filter_string or "",
                order_by=list(order_by or ()),
                view_type=view_type_word(view_type),
            )
        )
        return PagedList(found.experiments, found.next_page_token)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""
        self._send(UpdateExperiment(experiment_id=str(experiment_id), new_name=new_name))

    def delete_experiment(self, experiment_id: str) -> None:
        """Mark an experiment and its runs deleted."""
        self._send(DeleteExperiment(experiment_id=str(experiment_id)))

    def restore_experiment(self, experiment_id: str) -> None:
        """Take back the deletion of an experiment."""
        self._send(RestoreExperiment(experiment_id=str(experiment_id)))

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        self._send(SetExperimentTag(experiment_id=str(experiment_id), key=key, value=str(value)))

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self._send(DeleteExperimentTag(experiment_id=str(experiment_id), key=key))
