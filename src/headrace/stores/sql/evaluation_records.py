"""Answers about the records of evaluation datasets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from headrace.base.clock import now_ms
from headrace.base.ids import new_id
from headrace.schema.evaluation_datasets import (
    USER_TAG,
    DatasetRecordsDeleted,
    DatasetRecordsFound,
    DatasetRecordsMerged,
    DeleteDatasetRecords,
    GetDatasetRecords,
    GivenRecord,
    UpsertDatasetRecords,
    as_json,
    records_in,
)
from headrace.stores.sql.evaluation_datasets import digest_of, key_of
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

#: The columns of a record that its JSON has under the same names, in the order of that JSON; and which of them are JSON
#: themselves.
_TOLD = (
    *("inputs", "expectations", "tags", "source", "source_id", "source_type", "created_time", "last_update_time"),
    *("created_by", "last_updated_by", "outputs"),
)
_JSON = frozenset(("inputs", "expectations", "tags", "source", "outputs"))
_NEW = f"dataset, record_id, inputs_hash, {', '.join(_TOLD)}"
_MERGED = "outputs = ?, expectations = ?, tags = ?, last_update_time = ?, last_updated_by = ?"
_CHUNK = 500
#: A page of records ends early when it has so many bytes.
PAGE_BYTES = 32 << 20
#: What a schema calls the kinds of value.
_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    list: "array",
    dict: "object",
}


class _Kept:
    """A record on its way into the database: new, or there already with ``key``."""

    __slots__ = ("expectations", "key", "outputs", "tags", "user")

    def __init__(self, key: int, outputs: str | None, expectations: str | None, tags: str, user: str | None) -> None:
        self.key = key
        self.outputs = outputs
        self.expectations: dict[str, Any] | None = json.loads(expectations) if expectations else None
        self.tags: dict[str, Any] = json.loads(tags)
        self.user = user

    def merge(self, given: GivenRecord) -> None:
        """Take over what ``given`` says: expectations and tags are added, outputs are replaced."""
        if given.outputs is not msgspec.UNSET:
            self.outputs = None if given.outputs is None else as_json(given.outputs)
        if given.expectations is not None:
            self.expectations = {**(self.expectations or {}), **given.expectations}
        if given.tags:
            self.tags |= given.tags
            self.user = _user(given) or self.user


@answers(UpsertDatasetRecords)
def upsert_dataset_records(tx: Tx, call: UpsertDatasetRecords) -> DatasetRecordsMerged:
    given = records_in(call.records)
    dataset = key_of(tx, call.dataset_id)
    if not given:
        return DatasetRecordsMerged()
    hashes = [_hash(record) for record in given]
    there = _there(tx, dataset, hashes)
    fresh: dict[str, tuple[GivenRecord, _Kept]] = {}
    touched: dict[str, _Kept] = {}
    for mark, record in zip(hashes, given, strict=True):
        if mark in there:
            touched[mark] = there[mark]
            there[mark].merge(record)
        elif mark in fresh:
            fresh[mark][1].merge(record)
        else:
            # What says nothing of outputs has none, and not null.
            fresh[mark] = (record, kept := _Kept(0, "{}", None, "{}", None))
            kept.merge(record)
    # Later than the last change, so that no two states have the same digest.
    before = tx.scalar("SELECT last_update_time FROM evaluation_datasets WHERE id = ?", dataset)
    now = max(now_ms(), before + 1)
    tx.many(
        f"INSERT INTO evaluation_records ({_NEW}) VALUES {marks(_NEW.split(','))}",
        [_row(dataset, mark, record, kept, now) for mark, (record, kept) in fresh.items()],
    )
    tx.many(
        f"UPDATE evaluation_records SET {_MERGED} WHERE id = ?",
        [(*_merged(kept), now, kept.user, kept.key) for kept in touched.values()],
    )
    _note(tx, dataset, given, now)
    return DatasetRecordsMerged(inserted_count=len(fresh), updated_count=len(given) - len(fresh))


@answers(GetDatasetRecords)
def get_dataset_records(tx: Tx, call: GetDatasetRecords) -> DatasetRecordsFound:
    dataset = key_of(tx, call.dataset_id)
    columns = ", ".join(f"r.{name}" for name in ("record_id", *_TOLD))
    texts: list[str] = []
    size, token = 0, call.page_token
    while True:
        limit = min(_CHUNK, call.max_results - len(texts))
        page = Page(tx, msgspec.structs.replace(call, page_token=token), (Term("r.id"),), limit)
        rows = page.rows(tx, f"SELECT {columns}", "FROM evaluation_records r WHERE r.dataset = ?", [dataset])
        told = [_told(call.dataset_id, row) for row in rows]
        texts += told
        size += sum(map(len, told))
        token = page.next_token
        if token is None or len(texts) == call.max_results or size > PAGE_BYTES:
            return DatasetRecordsFound(records=f"[{', '.join(texts)}]", next_page_token=token)


@answers(DeleteDatasetRecords)
def delete_dataset_records(tx: Tx, call: DeleteDatasetRecords) -> DatasetRecordsDeleted:
    dataset = key_of(tx, call.dataset_id)
    ids = sorted(set(call.dataset_record_ids))
    deleted = 0
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        deleted += tx.run(
            f"DELETE FROM evaluation_records WHERE dataset = ? AND record_id IN {marks(chunk)}", dataset, *chunk
        )
    if deleted:
        tx.run("UPDATE evaluation_datasets SET profile = ? WHERE id = ?", _profile(tx, dataset), dataset)
    return DatasetRecordsDeleted(deleted_count=deleted)


def _hash(record: GivenRecord) -> str:
    try:
        text = json.dumps(record.inputs, sort_keys=True)
    except RecursionError:
        text = as_json(record.inputs)  # says in a sentence what is wrong
    return hashlib.sha256(text.encode()).hexdigest()


def _user(record: GivenRecord) -> str | None:
    user = (record.tags or {}).get(USER_TAG)
    return str(user)[:500] if user else None


def _there(tx: Tx, dataset: int, hashes: Sequence[str]) -> dict[str, _Kept]:
    """The records that are there already, by the hashes of their inputs."""
    wanted = sorted(set(hashes))
    found = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        for mark, *columns in tx.rows(
            "SELECT inputs_hash, id, outputs, expectations, tags, last_updated_by FROM evaluation_records"
            f" WHERE dataset = ? AND inputs_hash IN {marks(chunk)}",
            dataset,
            *chunk,
        ):
            found[mark] = _Kept(*columns)
    return found


def _row(dataset: int, mark: str, record: GivenRecord, kept: _Kept, now: int) -> tuple[Any, ...]:
    source = record.source
    kind = source.source_type.upper() if source else None
    data = (source.source_data or {}) if source else {}
    trace = data.get("trace_id") if kind == "TRACE" else None
    outputs, expectations, tags = _merged(kept)
    return (
        dataset,
        new_id("dr-"),
        mark,
        as_json(record.inputs),
        expectations,
        tags,
        as_json({"source_type": kind, "source_data": data}) if source else None,
        str(trace)[:500] if trace else None,
        kind,
        now,
        now,
        _user(record),
        kept.user,
        outputs,
    )


def _merged(kept: _Kept) -> tuple[str | None, str | None, str]:
    return kept.outputs, None if kept.expectations is None else as_json(kept.expectations), as_json(kept.tags)


def _note(tx: Tx, dataset: int, given: Sequence[GivenRecord], now: int) -> None:
    """Bring the dataset's own row up to date with records that were given."""
    name, schema = tx.row("SELECT name, schema_json FROM evaluation_datasets WHERE id = ?", dataset)
    users = [user for user in map(_user, given) if user]
    tx.run(
        "UPDATE evaluation_datasets SET schema_json = ?, profile = ?, digest = ?, last_update_time = ?,"
        " last_updated_by = ? WHERE id = ?",
        _schema(schema, given),
        _profile(tx, dataset),
        digest_of(name, now),
        now,
        users[-1] if users else None,
        dataset,
    )


