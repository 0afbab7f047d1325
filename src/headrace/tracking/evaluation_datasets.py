"""Evaluation datasets as users hold them: records that can be merged, read and removed."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from headrace.base.errors import BadRequest
from headrace.schema import Call, evaluation_datasets
from headrace.schema.evaluation_datasets import (
    RECORDS_BYTES,
    USER_TAG,
    DeleteDatasetRecords,
    GetDataset,
    GetDatasetExperimentIds,
    GetDatasetRecords,
    UpsertDatasetRecords,
)
from headrace.tracking import context, uri
from headrace.tracking.extras import need

#: The columns of a data frame of records.
_COLUMNS = (
    *("inputs", "outputs", "expectations", "tags", "source_type", "source_id", "source", "created_time"),
    "dataset_record_id",
)
#: Records told and sent at a time.
_PAGE = 1000
#: Bytes of records sent at a time; quotation marks within take two of the request.
_BYTES = RECORDS_BYTES // 4


class DatasetRecordSourceType(StrEnum):
    """What kind of place a record came from."""

    UNSPECIFIED, TRACE, HUMAN, DOCUMENT, CODE = "UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"


@dataclass
class DatasetRecordSource:
    """Where a record came from."""

    source_type: DatasetRecordSourceType
    source_data: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        word = str(self.source_type).upper()
        if word not in DatasetRecordSourceType.__members__:
            known = ", ".join(DatasetRecordSourceType)
            raise BadRequest(f"{self.source_type!r} is not the source of a record; say one of {known}")
        self.source_type = DatasetRecordSourceType(word)
        self.source_data = self.source_data or {}

    def to_dict(self) -> dict[str, Any]:
        """This source as records have it."""
        return {"source_type": self.source_type.value, "source_data": self.source_data}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DatasetRecordSource:
        """The inverse of ``to_dict``."""
        return cls(source_type=data["source_type"], source_data=data.get("source_data"))

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> DatasetRecordSource:
        """The inverse of ``to_dict``."""
        return cls.from_dict(the_dict)


@dataclass
class DatasetRecord:
    """One record: inputs, what is expected of them, and where it came from."""

    dataset_id: str
    inputs: dict[str, Any]
    dataset_record_id: str
    created_time: int
    last_update_time: int
    outputs: dict[str, Any] | None = None
    expectations: dict[str, Any] | None = None
    tags: dict[str, str] | None = None
    source: DatasetRecordSource | None = None
    source_id: str | None = None
    source_type: str | None = None
    created_by: str | None = None
    last_updated_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """This record as servers tell it: without what it has not."""
        said = {**vars(self), "source": self.source.to_dict() if self.source else None}
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DatasetRecord:
        """The inverse of ``to_dict``. What no field is called is passed over."""
        source = data.get("source")
        said = {**data, "source": DatasetRecordSource.from_dict(source) if source else None}
        try:
            return cls(**{name: said[name] for name in cls.__dataclass_fields__ if name in said})
        except TypeError as error:
            raise BadRequest(f"This is no record of a dataset: {error}") from None

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> DatasetRecord:
        """The inverse of ``to_dict``."""
        return cls.from_dict(the_dict)


class EvaluationDataset:
    """A named set of records in a tracking store. The records are fetched when they are first asked for."""

    def __init__(
        self,
        dataset_id: str,
        name: str,
        digest: str,
        created_time: int,
        last_update_time: int,
        tags: dict[str, Any] | None = None,
        schema: str | None = None,
        profile: str | None = None,
        created_by: str | None = None,
        last_updated_by: str | None = None,
        version: dict[str, Any] | int | None = None,
    ) -> None:
        self.dataset_id = dataset_id
        self.name = name
        self.digest = digest
        self.created_time = created_time
        self.last_update_time = last_update_time
        self.tags = dict(tags or {})
        self.schema = schema
        self.profile = profile
        self.created_by = created_by
        self.last_updated_by = last_updated_by
        self.version = version
        self._experiment_ids: list[str] | None = None
        self._records: list[DatasetRecord] | None = None
        self._send: Callable[[Call[Any]], Any] | None = None

    @classmethod
    def told(
        cls, said: evaluation_datasets.EvaluationDataset, send: Callable[[Call[Any]], Any] | None = None
    ) -> EvaluationDataset:
        """The dataset that a store told of; ``send`` asks that store."""
        made = cls(said.dataset_id, said.name, said.digest or "", 0, 0)
        made._take(said)
        made._send = send
        made._experiment_ids = said.experiment_ids or None
        return made

    @property
    def source_type(self) -> str:
        """The kind of source under which runs name this dataset as their input."""
        return "mlflow_evaluation_dataset"

    @property
    def source(self) -> Any:
        """The source that leads back to this dataset."""
        # The room of datasets is upstairs of this one, and so is asked for by its name.
        room = importlib.import_module("headrace.data.evaluation_dataset_source")
        return room.EvaluationDatasetSource(self.dataset_id)

    @property
    def create_time(self) -> int:
        """When it was made, in milliseconds since the epoch."""
        return self.created_time

    @property
    def experiment_ids(self) -> list[str]:
        """The experiments it belongs to."""
        if self._experiment_ids is None:
            self._experiment_ids = self._ask(GetDatasetExperimentIds(dataset_id=self.dataset_id)).experiment_ids
        return self._experiment_ids

    @experiment_ids.setter
    def experiment_ids(self, value: list[str]) -> None:
        self._experiment_ids = value

    @property
    def records(self) -> list[DatasetRecord]:
        """All its records, oldest first."""
        if self._records is None:
            found, token = [], None
            while True:
                page = self._ask(GetDatasetRecords(dataset_id=self.dataset_id, max_results=_PAGE, page_token=token))
                found += [DatasetRecord.from_dict(each) for each in json.loads(page.records)]
                token = page.next_page_token
                if not token:
                    break
            self._records = found
        return self._records

    def has_records(self) -> bool:
        """Whether the records were fetched already."""
        return self._records is not None

    def merge_records(self, records: Any) -> EvaluationDataset:
        """Add records: dictionaries with ``inputs``, or a data frame with such columns; this dataset, up to date.

        A record with the inputs of one that is there is merged into it. Raises ``BadRequest`` for what is no record.
        """
        given = [_record(each) for each in _rows(records)]
        for text in _batches(given):
            self._ask(UpsertDatasetRecords(dataset_id=self.dataset_id, records=text))
        self._refresh()
        return self

    def delete_records(self, record_ids: list[str]) -> int:
        """Remove records by their ids; how many there were."""
        call = DeleteDatasetRecords(dataset_id=self.dataset_id, dataset_record_ids=list(record_ids))
        deleted: int = self._ask(call).deleted_count
        self._refresh()
        return deleted

    def to_df(self) -> Any:
        """The records as a pandas data frame of a row each."""
        pandas = need("pandas", "A data frame of records (dataset.records does without)")
        return pandas.DataFrame({name: [getattr(each, name) for each in self.records] for name in _COLUMNS})

    def to_dict(self) -> dict[str, Any]:
        """All there is to say of this dataset, its records included."""
        names = ("dataset_id", "tags", "schema", "profile", "created_time", "last_update_time")
        return {
            "name": self.name,
            "digest": self.digest,
            "source": json.dumps({"dataset_id": self.dataset_id}),
            "source_type": self.source_type,
            **{name: getattr(self, name) for name in (*names, "created_by", "last_updated_by", "experiment_ids")},
            "records": [each.to_dict() for each in self.records],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EvaluationDataset:
        """The inverse of ``to_dict``."""
        optional = ("tags", "schema", "profile", "created_by", "last_updated_by")
        try:
            made = cls(
                *(data[name] for name in ("dataset_id", "name", "digest", "created_time", "last_update_time")),
                *(data.get(name) for name in optional),
            )
        except KeyError as error:
            raise BadRequest(f"A dictionary for an EvaluationDataset needs {error}") from None
        made._experiment_ids = data.get("experiment_ids")
        if "records" in data:
            made._records = [DatasetRecord.from_dict(each) for each in data["records"]]
        return made

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> EvaluationDataset:
        """The inverse of ``to_dict``."""
        return cls.from_dict(the_dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EvaluationDataset):
            return NotImplemented
        return (self.dataset_id, self.digest, self.tags) == (other.dataset_id, other.digest, other.tags)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"EvaluationDataset(dataset_id={self.dataset_id!r}, name={self.name!r}, digest={self.digest!r})"

    def _ask(self, call: Call[Any]) -> Any:
        return self._send(call) if self._send else uri.store_at(uri.get_tracking_uri()).send(call)

    def _take(self, said: evaluation_datasets.EvaluationDataset) -> None:
        """Take over what a store says."""
        self.tags = json.loads(said.tags) if said.tags else {}
        self.schema, self.profile, self.digest = said.schema, said.profile, said.digest or ""
        self.created_time, self.last_update_time = said.created_time or 0, said.last_update_time or 0
        self.created_by, self.last_updated_by = said.created_by, said.last_updated_by

    def _refresh(self) -> None:
        self._records = None
        self._take(self._ask(GetDataset(dataset_id=self.dataset_id)).dataset)


def _rows(records: Any) -> Iterable[Any]:
    """Records as they are given: in a list, or as the rows of a data frame of pandas, polars or Spark."""
    for name in ("to_dicts", "toPandas"):
        if hasattr(records, name):
            return _rows(getattr(records, name)())
    if hasattr(records, "columns") and hasattr(records, "to_dict"):
        # A cell without a value is what its row does not have.
        return [{name: cell for name, cell in row.items() if _is_there(cell)} for row in records.to_dict("records")]
    if not isinstance(records, list | tuple):
        raise BadRequest("Records are a list of dictionaries, or a data frame")
    return records


def _is_there(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, float) and math.isnan(cell))


def _record(given: Any) -> dict[str, Any]:
    """A record as it is sent: who brings it, and where it comes from, are said."""
    if not isinstance(given, Mapping):
        raise BadRequest(f"Each record must be a dictionary; this is {str(given)[:60]!r}")
    if not isinstance(given.get("inputs"), Mapping):
        raise BadRequest("Each record must have 'inputs', a dictionary")
    record = dict(given)
    record["tags"] = {USER_TAG: context.user(), **(given.get("tags") or {})}
    source, expected = given.get("source"), given.get("expectations")
    if isinstance(source, DatasetRecordSource):
        record["source"] = source.to_dict()
    elif not source:
        kind = DatasetRecordSourceType.HUMAN if expected else DatasetRecordSourceType.CODE
        record["source"] = {"source_type": kind.value, "source_data": {}}
    return record


def _batches(records: list[dict[str, Any]]) -> Iterator[str]:
    """The records as JSON, in requests that a server takes."""
    texts: list[str] = []
    size = 0
    for record in records:
        text = json.dumps(record, default=_plain)
        if texts and (len(texts) == _PAGE or size + len(text) > _BYTES):
            yield f"[{','.join(texts)}]"
            texts, size = [], 0
        texts.append(text)
        size += len(text)
    if texts:
        yield f"[{','.join(texts)}]"


def _plain(value: Any) -> Any:
    """A value of another library as one that JSON has."""
    for name in ("tolist", "isoformat", "to_dict"):
        if hasattr(value, name):
            return getattr(value, name)()
    raise BadRequest(f"A record cannot hold a {type(value).__name__}: it is kept as JSON")
