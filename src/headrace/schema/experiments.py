"""Experiments: named groups of runs."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from headrace.schema.call import Call, Edit, Empty, Manage, Read, Record, call
from headrace.schema.making import Made, pairs
from headrace.schema.types import (
    ExperimentId,
    ExperimentName,
    Filter,
    Int64,
    Location,
    LookupName,
    OrderBy,
    PageToken,
    TagKey,
    TagValue,
    ViewType,
)


class ExperimentTag(Record, frozen=True, kw_only=False):
    """One key and its value on an experiment."""

    key: TagKey
    value: TagValue = ""


class Experiment(Record, frozen=True, kw_only=True, metaclass=Made):
    """A named group of runs."""

    DEFAULT_EXPERIMENT_NAME: ClassVar[str] = "Default"

    experiment_id: ExperimentId
    name: str
    artifact_location: str | None = None
    lifecycle_stage: str | None = None
    last_update_time: Int64 | None = None
    creation_time: Int64 | None = None
    tag_list: list[ExperimentTag] = field(name="tags", default_factory=list)
    workspace: str | None = None

    @property
    def tags(self) -> dict[str, str]:
        """The tags, as a dict."""
        return {tag.key: tag.value for tag in self.tag_list}

    @property
    def trace_location(self) -> None:
        """Where traces go that are not kept with the experiment: nowhere else."""

    @property
    def effective_trace_archival_retention(self) -> None:
        """After what time traces are archived: never."""

    @classmethod
    def _made(
        cls,
        experiment_id: str,
        name: str,
        artifact_location: str,
        lifecycle_stage: str,
        tags: list[ExperimentTag] | dict[str, str] | None = None,
        creation_time: int | None = None,
        last_update_time: int | None = None,
        workspace: str | None = None,
        trace_location: Any = None,
        effective_trace_archival_retention: str | None = None,
    ) -> Experiment:
        return cls(
            experiment_id=experiment_id,
            name=name,
            artifact_location=artifact_location,
            lifecycle_stage=lifecycle_stage,
            tag_list=pairs(ExperimentTag, tags),
            creation_time=creation_time,
            last_update_time=last_update_time,
            workspace=workspace,
        )


class ExperimentCreated(Record, frozen=True, kw_only=True):
    """The id of a new experiment."""

    experiment_id: ExperimentId


class ExperimentFound(Record, frozen=True, kw_only=True):
    """One experiment."""

    experiment: Experiment


class ExperimentsFound(Record, frozen=True, kw_only=True):
    """A page of experiments."""

    experiments: list[Experiment] = []
    next_page_token: str | None = None


class DatasetSummary(Record, frozen=True, kw_only=True):
    """A dataset that runs of an experiment read, and as what."""

    experiment_id: ExperimentId
    name: str
    digest: str
    context: str | None = None


class DatasetSummaries(Record, frozen=True, kw_only=True):
    """The datasets of some experiments."""

    dataset_summaries: list[DatasetSummary] = []


@call("POST", "experiments/create", needs=Edit.workspace(), writes=True)
class CreateExperiment(Call[ExperimentCreated], frozen=True, kw_only=True):
    """Open a new experiment. Its name is not used by another active one."""

    name: ExperimentName
    artifact_location: Location | None = None
    tags: Annotated[list[ExperimentTag], Meta(max_length=1000)] = []


@call("POST", "experiments/search", needs=Read.workspace(), also=("GET",))
class SearchExperiments(Call[ExperimentsFound], frozen=True, kw_only=True):
    """Find experiments by a filter, newest first unless told."""

    max_results: Annotated[int, Meta(ge=1, le=50_000)]
    page_token: PageToken | None = None
    filter: Filter = ""
    order_by: OrderBy = []
    view_type: ViewType = "ACTIVE_ONLY"


@call("GET", "experiments/get", needs=Read.experiment("experiment_id"), quick=True)
class GetExperiment(Call[ExperimentFound], frozen=True, kw_only=True):
    """One experiment, by its id."""

    experiment_id: ExperimentId


@call("GET", "experiments/get-by-name", needs=Read.workspace(), quick=True)
class GetExperimentByName(Call[ExperimentFound], frozen=True, kw_only=True):
    """One experiment, by its name: the active one, or else the last deleted one."""

    experiment_name: LookupName


@call("POST", "experiments/delete", needs=Manage.experiment("experiment_id"), writes=True)
class DeleteExperiment(Call[Empty], frozen=True, kw_only=True):
    """Mark an experiment and its runs deleted. They can be restored."""

    experiment_id: ExperimentId


@call("POST", "experiments/restore", needs=Manage.experiment("experiment_id"), writes=True)
class RestoreExperiment(Call[Empty], frozen=True, kw_only=True):
    """Take back the deletion of an experiment, and of the runs deleted with it."""

    experiment_id: ExperimentId


@call("POST", "experiments/update", needs=Edit.experiment("experiment_id"), writes=True)
class UpdateExperiment(Call[Empty], frozen=True, kw_only=True):
    """Rename an experiment."""

    experiment_id: ExperimentId
    new_name: ExperimentName


@call("POST", "experiments/set-experiment-tag", needs=Edit.experiment("experiment_id"), writes=True, quick=True)
class SetExperimentTag(Call[Empty], frozen=True, kw_only=True):
    """Set a tag of an experiment."""

    experiment_id: ExperimentId
    key: TagKey
    value: TagValue = ""


@call("POST", "experiments/delete-experiment-tag", needs=Edit.experiment("experiment_id"), writes=True)
class DeleteExperimentTag(Call[Empty], frozen=True, kw_only=True):
    """Remove a tag of an experiment."""

    experiment_id: ExperimentId
    key: TagKey


@call("POST", "experiments/search-datasets", needs=Read.experiment("experiment_ids"))
class SearchDatasets(Call[DatasetSummaries], frozen=True, kw_only=True):
    """The datasets that runs of some experiments read, each once for every context; a thousand at most."""

    experiment_ids: Annotated[list[ExperimentId], Meta(min_length=1, max_length=20)]
