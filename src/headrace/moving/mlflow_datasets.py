"""Evaluation datasets in a database of MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from headrace.moving.mlflow_rows import Reader
from headrace.schema.experiments import ExperimentTag
from headrace.schema.imports import ImportedEvaluationDataset, ImportedEvaluationRecord

#: Records in one piece.
_RECORDS = 500


def evaluation_datasets(reader: Reader, workspace: str) -> Iterator[ImportedEvaluationDataset]:
    """Every evaluation dataset, in as many pieces as its records need."""
    rows = reader.select(
        "evaluation_datasets",
        "dataset_id name schema profile digest created_time last_update_time created_by last_updated_by workspace",
        order="dataset_id",
    )
    for id, name, schema, profile, digest, created, updated, creator, updater, home in rows:
        if (home or "default") != workspace:
            continue
        told = ImportedEvaluationDataset(
            dataset_id=id,
            name=name,
            experiment_ids=_experiments(reader, id),
            schema=_text(schema),
            profile=_text(profile),
            digest=digest or "",
            created_time=created or 0,
            last_update_time=updated or 0,
            created_by=creator,
            last_updated_by=updater,
            tags=_tags(reader, id),
        )
        yield from in_pieces(told, _records(reader, id))


def in_pieces(
    told: ImportedEvaluationDataset, records: Iterator[ImportedEvaluationRecord]
) -> Iterator[ImportedEvaluationDataset]:
    """A dataset with its records, so many at a time; at least once."""
    yield msgspec.structs.replace(told, records=list(islice(records, _RECORDS)))
    while some := list(islice(records, _RECORDS)):
        yield msgspec.structs.replace(told, records=some)


def _experiments(reader: Reader, dataset: str) -> list[str]:
    rows = reader.select(
        "entity_associations",
        "destination_id",
        where="source_type = 'evaluation_dataset' AND destination_type = 'experiment' AND source_id = ?",
        params=[dataset],
        order="created_time",
    )
    return [str(row[0]) for row in rows]


def _tags(reader: Reader, dataset: str) -> list[ExperimentTag]:
    rows = reader.select("evaluation_dataset_tags", "key value", where="dataset_id = ?", params=[dataset])
    return [ExperimentTag(key, value or "") for key, value in rows]


def _records(reader: Reader, dataset: str) -> Iterator[ImportedEvaluationRecord]:
    names = (
        "dataset_record_id inputs expectations tags source outputs source_id source_type created_time last_update_time"
        " created_by last_updated_by"
    )
    after = ""
    while page := reader.select(
        "evaluation_dataset_records",
        names,
        where="dataset_id = ? AND dataset_record_id > ?",
        params=[dataset, after],
        order="dataset_record_id",
        limit=_RECORDS,
    ):
        after = page[-1][0]
        for id, inputs, expectations, tags, source, outputs, whence, kind, created, updated, creator, updater in page:
            yield ImportedEvaluationRecord(
                dataset_record_id=id,
                inputs=_text(inputs) or "{}",
                expectations=_text(expectations),
                tags=_text(tags),
                source=_text(source),
                outputs=_text(outputs),
                source_id=whence,
                source_type=kind,
                created_time=created or 0,
                last_update_time=updated or 0,
                created_by=creator,
                last_updated_by=updater,
            )


def _text(value: Any) -> str | None:
    """JSON as text: some databases tell what it says. A JSON null is nothing."""
    if value is None or value == "null":
        return None
    return value if isinstance(value, str) else json.dumps(value)
