"""Answers about experiments."""

from __future__ import annotations

from typing import Any

from headrace.base.clock import now_ms
from headrace.base.errors import AlreadyExists, BadRequest, NotFound
from headrace.schema import Empty
from headrace.schema.experiments import (
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    Experiment,
    ExperimentCreated,
    ExperimentFound,
    ExperimentsFound,
    ExperimentTag,
    GetExperiment,
    GetExperimentByName,
    RestoreExperiment,
    SearchExperiments,
    SetExperimentTag,
    UpdateExperiment,
)
from headrace.search import EXPERIMENTS, Compare
from headrace.stores.sql.filters import Kind, Sql, TextPairs, compared, condition
from headrace.stores.sql.paging import Page, Term, in_view
from headrace.stores.sql.purge import CLAIMED
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_COLUMNS = "id, name, artifact_location, creation_time, last_update_time, deleted_time, workspace"
_PAIRS = {"tag": TextPairs("experiment_tags", "experiment", "tag", "experiments.id")}
_ATTRIBUTES = {
    "experiment_id": "experiments.id",
    "name": "experiments.name",
    "creation_time": "experiments.creation_time",
    "last_update_time": "experiments.last_update_time",
}


def _attribute(tx: Tx, compare: Compare) -> Sql:
    value: Any = compare.value
    if compare.field.key == "experiment_id" and value is not None:
        # Ids are text to callers and numbers here; what is no number is nobody's id.
        value = tuple(map(_or_nobody, value)) if isinstance(value, tuple) else _or_nobody(value)
    return compared(tx, _ATTRIBUTES[compare.field.key], Compare(compare.field, compare.op, value), "experiments")


def of_experiment(column: str) -> Kind:
    """What is said of the experiment whose key is in ``column``."""

    kinds: dict[str, Kind] = {"attribute": _attribute, **_PAIRS}

    def kind(tx: Tx, compare: Compare) -> Sql:
        test, params = kinds[compare.field.kind](tx, compare)
        return f"{column} IN (SELECT experiments.id FROM experiments WHERE {test})", params

    return kind


