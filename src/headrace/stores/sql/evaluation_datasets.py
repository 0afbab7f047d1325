"""Answers about evaluation datasets; those about their records are in ``evaluation_records``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from headrace.base.clock import now_ms
from headrace.base.errors import NotFound
from headrace.base.ids import new_id
from headrace.schema import Empty
from headrace.schema.evaluation_datasets import (
    USER_TAG,
    AddDatasetToExperiments,
    CreateDataset,
    DatasetExperimentIds,
    DeleteDataset,
    DeleteDatasetTag,
    EvaluationDataset,
    EvaluationDatasetFound,
    EvaluationDatasetsFound,
    GetDataset,
    GetDatasetExperimentIds,
    RemoveDatasetFromExperiments,
    SearchEvaluationDatasets,
    SetDatasetTags,
    tags_in,
)
from headrace.search import EVALUATION_DATASETS
from headrace.stores.sql.experiments import missing as no_experiment
from headrace.stores.sql.experiments import number_of
from headrace.stores.sql.filters import TextPairs, condition
from headrace.stores.sql.paging import Page, Term, column_terms
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_COLUMNS = (
    "d.id, d.dataset_id, d.name, d.schema_json, d.profile, d.digest, d.created_time, d.last_update_time, d.created_by,"
    " d.last_updated_by"
)
_ATTRIBUTES = {
    name: f"d.{name}"
    for name in ("dataset_id", "name", "created_by", "last_updated_by", "created_time", "last_update_time")
}
_TERMS = column_terms(_ATTRIBUTES, nullable=frozenset({"created_by", "last_updated_by"}))
_TAGS = TextPairs("evaluation_dataset_tags", "dataset", "name", "d.id")
_CHUNK = 500


@answers(CreateDataset)
def create_dataset(tx: Tx, call: CreateDataset) -> EvaluationDatasetFound:
    tags = tags_in(call.tags)
    experiments = _experiments(tx, call.experiment_ids)
    now, user = now_ms(), tags.get(USER_TAG)
    key = tx.insert(
        "evaluation_datasets",
        dataset_id=new_id("d-"),
        workspace=tx.house.workspace,
        name=call.name,
        digest=digest_of(call.name, now),
        created_time=now,
        last_update_time=now,
        created_by=user,
        last_updated_by=user,
    )
    _put_tags(tx, key, tags)
    _associate(tx, key, experiments)
    return _found(tx, key)


@answers(GetDataset)
def get_dataset(tx: Tx, call: GetDataset) -> EvaluationDatasetFound:
    return EvaluationDatasetFound(dataset=_records(tx, [_row(tx, key_of(tx, call.dataset_id))])[0])


@answers(DeleteDataset)
def delete_dataset(tx: Tx, call: DeleteDataset) -> Empty:
    try:
        key = key_of(tx, call.dataset_id)
    except NotFound:
        return Empty()
    for table in ("evaluation_records", "evaluation_dataset_tags", "evaluation_dataset_experiments"):
        tx.run(f"DELETE FROM {table} WHERE dataset = ?", key)
    tx.run("DELETE FROM evaluation_datasets WHERE id = ?", key)
    return Empty()


@answers(SearchEvaluationDatasets)
def search_evaluation_datasets(tx: Tx, call: SearchEvaluationDatasets) -> EvaluationDatasetsFound:
    where, params = condition(
        tx, call.filter_string, EVALUATION_DATASETS, _ATTRIBUTES, {"tag": _TAGS}, "evaluation_datasets d"
    )
    default = (Term("d.created_time", descending=True), Term("d.id", descending=True))
    page = Page.of_call(tx, call, call.order_by, EVALUATION_DATASETS, _TERMS, default=default)
    among: list[Any] = []
    if call.experiment_ids:
        among = [int(each) if each.isascii() and each.isdigit() else -1 for each in call.experiment_ids]
        where += (
            " AND EXISTS (SELECT 1 FROM evaluation_dataset_experiments e WHERE e.dataset = d.id"
            f" AND e.experiment IN {marks(among)})"
        )
    rows = page.rows(
        tx,
        f"SELECT {_COLUMNS}",
        f"FROM evaluation_datasets d WHERE d.workspace = ?{where}",
        [tx.house.workspace, *params, *among],
    )
    return EvaluationDatasetsFound(datasets=_records(tx, rows), next_page_token=page.next_token)


@answers(SetDatasetTags)
def set_dataset_tags(tx: Tx, call: SetDatasetTags) -> Empty:
    key = key_of(tx, call.dataset_id)
    _put_tags(tx, key, tags_in(call.tags))
    return Empty()


@answers(DeleteDatasetTag)
def delete_dataset_tag(tx: Tx, call: DeleteDatasetTag) -> Empty:
    key = key_of(tx, call.dataset_id)
    tx.run("DELETE FROM evaluation_dataset_tags WHERE dataset = ? AND name = ?", key, call.key)
    return Empty()


@answers(GetDatasetExperimentIds)
def get_dataset_experiment_ids(tx: Tx, call: GetDatasetExperimentIds) -> DatasetExperimentIds:
    return DatasetExperimentIds(experiment_ids=_experiment_ids(tx, key_of(tx, call.dataset_id)))


@answers(AddDatasetToExperiments)
def add_dataset_to_experiments(tx: Tx, call: AddDatasetToExperiments) -> EvaluationDatasetFound:
    key = key_of(tx, call.dataset_id)
    _associate(tx, key, _experiments(tx, call.experiment_ids))
    return _touched(tx, key)


@answers(RemoveDatasetFromExperiments)
def remove_dataset_from_experiments(tx: Tx, call: RemoveDatasetFromExperiments) -> EvaluationDatasetFound:
    key = key_of(tx, call.dataset_id)
    gone = [number_of(each) for each in call.experiment_ids]
    delete = "DELETE FROM evaluation_dataset_experiments WHERE dataset = ? AND experiment = ?"
    tx.many(delete, [(key, each) for each in gone])
    return _touched(tx, key)


def key_of(tx: Tx, dataset_id: str) -> int:
    """The key of an evaluation dataset, held until the end of a writing transaction."""
    key = tx.scalar(
        f"SELECT id FROM evaluation_datasets WHERE dataset_id = ? AND workspace = ?{tx.for_update}",
        dataset_id,
        tx.house.workspace,
    )
    if key is None:
        raise NotFound(f"No evaluation dataset has the id {dataset_id}")
    return int(key)


def digest_of(name: str, time: int) -> str:
    """The digest of a dataset whose records last changed at ``time``, in milliseconds; MLflow makes it so."""
    return hashlib.sha256(f"{name}:{time}".encode()).hexdigest()[:8]


def _experiments(tx: Tx, ids: Sequence[str]) -> list[int]:
    """The keys of experiments, each once; ``NotFound`` unless all of them are there."""
    keys = list(dict.fromkeys(map(number_of, ids)))
    there = "SELECT id FROM experiments WHERE id IN {} AND workspace = ?"
    known = {row[0] for row in tx.rows(there.format(marks(keys)), *keys, tx.house.workspace)} if keys else set()
    for key in keys:
        if key not in known:
            raise no_experiment(str(key))
    return keys


def _associate(tx: Tx, key: int, experiments: list[int]) -> None:
    last = tx.scalar("SELECT MAX(place) FROM evaluation_dataset_experiments WHERE dataset = ?", key) or 0
    rows = [(key, each, last + number) for number, each in enumerate(experiments, 1)]
    tx.put_new("evaluation_dataset_experiments", "dataset, experiment, place", rows)


def _experiment_ids(tx: Tx, key: int) -> list[str]:
    there = (
        "SELECT x.id FROM evaluation_dataset_experiments e JOIN experiments x ON x.id = e.experiment"
        " WHERE e.dataset = ? ORDER BY e.place, x.id"
    )
    return [str(row[0]) for row in tx.rows(there, key)]


def _put_tags(tx: Tx, key: int, tags: dict[str, str]) -> None:
    tx.put("evaluation_dataset_tags", "dataset, name", "value", [(key, *pair) for pair in tags.items()])


def _touched(tx: Tx, key: int) -> EvaluationDatasetFound:
    tx.run("UPDATE evaluation_datasets SET last_update_time = ? WHERE id = ?", now_ms(), key)
    return _found(tx, key)


def _found(tx: Tx, key: int) -> EvaluationDatasetFound:
    """A dataset that was made or whose experiments changed, with these."""
    return EvaluationDatasetFound(dataset=_records(tx, [_row(tx, key)], {key: _experiment_ids(tx, key)})[0])


def _row(tx: Tx, key: int) -> Any:
    return tx.row(f"SELECT {_COLUMNS} FROM evaluation_datasets d WHERE d.id = ?", key)


def _records(tx: Tx, rows: list[Any], experiments: dict[int, list[str]] | None = None) -> list[EvaluationDataset]:
    tags: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    keys = list(tags)
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        for key, name, value in tx.rows(
            f"SELECT dataset, name, value FROM evaluation_dataset_tags WHERE dataset IN {marks(chunk)} ORDER BY name",
            *chunk,
        ):
            tags[key][name] = value
    return [
        EvaluationDataset(
            dataset_id=dataset_id,
            name=name,
            tags=json.dumps(tags[key]),
            schema=schema,
            profile=profile,
            digest=digest,
            created_time=created,
            last_update_time=updated,
            created_by=creator,
            last_updated_by=updater,
            experiment_ids=(experiments or {}).get(key, []),
        )
        for key, dataset_id, name, schema, profile, digest, created, updated, creator, updater in (
            row[:10] for row in rows
        )
    ]