def _profile(tx: Tx, dataset: int) -> str:
    count = tx.scalar("SELECT COUNT(*) FROM evaluation_records WHERE dataset = ?", dataset)
    return json.dumps({"num_records": count} if count else None)


def _schema(before: str | None, given: Iterable[GivenRecord]) -> str:
    """What inputs, outputs and expectations are made of. The kind that a key had first is the kind it has.

    Outputs that are no object have one kind; where some are objects, that of their keys is told.
    """
    schema: dict[str, Any] = (
        json.loads(before) if before else {"inputs": {}, "outputs": {}, "expectations": {}, "version": "1.0"}
    )
    for record in given:
        _learn(schema["inputs"], record.inputs)
        _learn(schema["expectations"], record.expectations or {})
        if isinstance(record.outputs, dict):
            if record.outputs and not isinstance(schema["outputs"], dict):
                schema["outputs"] = {}
            if isinstance(schema["outputs"], dict):
                _learn(schema["outputs"], record.outputs)
        elif record.outputs is not msgspec.UNSET and record.outputs is not None and not schema["outputs"]:
            schema["outputs"] = _KINDS[type(record.outputs)]
    return as_json(schema)


def _learn(kinds: dict[str, str], values: dict[str, Any]) -> None:
    for key, value in values.items():
        if key not in kinds:
            kinds[key] = _KINDS[type(value)]


def _told(dataset_id: str, row: Any) -> str:
    """One record as JSON. What is JSON in the database is so here, without being read."""
    parts = [f'"dataset_record_id": {json.dumps(row[0])}', f'"dataset_id": {json.dumps(dataset_id)}']
    for name, value in zip(_TOLD, row[1:], strict=False):
        if value is not None:
            parts.append(f'"{name}": {value if name in _JSON else json.dumps(value)}')
    return "{" + ", ".join(parts) + "}"
