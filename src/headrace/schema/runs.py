"""Runs, and the params, metrics and tags logged to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from msgspec import Meta, field

from headrace.base.errors import BadRequest
from headrace.schema.call import Call, Edit, Empty, Read, Record, call
from headrace.schema.datasets import RunInputs
from headrace.schema.making import Made, from_dictionary, pairs
from headrace.schema.types import (
    ExperimentId,
    ExperimentIds,
    Filter,
    Int64,
    Key,
    ListedKey,
    Millis,
    ModelId,
    Name,
    OrderBy,
    PageToken,
    ParamValue,
    RunId,
    RunStatus,
    Sequence,
    TagValue,
    ViewType,
    Writer,
    zero,
)


class Metric(Record, frozen=True, kw_only=False):
    """One point of one series."""

    key: ListedKey
    value: float
    timestamp: Millis
    step: Int64 = zero()
    model_id: str | None = None
    dataset_name: Name | None = None
    dataset_digest: Name | None = None
    run_id: str | None = None

    @classmethod
    def from_dictionary(cls, metric_dict: Mapping[str, Any]) -> Self:
        """The point that such a dictionary tells of. Raises ``BadRequest`` that names what is missing in it."""
        return from_dictionary(cls, metric_dict)


class Param(Record, frozen=True, kw_only=False):
    """One setting of a run; once logged it does not change."""

    key: ListedKey
    value: ParamValue = ""


class RunTag(Record, frozen=True, kw_only=False):
    """One key and its value on a run."""

    key: ListedKey
    value: TagValue = ""


class RunInfo(Record, frozen=True, kw_only=True, metaclass=Made):
    """What a run is, without what was logged to it."""

    run_uuid: str
    experiment_id: str
    run_name: str | None = None
    user_id: str | None = None
    status: RunStatus = "RUNNING"
    start_time: Int64 | None = None
    end_time: Int64 | None = None
    artifact_uri: str | None = None
    lifecycle_stage: str | None = None
    run_id: str

    @classmethod
    def _made(
        cls,
        run_id: str,
        experiment_id: str,
        user_id: str,
        status: RunStatus,
        start_time: int,
        end_time: int | None,
        lifecycle_stage: str,
        artifact_uri: str | None = None,
        run_name: str | None = None,
    ) -> RunInfo:
        return cls(
            run_uuid=run_id,
            run_id=run_id,
            experiment_id=experiment_id,
            user_id=user_id,
            status=status,
            start_time=start_time,
            end_time=end_time,
            lifecycle_stage=lifecycle_stage,
            artifact_uri=artifact_uri,
            run_name=run_name,
        )

    @classmethod
    def get_searchable_attributes(cls) -> list[str]:
        """The fields that a filter of runs may name."""
        return ["artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id"]

    @classmethod
    def get_orderable_attributes(cls) -> list[str]:
        """The fields that runs can be ordered by."""
        return cls.get_searchable_attributes()


class RunData(Record, frozen=True, kw_only=True, metaclass=Made):
    """What was logged to a run: the last point of each metric, params and tags."""

    metric_list: list[Metric] = field(name="metrics", default_factory=list)
    param_list: list[Param] = field(name="params", default_factory=list)
    tag_list: list[RunTag] = field(name="tags", default_factory=list)

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {metric.key: metric.value for metric in self.metric_list}

    @property
    def params(self) -> dict[str, str]:
        """The params, as a dict."""
        return {param.key: param.value for param in self.param_list}

    @property
    def tags(self) -> dict[str, str]:
        """The tags, as a dict."""
        return {tag.key: tag.value for tag in self.tag_list}

    @classmethod
    def _made(
        cls,
        metrics: list[Metric] | dict[str, float] | None = None,
        params: list[Param] | dict[str, str] | None = None,
        tags: list[RunTag] | dict[str, str] | None = None,
    ) -> RunData:
        if isinstance(metrics, Mapping):  # Values alone, as to_dictionary tells them.
            metrics = [Metric(key, value, 0) for key, value in metrics.items()]
        return cls(metric_list=list(metrics or ()), param_list=pairs(Param, params), tag_list=pairs(RunTag, tags))


class ModelOutput(Record, frozen=True, kw_only=False):
    """A logged model that a run made, and at which step."""

    model_id: ModelId
    step: Int64 = zero()


class RunOutputs(Record, frozen=True, kw_only=True, metaclass=Made):
    """What a run made."""

    model_outputs: list[ModelOutput] = []

    @classmethod
    def _made(cls, model_outputs: list[ModelOutput]) -> RunOutputs:
        return cls(model_outputs=list(model_outputs))


class Run(Record, frozen=True, kw_only=True, metaclass=Made):
    """One execution: what it is, what was logged to it, what it read and what it made."""

    info: RunInfo
    data: RunData = RunData()
    inputs: RunInputs | None = None
    outputs: RunOutputs | None = None

    @classmethod
    def _made(
        cls,
        run_info: RunInfo,
        run_data: RunData,
        run_inputs: RunInputs | None = None,
        run_outputs: RunOutputs | None = None,
    ) -> Run:
        return cls(info=run_info, data=run_data or RunData(), inputs=run_inputs, outputs=run_outputs)

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> Self:
        """The run that such a dictionary tells of. Raises ``BadRequest`` that names what is missing in it."""
        return from_dictionary(cls, {f"run_{name}": value for name, value in the_dict.items()})


class RunFound(Record, frozen=True, kw_only=True):
    """One run."""

    run: Run


class RunUpdated(Record, frozen=True, kw_only=True):
    """A run as it is now."""

    run_info: RunInfo


class RunsFound(Record, frozen=True, kw_only=True):
    """A page of runs."""

    runs: list[Run] = []
    next_page_token: str | None = None


class MetricHistory(Record, frozen=True, kw_only=True):
    """Points of one metric."""

    metrics: list[Metric] = []
    next_page_token: str | None = None


class MetricWithRunId(Record, frozen=True, kw_only=False):
    """One point of one series of one run."""

    key: str
    value: float
    timestamp: Int64
    step: Int64 = zero()
    run_id: str | None = None


class MetricsOfRuns(Record, frozen=True, kw_only=True):
    """Points of one metric, of several runs."""

    metrics: list[MetricWithRunId] = []


@call("POST", "runs/create", needs=Edit.experiment("experiment_id"), writes=True, quick=True)
class CreateRun(Call[RunFound], frozen=True, kw_only=True):
    """Open a run in an experiment."""

    experiment_id: ExperimentId = "0"
    user_id: Name = ""
    run_name: Name | None = None
    start_time: Millis | None = None
    tags: Annotated[list[RunTag], Meta(max_length=1000)] = []


@call("POST", "runs/update", needs=Edit.run("run_id"), writes=True, quick=True)
class UpdateRun(Call[RunUpdated], frozen=True, kw_only=True):
    """Change the status, end time or name of a run."""

    run_id: RunId
    status: RunStatus | None = None
    end_time: Millis | None = None
    run_name: Name | None = None


@call("POST", "runs/delete", needs=Edit.run("run_id"), writes=True)
class DeleteRun(Call[Empty], frozen=True, kw_only=True):
    """Mark a run deleted. It can be restored."""

    run_id: RunId


@call("POST", "runs/restore", needs=Edit.run("run_id"), writes=True)
class RestoreRun(Call[Empty], frozen=True, kw_only=True):
    """Take back the deletion of a run."""

    run_id: RunId


@call("GET", "runs/get", needs=Read.run("run_id"), quick=True)
class GetRun(Call[RunFound], frozen=True, kw_only=True):
    """One run, with all that was logged to it."""

    run_id: RunId


@call("POST", "runs/search", needs=Read.experiment("experiment_ids"))
class SearchRuns(Call[RunsFound], frozen=True, kw_only=True):
    """Find runs by a filter, newest first unless told."""

    experiment_ids: ExperimentIds = []
    filter: Filter = ""
    run_view_type: ViewType = "ACTIVE_ONLY"
    max_results: Annotated[int, Meta(ge=1, le=50_000)] = 1000
    order_by: OrderBy = []
    page_token: PageToken | None = None


@call("POST", "runs/log-metric", needs=Edit.run("run_id"), writes=True, quick=True)
class LogMetric(Call[Empty], frozen=True, kw_only=True):
    """Append one point to a metric of a run."""

    run_id: RunId
    key: Key
    value: float
    timestamp: Millis
    step: Int64 = zero()
    model_id: str | None = None
    dataset_name: Name | None = None
    dataset_digest: Name | None = None
    writer: Writer = ""
    sequence: Sequence = 0


@call("POST", "runs/log-parameter", needs=Edit.run("run_id"), writes=True, quick=True)
class LogParam(Call[Empty], frozen=True, kw_only=True):
    """Log a param of a run. The same value again is no change; another value is refused."""

    run_id: RunId
    key: Key
    value: ParamValue = ""


@call("POST", "runs/set-tag", needs=Edit.run("run_id"), writes=True, quick=True)
class SetTag(Call[Empty], frozen=True, kw_only=True):
    """Set a tag of a run."""

    run_id: RunId
    key: Key
    value: TagValue = ""


@call("POST", "runs/delete-tag", needs=Edit.run("run_id"), writes=True, quick=True)
class DeleteTag(Call[Empty], frozen=True, kw_only=True):
    """Remove a tag of a run."""

    run_id: RunId
    key: Key


#: Metrics, params and tags of one batch together, at most.
BATCH_ENTITIES = 1000


@call("POST", "runs/log-batch", needs=Edit.run("run_id"), writes=True, quick=True)
class LogBatch(Call[Empty], frozen=True, kw_only=True):
    """Log metrics, params and tags of a run at once: all of them, or none."""

    run_id: RunId
    metrics: Annotated[list[Metric], Meta(max_length=1000)] = []
    params: Annotated[list[Param], Meta(max_length=100)] = []
    tags: Annotated[list[RunTag], Meta(max_length=100)] = []
    writer: Writer = ""
    sequence: Sequence = 0

    def __post_init__(self) -> None:
        entities = len(self.metrics) + len(self.params) + len(self.tags)
        if entities > BATCH_ENTITIES:
            raise BadRequest(f"A batch has at most {BATCH_ENTITIES} metrics, params and tags together, not {entities}")


@call("POST", "runs/log-model", needs=Edit.run("run_id"), writes=True)
class LogModel(Call[Empty], frozen=True, kw_only=True):
    """Note on a run the MLmodel file of a model that was stored as its artifact."""

    run_id: RunId
    model_json: Annotated[str, Meta(min_length=2, max_length=1 << 20)]


@call("POST", "runs/outputs", needs=Edit.run("run_id"), writes=True)
class LogOutputs(Call[Empty], frozen=True, kw_only=True):
    """Note which logged models a run made."""

    run_id: RunId
    models: Annotated[list[ModelOutput], Meta(max_length=1000)] = []


@call("GET", "metrics/get-history", needs=Read.run("run_id"))
class GetMetricHistory(Call[MetricHistory], frozen=True, kw_only=True):
    """Every point of one metric, in order of time, then step."""

    run_id: RunId
    metric_key: Key
    page_token: PageToken | None = None
    max_results: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


#: Points of several runs that one answer has, at most.
BULK_POINTS = 25_000


@call("GET", "metrics/get-history-bulk", needs=Read.run("run_id"))
class GetMetricHistoryBulk(Call[MetricsOfRuns], frozen=True, kw_only=True):
    """The first points of one metric of several runs, run after run in the order of their ids."""

    run_id: Annotated[list[RunId], Meta(min_length=1, max_length=100)]
    metric_key: Key
    max_results: Annotated[int, Meta(ge=1, le=2**31 - 1)] = BULK_POINTS


@call("GET", "metrics/get-history-bulk-interval", needs=Read.run("run_ids"))
class GetMetricHistoryBulkInterval(Call[MetricsOfRuns], frozen=True, kw_only=True):
    """Points of one metric of several runs, thinned out: first, last, lowest and highest always stay."""

    run_ids: Annotated[list[RunId], Meta(min_length=1, max_length=100)]
    metric_key: Key
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Annotated[int, Meta(ge=1, le=2500)] = 2500

    def __post_init__(self) -> None:
        if (self.start_step is None) != (self.end_step is None):
            raise BadRequest("start_step and end_step go together: give both or neither")
        if self.start_step is not None and self.end_step is not None and self.start_step > self.end_step:
            raise BadRequest("start_step is after end_step")
