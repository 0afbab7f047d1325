"""Answers about messages to webhooks: which are due, how they ended, and sending them again."""

from __future__ import annotations

from typing import Any

from headrace.base import settings
from headrace.base.clock import now_ms
from headrace.base.errors import HeadraceError, NotFound
from headrace.schema import Empty
from headrace.schema.webhook_outbox import (
    ClaimDeliveries,
    ClaimedDeliveries,
    ClaimedDelivery,
    GetNextDelivery,
    NextDelivery,
    SettleDelivery,
)
from headrace.schema.webhooks import (
    GetWebhookDelivery,
    ListWebhookDeliveries,
    ReplayWebhookDeliveries,
    ReplayWebhookDelivery,
    WebhookDeliveriesFound,
    WebhookDeliveriesReplayed,
    WebhookDelivery,
    WebhookDeliveryFound,
)
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks
from headrace.stores.sql.webhooks import key_of, opened

_COLUMNS = (
    "d.delivery_id, w.webhook_id, d.event, d.status, d.creation_time, d.attempts, d.due, d.last_attempt_time,"
    " d.response_status, d.error_message, d.payload"
)
_SOURCE = "FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook"
_DAY_MS = 86_400_000
#: Old deliveries removed with each one that ends, at most.
_SWEPT = 100


@answers(ClaimDeliveries)
def claim_deliveries(tx: Tx, call: ClaimDeliveries) -> ClaimedDeliveries:
    now = now_ms()
    where = "d.due <= ?"
    params: list[Any] = [now]
    if call.passing_over:
        where += f" AND w.webhook_id NOT IN {marks(call.passing_over)}"
        params += call.passing_over
    others = " FOR UPDATE OF d SKIP LOCKED" if tx.dialect.name == "postgresql" else ""
    if tx.dialect.name == "mysql":
        others = " FOR UPDATE SKIP LOCKED"
    rows = tx.rows(
        f"SELECT d.id, d.delivery_id, w.webhook_id, w.url, d.payload, w.secret, d.attempts, w.status {_SOURCE}"
        f" WHERE {where} ORDER BY d.due, d.id LIMIT {call.limit}{others}",
        *params,
    )
    taken = [_claim(tx, row, now + call.lease, now) for row in rows]
    return ClaimedDeliveries(deliveries=taken)


def _claim(tx: Tx, row: Any, until: int, now: int) -> ClaimedDelivery:
    key, delivery_id, webhook_id, url, payload, kept, attempts, status = row
    tx.run(
        "UPDATE webhook_deliveries SET due = ?, attempts = ?, last_attempt_time = ? WHERE id = ?",
        until,
        attempts + 1,
        now,
        key,
    )
    secret, fault = None, None
    if status != "ACTIVE":
        fault = "The webhook was disabled before this was sent"
    else:
        try:
            secret = opened(tx, kept, webhook_id)
        except HeadraceError as error:
            fault = error.message
    return ClaimedDelivery(
        delivery_id=delivery_id,
        webhook_id=webhook_id,
        url=url,
        payload=payload,
        secret=secret,
        attempts=attempts + 1,
        fault=fault,
    )


@answers(GetNextDelivery)
def get_next_delivery(tx: Tx, call: GetNextDelivery) -> NextDelivery:
    return NextDelivery(due=tx.scalar("SELECT MIN(due) FROM webhook_deliveries"))


@answers(SettleDelivery)
def settle_delivery(tx: Tx, call: SettleDelivery) -> Empty:
    # Another process may have claimed it since, or somebody replayed it: then this attempt no longer counts.
    tx.run(
        "UPDATE webhook_deliveries SET status = ?, due = ?, response_status = ?, error_message = ?"
        " WHERE delivery_id = ? AND attempts = ? AND status = 'PENDING'",
        call.status,
        call.next_attempt if call.status == "PENDING" else None,
        call.response_status,
        call.error_message,
        call.delivery_id,
        call.attempts,
    )
    if call.status != "PENDING":
        _sweep(tx)
    return Empty()


def _sweep(tx: Tx) -> None:
    """Forget what ended long ago."""
    before = now_ms() - settings.number("WEBHOOK_DELIVERY_RETENTION_DAYS", 30) * _DAY_MS
    rows = tx.rows("SELECT id, creation_time, due FROM webhook_deliveries ORDER BY id LIMIT ?", _SWEPT)
    old = [(key,) for key, created, due in rows if due is None and created < before]
    tx.many("DELETE FROM webhook_deliveries WHERE id = ?", old)


@answers(ListWebhookDeliveries)
def list_webhook_deliveries(tx: Tx, call: ListWebhookDeliveries) -> WebhookDeliveriesFound:
    where = "d.webhook = ?"
    params: list[Any] = [key_of(tx, call.webhook_id)]
    if call.status is not None:
        where += " AND d.status = ?"
        params.append(call.status)
    page = Page(tx, call, [Term("d.id", descending=True)], call.max_results)
    rows = page.rows(tx, f"SELECT {_COLUMNS}", f"{_SOURCE} WHERE {where}", params)
    return WebhookDeliveriesFound(deliveries=[_told(row) for row in rows], next_page_token=page.next_token)


@answers(GetWebhookDelivery)
def get_webhook_delivery(tx: Tx, call: GetWebhookDelivery) -> WebhookDeliveryFound:
    return _found(tx, key_of(tx, call.webhook_id), call.delivery_id)


@answers(ReplayWebhookDelivery)
def replay_webhook_delivery(tx: Tx, call: ReplayWebhookDelivery) -> WebhookDeliveryFound:
    webhook = key_of(tx, call.webhook_id)
    _found(tx, webhook, call.delivery_id)
    tx.run(
        "UPDATE webhook_deliveries SET status = 'PENDING', due = ?, attempts = 0 WHERE delivery_id = ?",
        now_ms(),
        call.delivery_id,
    )
    tx.house.written += 1
    return _found(tx, webhook, call.delivery_id)


@answers(ReplayWebhookDeliveries)
def replay_webhook_deliveries(tx: Tx, call: ReplayWebhookDeliveries) -> WebhookDeliveriesReplayed:
    webhook = key_of(tx, call.webhook_id)
    replayed = tx.run(
        "UPDATE webhook_deliveries SET status = 'PENDING', due = ?, attempts = 0 WHERE webhook = ? AND status = 'DEAD'",
        now_ms(),
        webhook,
    )
    tx.house.written += 1
    return WebhookDeliveriesReplayed(replayed=replayed)


def _found(tx: Tx, webhook: int, delivery_id: str) -> WebhookDeliveryFound:
    rows = tx.rows(f"SELECT {_COLUMNS} {_SOURCE} WHERE d.webhook = ? AND d.delivery_id = ?", webhook, delivery_id)
    if not rows:
        raise NotFound(f"The webhook has no delivery with the id {delivery_id}")
    return WebhookDeliveryFound(delivery=_told(rows[0]))


def _told(row: Any) -> WebhookDelivery:
    return WebhookDelivery(
        delivery_id=row[0],
        webhook_id=row[1],
        event=row[2],
        status=row[3],
        creation_timestamp=row[4],
        attempts=row[5],
        next_attempt_timestamp=row[6],
        last_attempt_timestamp=row[7],
        response_status=row[8],
        error_message=row[9],
        payload=row[10],
    )
