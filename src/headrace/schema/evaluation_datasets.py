"""Evaluation datasets: named sets of records, each with inputs and what is expected of them.

The protocol carries tags and records as JSON within a string; ``tags_in`` and ``records_in`` read such strings.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from headrace.base.errors import BadRequest
from headrace.schema.call import Call, Edit, Empty, Manage, Read, Record, call
from headrace.schema.types import (
    EvaluationDatasetId,
    ExperimentIds,
    ExperimentName,
    Filter,
    Int64,
    OrderBy,
    PageToken,
    TagKey,
    TagValue,
)

#: Bytes of a request that carries records.
RECORDS_BYTES = 32 << 20
#: Records of one request, and tags of one dataset, at most.
RECORDS, TAGS = 50_000, 1000
#: The tag that says who made or changed a dataset or a record.
USER_TAG = "mlflow.user"
SOURCE_TYPES = ("UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE")

_Json = Annotated[str, Meta(min_length=1, max_length=RECORDS_BYTES)]
_RecordId = Annotated[str, Meta(min_length=1, max_length=64)]


class EvaluationDataset(Record, frozen=True, kw_only=True):
    """A named set of records. ``tags``, ``schema`` and ``profile`` are JSON."""

    dataset_id: EvaluationDatasetId
    name: str
    tags: str | None = None
    schema: str | None = None
    profile: str | None = None
    digest: str | None = None
    created_time: Int64 | None = None
    last_update_time: Int64 | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    #: Told where a dataset was made or its experiments were changed; elsewhere there is a call for it.
    experiment_ids: list[str] = []


class EvaluationDatasetFound(Record, frozen=True, kw_only=True):
    """One evaluation dataset."""

    dataset: EvaluationDataset


class EvaluationDatasetsFound(Record, frozen=True, kw_only=True):
    """A page of evaluation datasets."""

    datasets: list[EvaluationDataset] = []
    next_page_token: str | None = None


class DatasetRecordsMerged(Record, frozen=True, kw_only=True, omit_defaults=False):
    """How many records were new and how many were there already."""

    inserted_count: int = 0
    updated_count: int = 0


class DatasetRecordsFound(Record, frozen=True, kw_only=True):
    """A page of records, as the JSON of a list."""

    records: str = "[]"
    next_page_token: str | None = None


class DatasetRecordsDeleted(Record, frozen=True, kw_only=True, omit_defaults=False):
    """How many records were removed."""

    deleted_count: int = 0


class DatasetExperimentIds(Record, frozen=True, kw_only=True):
    """The experiments that a dataset belongs to."""

    experiment_ids: list[str] = []


@call("POST", "datasets/create", since=3, needs=Edit.workspace(), writes=True)
class CreateDataset(Call[EvaluationDatasetFound], frozen=True, kw_only=True):
    """Open a new evaluation dataset. Several may have the same name."""

    name: ExperimentName
    experiment_ids: ExperimentIds = []
    tags: Annotated[str, Meta(max_length=RECORDS_BYTES)] | None = None


@call("GET", "datasets/{dataset_id}", since=3, needs=Read.evaluation_dataset("dataset_id"), quick=True)
class GetDataset(Call[EvaluationDatasetFound], frozen=True, kw_only=True):
    """One evaluation dataset, without its records."""

    dataset_id: EvaluationDatasetId


@call("DELETE", "datasets/{dataset_id}", since=3, needs=Manage.evaluation_dataset("dataset_id"), writes=True)
class DeleteDataset(Call[Empty], frozen=True, kw_only=True):
    """Remove an evaluation dataset and its records. It is no error if there is none."""

    dataset_id: EvaluationDatasetId


@call("POST", "datasets/search", since=3, needs=Read.workspace(), also=("GET",))
class SearchEvaluationDatasets(Call[EvaluationDatasetsFound], frozen=True, kw_only=True):
    """Find evaluation datasets by a filter, newest first unless told; of all experiments unless some are named."""

    experiment_ids: ExperimentIds = []
    filter_string: Filter = ""
    max_results: Annotated[int, Meta(ge=1, le=50_000)] = 1000
    order_by: OrderBy = []
    page_token: PageToken | None = None


@call(
    "PATCH", "datasets/{dataset_id}/tags", since=3, needs=Edit.evaluation_dataset("dataset_id"), writes=True, quick=True
)
class SetDatasetTags(Call[Empty], frozen=True, kw_only=True):
    """Set tags of an evaluation dataset."""

    dataset_id: EvaluationDatasetId
    tags: _Json


@call(
    "DELETE",
    "datasets/{dataset_id}/tags/{key}",
    since=3,
    needs=Edit.evaluation_dataset("dataset_id"),
    writes=True,
    quick=True,
)
class DeleteDatasetTag(Call[Empty], frozen=True, kw_only=True):
    """Remove a tag of an evaluation dataset. It is no error if there is none."""

    dataset_id: EvaluationDatasetId
    key: TagKey


@call(
    "POST",
    "datasets/{dataset_id}/records",
    since=3,
    needs=Edit.evaluation_dataset("dataset_id"),
    writes=True,
    limit=RECORDS_BYTES,
)
class UpsertDatasetRecords(Call[DatasetRecordsMerged], frozen=True, kw_only=True):
    """Add records to an evaluation dataset; a record with the inputs of one that is there is merged into it."""

    dataset_id: EvaluationDatasetId
    records: _Json


@call("GET", "datasets/{dataset_id}/records", since=3, needs=Read.evaluation_dataset("dataset_id"))
class GetDatasetRecords(Call[DatasetRecordsFound], frozen=True, kw_only=True):
    """Records of an evaluation dataset, oldest first."""

    dataset_id: EvaluationDatasetId
    max_results: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    page_token: PageToken | None = None


@call("DELETE", "datasets/{dataset_id}/records", since=3, needs=Edit.evaluation_dataset("dataset_id"), writes=True)
class DeleteDatasetRecords(Call[DatasetRecordsDeleted], frozen=True, kw_only=True):
    """Remove records from an evaluation dataset; ids that it does not have are passed over."""

    dataset_id: EvaluationDatasetId
    dataset_record_ids: Annotated[list[_RecordId], Meta(max_length=RECORDS)] = []


@call("GET", "datasets/{dataset_id}/experiment-ids", since=3, needs=Read.evaluation_dataset("dataset_id"), quick=True)
class GetDatasetExperimentIds(Call[DatasetExperimentIds], frozen=True, kw_only=True):
    """The experiments that an evaluation dataset belongs to, in the order in which they were added."""

    dataset_id: EvaluationDatasetId


@call(
    "POST", "datasets/{dataset_id}/add-experiments", since=3, needs=Edit.evaluation_dataset("dataset_id"), writes=True
)
class AddDatasetToExperiments(Call[EvaluationDatasetFound], frozen=True, kw_only=True):
    """Let an evaluation dataset belong to more experiments."""

    dataset_id: EvaluationDatasetId
    experiment_ids: ExperimentIds = []


@call(
    "POST",
    "datasets/{dataset_id}/remove-experiments",
    since=3,
    needs=Edit.evaluation_dataset("dataset_id"),
    writes=True,
)
class RemoveDatasetFromExperiments(Call[EvaluationDatasetFound], frozen=True, kw_only=True):
    """Let an evaluation dataset no longer belong to some experiments."""

    dataset_id: EvaluationDatasetId
    experiment_ids: ExperimentIds = []


class GivenSource(msgspec.Struct, frozen=True):
    """Where a record came from."""

    source_type: str
    source_data: dict[str, Any] | None = None


class GivenRecord(msgspec.Struct, frozen=True):
    """A record as a caller gives it. Unknown names are ignored, as everywhere."""

    inputs: dict[str, Any] = {}
    expectations: dict[str, Any] | None = None
    tags: dict[str, Any] | None = None
    source: GivenSource | None = None
    #: Absent, or any value, null among them.
    outputs: Any = msgspec.UNSET


def tags_in(text: str | None) -> dict[str, str]:
    """The tags in the JSON of an object. Numbers and such become text; a key whose value is null is left out."""
    said = _parsed(text, "tags") if text else None
    if not said:
        return {}
    if not isinstance(said, dict):
        raise BadRequest("Invalid value for 'tags': it must be the JSON of an object of keys and values")
    tags = {key: _as_text(value) for key, value in said.items() if value is not None}
    found: dict[str, str] = _converted(tags, Annotated[dict[TagKey, TagValue], Meta(max_length=TAGS)], "tags")
    return found


def records_in(text: str) -> list[GivenRecord]:
    """The records in the JSON of a list. Raises ``BadRequest`` naming what is wrong with which of them."""
    said = _parsed(text, "records")
    if not isinstance(said, list):
        raise BadRequest("Invalid value for 'records': it must be the JSON of a list of records")
    # An empty source says nothing.
    for each in said:
        if isinstance(each, dict) and each.get("source") == {}:
            del each["source"]
    found: list[GivenRecord] = _converted(said, Annotated[list[GivenRecord], Meta(max_length=RECORDS)], "records")
    for number, record in enumerate(found):
        if record.source and record.source.source_type.upper() not in SOURCE_TYPES:
            known = ", ".join(SOURCE_TYPES)
            raise BadRequest(f"Invalid value for 'records[{number}].source.source_type': it is none of {known}")
    return found


def as_json(value: Any) -> str:
    """JSON in ASCII alone, which every database keeps as it is. NaN and infinities are written as Python does."""
    try:
        return json.dumps(value)
    except (RecursionError, ValueError):
        raise BadRequest("Invalid value for 'records': something in it is nested too deeply") from None


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"Invalid value for '{where}': it is not JSON: {error}") from None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _converted(value: Any, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        said = str(error).replace("`", "").replace(" - at $", f" at {where}")
        raise BadRequest(f"Invalid value for '{where}': {said}") from None
