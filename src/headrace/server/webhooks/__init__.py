"""Telling webhooks what changed: sending, trying again, giving up, and where may be sent to at all."""

from headrace.server.webhooks.delivery import Deliverer, Policy
from headrace.server.webhooks.guard import WebhooksStore

__all__ = ["Deliverer", "Policy", "WebhooksStore"]
