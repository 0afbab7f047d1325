"""A wrapper around a store: judges where webhooks point, and sends tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar, cast

from headrace.base import settings
from headrace.base.errors import HeadraceError
from headrace.registry.webhooks import get_example_payload_for_event
from headrace.schema import Call
from headrace.schema.webhook_outbox import GetSigningKey
from headrace.schema.webhooks import (
    CreateWebhook,
    GetWebhook,
    TestWebhook,
    UpdateWebhook,
    WebhookTested,
    WebhookTestResult,
    checked,
)
from headrace.server.webhooks.message import refuse_unreachable, send
from headrace.stores.port import PromptStore, WouldWait
from headrace.stores.sql.webhook_outbox import body

R = TypeVar("R")


class WebhooksStore:
    """A store that also resolves the URLs of webhooks and sends tests to them."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store

    def send(self, call: Call[R], /) -> R:
        """Answer ``call`` here or by the store behind."""
        if isinstance(call, TestWebhook):
            return cast(R, self._test(call))
        if isinstance(call, (CreateWebhook, UpdateWebhook)) and call.url:
            refuse_unreachable(call.url)
        return self._store.send(call)

    def attempt(self, call: Call[R], /) -> R:
        """Let the store behind answer at once, if it can; names are not resolved at once."""
        if isinstance(call, (TestWebhook, CreateWebhook, UpdateWebhook)):
            raise WouldWait
        return self._store.attempt(call)

    def close(self) -> None:
        """Close the store behind."""
        self._store.close()

    def _test(self, call: TestWebhook) -> WebhookTested:
        webhook = self._store.send(GetWebhook(webhook_id=call.webhook_id)).webhook
        event = checked(call.event) if call.event else webhook.events[0]
        try:
            key = self._store.send(GetSigningKey(webhook_id=call.webhook_id))
        except HeadraceError as error:
            return WebhookTested(result=WebhookTestResult(False, error_message=error.message))
        text = body(event.entity_word, event.action_word, get_example_payload_for_event(event), datetime.now(UTC))
        outcome = send(key.url, key.secret, text, settings.number("WEBHOOK_REQUEST_TIMEOUT", 30))
        return WebhookTested(
            result=WebhookTestResult(
                outcome.success, response_status=outcome.status or None, error_message=outcome.error
            )
        )
