"""Answers about webhooks."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Sequence
from typing import Any

from headrace.base import settings
from headrace.base.clock import now_ms
from headrace.base.egress import Egress, networks
from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.schema import Empty
from headrace.schema.webhook_outbox import GetSigningKey, SigningKey
from headrace.schema.webhooks import (
    CreateWebhook,
    DeleteWebhook,
    GetWebhook,
    ListWebhooks,
    TestWebhook,
    UpdateWebhook,
    Webhook,
    WebhookEvent,
    WebhookFound,
    WebhooksFound,
    WebhookTested,
    checked,
)
from headrace.stores.sql import sealed
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_log = logging.getLogger("headrace.webhooks")

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_COLUMNS = "w.id, w.webhook_id, w.name, w.description, w.url, w.status, w.creation_time, w.last_update_time"


@answers(CreateWebhook)
def create_webhook(tx: Tx, call: CreateWebhook) -> WebhookFound:
    _check(call.name, call.url)
    if not call.events:
        raise BadRequest("Invalid value for 'events': a webhook needs at least one event")
    webhook_id, now = str(uuid.uuid4()), now_ms()
    key = tx.insert(
        "webhooks",
        webhook_id=webhook_id,
        workspace=tx.house.workspace,
        name=call.name,
        description=call.description or None,
        url=call.url,
        status=call.status,
        secret=_sealed(tx, call.secret, webhook_id),
        creation_time=now,
        last_update_time=now,
    )
    _put_events(tx, key, call.events)
    return _found(tx, key)


@answers(GetWebhook)
def get_webhook(tx: Tx, call: GetWebhook) -> WebhookFound:
    return _found(tx, key_of(tx, call.webhook_id))


@answers(ListWebhooks)
def list_webhooks(tx: Tx, call: ListWebhooks) -> WebhooksFound:
    page = Page(
        tx,
        call,
        [Term("w.creation_time", descending=True), Term("w.id", descending=True)],
        call.max_results or 100,
    )
    rows = page.rows(tx, f"SELECT {_COLUMNS}", "FROM webhooks w WHERE w.workspace = ?", [tx.house.workspace])
    return WebhooksFound(webhooks=_told(tx, rows), next_page_token=page.next_token)


@answers(UpdateWebhook)
def update_webhook(tx: Tx, call: UpdateWebhook) -> WebhookFound:
    key = key_of(tx, call.webhook_id)
    _check(call.name or None, call.url or None)
    changed: dict[str, Any] = {"name": call.name, "url": call.url, "status": call.status}
    changed["secret"] = _sealed(tx, call.secret, call.webhook_id)
    changed = {column: value for column, value in changed.items() if value}
    if call.description is not None:
        changed["description"] = call.description or None
    for column, value in changed.items():
        tx.run(f"UPDATE webhooks SET {column} = ? WHERE id = ?", value, key)
    if call.events:
        tx.run("DELETE FROM webhook_events WHERE webhook = ?", key)
        _put_events(tx, key, call.events)
    tx.run("UPDATE webhooks SET last_update_time = ? WHERE id = ?", now_ms(), key)
    return _found(tx, key)


@answers(DeleteWebhook)
def delete_webhook(tx: Tx, call: DeleteWebhook) -> Empty:
    key = key_of(tx, call.webhook_id)
    for table in ("webhook_deliveries", "webhook_events"):
        tx.run(f"DELETE FROM {table} WHERE webhook = ?", key)
    tx.run("DELETE FROM webhooks WHERE id = ?", key)
    return Empty()


@answers(TestWebhook)
def test_webhook(tx: Tx, call: TestWebhook) -> WebhookTested:
    raise NotSupported("Only a server sends to webhooks; point the tracking URI at one")


@answers(GetSigningKey)
def get_signing_key(tx: Tx, call: GetSigningKey) -> SigningKey:
    url, kept = tx.row("SELECT url, secret FROM webhooks WHERE id = ?", key_of(tx, call.webhook_id))
    return SigningKey(url=url, secret=opened(tx, kept, call.webhook_id))


def egress() -> Egress:
    """Where webhooks may point, as the settings say."""
    said = (settings.text("WEBHOOK_ALLOWED_SCHEMES") or "https").split(",")
    allowed = (settings.text("WEBHOOK_ALLOWED_NETWORKS") or "").split(",")
    return Egress(
        schemes=frozenset(each.strip().lower() for each in said if each.strip()),
        networks=networks([each.strip() for each in allowed if each.strip()]),
        anywhere=settings.flag("WEBHOOK_ALLOW_PRIVATE_IPS"),
    )


def key_of(tx: Tx, webhook_id: str) -> int:
    """The key of a webhook, held until the end of a writing transaction."""
    key = tx.scalar(
        f"SELECT id FROM webhooks WHERE workspace = ? AND webhook_id = ?{tx.for_update}", tx.house.workspace, webhook_id
    )
    if key is None:
        raise NotFound(f"No webhook has the id {webhook_id}")
    return int(key)


def opened(tx: Tx, kept: str | None, webhook_id: str) -> str | None:
    """The secret of a webhook, from what is kept of it."""
    return None if kept is None else sealed.unseal(kept, webhook_id, tx.house.secret)


def _sealed(tx: Tx, secret: str | None, webhook_id: str) -> str | None:
    if not secret:
        return None
    if not sealed.is_key_set():
        _log.warning(
            "The secret of a webhook is encrypted with a key made from this database itself, and whoever has a copy of "
            "the database can read it: set HEADRACE_WEBHOOK_SECRET_ENCRYPTION_KEY, and give the webhook a new secret"
        )
    return sealed.seal(secret, webhook_id, tx.house.secret)


def _check(name: str | None, url: str | None) -> None:
    if name is not None and not _NAME.fullmatch(name):
        raise BadRequest(
            f"Invalid webhook name {name!r}: it has at most 63 letters, digits, '.', '_' and '-', and begins and ends "
            "with a letter or digit"
        )
    if url is not None:
        egress().parse(url)


def _put_events(tx: Tx, key: int, events: Sequence[WebhookEvent]) -> None:
    rows = sorted({(key, checked(each).entity_word, each.action_word) for each in events})
    tx.many("INSERT INTO webhook_events (webhook, entity, action) VALUES (?, ?, ?)", rows)


def _found(tx: Tx, key: int) -> WebhookFound:
    return WebhookFound(webhook=_told(tx, tx.rows(f"SELECT {_COLUMNS} FROM webhooks w WHERE w.id = ?", key))[0])


def _told(tx: Tx, rows: list[Any]) -> list[Webhook]:
    if not rows:
        return []
    keys = [row[0] for row in rows]
    events: dict[int, list[WebhookEvent]] = {}
    for key, entity, action in tx.rows(
        f"SELECT webhook, entity, action FROM webhook_events WHERE webhook IN {marks(keys)}"
        " ORDER BY webhook, entity, action",
        *keys,
    ):
        events.setdefault(key, []).append(WebhookEvent(entity_word=entity, action_word=action))
    return [
        Webhook(
            webhook_id=row[1],
            name=row[2],
            description=row[3],
            url=row[4],
            status_word=row[5],
            creation_timestamp=row[6],
            last_updated_timestamp=row[7],
            event_list=events.get(row[0], []),
        )
        for row in rows
    ]
