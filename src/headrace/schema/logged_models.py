"""Logged models: models as runs made them, before anybody registers one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, field

from headrace.schema.call import Call, Edit, Empty, Read, Record, call
from headrace.schema.making import Made, pairs
from headrace.schema.runs import Metric
from headrace.schema.types import (
    ExperimentId,
    ExperimentIds,
    Filter,
    Int64,
    LoggedModelName,
    ModelId,
    Name,
    PageToken,
    ParamValue,
    TagKey,
    TagValue,
)
from headrace.schema.types import LoggedModelStatus as StatusWord


class LoggedModelStatus(StrEnum):
    """How a logged model stands, as users see it."""

    UNSPECIFIED, PENDING, READY, FAILED = "UNSPECIFIED", "PENDING", "READY", "FAILED"

    @classmethod
    def from_int(cls, status_int: int) -> LoggedModelStatus:
        """The status that the protocol has a number for."""
        return list(cls)[status_int]

    def to_int(self) -> int:
        """The protocol's number of this status."""
        return list(type(self)).index(self)

    @staticmethod
    def is_finalized(status: LoggedModelStatus | str) -> bool:
        """Whether a model of this status is READY or FAILED for good."""
        return status in (LoggedModelStatus.READY, LoggedModelStatus.FAILED)


class LoggedModelTag(Record, frozen=True, kw_only=False):
    """One key and its value on a logged model."""

    key: TagKey
    value: TagValue = ""


class LoggedModelParameter(Record, frozen=True, kw_only=False):
    """One setting of a logged model."""

    key: TagKey
    value: ParamValue = ""


class LoggedModelRegistrationInfo(Record, frozen=True, kw_only=True):
    """A registered version that was made of a logged model."""

    name: str
    version: str


class LoggedModelInfo(Record, frozen=True, kw_only=True):
    """What a logged model is."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: Int64
    last_updated_timestamp_ms: Int64
    artifact_uri: str
    status: StatusWord
    model_type: str | None = None
    source_run_id: str | None = None
    status_message: str | None = None
    tags: list[LoggedModelTag] = []
    registrations: list[LoggedModelRegistrationInfo] = []


class LoggedModelData(Record, frozen=True, kw_only=True):
    """What was logged of a model."""

    params: list[LoggedModelParameter] = []
    metrics: list[Metric] = []


class LoggedModel(Record, frozen=True, kw_only=True, metaclass=Made):
    """A model that a run made."""

    info: LoggedModelInfo
    data: LoggedModelData = LoggedModelData()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Names and values as a user sees them."""
        return ((name, value) for name, value in Record.__iter__(self) if name not in ("info", "data", "model_uri"))

    @property
    def model_id(self) -> str:
        return self.info.model_id

    @property
    def experiment_id(self) -> str:
        return self.info.experiment_id

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def artifact_location(self) -> str:
        return self.info.artifact_uri

    @property
    def creation_timestamp(self) -> int:
        return self.info.creation_timestamp_ms

    @property
    def last_updated_timestamp(self) -> int:
        return self.info.last_updated_timestamp_ms

    @property
    def model_type(self) -> str | None:
        return self.info.model_type

    @property
    def source_run_id(self) -> str | None:
        return self.info.source_run_id

    @property
    def status(self) -> LoggedModelStatus:
        """PENDING, READY or FAILED."""
        return _STATUS[self.info.status]

    @property
    def status_message(self) -> str | None:
        return self.info.status_message

    @property
    def model_uri(self) -> str:
        return f"models:/{self.model_id}"

    @property
    def tags(self) -> dict[str, str]:
        return {tag.key: tag.value for tag in self.info.tags}

    @property
    def params(self) -> dict[str, str]:
        return {param.key: param.value for param in self.data.params}

    @property
    def metrics(self) -> list[Metric]:
        return self.data.metrics

    @classmethod
    def _made(
        cls,
        experiment_id: str,
        model_id: str,
        name: str,
        artifact_location: str,
        creation_timestamp: int,
        last_updated_timestamp: int,
        model_type: str | None = None,
        source_run_id: str | None = None,
        status: LoggedModelStatus | int = LoggedModelStatus.READY,
        status_message: str | None = None,
        tags: list[LoggedModelTag] | dict[str, str] | None = None,
        params: list[LoggedModelParameter] | dict[str, str] | None = None,
        metrics: list[Metric] | None = None,
    ) -> LoggedModel:
        standing = LoggedModelStatus.from_int(status) if isinstance(status, int) else LoggedModelStatus(status)
        info = LoggedModelInfo(
            experiment_id=experiment_id,
            model_id=model_id,
            name=name,
            artifact_uri=artifact_location,
            creation_timestamp_ms=creation_timestamp,
            last_updated_timestamp_ms=last_updated_timestamp,
            model_type=model_type,
            source_run_id=source_run_id,
            status=next(word for word, each in _STATUS.items() if each == standing),
            status_message=status_message,
            tags=pairs(LoggedModelTag, tags),
        )
        kept = LoggedModelData(params=pairs(LoggedModelParameter, params), metrics=list(metrics or ()))
        return cls(info=info, data=kept)


