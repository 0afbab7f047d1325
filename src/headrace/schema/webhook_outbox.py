"""What a server asks its own database about messages to webhooks. No server offers these calls to others."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from headrace.schema.call import Call, Empty, Manage, Record, call
from headrace.schema.types import Int64, Millis
from headrace.schema.webhooks import DeliveryId, DeliveryStatus, WebhookId


class ClaimedDelivery(Record, frozen=True, kw_only=True):
    """A message to be sent now, with what it is signed with."""

    delivery_id: str
    webhook_id: str
    url: str
    payload: str
    secret: str | None = None
    #: Attempts so far, this one among them.
    attempts: int
    #: Why it cannot be sent at all.
    fault: str | None = None


class ClaimedDeliveries(Record, frozen=True, kw_only=True):
    """What is to be sent now."""

    deliveries: list[ClaimedDelivery] = []


class NextDelivery(Record, frozen=True, kw_only=True):
    """When something is to be sent next, if anything is waiting."""

    due: Int64 | None = None


class SigningKey(Record, frozen=True, kw_only=True):
    """What messages to a webhook are signed with, and where they go."""

    url: str
    secret: str | None = None


@call("POST", "webhooks/claim", needs=Manage.workspace(), writes=True, served=False)
class ClaimDeliveries(Call[ClaimedDeliveries], frozen=True, kw_only=True):
    """Take what is due, for so many milliseconds, in which nobody else gets it."""

    limit: Annotated[int, Meta(ge=1, le=1000)]
    lease: Millis
    #: Webhooks that are busy enough.
    passing_over: list[WebhookId] = []


@call("GET", "webhooks/next", needs=Manage.workspace(), served=False)
class GetNextDelivery(Call[NextDelivery], frozen=True, kw_only=True):
    """When something is to be sent next."""


@call("POST", "webhooks/settle", needs=Manage.workspace(), writes=True, served=False)
class SettleDelivery(Call[Empty], frozen=True, kw_only=True):
    """Note how an attempt ended; PENDING means another one at ``next_attempt``."""

    delivery_id: DeliveryId
    #: Attempts when it was claimed: a claim that somebody took over since is not settled.
    attempts: int
    status: DeliveryStatus
    next_attempt: Millis | None = None
    response_status: int | None = None
    error_message: Annotated[str, Meta(max_length=1000)] | None = None


@call("GET", "webhooks/key", needs=Manage.workspace(), served=False)
class GetSigningKey(Call[SigningKey], frozen=True, kw_only=True):
    """What messages to a webhook are signed with."""

    webhook_id: WebhookId
