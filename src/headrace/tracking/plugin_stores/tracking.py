"""What a tracking store of another package derives from; ``mlflow.store.tracking`` is this module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NoReturn

from headrace.schema.datasets import DatasetInput, ModelInput
from headrace.schema.experiments import Experiment
from headrace.schema.logged_models import LoggedModel, LoggedModelStatus, LoggedModelTag
from headrace.schema.runs import Metric, ModelOutput, Param, Run, RunInfo, RunTag
from headrace.tracking.enumerations import LifecycleStage, ViewType
from headrace.tracking.exceptions import MlflowNotImplementedException
from headrace.tracking.operations import RunOperations
from headrace.tracking.paged import PagedList

__all__ = ["AbstractStore"]

DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = "./mlruns"
DEFAULT_ARTIFACTS_URI = "mlflow-artifacts:/"
#: Sizes of pages, unless told, and at most.
SEARCH_MAX_RESULTS_DEFAULT, SEARCH_MAX_RESULTS_THRESHOLD = 1000, 50_000
GET_METRIC_HISTORY_MAX_RESULTS = MAX_RESULTS_GET_METRIC_HISTORY = 25_000
SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT = 100
SEARCH_EVALUATION_DATASETS_MAX_RESULTS = 50
LOAD_DATASET_RECORDS_MAX_RESULTS = 1000


class AbstractStore(ABC):
    """Keeps experiments and runs. Entry points, by the scheme of the URI: ``mlflow.tracking_store``.

    What is abstract must be there; the rest follows from it, or is refused as not implemented.
    """

    @property
    def supports_workspaces(self) -> bool:
        """Whether things are kept apart by workspace."""
        return False

    @abstractmethod
    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = SEARCH_MAX_RESULTS_DEFAULT,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """A page of experiments."""

    @abstractmethod
    def create_experiment(self, name: str, artifact_location: str | None, tags: list[Any] | None) -> str:
        """Open an experiment; its id."""

    @abstractmethod
    def get_experiment(self, experiment_id: str) -> Experiment:
        """One experiment by its id."""

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """One experiment by its name; None when there is none."""
        token: str | None = None
        while True:
            page = self.search_experiments(ViewType.ALL, SEARCH_MAX_RESULTS_DEFAULT, None, None, token)
            for experiment in page:
                if experiment.name == experiment_name:
                    return experiment
            token = page.token
            if not token:
                return None

    @abstractmethod
    def delete_experiment(self, experiment_id: str) -> None:
        """Mark an experiment deleted."""

    @abstractmethod
    def restore_experiment(self, experiment_id: str) -> None:
        """Take back the deletion of an experiment."""

    @abstractmethod
    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""

    def set_experiment_tag(self, experiment_id: str, tag: Any) -> None:
        """Set a tag of an experiment."""
        self._cannot("set tags of experiments")

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self._cannot("remove tags of experiments")

    def filter_active_experiment_ids(self, experiment_ids: list[str]) -> list[str]:
        """Those of some experiments that are not deleted."""
        return [each for each in experiment_ids if self.get_experiment(each).lifecycle_stage == LifecycleStage.ACTIVE]

    @abstractmethod
    def get_run(self, run_id: str) -> Run:
        """One run with all that was logged to it."""

    @abstractmethod
    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        """Change the status, end time or name of a run."""

    @abstractmethod
    def create_run(
        self, experiment_id: str, user_id: str, start_time: int, tags: list[RunTag], run_name: str | None
    ) -> Run:
        """Open a run."""

    @abstractmethod
    def delete_run(self, run_id: str) -> None:
        """Mark a run deleted."""

    @abstractmethod
    def restore_run(self, run_id: str) -> None:
        """Take back the deletion of a run."""

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Append one point to a metric."""
        self.log_batch(run_id, metrics=[metric], params=[], tags=[])

    def log_metric_async(self, run_id: str, metric: Metric) -> RunOperations:
        """Append one point to a metric; it has arrived when this returns."""
        self.log_metric(run_id, metric)
        return RunOperations([])

    def log_param(self, run_id: str, param: Param) -> None:
        """Log a param."""
        self.log_batch(run_id, metrics=[], params=[param], tags=[])

    def log_param_async(self, run_id: str, param: Param) -> RunOperations:
        """Log a param; it has arrived when this returns."""
        self.log_param(run_id, param)
        return RunOperations([])

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Set a tag of a run."""
        self.log_batch(run_id, metrics=[], params=[], tags=[tag])

    def set_tag_async(self, run_id: str, tag: RunTag) -> RunOperations:
        """Set a tag of a run; it has arrived when this returns."""
        self.set_tag(run_id, tag)
        return RunOperations([])

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag of a run."""
        self._cannot("remove tags of runs")

    @abstractmethod
    def log_batch(self, run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]) -> None:
        """Log metrics, params and tags of a run together."""

    def log_batch_async(
        self, run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]
    ) -> RunOperations:
        """Log metrics, params and tags of a run together; they have arrived when this returns."""
        self.log_batch(run_id, metrics, params, tags)
        return RunOperations([])

    def end_async_logging(self) -> None:  # noqa: B027
        """Take no more to be logged later: nothing is."""

    def flush_async_logging(self) -> None:  # noqa: B027
        """Wait until everything has arrived, which it has."""

    def shut_down_async_logging(self) -> None:  # noqa: B027
        """Wait until everything has arrived, which it has, and take no more."""

    @abstractmethod
    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Metric]:
        """Points of one metric."""

    def get_metric_history_bulk_interval_from_steps(
        self, run_id: str, metric_key: str, steps: list[int], max_results: int
    ) -> list[Metric]:
        """The points of one metric at some steps, in order of step, then time."""
        wanted = set(steps)
        found = [each for each in self.get_metric_history(run_id, metric_key) if each.step in wanted]
        return sorted(found, key=lambda each: (each.step, each.timestamp))[:max_results]

    def get_metric_history_bulk_interval(
        self, run_ids: list[str], metric_key: str, max_results: int, start_step: int | None, end_step: int | None
    ) -> list[Any]:
        """Points of one metric of several runs, thinned out."""
        self._cannot("thin out histories")

    def search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int = SEARCH_MAX_RESULTS_DEFAULT,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """A page of runs."""
        found, token = self._search_runs(
            experiment_ids, filter_string, run_view_type, max_results, order_by, page_token
        )
        return PagedList(found, token)

    @abstractmethod
    def _search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        """Runs, and the token of the next page."""

    @abstractmethod
    def log_inputs(
        self, run_id: str, datasets: list[DatasetInput] | None = None, models: list[ModelInput] | None = None
    ) -> None:
        """Note which datasets and models a run read."""

    def log_outputs(self, run_id: str, models: list[ModelOutput]) -> None:
        """Note which logged models a run made."""
        self._cannot("note outputs of runs")

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:
        """Note on a run the model that was stored as its artifact."""
        self._cannot("note models on runs")

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
        self._cannot("keep logged models")

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """A page of logged models."""
        self._cannot("keep logged models")

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Say whether the files of a logged model arrived."""
        self._cannot("keep logged models")

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        """Set tags of a logged model."""
        self._cannot("keep logged models")

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Remove a tag of a logged model."""
        self._cannot("keep logged models")

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """One logged model by its id."""
        self._cannot("keep logged models")

    def delete_logged_model(self, model_id: str) -> None:
        """Mark a logged model deleted."""
        self._cannot("keep logged models")

    def set_model_versions_tags(self, name: str, version: str, model_id: str) -> None:
        """Note on a logged model the version that was made of it."""
        self._cannot("keep logged models")

    def _cannot(self, what: str) -> NoReturn:
        raise MlflowNotImplementedException(f"{type(self).__name__} cannot {what}; its package does not implement it")
