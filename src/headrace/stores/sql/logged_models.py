"""Answers about logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, NotFound
from headrace.base.ids import new_id, new_name
from headrace.schema import Empty
from headrace.schema.logged_models import (
    CreateLoggedModel,
    DeleteLoggedModel,
    DeleteLoggedModelTag,
    FinalizeLoggedModel,
    GetLoggedModel,
    LoggedModelFound,
    LogLoggedModelParams,
    SetLoggedModelTags,
)
from headrace.stores.sql import experiments
from headrace.stores.sql.logged_model_records import COLUMNS, records
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx


@answers(CreateLoggedModel)
def create_logged_model(tx: Tx, call: CreateLoggedModel) -> LoggedModelFound:
    experiment = experiments.active(tx, call.experiment_id)
    model_id = new_id("m-")
    place = tx.scalar("SELECT artifact_location FROM experiments WHERE id = ?", experiment)
    now = now_ms()
    key = tx.insert(
        "logged_models",
        model_id=model_id,
        experiment=experiment,
        name=call.name or new_name(),
        artifact_uri=f"{place.rstrip('/')}/models/{model_id}/artifacts",
        creation_time=now,
        last_update_time=now,
        status="LOGGED_MODEL_PENDING",
        model_type=call.model_type or None,
        source_run_id=call.source_run_id or None,
    )
    _put(tx, "logged_model_params", key, [(param.key, param.value) for param in call.params])
    _put(tx, "logged_model_tags", key, [(tag.key, tag.value) for tag in call.tags])
    return _found(tx, model_id)


@answers(GetLoggedModel)
def get_logged_model(tx: Tx, call: GetLoggedModel) -> LoggedModelFound:
    return _found(tx, call.model_id)


@answers(FinalizeLoggedModel)
def finalize_logged_model(tx: Tx, call: FinalizeLoggedModel) -> LoggedModelFound:
    key = _key(tx, call.model_id)
    if call.status in ("LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING"):
        raise BadRequest("Invalid status: a logged model ends as LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED")
    tx.run("UPDATE logged_models SET status = ?, last_update_time = ? WHERE id = ?", call.status, now_ms(), key)
    return _found(tx, call.model_id)


@answers(DeleteLoggedModel)
def delete_logged_model(tx: Tx, call: DeleteLoggedModel) -> Empty:
    key = _key(tx, call.model_id)
    tx.run("UPDATE logged_models SET deleted_time = ?, last_update_time = ? WHERE id = ?", now_ms(), now_ms(), key)
    return Empty()


@answers(SetLoggedModelTags)
def set_logged_model_tags(tx: Tx, call: SetLoggedModelTags) -> Empty:
    _put(tx, "logged_model_tags", _key(tx, call.model_id), [(tag.key, tag.value) for tag in call.tags])
    return Empty()


@answers(DeleteLoggedModelTag)
def delete_logged_model_tag(tx: Tx, call: DeleteLoggedModelTag) -> Empty:
    key = _key(tx, call.model_id)
    if not tx.run("DELETE FROM logged_model_tags WHERE model = ? AND name = ?", key, call.tag_key):
        raise NotFound(f"Logged model {call.model_id} has no tag {call.tag_key!r}")
    return Empty()


@answers(LogLoggedModelParams)
def log_logged_model_params(tx: Tx, call: LogLoggedModelParams) -> Empty:
    _put(tx, "logged_model_params", _key(tx, call.model_id), [(param.key, param.value) for param in call.params])
    return Empty()


def _key(tx: Tx, model_id: str) -> int:
    key = tx.scalar(
        f"SELECT id FROM logged_models WHERE model_id = ? AND deleted_time IS NULL{tx.for_update}", model_id
    )
    if key is None:
        raise missing(model_id)
    return int(key)


def missing(model_id: str) -> NotFound:
    """The error for a logged model that is not there."""
    return NotFound(f"No logged model has the id {model_id}")


def _put(tx: Tx, table: str, key: int, pairs: Sequence[tuple[str, str]]) -> None:
    tx.put(table, "model, name", "value", [(key, *pair) for pair in dict(pairs).items()])


def _found(tx: Tx, model_id: str) -> LoggedModelFound:
    rows: list[Any] = tx.rows(
        f"SELECT {COLUMNS} FROM logged_models WHERE model_id = ? AND deleted_time IS NULL", model_id
    )
    if not rows:
        raise missing(model_id)
    return LoggedModelFound(model=records(tx, rows)[0])
