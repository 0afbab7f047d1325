"""Answers about runs themselves."""

from __future__ import annotations

from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, NotFound
from headrace.base.ids import new_id, new_name
from headrace.schema import Empty
from headrace.schema.runs import (
    CreateRun,
    DeleteRun,
    GetRun,
    RestoreRun,
    Run,
    RunFound,
    RunInfo,
    RunTag,
    RunUpdated,
    UpdateRun,
)
from headrace.stores.sql import experiments
from headrace.stores.sql.purge import CLAIMED
from headrace.stores.sql.run_records import COLUMNS, info_of, records
from headrace.stores.sql.store import answers
from headrace.stores.sql.tags import NAME_TAG, put_tags
from headrace.stores.sql.tx import Tx


@answers(CreateRun)
def create_run(tx: Tx, call: CreateRun) -> RunFound:
    experiment = experiments.active(tx, call.experiment_id)
    tags = {tag.key: tag.value for tag in call.tags}
    if call.run_name and tags.get(NAME_TAG, call.run_name) != call.run_name:
        raise BadRequest(
            f"run_name is {call.run_name!r} but the tag {NAME_TAG} is {tags[NAME_TAG]!r}: give one, or both the same"
        )
    name = call.run_name or tags.get(NAME_TAG) or new_name()
    run_id = new_id()
    place = tx.scalar("SELECT artifact_location FROM experiments WHERE id = ?", experiment)
    key = tx.insert(
        "runs",
        run_id=run_id,
        experiment=experiment,
        name=name,
        user_id=call.user_id,
        status="RUNNING",
        start_time=now_ms() if call.start_time is None else call.start_time,
        artifact_uri=f"{place.rstrip('/')}/{run_id}/artifacts",
    )
    tags[NAME_TAG] = name
    put_tags(tx, key, [RunTag(*pair) for pair in tags.items()])
    return RunFound(run=_read(tx, run_id))


@answers(GetRun)
def get_run(tx: Tx, call: GetRun) -> RunFound:
    return RunFound(run=_read(tx, call.run_id))


@answers(UpdateRun)
def update_run(tx: Tx, call: UpdateRun) -> RunUpdated:
    key = writable(tx, call.run_id)
    changes = {
        name: value
        for name, value in (("status", call.status), ("end_time", call.end_time), ("name", call.run_name))
        if value is not None and value != ""
    }
    if changes:
        sets = ", ".join(f"{name} = ?" for name in changes)
        tx.run(f"UPDATE runs SET {sets} WHERE id = ?", *changes.values(), key)
    if call.run_name:
        put_tags(tx, key, [RunTag(NAME_TAG, call.run_name)])
    return RunUpdated(run_info=_info(tx, call.run_id))


@answers(DeleteRun)
def delete_run(tx: Tx, call: DeleteRun) -> Empty:
    if not tx.run("UPDATE runs SET deleted_time = ? WHERE run_id = ? AND deleted_time IS NULL", now_ms(), call.run_id):
        _info(tx, call.run_id)
    return Empty()


@answers(RestoreRun)
def restore_run(tx: Tx, call: RestoreRun) -> Empty:
    restorable = f"run_id = ? AND (deleted_time IS NULL OR deleted_time <> {CLAIMED})"
    if not tx.run(f"UPDATE runs SET deleted_time = NULL WHERE {restorable}", call.run_id):
        _info(tx, call.run_id)
        raise BadRequest(f"Run {call.run_id} is being removed for good and cannot be restored any more")
    return Empty()


def writable(tx: Tx, run_id: str) -> int:
    """The key of a run that can be written to, held until the end of the transaction."""
    row = tx.row(f"SELECT id, deleted_time FROM runs WHERE run_id = ?{tx.for_update}", run_id)
    if row is None:
        raise missing(run_id)
    if row[1] is not None:
        raise BadRequest(f"Run {run_id} is deleted; restore it before you change it")
    return int(row[0])


def missing(run_id: str) -> NotFound:
    """The error for a run that is not there."""
    return NotFound(f"No run has the id {run_id}")


def _info(tx: Tx, run_id: str) -> RunInfo:
    row = tx.row(f"SELECT {COLUMNS} FROM runs WHERE run_id = ?", run_id)
    if row is None:
        raise missing(run_id)
    return info_of(tx, row)


def _read(tx: Tx, run_id: str) -> Run:
    row = tx.row(f"SELECT {COLUMNS} FROM runs WHERE run_id = ?", run_id)
    if row is None:
        raise missing(run_id)
    return records(tx, [row])[0]
