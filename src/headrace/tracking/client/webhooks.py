"""Webhooks, as ``MlflowClient`` offers them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from headrace.base.errors import BadRequest
from headrace.schema.webhooks import (
    CreateWebhook,
    DeleteWebhook,
    DeliveryStatus,
    GetWebhook,
    GetWebhookDelivery,
    ListWebhookDeliveries,
    ListWebhooks,
    ReplayWebhookDeliveries,
    ReplayWebhookDelivery,
    StatusWord,
    TestWebhook,
    UpdateWebhook,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookStatus,
    WebhookTestResult,
)
from headrace.tracking.client.asking import Asking
from headrace.tracking.paged import PagedList

Event = str | WebhookEvent


class Webhooks(Asking):
    """Methods of the client about webhooks."""

    def create_webhook(
        self,
        name: str,
        url: str,
        events: list[Event],
        description: str | None = None,
        secret: str | None = None,
        status: str | WebhookStatus | None = None,
    ) -> Webhook:
        """Tell ``url`` of some events, such as ``model_version.created``, from now on."""
        call = CreateWebhook(
            name=name,
            url=url,
            events=_events(events),
            description=description,
            secret=secret,
            status=_status(status) or "ACTIVE",
        )
        return self._ask_registry(call).webhook

    def get_webhook(self, webhook_id: str) -> Webhook:
        """One webhook, or ``NotFound``. Its secret is never told."""
        return self._ask_registry(GetWebhook(webhook_id=webhook_id)).webhook

    def list_webhooks(self, max_results: int | None = None, page_token: str | None = None) -> PagedList[Webhook]:
        """A page of webhooks, the newest first."""
        call = ListWebhooks(max_results=100 if max_results is None else max_results, page_token=page_token or None)
        found = self._ask_registry(call)
        return PagedList(found.webhooks, found.next_page_token)

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: list[Event] | None = None,
        secret: str | None = None,
        status: str | WebhookStatus | None = None,
    ) -> Webhook:
        """Change a webhook. What is not given stays as it is."""
        call = UpdateWebhook(
            webhook_id=webhook_id,
            name=name,
            description=description,
            url=url,
            events=_events(events or ()),
            secret=secret,
            status=_status(status),
        )
        return self._ask_registry(call).webhook

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook, and what was still to be sent to it."""
        self._ask_registry(DeleteWebhook(webhook_id=webhook_id))

    def test_webhook(self, webhook_id: str, event: Event | None = None) -> WebhookTestResult:
        """Have the server send one made-up message now."""
        made = _events([event])[0] if event is not None else None
        return self._ask_registry(TestWebhook(webhook_id=webhook_id, event=made)).result

    def list_webhook_deliveries(
        self, webhook_id: str, status: str | None = None, max_results: int = 100, page_token: str | None = None
    ) -> PagedList[WebhookDelivery]:
        """A page of the messages to a webhook, the newest first; of ``PENDING``, ``DELIVERED`` or ``DEAD`` ones."""
        call = ListWebhookDeliveries(
            webhook_id=webhook_id,
            status=cast("DeliveryStatus | None", status.upper() if status else None),
            max_results=max_results,
            page_token=page_token or None,
        )
        found = self._ask_registry(call)
        return PagedList(found.deliveries, found.next_page_token)

    def get_webhook_delivery(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """One message to a webhook, or ``NotFound``."""
        return self._ask_registry(GetWebhookDelivery(webhook_id=webhook_id, delivery_id=delivery_id)).delivery

    def replay_webhook_delivery(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Send a message again, under the same delivery id, whatever became of it before."""
        return self._ask_registry(ReplayWebhookDelivery(webhook_id=webhook_id, delivery_id=delivery_id)).delivery

    def replay_webhook_deliveries(self, webhook_id: str) -> int:
        """Send every message again that was given up; how many there are."""
        return self._ask_registry(ReplayWebhookDeliveries(webhook_id=webhook_id)).replayed


def _events(said: Iterable[Event]) -> list[WebhookEvent]:
    if isinstance(said, str):
        raise BadRequest(f"events must be a list, such as [{said!r}]")
    return [each if isinstance(each, WebhookEvent) else WebhookEvent.from_str(each) for each in said]


def _status(said: str | WebhookStatus | None) -> StatusWord | None:
    if said is None:
        return None
    try:
        return WebhookStatus(said).value
    except ValueError:
        raise BadRequest(f"Invalid status {said!r}: it is one of {', '.join(WebhookStatus)}") from None
