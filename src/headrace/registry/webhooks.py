"""Messages to webhooks: what is in them, and how they are signed; ``headrace.webhooks`` and ``mlflow.webhooks``.

The signature is ``v1,`` and the base64 of an HMAC-SHA256, keyed by the webhook's secret, over delivery id, timestamp
and body with dots between them.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from headrace.base.errors import BadRequest, Forbidden
from headrace.schema.webhooks import WebhookEvent

WEBHOOK_SIGNATURE_HEADER = "X-MLflow-Signature"
WEBHOOK_TIMESTAMP_HEADER = "X-MLflow-Timestamp"
WEBHOOK_DELIVERY_ID_HEADER = "X-MLflow-Delivery-Id"
WEBHOOK_SIGNATURE_VERSION = "v1"


class RegisteredModelCreatedPayload(TypedDict):
    """A registered model was opened."""

    name: str
    tags: dict[str, str]
    description: str | None


class ModelVersionCreatedPayload(TypedDict):
    """A version was registered."""

    name: str
    version: str
    source: str
    run_id: str | None
    tags: dict[str, str]
    description: str | None


class ModelVersionTagSetPayload(TypedDict):
    """A tag of a version was set."""

    name: str
    version: str
    key: str
    value: str


class ModelVersionTagDeletedPayload(TypedDict):
    """A tag of a version was removed."""

    name: str
    version: str
    key: str


class ModelVersionAliasCreatedPayload(TypedDict):
    """An alias points at a version now."""

    name: str
    alias: str
    version: str


class ModelVersionAliasDeletedPayload(TypedDict):
    """An alias was removed."""

    name: str
    alias: str


class PromptCreatedPayload(TypedDict):
    """A prompt was opened."""

    name: str
    tags: dict[str, str]
    description: str | None


class PromptVersionCreatedPayload(TypedDict):
    """A version of a prompt was registered."""

    name: str
    version: str
    template: str
    tags: dict[str, str]
    description: str | None


class PromptTagSetPayload(TypedDict):
    """A tag of a prompt was set."""

    name: str
    key: str
    value: str


class PromptTagDeletedPayload(TypedDict):
    """A tag of a prompt was removed."""

    name: str
    key: str


class PromptVersionTagSetPayload(TypedDict):
    """A tag of a prompt's version was set."""

    name: str
    version: str
    key: str
    value: str


class PromptVersionTagDeletedPayload(TypedDict):
    """A tag of a prompt's version was removed."""

    name: str
    version: str
    key: str


class PromptAliasCreatedPayload(TypedDict):
    """An alias points at a version of a prompt now."""

    name: str
    alias: str
    version: str


class PromptAliasDeletedPayload(TypedDict):
    """An alias of a prompt was removed."""

    name: str
    alias: str


class BudgetPolicyExceededPayload(TypedDict):
    """More was spent than a budget allows."""

    budget_policy_id: str
    budget_unit: Literal["USD"]
    budget_amount: float
    current_spend: float
    duration_unit: Literal["MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS"]
    duration_value: int
    target_scope: Literal["GLOBAL", "WORKSPACE", "ENDPOINT", "USER"]
    workspace: str
    target_value: str | None
    window_start: int


WebhookPayload = (
    RegisteredModelCreatedPayload
    | ModelVersionCreatedPayload
    | ModelVersionTagSetPayload
    | ModelVersionTagDeletedPayload
    | ModelVersionAliasCreatedPayload
    | ModelVersionAliasDeletedPayload
    | PromptCreatedPayload
    | PromptVersionCreatedPayload
    | PromptTagSetPayload
    | PromptTagDeletedPayload
    | PromptVersionTagSetPayload
    | PromptVersionTagDeletedPayload
    | PromptAliasCreatedPayload
    | PromptAliasDeletedPayload
    | BudgetPolicyExceededPayload
)

_PAYLOADS: dict[str, type[Any]] = {
    "registered_model.created": RegisteredModelCreatedPayload,
    "model_version.created": ModelVersionCreatedPayload,
    "model_version_tag.set": ModelVersionTagSetPayload,
    "model_version_tag.deleted": ModelVersionTagDeletedPayload,
    "model_version_alias.created": ModelVersionAliasCreatedPayload,
    "model_version_alias.deleted": ModelVersionAliasDeletedPayload,
    "prompt.created": PromptCreatedPayload,
    "prompt_version.created": PromptVersionCreatedPayload,
    "prompt_tag.set": PromptTagSetPayload,
    "prompt_tag.deleted": PromptTagDeletedPayload,
    "prompt_version_tag.set": PromptVersionTagSetPayload,
    "prompt_version_tag.deleted": PromptVersionTagDeletedPayload,
    "prompt_alias.created": PromptAliasCreatedPayload,
    "prompt_alias.deleted": PromptAliasDeletedPayload,
    "budget_policy.exceeded": BudgetPolicyExceededPayload,
}
#: What each field of a payload is in an example.
_EXAMPLES: dict[str, Any] = {
    "version": "1",
    "source": "models:/123",
    "run_id": "abcd1234abcd5678",
    "tags": {"example_key": "example_value"},
    "template": "Hello {{name}}!",
    "key": "example_key",
    "value": "example_value",
    "alias": "example_alias",
    "budget_policy_id": "bp-abc123",
    "budget_unit": "USD",
    "budget_amount": 100.0,
    "current_spend": 105.5,
    "duration_unit": "MONTHS",
    "duration_value": 1,
    "target_scope": "ENDPOINT",
    "workspace": "default",
    "target_value": "ep-abc123",
    "window_start": 1704067200000,
}


def get_payload_class_for_event(event: WebhookEvent) -> type[Any] | None:
    """The kind of payload that an event has."""
    return _PAYLOADS.get(str(event))


def get_example_payload_for_event(event: WebhookEvent) -> Any:
    """A made-up payload such as the event has."""
    kind = get_payload_class_for_event(event)
    if kind is None:
        raise BadRequest(f"Nothing is ever told of {event}")
    noun = "prompt" if event.entity.startswith("prompt") else "model"
    what = f"{str(event.entity).replace('_', ' ')}"
    own = {"name": f"example_{noun}", "description": f"An example {what}"}
    return {field: own.get(field, _EXAMPLES.get(field)) for field in kind.__annotations__}


def sign(secret: str, delivery_id: str, timestamp: str, body: str) -> str:
    """What the header ``X-MLflow-Signature`` says of a message."""
    signed = hmac.digest(secret.encode(), f"{delivery_id}.{timestamp}.{body}".encode(), "sha256")
    return f"{WEBHOOK_SIGNATURE_VERSION},{base64.b64encode(signed).decode()}"


def verify(secret: str, headers: Mapping[str, str], body: str | bytes, max_age: float = 300) -> None:
    """For receivers: raise ``Forbidden`` unless a message is signed with ``secret`` and at most so many seconds old."""
    said = {name.lower(): value for name, value in headers.items()}
    delivery_id, timestamp, signature = (
        said.get(name.lower(), "")
        for name in (WEBHOOK_DELIVERY_ID_HEADER, WEBHOOK_TIMESTAMP_HEADER, WEBHOOK_SIGNATURE_HEADER)
    )
    text = body if isinstance(body, str) else body.decode(errors="replace")
    if not hmac.compare_digest(sign(secret, delivery_id, timestamp, text).encode(), signature.encode()):
        raise Forbidden("The signature of this message is missing or was made with another secret")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > max_age:
        raise Forbidden(f"This message was not sent within the last {max_age:.0f} seconds")
