"""Webhooks: who is told of which changes, and what became of every message."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, cast, get_args

from msgspec import Meta, field

from headrace.base.errors import BadRequest
from headrace.schema.call import Call, Empty, Manage, Record, call
from headrace.schema.making import Made
from headrace.schema.types import Int64, PageToken, zero

EntityWord = Literal[
    "REGISTERED_MODEL",
    "MODEL_VERSION",
    "MODEL_VERSION_TAG",
    "MODEL_VERSION_ALIAS",
    "PROMPT",
    "PROMPT_VERSION",
    "PROMPT_TAG",
    "PROMPT_VERSION_TAG",
    "PROMPT_ALIAS",
    "BUDGET_POLICY",
]
ActionWord = Literal["CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED"]
StatusWord = Literal["ACTIVE", "DISABLED"]
#: Waiting for its first or next attempt; taken by the receiver; given up, until somebody replays it.
DeliveryStatus = Literal["PENDING", "DELIVERED", "DEAD"]

#: What can happen to each entity.
ACTIONS: dict[str, tuple[str, ...]] = {
    "REGISTERED_MODEL": ("CREATED",),
    "MODEL_VERSION": ("CREATED",),
    "MODEL_VERSION_TAG": ("DELETED", "SET"),
    "MODEL_VERSION_ALIAS": ("CREATED", "DELETED"),
    "PROMPT": ("CREATED",),
    "PROMPT_VERSION": ("CREATED",),
    "PROMPT_TAG": ("DELETED", "SET"),
    "PROMPT_VERSION_TAG": ("DELETED", "SET"),
    "PROMPT_ALIAS": ("CREATED", "DELETED"),
    "BUDGET_POLICY": ("EXCEEDED",),
}

WebhookId = Annotated[str, Meta(min_length=1, max_length=64, description="Identifier of a webhook.")]
DeliveryId = Annotated[str, Meta(min_length=1, max_length=64, description="Identifier of a delivery.")]
WebhookName = Annotated[str, Meta(max_length=63)]
Url = Annotated[str, Meta(max_length=2000)]
Secret = Annotated[str, Meta(max_length=1000, description="What messages are signed with; it is never told again.")]
WebhookDescription = Annotated[str, Meta(max_length=10_000)]


class WebhookEntity(StrEnum):
    """What can change."""

    REGISTERED_MODEL, MODEL_VERSION = "registered_model", "model_version"
    MODEL_VERSION_TAG, MODEL_VERSION_ALIAS = "model_version_tag", "model_version_alias"
    PROMPT, PROMPT_VERSION, PROMPT_TAG = "prompt", "prompt_version", "prompt_tag"
    PROMPT_VERSION_TAG, PROMPT_ALIAS = "prompt_version_tag", "prompt_alias"
    BUDGET_POLICY = "budget_policy"


class WebhookAction(StrEnum):
    """How it can change."""

    CREATED, UPDATED, DELETED = "created", "updated", "deleted"
    SET, EXCEEDED = "set", "exceeded"


class WebhookStatus(StrEnum):
    """Whether a webhook is told anything."""

    ACTIVE, DISABLED = "ACTIVE", "DISABLED"

    def is_active(self) -> bool:
        """Whether it is told."""
        return self is WebhookStatus.ACTIVE


class WebhookEvent(Record, frozen=True, kw_only=True, metaclass=Made):
    """A kind of change."""

    entity_word: EntityWord = field(name="entity")
    action_word: ActionWord = field(name="action")

    @property
    def entity(self) -> WebhookEntity:
        """What changes."""
        return WebhookEntity(self.entity_word.lower())

    @property
    def action(self) -> WebhookAction:
        """How it changes."""
        return WebhookAction(self.action_word.lower())

    @classmethod
    def from_str(cls, event_str: str) -> WebhookEvent:
        """The event written as ``model_version.created``."""
        entity, dot, action = event_str.partition(".")
        if not dot:
            raise BadRequest(f"Invalid event {event_str!r}: write it as model_version.created")
        return cls._made(entity, action)

    def __str__(self) -> str:
        return f"{self.entity}.{self.action}"

    @classmethod
    def _made(cls, entity: str | WebhookEntity, action: str | WebhookAction) -> WebhookEvent:
        made = (str(entity).upper(), str(action).upper())
        if made[0] not in get_args(EntityWord):
            raise BadRequest(f"Invalid entity {str(entity)!r}: it is one of {', '.join(WebhookEntity)}")
        if made[1] not in get_args(ActionWord):
            raise BadRequest(f"Invalid action {str(action)!r}: it is one of {', '.join(WebhookAction)}")
        return checked(cls(entity_word=cast(EntityWord, made[0]), action_word=cast(ActionWord, made[1])))


def checked(event: WebhookEvent) -> WebhookEvent:
    """``event``, or ``BadRequest`` where nothing of the kind ever happens."""
    possible = ACTIONS[event.entity_word]
    if event.action_word not in possible:
        raise BadRequest(
            f"Invalid action {str(event.action)!r} for {str(event.entity)!r}, which has {', '.join(possible).lower()}"
        )
    return event


class Webhook(Record, frozen=True, kw_only=True, metaclass=Made):
    """A URL that is told of some kinds of change."""

    webhook_id: str
    name: str
    url: str
    creation_timestamp: Int64
    last_updated_timestamp: Int64
    description: str | None = None
    event_list: list[WebhookEvent] = field(name="events", default_factory=list)
    status_word: StatusWord = field(name="status", default_factory=lambda: "ACTIVE")

    @property
    def events(self) -> list[WebhookEvent]:
        """What it is told of."""
        return self.event_list

    @property
    def status(self) -> WebhookStatus:
        """Whether it is told."""
        return WebhookStatus(self.status_word)

    @property
    def secret(self) -> None:
        """Nobody is told a secret again."""

    @property
    def workspace(self) -> str:
        """The workspace it is in; there is one."""
        return "default"

    @classmethod
    def _made(
        cls,
        webhook_id: str,
        name: str,
        url: str,
        events: list[WebhookEvent],
        creation_timestamp: int,
        last_updated_timestamp: int,
        description: str | None = None,
        status: str | WebhookStatus = WebhookStatus.ACTIVE,
        secret: str | None = None,
        workspace: str | None = None,
    ) -> Webhook:
        return cls(
            webhook_id=webhook_id,
            name=name,
            url=url,
            event_list=list(events),
            creation_timestamp=creation_timestamp,
            last_updated_timestamp=last_updated_timestamp,
            description=description,
            status_word=WebhookStatus(status).value,
        )


class WebhookTestResult(Record, frozen=True, kw_only=False):
    """What became of a message that was sent for a test."""

    success: bool
    response_status: int | None = None
    #: Never told: a server that repeats what it was answered lets callers read what only it can reach.
    response_body: str | None = None
    error_message: str | None = None


class WebhookDelivery(Record, frozen=True, kw_only=True):
    """One message to one webhook, and what became of it."""

    delivery_id: str
    webhook_id: str
    #: Such as ``model_version.created``.
    event: str
    status: DeliveryStatus
    creation_timestamp: Int64
    attempts: int = zero()
    #: When it is sent next, while it is PENDING.
    next_attempt_timestamp: Int64 | None = None
    last_attempt_timestamp: Int64 | None = None
    #: What the receiver answered last.
    response_status: int | None = None
    error_message: str | None = None
    #: The body, to the last byte.
    payload: str = ""


class WebhookFound(Record, frozen=True, kw_only=True):
    """One webhook."""

    webhook: Webhook


class WebhooksFound(Record, frozen=True, kw_only=True):
    """A page of webhooks."""

    webhooks: list[Webhook] = []
    next_page_token: str | None = None


class WebhookTested(Record, frozen=True, kw_only=True):
    """How a test went."""

    result: WebhookTestResult


class WebhookDeliveryFound(Record, frozen=True, kw_only=True):
    """One delivery."""

    delivery: WebhookDelivery


class WebhookDeliveriesFound(Record, frozen=True, kw_only=True):
    """A page of deliveries."""

    deliveries: list[WebhookDelivery] = []
    next_page_token: str | None = None


class WebhookDeliveriesReplayed(Record, frozen=True, kw_only=True, omit_defaults=False):
    """How many deliveries are sent again."""

    replayed: int = zero()


@call("POST", "webhooks", needs=Manage.workspace(), writes=True)
class CreateWebhook(Call[WebhookFound], frozen=True, kw_only=True):
    """Tell a URL of some kinds of change from now on."""

    name: Annotated[str, Meta(min_length=1, max_length=63)]
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    events: Annotated[list[WebhookEvent], Meta(max_length=100)]
    description: WebhookDescription | None = None
    secret: Secret | None = None
    status: StatusWord = "ACTIVE"


@call("GET", "webhooks", needs=Manage.workspace())
class ListWebhooks(Call[WebhooksFound], frozen=True, kw_only=True):
    """All webhooks, the newest first."""

    max_results: Annotated[int, Meta(ge=0, le=1000, description="How many; 0 means 100.")] = 100
    page_token: PageToken | None = None


@call("GET", "webhooks/{webhook_id}", needs=Manage.workspace())
class GetWebhook(Call[WebhookFound], frozen=True, kw_only=True):
    """One webhook."""

    webhook_id: WebhookId


@call("PATCH", "webhooks/{webhook_id}", needs=Manage.workspace(), writes=True)
class UpdateWebhook(Call[WebhookFound], frozen=True, kw_only=True):
    """Change a webhook. What is absent or empty stays as it is, but for an empty description, which removes it."""

    webhook_id: WebhookId
    name: WebhookName | None = None
    description: WebhookDescription | None = None
    url: Url | None = None
    events: Annotated[list[WebhookEvent], Meta(max_length=100)] = []
    secret: Secret | None = None
    status: StatusWord | None = None


@call("DELETE", "webhooks/{webhook_id}", needs=Manage.workspace(), writes=True)
class DeleteWebhook(Call[Empty], frozen=True, kw_only=True):
    """Delete a webhook, and what was still to be sent to it."""

    webhook_id: WebhookId


@call("POST", "webhooks/{webhook_id}/test", needs=Manage.workspace(), writes=True)
class TestWebhook(Call[WebhookTested], frozen=True, kw_only=True):
    """Send one made-up message now, and say how it went."""

    __test__ = False  # It is no test, whatever pytest takes its name for.

    webhook_id: WebhookId
    event: WebhookEvent | None = None


@call("GET", "webhooks/{webhook_id}/deliveries", needs=Manage.workspace())
class ListWebhookDeliveries(Call[WebhookDeliveriesFound], frozen=True, kw_only=True):
    """The messages to a webhook, the newest first."""

    webhook_id: WebhookId
    status: DeliveryStatus | None = None
    max_results: Annotated[int, Meta(ge=1, le=1000)] = 100
    page_token: PageToken | None = None


@call("GET", "webhooks/{webhook_id}/deliveries/{delivery_id}", needs=Manage.workspace())
class GetWebhookDelivery(Call[WebhookDeliveryFound], frozen=True, kw_only=True):
    """One message to a webhook."""

    webhook_id: WebhookId
    delivery_id: DeliveryId


@call("POST", "webhooks/{webhook_id}/deliveries/{delivery_id}/replay", needs=Manage.workspace(), writes=True)
class ReplayWebhookDelivery(Call[WebhookDeliveryFound], frozen=True, kw_only=True):
    """Send a message again, under the same delivery id, whatever became of it before."""

    webhook_id: WebhookId
    delivery_id: DeliveryId


@call("POST", "webhooks/{webhook_id}/deliveries/replay", needs=Manage.workspace(), writes=True)
class ReplayWebhookDeliveries(Call[WebhookDeliveriesReplayed], frozen=True, kw_only=True):
    """Send every message again that was given up."""

    webhook_id: WebhookId
