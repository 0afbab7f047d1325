"""The answer that takes over the history of another store's registry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec

from headrace.schema.imports import Imported, ImportedRegistryEvent, ImportOutcome, ImportRegistryEvents
from headrace.stores.sql import registry_histories
from headrace.stores.sql.exports_of_events import told_of
from headrace.stores.sql.registry_events import keep
from headrace.stores.sql.registry_histories import Known
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx

_MISSING = "The events before it in its history are not here; send them first"
_OTHER = "Another event of its history has this number here"
_NAMED = "A registered model that has this name here has a history of its own, and keeps it"
_HERE = "The registered model is here already, and its history goes on here"
_OVER = "The registered model was deleted here, and its history ended with it"


@answers(ImportRegistryEvents)
def import_registry_events(tx: Tx, call: ImportRegistryEvents) -> Imported:
    outcomes: list[ImportOutcome] = []
    for history_id, events in groupby(call.events, key=lambda event: event.history_id):
        outcomes += _history(tx, history_id, list(events))
    return Imported(outcomes=outcomes)


def _history(tx: Tx, history_id: str, events: list[ImportedRegistryEvent]) -> Iterator[ImportOutcome]:
    known = registry_histories.known(tx, history_id)
    why = None
    if known is None:
        name = events[0].name_now
        named = "SELECT id FROM registered_models WHERE workspace = ? AND name = ?"
        if events[0].number != 1:
            why = _MISSING
        elif name is not None and tx.scalar(named, tx.house.workspace, name) is not None:
            why = _NAMED
        else:
            known = Known(registry_histories.reserve(tx, history_id), 0)
    if known is None:
        yield from (_outcome(event, why) for event in events)
        return
    if tx.scalar("SELECT id FROM registered_models WHERE id = ?", known.model) is not None:
        why = _HERE
    elif known.is_over:
        why = _OVER
    yield from _continued(tx, known, events, why)


def _continued(
    tx: Tx, known: Known, events: list[ImportedRegistryEvent], closed: str | None
) -> Iterator[ImportOutcome]:
    """Compare events with those that are here, and add what follows unless the history is closed."""
    end, first = known.events, events[0].number
    last = min(first + len(events) - 1, end)
    here = {each.number: each for each in told_of(tx, known.model, first, last)} if first <= end else {}
    for event in events:
        if event.number <= end:
            same = here.get(event.number) or told_of(tx, known.model, event.number, event.number)[0]
            yield _outcome(event, None if _is_same(same, event) else _OTHER, became_there=True)
        elif closed:
            yield _outcome(event, closed)
        elif event.number > end + 1:
            yield _outcome(event, _MISSING)
        else:
            _keep(tx, known.model, event)
            end += 1
            closed = _OVER if event.event == registry_histories.DELETED else None
            yield _outcome(event, None)


def _is_same(here: ImportedRegistryEvent, told: ImportedRegistryEvent) -> bool:
    return msgspec.structs.replace(told, name_now=here.name_now) == here


def _keep(tx: Tx, model: int, event: ImportedRegistryEvent) -> None:
    restores = registry_histories.event_of(tx, model, event.restores) if event.restores is not None else None
    keep(
        tx,
        model,
        event.name,
        event.event,
        event.changes,
        version=event.version,
        alias=event.alias,
        user_id=event.user_id,
        happened=event.timestamp,
        restores=restores,
    )


def _outcome(event: ImportedRegistryEvent, why: str | None, *, became_there: bool = False) -> ImportOutcome:
    became = "there" if became_there else "new"
    said = f"{event.history_id}/{event.number}"
    return ImportOutcome(id=said, became="refused" if why else became, why=why)  # type: ignore[arg-type]