_STATUS: dict[StatusWord, LoggedModelStatus] = {
    "LOGGED_MODEL_STATUS_UNSPECIFIED": LoggedModelStatus.UNSPECIFIED,
    "LOGGED_MODEL_PENDING": LoggedModelStatus.PENDING,
    "LOGGED_MODEL_READY": LoggedModelStatus.READY,
    "LOGGED_MODEL_UPLOAD_FAILED": LoggedModelStatus.FAILED,
}


class LoggedModelFound(Record, frozen=True, kw_only=True):
    """One logged model."""

    model: LoggedModel


class LoggedModelsFound(Record, frozen=True, kw_only=True):
    """A page of logged models."""

    models: list[LoggedModel] = []
    next_page_token: str | None = None


class LoggedModelOrder(Record, frozen=True, kw_only=True):
    """One field to order logged models by."""

    field_name: Annotated[str, Meta(min_length=1, max_length=1024)]
    ascending: bool = True
    dataset_name: Name | None = None
    dataset_digest: Name | None = None


class LoggedModelDataset(Record, frozen=True, kw_only=True):
    """A dataset whose metrics count when logged models are searched."""

    dataset_name: Annotated[str, Meta(min_length=1, max_length=500)]
    dataset_digest: Name | None = None


_Tags = Annotated[list[LoggedModelTag], Meta(max_length=1000)]
_Params = Annotated[list[LoggedModelParameter], Meta(max_length=1000)]


@call("POST", "logged-models", needs=Edit.experiment("experiment_id"), writes=True)
class CreateLoggedModel(Call[LoggedModelFound], frozen=True, kw_only=True):
    """Open a logged model, whose files are about to be uploaded."""

    experiment_id: ExperimentId
    name: LoggedModelName | None = None
    model_type: Name | None = None
    source_run_id: str | None = None
    params: _Params = []
    tags: _Tags = []


@call("PATCH", "logged-models/{model_id}", needs=Edit.logged_model("model_id"), writes=True)
class FinalizeLoggedModel(Call[LoggedModelFound], frozen=True, kw_only=True):
    """Say whether the files of a logged model arrived."""

    model_id: ModelId
    status: StatusWord


@call("GET", "logged-models/{model_id}", needs=Read.logged_model("model_id"), quick=True)
class GetLoggedModel(Call[LoggedModelFound], frozen=True, kw_only=True):
    """One logged model, by its id."""

    model_id: ModelId


@call("DELETE", "logged-models/{model_id}", needs=Edit.logged_model("model_id"), writes=True)
class DeleteLoggedModel(Call[Empty], frozen=True, kw_only=True):
    """Mark a logged model deleted."""

    model_id: ModelId


@call("POST", "logged-models/search", needs=Read.experiment("experiment_ids"))
class SearchLoggedModels(Call[LoggedModelsFound], frozen=True, kw_only=True):
    """Find logged models by a filter, newest first unless told."""

    experiment_ids: ExperimentIds = []
    filter: Filter = ""
    datasets: Annotated[list[LoggedModelDataset], Meta(max_length=100)] = []
    max_results: Annotated[int, Meta(ge=0, le=50_000)] | None = None
    order_by: Annotated[list[LoggedModelOrder], Meta(max_length=32)] = field(default_factory=list)
    page_token: PageToken | None = None


@call("PATCH", "logged-models/{model_id}/tags", needs=Edit.logged_model("model_id"), writes=True)
class SetLoggedModelTags(Call[Empty], frozen=True, kw_only=True):
    """Set tags of a logged model."""

    model_id: ModelId
    tags: _Tags = []


@call("DELETE", "logged-models/{model_id}/tags/{tag_key}", needs=Edit.logged_model("model_id"), writes=True)
class DeleteLoggedModelTag(Call[Empty], frozen=True, kw_only=True):
    """Remove a tag of a logged model."""

    model_id: ModelId
    tag_key: TagKey


@call("POST", "logged-models/{model_id}/params", needs=Edit.logged_model("model_id"), writes=True)
class LogLoggedModelParams(Call[Empty], frozen=True, kw_only=True):
    """Log params of a logged model."""

    model_id: ModelId
    params: _Params = []
