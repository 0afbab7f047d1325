"""The answer that tells the history of the registry as it is kept, for another store to take over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from headrace.schema.exports import ExportRegistryEvents, RegistryEventsExported
from headrace.schema.imports import ImportedRegistryEvent
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.registry_events import changes_of
from headrace.stores.sql.registry_histories import number_of
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_COLUMNS = "h.model, e.event, e.happened, e.user_id, e.name, m.name, e.version, e.alias, e.changes, e.restores"
_SOURCE = (
    "FROM registry_histories h JOIN registry_events e ON e.model = h.model"
    " LEFT JOIN registered_models m ON m.id = h.model"
)


@answers(ExportRegistryEvents)
def export_registry_events(tx: Tx, call: ExportRegistryEvents) -> RegistryEventsExported:
    where, params = "h.workspace = ?", [tx.house.workspace]
    if call.names:
        where += f" AND m.name IN {marks(call.names)}"
        params += call.names
    page = Page(tx, call, (Term("h.history_id"), Term("e.id")), call.max_results)
    rows = page.rows(tx, f"SELECT {_COLUMNS}", f"{_SOURCE} WHERE {where}", params)
    return RegistryEventsExported(events=list(_told(tx, rows)), next_page_token=page.next_token)


def told_of(tx: Tx, model: int, first: int, last: int) -> list[ImportedRegistryEvent]:
    """The events of a history from one number to another, as far as they are there."""
    rows = tx.rows(
        f"SELECT {_COLUMNS}, h.history_id, e.id {_SOURCE} WHERE h.model = ?"
        f" ORDER BY e.id LIMIT {last - first + 1} OFFSET {first - 1}",
        model,
    )
    return list(_told(tx, rows))


def _told(tx: Tx, rows: Sequence[Any]) -> Iterator[ImportedRegistryEvent]:
    """Rows of histories, each without a gap."""
    for model, events in groupby(rows, key=lambda row: row[0]):
        listed = list(events)
        for number, row in enumerate(listed, number_of(tx, model, listed[0][-1])):
            _, event, happened, user_id, name, name_now, version, alias, changes, restores, history_id, _ = row
            yield ImportedRegistryEvent(
                history_id=history_id,
                number=number,
                event=event,
                timestamp=happened,
                user_id=user_id,
                name=name,
                name_now=name_now,
                version=version,
                alias=alias,
                changes=changes_of(changes),
                restores=None if restores is None else number_of(tx, model, restores),
            )
