"""Answers that tell evaluation datasets as they are kept, for another store to take over."""

from __future__ import annotations

from typing import Any

from headrace.schema.experiments import ExperimentTag
from headrace.schema.exports import (
    EvaluationDatasetsExported,
    EvaluationRecordsExported,
    ExportEvaluationDatasets,
    ExportEvaluationRecords,
)
from headrace.schema.imports import ImportedEvaluationDataset, ImportedEvaluationRecord
from headrace.stores.sql.evaluation_datasets import key_of
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx

#: The columns of a record, each under the name of its field here.
_RECORD = {
    "record_id": "dataset_record_id",
    **{
        name: name
        for name in (
            *("inputs", "expectations", "tags", "source", "outputs", "source_id", "source_type"),
            *("created_time", "last_update_time", "created_by", "last_updated_by"),
        )
    },
}


@answers(ExportEvaluationDatasets)
def export_evaluation_datasets(tx: Tx, call: ExportEvaluationDatasets) -> EvaluationDatasetsExported:
    page = Page(tx, call, (Term("d.dataset_id"),), call.max_results)
    rows = page.rows(
        tx,
        "SELECT d.id, d.name, d.schema_json, d.profile, d.digest, d.created_time, d.last_update_time, d.created_by,"
        " d.last_updated_by",
        "FROM evaluation_datasets d WHERE d.workspace = ?",
        [tx.house.workspace],
    )
    return EvaluationDatasetsExported(datasets=[_told(tx, row) for row in rows], next_page_token=page.next_token)


@answers(ExportEvaluationRecords)
def export_evaluation_records(tx: Tx, call: ExportEvaluationRecords) -> EvaluationRecordsExported:
    page = Page(tx, call, (Term("r.id"),), call.max_results)
    columns = ", ".join(f"r.{column}" for column in _RECORD)
    source = "FROM evaluation_records r WHERE r.dataset = ?"
    rows = page.rows(tx, f"SELECT {columns}", source, [key_of(tx, call.dataset_id)])
    records = [ImportedEvaluationRecord(**dict(zip(_RECORD.values(), row, strict=False))) for row in rows]
    return EvaluationRecordsExported(records=records, next_page_token=page.next_token)


def _told(tx: Tx, row: Any) -> ImportedEvaluationDataset:
    key, name, schema, profile, digest, created, updated, created_by, updated_by, dataset_id = row
    tags = tx.rows("SELECT name, value FROM evaluation_dataset_tags WHERE dataset = ? ORDER BY name", key)
    homes = tx.rows(
        "SELECT experiment FROM evaluation_dataset_experiments WHERE dataset = ? ORDER BY place, experiment", key
    )
    return ImportedEvaluationDataset(
        dataset_id=dataset_id,
        name=name,
        experiment_ids=[str(home) for (home,) in homes],
        schema=schema,
        profile=profile,
        digest=digest,
        created_time=created,
        last_update_time=updated,
        created_by=created_by,
        last_updated_by=updated_by,
        tags=[ExperimentTag(*pair) for pair in tags],
    )