def _or_nobody(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


@answers(CreateExperiment)
def create_experiment(tx: Tx, call: CreateExperiment) -> ExperimentCreated:
    _must_be_free(tx, call.name)
    now = now_ms()
    key = tx.insert(
        "experiments",
        workspace=tx.house.workspace,
        name=call.name,
        live_name=call.name,
        artifact_location=call.artifact_location or "",
        creation_time=now,
        last_update_time=now,
    )
    if not call.artifact_location:
        place = tx.house.new_location(str(key))
        tx.run("UPDATE experiments SET artifact_location = ? WHERE id = ?", place, key)
    tags = {tag.key: tag.value for tag in call.tags}
    tx.put("experiment_tags", "experiment, tag", "value", [(key, *pair) for pair in tags.items()])
    return ExperimentCreated(experiment_id=str(key))


@answers(GetExperiment)
def get_experiment(tx: Tx, call: GetExperiment) -> ExperimentFound:
    row = tx.row(
        f"SELECT {_COLUMNS} FROM experiments WHERE id = ? AND workspace = ?",
        number_of(call.experiment_id),
        tx.house.workspace,
    )
    if row is None:
        raise missing(call.experiment_id)
    return ExperimentFound(experiment=_records(tx, [row])[0])


@answers(GetExperimentByName)
def get_experiment_by_name(tx: Tx, call: GetExperimentByName) -> ExperimentFound:
    row = tx.row(
        f"SELECT {_COLUMNS} FROM experiments WHERE workspace = ? AND live_name = ?",
        tx.house.workspace,
        call.experiment_name,
    ) or tx.row(
        f"SELECT {_COLUMNS} FROM experiments WHERE workspace = ? AND name = ?"
        " ORDER BY deleted_time DESC, id DESC LIMIT 1",
        tx.house.workspace,
        call.experiment_name,
    )
    if row is None:
        raise NotFound(f"No experiment has the name {call.experiment_name[:100]!r}")
    return ExperimentFound(experiment=_records(tx, [row])[0])


@answers(SearchExperiments)
def search_experiments(tx: Tx, call: SearchExperiments) -> ExperimentsFound:
    where, params = condition(tx, call.filter, EXPERIMENTS, _attribute, _PAIRS)
    page = Page.of_call(
        tx,
        call,
        call.order_by,
        EXPERIMENTS,
        _ATTRIBUTES,
        default=(Term("experiments.creation_time", descending=True), Term("experiments.id", descending=True)),
        tie=Term("experiments.id", descending=True),
    )
    rows = page.rows(
        tx,
        f"SELECT {_COLUMNS}",
        "FROM experiments WHERE workspace = ?" + in_view("experiments", call.view_type) + where,
        [tx.house.workspace, *params],
    )
    return ExperimentsFound(experiments=_records(tx, rows), next_page_token=page.next_token)


@answers(DeleteExperiment)
def delete_experiment(tx: Tx, call: DeleteExperiment) -> Empty:
    key = number_of(call.experiment_id)
    now = now_ms()
    changed = tx.run(
        "UPDATE experiments SET live_name = NULL, deleted_time = ?, last_update_time = ?"
        " WHERE id = ? AND workspace = ? AND deleted_time IS NULL",
        now,
        now,
        key,
        tx.house.workspace,
    )
    if not changed:
        raise missing(call.experiment_id, "active ")
    tx.run("UPDATE runs SET deleted_time = ? WHERE experiment = ? AND deleted_time IS NULL", now, key)
    return Empty()


@answers(RestoreExperiment)
def restore_experiment(tx: Tx, call: RestoreExperiment) -> Empty:
    key = number_of(call.experiment_id)
    row = tx.row(
        "SELECT name, deleted_time FROM experiments WHERE id = ? AND workspace = ? AND deleted_time IS NOT NULL",
        key,
        tx.house.workspace,
    )
    if row is None:
        raise missing(call.experiment_id, "deleted ")
    name, deleted = row
    if deleted == CLAIMED:
        raise BadRequest(f"Experiment {call.experiment_id} is being removed for good and cannot be restored any more")
    _must_be_free(tx, name)
    tx.run(
        "UPDATE experiments SET live_name = name, deleted_time = NULL, last_update_time = ? WHERE id = ?", now_ms(), key
    )
    tx.run("UPDATE runs SET deleted_time = NULL WHERE experiment = ? AND deleted_time = ?", key, deleted)
    return Empty()


@answers(UpdateExperiment)
def update_experiment(tx: Tx, call: UpdateExperiment) -> Empty:
    key = active(tx, call.experiment_id)
    if tx.scalar("SELECT name FROM experiments WHERE id = ?", key) != call.new_name:
        _must_be_free(tx, call.new_name)
    tx.run(
        "UPDATE experiments SET name = ?, live_name = ?, last_update_time = ? WHERE id = ?",
        call.new_name,
        call.new_name,
        now_ms(),
        key,
    )
    return Empty()


@answers(SetExperimentTag)
def set_experiment_tag(tx: Tx, call: SetExperimentTag) -> Empty:
    key = active(tx, call.experiment_id)
    tx.put("experiment_tags", "experiment, tag", "value", [(key, call.key, call.value)])
    tx.run("UPDATE experiments SET last_update_time = ? WHERE id = ?", now_ms(), key)
    return Empty()


@answers(DeleteExperimentTag)
def delete_experiment_tag(tx: Tx, call: DeleteExperimentTag) -> Empty:
    key = active(tx, call.experiment_id)
    if not tx.run("DELETE FROM experiment_tags WHERE experiment = ? AND tag = ?", key, call.key):
        raise NotFound(f"Experiment {call.experiment_id} has no tag {call.key!r}")
    return Empty()


def number_of(experiment_id: str) -> int:
    """The key of an experiment, from its id. Raises ``BadRequest`` for what cannot be one."""
    if not (experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) <= 18):
        raise BadRequest(f"Invalid experiment_id {experiment_id!r}: it is a whole number")
    return int(experiment_id)


def active(tx: Tx, experiment_id: str) -> int:
    """The key of an experiment that is there and not deleted."""
    key = number_of(experiment_id)
    row = tx.row("SELECT deleted_time FROM experiments WHERE id = ? AND workspace = ?", key, tx.house.workspace)
    if row is None:
        raise missing(experiment_id)
    if row[0] is not None:
        raise BadRequest(f"Experiment {experiment_id} is deleted; restore it before you change it")
    return key


def missing(experiment_id: str, state: str = "") -> NotFound:
    """The error for an experiment that is not there."""
    return NotFound(f"No {state}experiment has the id {experiment_id}")


def _must_be_free(tx: Tx, name: str) -> None:
    # Of two who pass here at once, the unique index lets one through.
    if tx.row("SELECT id FROM experiments WHERE workspace = ? AND live_name = ?", tx.house.workspace, name):
        raise AlreadyExists(f"An experiment has the name {name!r} already")


def _records(tx: Tx, rows: list[Any]) -> list[Experiment]:
    tags: dict[int, list[ExperimentTag]] = {}
    keys = [row[0] for row in rows]
    for start in range(0, len(keys), 500):
        chunk = keys[start : start + 500]
        for key, tag, value in tx.rows(
            f"SELECT experiment, tag, value FROM experiment_tags WHERE experiment IN {marks(chunk)}"
            " ORDER BY experiment, tag",
            *chunk,
        ):
            tags.setdefault(key, []).append(ExperimentTag(tag, value))
    return [
        Experiment(
            experiment_id=str(key),
            name=name,
            artifact_location=tx.house.location(place),
            lifecycle_stage="active" if deleted is None else "deleted",
            creation_time=created,
            last_update_time=updated,
            tag_list=tags.get(key, []),
            workspace=workspace,
        )
        for key, name, place, created, updated, deleted, workspace in (row[:7] for row in rows)
    ]
