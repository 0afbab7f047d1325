"""Records that come from another store, taken as they are told: with ids, times and deleted states.

Every call here may be made again. What is there already stays as it is, what is missing in it is added, and what has
the id or name of something else is refused and never overwritten. Each reply has one outcome for each record of its
call, in the same order.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from msgspec import Meta

from headrace.base.errors import BadRequest
from headrace.schema.call import Call, Manage, Record, call
from headrace.schema.datasets import DatasetInput, ModelInput, RunInputs
from headrace.schema.experiments import ExperimentTag
from headrace.schema.logged_models import LoggedModel, LoggedModelParameter, LoggedModelTag
from headrace.schema.registry import ModelVersionTag, RegisteredModelTag
from headrace.schema.registry_events import Change, EventKind
from headrace.schema.runs import Metric, ModelOutput, Param, Run, RunTag
from headrace.schema.types import (
    Alias,
    Description,
    ExperimentId,
    ExperimentName,
    ForeignId,
    Int64,
    Key,
    Location,
    LoggedModelName,
    LoggedModelStatus,
    Millis,
    ModelName,
    ModelVersionStatus,
    Name,
    RunStatus,
    Version,
    zero,
)

#: Bytes of the body of an import.
_BYTES = 64 << 20
_Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_ONE = ("none", "one")
_Json = Annotated[str, Meta(min_length=1, max_length=32 << 20)]
#: What became of a record: it is new here, was here already, was here and got something added, or was refused.
Became = Literal["new", "there", "added", "refused"]


class ImportedExperiment(Record, frozen=True, kw_only=True):
    """An experiment as another store tells it.

    Where its id is taken by another experiment it gets a new one. The experiment ``0``, which every store has, is
    merged.
    """

    experiment_id: ExperimentId
    name: ExperimentName
    #: Absent where this store is to choose one.
    artifact_location: Location | None = None
    creation_time: Int64 = zero()
    last_update_time: Int64 = zero()
    deleted_time: Millis | None = None
    tags: Annotated[list[ExperimentTag], Meta(max_length=10_000)] = []


class ImportedRun(Record, frozen=True, kw_only=True):
    """A run as another store tells it, without its points."""

    run_id: ForeignId
    #: The id that the experiment has in this store.
    experiment_id: ExperimentId
    run_name: Name = ""
    user_id: Name = ""
    status: RunStatus = "RUNNING"
    start_time: Int64 = zero()
    end_time: Int64 | None = None
    deleted_time: Millis | None = None
    #: Absent where this store is to choose one.
    artifact_uri: Location | None = None
    params: Annotated[list[Param], Meta(max_length=100_000)] = []
    tags: Annotated[list[RunTag], Meta(max_length=100_000)] = []
    datasets: Annotated[list[DatasetInput], Meta(max_length=100_000)] = []
    model_inputs: Annotated[list[ModelInput], Meta(max_length=100_000)] = []
    model_outputs: Annotated[list[ModelOutput], Meta(max_length=100_000)] = []

    @classmethod
    def of(cls, run: Run, deleted_time: int | None) -> ImportedRun:
        """A run as a store of ours tells it, in an order that is always the same."""
        info, data, inputs = run.info, run.data, run.inputs or RunInputs()
        outputs = run.outputs.model_outputs if run.outputs else []
        return cls(
            run_id=info.run_id,
            experiment_id=info.experiment_id,
            run_name=info.run_name or "",
            user_id=info.user_id or "",
            status=info.status,
            start_time=info.start_time or 0,
            end_time=info.end_time,
            deleted_time=deleted_time,
            artifact_uri=info.artifact_uri,
            params=sorted(data.param_list, key=lambda each: each.key),
            tags=sorted(data.tag_list, key=lambda each: each.key),
            datasets=sorted(inputs.dataset_inputs, key=lambda each: (each.dataset.name, each.dataset.digest)),
            model_inputs=sorted(inputs.model_inputs, key=lambda each: each.model_id),
            model_outputs=sorted(outputs, key=lambda each: (each.step, each.model_id)),
        )


class ImportedPoint(Record, frozen=True, kw_only=False):
    """One point of a series. ``copy`` counts the points before it that are equal to it to the last digit."""

    value: float
    timestamp: Int64
    step: Int64 = zero()
    copy: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class ImportedSeries(Record, frozen=True, kw_only=False):
    """Points of one metric of a run: all of them, or some."""

    run_id: ForeignId
    key: Key
    points: Annotated[list[ImportedPoint], Meta(max_length=100_000)]


class ImportedLoggedModel(Record, frozen=True, kw_only=True):
    """A logged model as another store tells it. The runs of its metrics must be here."""

    model_id: ForeignId
    #: The id that the experiment has in this store.
    experiment_id: ExperimentId
    name: LoggedModelName
    #: Absent where this store is to choose one.
    artifact_uri: Location | None = None
    creation_timestamp_ms: Int64 = zero()
    last_updated_timestamp_ms: Int64 = zero()
    deleted_time: Millis | None = None
    status: LoggedModelStatus = "LOGGED_MODEL_READY"
    status_message: Description | None = None
    model_type: Name | None = None
    source_run_id: Annotated[str, Meta(max_length=64)] | None = None
    params: Annotated[list[LoggedModelParameter], Meta(max_length=100_000)] = []
    tags: Annotated[list[LoggedModelTag], Meta(max_length=100_000)] = []
    metrics: Annotated[list[Metric], Meta(max_length=100_000)] = []

    @classmethod
    def of(cls, model: LoggedModel, deleted_time: int | None = None) -> ImportedLoggedModel:
        """A logged model as a store of ours tells it, in an order that is always the same."""
        info = model.info
        return cls(
            model_id=info.model_id,
            experiment_id=info.experiment_id,
            name=info.name,
            artifact_uri=info.artifact_uri,
            creation_timestamp_ms=info.creation_timestamp_ms,
            last_updated_timestamp_ms=info.last_updated_timestamp_ms,
            deleted_time=deleted_time,
            status=info.status,
            status_message=info.status_message,
            model_type=info.model_type,
            source_run_id=info.source_run_id,
            params=sorted(model.data.params, key=lambda each: each.key),
            tags=sorted(info.tags, key=lambda each: each.key),
            metrics=sorted(
                model.data.metrics, key=lambda each: (each.key, each.timestamp, each.step, each.run_id or "")
            ),
        )


class ImportedRegisteredModel(Record, frozen=True, kw_only=True):
    """A registered model as another store tells it, without its versions."""

    name: ModelName
    creation_timestamp: Int64 = zero()
    last_updated_timestamp: Int64 = zero()
    description: Description | None = None
    deployment_job_id: Name | None = None
    #: The highest number any version of it ever had, as far as is known.
    last_version: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    tags: Annotated[list[RegisteredModelTag], Meta(max_length=10_000)] = []
    #: Whose events tell how it came to be so, if those were imported before.
    history_id: ForeignId | None = None


class ImportedRegistryEvent(Record, frozen=True, kw_only=True):
    """One change of the registry as another store tells it, known by its history and its number there."""

    #: Of one registered model, from its creation to its deletion.
    history_id: ForeignId
    #: 1 is the first event of the history.
    number: _Number
    event: EventKind
    timestamp: Int64
    user_id: Annotated[str, Meta(max_length=500)]
    #: The name that the model had after the change.
    name: ModelName
    #: The name that it has now; absent where it is deleted.
    name_now: ModelName | None = None
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    alias: Alias | None = None
    changes: Annotated[list[Change], Meta(max_length=100_000)] = []
    #: The number of the event whose state a roll-back brought back.
    restores: _Number | None = None

    def __post_init__(self) -> None:
        noun, _, what = self.event.partition(".")
        if (self.version is not None) != noun.startswith("model_version"):
            raise BadRequest(f"Invalid value for 'version': an event {self.event} has {_ONE[self.version is None]}")
        if (self.alias is not None) != (noun == "model_version_alias"):
            raise BadRequest(f"Invalid value for 'alias': an event {self.event} has {_ONE[self.alias is None]}")
        if what == "transitioned" and not (self.changes and self.changes[0].field == "stage"):
            raise BadRequest("Invalid value for 'changes': those of a transition begin with the stage")
        if self.restores is not None and (what != "rolled_back" or self.restores >= self.number):
            raise BadRequest("Invalid value for 'restores': a roll-back brings an earlier event back, and nothing else")


class ImportedModelVersion(Record, frozen=True, kw_only=True):
    """A version of a registered model as another store tells it, and the aliases that point at it."""

    name: ModelName
    version: Version
    creation_timestamp: Int64 = zero()
    last_updated_timestamp: Int64 = zero()
    user_id: Name | None = None
    current_stage: Annotated[str, Meta(max_length=16)] = "None"
    description: Description | None = None
    source: Location = ""
    #: Where the files are, if not at ``source`` itself.
    storage_location: Location | None = None
    run_id: Annotated[str, Meta(max_length=64)] | None = None
    run_link: Location | None = None
    model_id: Annotated[str, Meta(max_length=64)] | None = None
    status: ModelVersionStatus = "READY"
    status_message: Description | None = None
    tags: Annotated[list[ModelVersionTag], Meta(max_length=10_000)] = []
    aliases: Annotated[list[Alias], Meta(max_length=10_000)] = []


class ImportedEvaluationRecord(Record, frozen=True, kw_only=True):
    """One record of an evaluation dataset. ``inputs`` to ``outputs`` are JSON."""

    dataset_record_id: ForeignId
    inputs: _Json
    expectations: _Json | None = None
    tags: _Json | None = None
    source: _Json | None = None
    outputs: _Json | None = None
    source_id: Name | None = None
    source_type: Annotated[str, Meta(max_length=36)] | None = None
    created_time: Int64 = zero()
    last_update_time: Int64 = zero()
    created_by: Name | None = None
    last_updated_by: Name | None = None

    def __post_init__(self) -> None:
        for name in ("inputs", "expectations", "tags", "source"):
            text = getattr(self, name)
            if text is not None and not isinstance(_json(name, text), dict):
                raise BadRequest(f"Invalid value for '{name}': it must be a JSON object")
        if self.outputs is not None:
            _json("outputs", self.outputs)


class ImportedEvaluationDataset(Record, frozen=True, kw_only=True):
    """An evaluation dataset as another store tells it, with all or some of its records."""

    dataset_id: ForeignId
    name: ExperimentName
    #: The ids that its experiments have in this store.
    experiment_ids: Annotated[list[ExperimentId], Meta(max_length=10_000)] = []
    schema: _Json | None = None
    profile: _Json | None = None
    digest: Annotated[str, Meta(max_length=64)] = ""
    created_time: Int64 = zero()
    last_update_time: Int64 = zero()
    created_by: Name | None = None
    last_updated_by: Name | None = None
    tags: Annotated[list[ExperimentTag], Meta(max_length=10_000)] = []
    records: Annotated[list[ImportedEvaluationRecord], Meta(max_length=10_000)] = []


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest(f"Invalid value for '{name}': it is no JSON") from None


class ImportOutcome(Record, frozen=True, kw_only=True):
    """What became of one record."""

    #: Its id or name, as told.
    id: str
    became: Became
    #: Its id in this store, where that is another one.
    now: str | None = None
    #: Where its artifacts belong in this store.
    artifact_uri: str | None = None
    #: Why it was refused, or what of it was.
    why: str | None = None


class Imported(Record, frozen=True, kw_only=True):
    """What became of every record of an import."""

    outcomes: list[ImportOutcome] = []


class PointsImported(Record, frozen=True, kw_only=True, omit_defaults=False):
    """How many points were new; the others were there."""

    new: Int64 = zero()


@call("POST", "imports/experiments", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportExperiments(Call[Imported], frozen=True, kw_only=True):
    """Take over experiments."""

    experiments: Annotated[list[ImportedExperiment], Meta(max_length=1000)]


@call("POST", "imports/runs", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportRuns(Call[Imported], frozen=True, kw_only=True):
    """Take over runs with their params, tags, inputs and outputs."""

    runs: Annotated[list[ImportedRun], Meta(max_length=1000)]


@call("POST", "imports/points", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportPoints(Call[PointsImported], frozen=True, kw_only=True):
    """Take over points of metrics: all of them, or none where one of the runs is not here."""

    series: Annotated[list[ImportedSeries], Meta(max_length=100_000)]


@call("POST", "imports/logged-models", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportLoggedModels(Call[Imported], frozen=True, kw_only=True):
    """Take over logged models with their params, tags and metrics."""

    models: Annotated[list[ImportedLoggedModel], Meta(max_length=1000)]


@call("POST", "imports/registered-models", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportRegisteredModels(Call[Imported], frozen=True, kw_only=True):
    """Take over registered models."""

    models: Annotated[list[ImportedRegisteredModel], Meta(max_length=1000)]


@call("POST", "imports/registry-events", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportRegistryEvents(Call[Imported], frozen=True, kw_only=True):
    """Take over the history of registered models: each from its first event on, and before the model itself.

    What is here is never changed. Once a model is here, or was deleted here, its history goes on here and takes nothing
    more.
    """

    events: Annotated[list[ImportedRegistryEvent], Meta(max_length=1000)]


@call("POST", "imports/model-versions", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportModelVersions(Call[Imported], frozen=True, kw_only=True):
    """Take over versions of registered models, and the aliases that point at them."""

    versions: Annotated[list[ImportedModelVersion], Meta(max_length=1000)]


@call("POST", "imports/evaluation-datasets", since=3, needs=Manage.workspace(), writes=True, limit=_BYTES)
class ImportEvaluationDatasets(Call[Imported], frozen=True, kw_only=True):
    """Take over evaluation datasets and their records."""

    datasets: Annotated[list[ImportedEvaluationDataset], Meta(max_length=1000)]
