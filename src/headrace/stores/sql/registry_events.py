"""The history of the registry: written with every change, in its transaction, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from headrace.base import caller
from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest
from headrace.schema.registry_events import (
    Change,
    EventKind,
    RegistryEvent,
    RegistryEventsFound,
    SearchRegistryEvents,
)
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_COLUMNS = "e.id, e.event, e.happened, e.user_id, e.name, e.version, e.alias, e.changes"
_changes = msgspec.json.Decoder(list[Change])


def note(
    tx: Tx,
    model: int,
    name: str,
    event: EventKind,
    changes: Iterable[Change] = (),
    *,
    version: int | None = None,
    alias: str | None = None,
    restores: int | None = None,
) -> None:
    """Write down one change of the registered model with this key, whose name is now ``name``."""
    who = tx.caller or caller.account()
    keep(
        tx, model, name, event, changes, version=version, alias=alias, restores=restores, user_id=who, happened=now_ms()
    )


def keep(
    tx: Tx,
    model: int,
    name: str,
    event: EventKind,
    changes: Iterable[Change],
    *,
    version: int | None,
    alias: str | None,
    restores: int | None,
    user_id: str,
    happened: int,
) -> None:
    """Write down a change that somebody made at some time, here or in another store."""
    tx.run(
        "INSERT INTO registry_events (workspace, model, name, event, version, alias, user_id, happened, changes,"
        " restores) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tx.house.workspace,
        model,
        name,
        event,
        version,
        alias,
        user_id,
        happened,
        msgspec.json.encode(list(changes)).decode(),
        restores,
    )


def appeared(**fields: str | None) -> list[Change]:
    """The changes of something new that has these fields."""
    return [Change(name, None, value) for name, value in fields.items() if value]


def tags_appeared(tags: Mapping[str, str]) -> list[Change]:
    """The changes of something new that has these tags."""
    return [Change(f"tags.{key}", None, value) for key, value in tags.items()]


def backwards(changes: Sequence[Change]) -> list[Change]:
    """The changes of the disappearance of what ``changes`` made."""
    return [Change(each.field, each.after, each.before) for each in changes]


@answers(SearchRegistryEvents)
def search_registry_events(tx: Tx, call: SearchRegistryEvents) -> RegistryEventsFound:
    where = "e.workspace = ?"
    params: list[Any] = [tx.house.workspace]
    # What was imported is older than its key, but for what else happened to the same model.
    newest = [Term("e.happened", descending=True), Term("e.id", descending=True)]
    if call.name is not None:
        owners = _owners(tx, call.name)
        if not owners:
            return RegistryEventsFound()
        # By their models alone, or a database may look through the events of all.
        where, params = f"e.model IN {marks(owners)}", [*owners]
        newest = newest if owners[1:] else newest[1:]
    if call.events:
        where += f" AND e.event IN {marks(call.events)}"
        params += call.events
    said: list[tuple[str, Any]] = [
        ("e.version = ?", call.version),
        ("e.alias = ?", call.alias),
        ("e.user_id = ?", call.user_id),
        ("e.happened >= ?", call.start_time),
        ("e.happened < ?", call.end_time),
    ]
    for test, value in said:
        if value is not None:
            where += f" AND {test}"
            params.append(_number(value) if test == "e.version = ?" else value)
    page = Page(tx, call, newest, call.max_results)
    if page.after is not None and len(page.after) != len(newest):
        raise BadRequest("Invalid page_token: other models have this name now. Ask for the first page again")
    rows = page.rows(tx, f"SELECT {_COLUMNS}", f"FROM registry_events e WHERE {where}", params)
    return RegistryEventsFound(events=[_told(row) for row in rows], next_page_token=page.next_token)


def _number(text: str) -> int:
    from headrace.stores.sql.registered_models import version_number

    return version_number(text)


def _owners(tx: Tx, name: str) -> list[int]:
    """The model that has a name now, or else all that ever had it."""
    key = tx.scalar("SELECT id FROM registered_models WHERE workspace = ? AND name = ?", tx.house.workspace, name)
    if key is not None:
        return [key]
    rows = tx.rows(
        "SELECT DISTINCT model FROM registry_events WHERE workspace = ? AND name = ? ORDER BY model DESC LIMIT 500",
        tx.house.workspace,
        name,
    )
    return [row[0] for row in rows]


def _told(row: Any) -> RegistryEvent:
    return RegistryEvent(
        event_id=row[0],
        event=row[1],
        timestamp=row[2],
        user_id=row[3],
        name=row[4],
        version=None if row[5] is None else str(row[5]),
        alias=row[6],
        changes=changes_of(row[7]),
    )


def changes_of(text: str) -> list[Change]:
    """The changes of an event, as they are kept."""
    return _changes.decode(text)
