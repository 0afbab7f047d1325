"""Histories of registered models, by the ids they have in every store; and what they say was the case last."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from headrace.stores.sql.tx import Tx

#: The event that ends a history.
DELETED = "registered_model.deleted"


class Known(NamedTuple):
    """How far a history goes that is here."""

    #: The key of its model, whether that is here or not.
    model: int
    events: int
    #: The name that its last event tells.
    name: str | None = None
    #: Whether its model was deleted here or where it comes from.
    is_over: bool = False


def begin(tx: Tx, model: int, history_id: str | None = None) -> None:
    """Begin the history of a registered model that has this key."""
    tx.run(
        "INSERT INTO registry_histories (model, workspace, history_id) VALUES (?, ?, ?)",
        model,
        tx.house.workspace,
        history_id or uuid.uuid4().hex,
    )


def reserve(tx: Tx, history_id: str) -> int:
    """Begin a history whose model is still to come, or was deleted long ago; the key that only this model can have."""
    # No model has a slash in its name.
    held = f"history/{history_id}"
    model = tx.insert(
        "registered_models",
        workspace=tx.house.workspace,
        name=held,
        creation_time=0,
        last_update_time=0,
        last_version=0,
    )
    tx.run("DELETE FROM registered_models WHERE id = ?", model)
    begin(tx, model, history_id)
    return model


def known(tx: Tx, history_id: str) -> Known | None:
    """A history, held until the end of a writing transaction, if it is here."""
    model = tx.scalar(
        f"SELECT model FROM registry_histories WHERE workspace = ? AND history_id = ?{tx.for_update}",
        tx.house.workspace,
        history_id,
    )
    if model is None:
        return None
    events = tx.scalar("SELECT COUNT(*) FROM registry_events WHERE model = ?", model)
    last = tx.row("SELECT name, event FROM registry_events WHERE model = ? ORDER BY id DESC LIMIT 1", model)
    return Known(model, events, last[0], last[1] == DELETED) if last else Known(model, 0)


def number_of(tx: Tx, model: int, event: int) -> int:
    """Which event of its history one is; 1 is the first."""
    found = tx.scalar("SELECT COUNT(*) FROM registry_events WHERE model = ? AND id <= ?", model, event)
    return int(found)


def event_of(tx: Tx, model: int, number: int) -> Any:
    """The key of an event, by its number in its history."""
    return tx.scalar(
        f"SELECT id FROM registry_events WHERE model = ? ORDER BY id LIMIT 1 OFFSET {number - 1}",
        model,
    )
