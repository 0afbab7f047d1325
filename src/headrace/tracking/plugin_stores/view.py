"""A store of this house as a store of MLflow's kind, for libraries that go past the client."""

from __future__ import annotations

from typing import Any

from headrace.base.clock import now_ms
from headrace.schema.datasets import DatasetInput, ModelInput
from headrace.schema.experiments import Experiment
from headrace.schema.logged_models import LoggedModel, LoggedModelStatus, LoggedModelTag
from headrace.schema.runs import Metric, ModelOutput, Param, Run, RunInfo, RunTag
from headrace.tracking.client import MlflowClient
from headrace.tracking.enumerations import RunStatus, ViewType
from headrace.tracking.paged import PagedList
from headrace.tracking.plugin_stores.tracking import AbstractStore


class View(AbstractStore):
    """What is behind a tracking URI, by the methods of a store."""

    def __init__(self, tracking_uri: str | None) -> None:
        self._client = MlflowClient(tracking_uri)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """A page of experiments."""
        return self._client.search_experiments(view_type, max_results, filter_string, order_by, page_token)

    def create_experiment(self, name: str, artifact_location: str | None = None, tags: list[Any] | None = None) -> str:
        """Open an experiment; its id."""
        return self._client.create_experiment(name, artifact_location, {each.key: each.value for each in tags or ()})

    def get_experiment(self, experiment_id: str) -> Experiment:
        """One experiment by its id."""
        return self._client.get_experiment(experiment_id)

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """One experiment by its name; None when there is none."""
        return self._client.get_experiment_by_name(experiment_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Mark an experiment deleted."""
        self._client.delete_experiment(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take back the deletion of an experiment."""
        self._client.restore_experiment(experiment_id)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""
        self._client.rename_experiment(experiment_id, new_name)

    def set_experiment_tag(self, experiment_id: str, tag: Any) -> None:
        """Set a tag of an experiment."""
        self._client.set_experiment_tag(experiment_id, tag.key, tag.value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self._client.delete_experiment_tag(experiment_id, key)

    def get_run(self, run_id: str) -> Run:
        """One run with all that was logged to it."""
        return self._client.get_run(run_id)

    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        """Change the status, end time or name of a run."""
        word = None if run_status is None else RunStatus.to_string(run_status)
        if end_time is not None:
            self._client.set_terminated(run_id, word, end_time)
            word = None
        if word is not None or run_name is not None:
            self._client.update_run(run_id, word, run_name)
        return self._client.get_run(run_id).info

    def create_run(
        self,
        experiment_id: str,
        user_id: str = "",
        start_time: int | None = None,
        tags: list[RunTag] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Open a run."""
        said = {each.key: each.value for each in tags or ()}
        return self._client.create_run(experiment_id, start_time or now_ms(), said, run_name)

    def delete_run(self, run_id: str) -> None:
        """Mark a run deleted."""
        self._client.delete_run(run_id)

    def restore_run(self, run_id: str) -> None:
        """Take back the deletion of a run."""
        self._client.restore_run(run_id)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag of a run."""
        self._client.delete_tag(run_id, key)

    def log_batch(self, run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]) -> None:
        """Log metrics, params and tags of a run together."""
        self._client.log_batch(run_id, metrics, params, tags, synchronous=True)

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Metric]:
        """Points of one metric: all of them, or the first ``max_results``."""
        points = self._client.get_metric_history(run_id, metric_key)
        return PagedList(points[:max_results], None)

    def _search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        page = self._client.search_runs(
            experiment_ids, filter_string or "", run_view_type, max_results, order_by, page_token
        )
        return page, page.token

    def log_inputs(
        self, run_id: str, datasets: list[DatasetInput] | None = None, models: list[ModelInput] | None = None
    ) -> None:
        """Note which datasets and models a run read."""
        self._client.log_inputs(run_id, datasets, models)

    def log_outputs(self, run_id: str, models: list[ModelOutput]) -> None:
        """Note which logged models a run made."""
        self._client.log_outputs(run_id, models)

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[Any] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Open a logged model."""
        marks, settings = ({each.key: each.value for each in given or ()} for given in (tags, params))
        return self._client.create_logged_model(experiment_id, name, source_run_id, marks, settings, model_type)

    def search_logged_models(self, *given: Any, **named: Any) -> PagedList[LoggedModel]:
        """A page of logged models."""
        return self._client.search_logged_models(*given, **named)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Say whether the files of a logged model arrived."""
        return self._client.finalize_logged_model(model_id, status)

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        """Set tags of a logged model."""
        self._client.set_logged_model_tags(model_id, {each.key: each.value for each in tags})

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Remove a tag of a logged model."""
        self._client.delete_logged_model_tag(model_id, key)

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """One logged model by its id."""
        return self._client.get_logged_model(model_id)

    def delete_logged_model(self, model_id: str) -> None:
        """Mark a logged model deleted."""
        self._client.delete_logged_model(model_id)


def _get_store(store_uri: str | None = None, artifact_uri: str | None = None) -> AbstractStore:
    """The store at a tracking URI, the current one unless told."""
    return View(store_uri)
