"""The answer that takes over evaluation datasets of another store."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from headrace.schema.evaluation_datasets import as_json
from headrace.schema.imports import (
    Imported,
    ImportedEvaluationDataset,
    ImportedEvaluationRecord,
    ImportEvaluationDatasets,
    ImportOutcome,
)
from headrace.stores.sql.experiments import number_of
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_RECORD = (
    "dataset, record_id, inputs_hash, inputs, expectations, tags, source, outputs, source_id, source_type,"
    " created_time, last_update_time, created_by, last_updated_by"
)


@answers(ImportEvaluationDatasets)
def import_evaluation_datasets(tx: Tx, call: ImportEvaluationDatasets) -> Imported:
    return Imported(outcomes=[_dataset(tx, told) for told in call.datasets])


def _dataset(tx: Tx, told: ImportedEvaluationDataset) -> ImportOutcome:
    find = f"SELECT id FROM evaluation_datasets WHERE dataset_id = ?{tx.for_update}"
    key = tx.scalar(find, told.dataset_id)
    new = key is None
    if key is None:
        key = tx.insert(
            "evaluation_datasets",
            dataset_id=told.dataset_id,
            workspace=tx.house.workspace,
            name=told.name,
            schema_json=told.schema,
            profile=told.profile,
            digest=told.digest,
            created_time=told.created_time,
            last_update_time=told.last_update_time,
            created_by=told.created_by,
            last_updated_by=told.last_updated_by,
        )
    tags = [(key, tag.key, tag.value) for tag in told.tags]
    added = tx.put_new("evaluation_dataset_tags", "dataset, name, value", tags)
    added += _associate(tx, key, [number_of(each) for each in told.experiment_ids])
    added += tx.put_new("evaluation_records", _RECORD, [_row(key, record) for record in told.records])
    return ImportOutcome(id=told.dataset_id, became="new" if new else "added" if added else "there")


def _associate(tx: Tx, key: int, wanted: list[int]) -> int:
    """Add a dataset to those of some experiments that are here, after the ones it has; how many were new."""
    if not wanted:
        return 0
    here = {row[0] for row in tx.rows(f"SELECT id FROM experiments WHERE id IN {marks(wanted)}", *wanted)}
    last = tx.scalar("SELECT MAX(place) FROM evaluation_dataset_experiments WHERE dataset = ?", key) or 0
    rows = [(key, each, last + number) for number, each in enumerate(wanted, 1) if each in here]
    return tx.put_new("evaluation_dataset_experiments", "dataset, experiment, place", rows)


def _row(dataset: int, record: ImportedEvaluationRecord) -> tuple[Any, ...]:
    inputs = json.loads(record.inputs)
    return (
        dataset,
        record.dataset_record_id,
        hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest(),
        as_json(inputs),
        _plain(record.expectations),
        _plain(record.tags) or "{}",
        _plain(record.source),
        _plain(record.outputs),
        record.source_id,
        record.source_type,
        record.created_time,
        record.last_update_time,
        record.created_by,
        record.last_updated_by,
    )


def _plain(text: str | None) -> str | None:
    """JSON in ASCII, as records are kept."""
    return None if text is None else as_json(json.loads(text))
