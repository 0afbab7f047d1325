"""The registry as it was, from its history; and aliases put back to what they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, NotFound
from headrace.schema.registry import ModelVersion, ModelVersionFound
from headrace.schema.registry_events import Change, GetModelVersionAt, RollBackRegisteredModelAlias
from headrace.stores.sql import registry_events, webhook_outbox
from headrace.stores.sql.model_versions import stage_named, told
from headrace.stores.sql.registered_models import key_of, touch
from headrace.stores.sql.registry_histories import DELETED
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx

_EVER = 2**63 - 1


class _State(NamedTuple):
    """What an alias pointed at after an event; no version where it was gone."""

    event: int
    version: int | None


@answers(GetModelVersionAt)
def get_model_version_at(tx: Tx, call: GetModelVersionAt) -> ModelVersionFound:
    if (call.alias is None) == (call.stage is None):
        raise BadRequest("Give an alias or a stage, one of them")
    model = _model_at(tx, call.name, call.at)
    if "latest" in ((call.alias or "").lower(), (call.stage or "").lower()):
        version = max(_stages_at(tx, model, call.at), default=None)
        missing = "versions"
    elif call.alias is not None:
        version = _alias_at(tx, model, call.alias, call.at)
        missing = f"alias {call.alias!r}"
    else:
        stage = stage_named(str(call.stage))
        there = [number for number, its in _stages_at(tx, model, call.at).items() if its == stage]
        version, missing = max(there, default=None), f"version in the stage {stage!r}"
    if version is None:
        raise NotFound(f"At {_moment(call.at)} the registered model {call.name!r} had no {missing}")
    return ModelVersionFound(model_version=_still_there(tx, model, call.name, version))


@answers(RollBackRegisteredModelAlias)
def roll_back_registered_model_alias(tx: Tx, call: RollBackRegisteredModelAlias) -> ModelVersionFound:
    if call.to is not None and call.steps is not None:
        raise BadRequest("Give the time to go back to or the number of steps, not both")
    model = key_of(tx, call.name)
    states = _states(tx, model, call.alias)
    state = _state_before(call, states) if call.to is None else _state_at(tx, model, call)
    version = _still_there(tx, model, call.name, state.version or 0)
    before = tx.scalar("SELECT version FROM aliases WHERE model = ? AND alias = ?", model, call.alias)
    if before == state.version:
        raise BadRequest(f"The alias {call.alias!r} of {call.name!r} points at version {before} already")
    tx.put("aliases", "model, alias", "version", [(model, call.alias, state.version)])
    touch(tx, model)
    registry_events.note(
        tx,
        model,
        call.name,
        "model_version_alias.rolled_back",
        [Change("version", None if before is None else str(before), str(state.version))],
        version=state.version,
        alias=call.alias,
        restores=state.event,
    )
    webhook_outbox.alias_set(tx, model, call.name, call.alias, str(state.version))
    return ModelVersionFound(model_version=told(tx, model, int(version.version)))


def _state_before(call: RollBackRegisteredModelAlias, states: list[_State]) -> _State:
    """So many assignments back. An alias that is gone stands one step behind its last version."""
    gone = bool(states) and states[-1].version is None
    assigned: list[_State] = []
    for state in states:
        if state.version is not None and (not assigned or assigned[-1].version != state.version):
            assigned.append(state)
    steps = (call.steps or 1) - gone
    if steps >= len(assigned):
        known = max(len(assigned) - (not gone), 0)
        raise BadRequest(
            f"The alias {call.alias!r} of {call.name!r} cannot go {call.steps or 1} back: "
            f"versions it pointed at before, as far as is known: {known}"
        )
    return assigned[-1 - steps]


def _state_at(tx: Tx, model: int, call: RollBackRegisteredModelAlias) -> _State:
    assert call.to is not None
    row = _alias_event(tx, model, call.alias, call.to)
    if row is None or row[1] is None:
        raise NotFound(f"At {_moment(call.to)} the registered model {call.name!r} had no alias {call.alias!r}")
    return _State(row[0], row[1])


def _states(tx: Tx, model: int, alias: str) -> list[_State]:
    """What an alias pointed at, oldest first, as if what was rolled back had never been."""
    states: list[_State] = []
    for event, kind, version, restores in tx.rows(
        "SELECT id, event, version, restores FROM registry_events WHERE model = ? AND alias = ? ORDER BY id",
        model,
        alias,
    ):
        if kind == "model_version_alias.deleted":
            states.append(_State(event, None))
            continue
        kept = next((n for n, state in enumerate(states) if state.event == restores), None)
        if kept is None:
            states.append(_State(event, version))
        else:
            del states[kept + 1 :]
    return states


def _alias_event(tx: Tx, model: int, alias: str, at: int) -> Any:
    """The event that made an alias what it was at a time, and the version it pointed at."""
    return tx.row(
        "SELECT id, CASE WHEN event = 'model_version_alias.deleted' THEN NULL ELSE version END FROM registry_events"
        " WHERE model = ? AND alias = ? AND happened <= ? ORDER BY id DESC LIMIT 1",
        model,
        alias,
        at,
    )


def _alias_at(tx: Tx, model: int, alias: str, at: int) -> int | None:
    row = _alias_event(tx, model, alias, at)
    return row[1] if row else None


def last_stages(tx: Tx, model: int) -> dict[int, str]:
    """The versions that a model has by its history, and their stages."""
    return _stages_at(tx, model, _EVER)


def last_alias(tx: Tx, model: int, alias: str) -> int | None:
    """The version that an alias points at by the history of its model."""
    return _alias_at(tx, model, alias, _EVER)


def _stages_at(tx: Tx, model: int, at: int) -> dict[int, str]:
    """The versions that a model had at a time, and their stages."""
    stages: dict[int, str] = {}
    for event, version, changes in tx.rows(
        "SELECT event, version, changes FROM registry_events WHERE model = ? AND happened <= ? AND event IN"
        " ('model_version.created', 'model_version.transitioned', 'model_version.deleted') ORDER BY id",
        model,
        at,
    ):
        match event:
            case "model_version.created":
                stages[version] = "None"
            case "model_version.deleted":
                stages.pop(version, None)
            case _:
                stages[version] = registry_events.changes_of(changes)[0].after or "None"
    return stages


def _model_at(tx: Tx, name: str, at: int) -> int:
    """The key of the model that had a name at a time."""
    named = "registry_events WHERE workspace = ? AND name = ? AND happened <= ?"
    asked = tx.house.workspace, name, at
    row = tx.row(f"SELECT model FROM {named} ORDER BY id DESC LIMIT 1", *asked)
    if row and _had_name(tx, row[0], name, at):
        return int(row[0])
    # Others may have had it before or since: what was imported last need not have happened last.
    for model, _ in tx.rows(f"SELECT model, MAX(id) FROM {named} GROUP BY model ORDER BY 2 DESC LIMIT 500", *asked):
        if _had_name(tx, model, name, at):
            return int(model)
    if at > now_ms() or not row:
        key_of(tx, name)
    raise NotFound(f"At {_moment(at)} no registered model had the name {name[:100]!r}")


def _had_name(tx: Tx, model: int, name: str, at: int) -> bool:
    last = tx.row(
        "SELECT name, event FROM registry_events WHERE model = ? AND happened <= ? ORDER BY id DESC LIMIT 1", model, at
    )
    return bool(last) and last[0] == name and last[1] != DELETED


def _still_there(tx: Tx, model: int, name: str, version: int) -> ModelVersion:
    if tx.scalar("SELECT 1 FROM model_versions WHERE model = ? AND version = ?", model, version) is None:
        raise NotFound(f"It was version {version} of the registered model {name!r}, which has been deleted since")
    return told(tx, model, version)


def _moment(at: int) -> str:
    try:
        return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return f"{at} ms"
