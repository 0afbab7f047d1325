"""What webhooks are told: one row for each that wants to know, written in the transaction of the change.

A change that no active webhook asks about costs one look into an index. The payload is that of MLflow, byte for byte.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from headrace.base.clock import now_ms
from headrace.stores.sql.tx import Tx

#: Marks a registered model that is a prompt, or a version that is a prompt's.
PROMPT_TAG = "mlflow.prompt.is_prompt"
_TEXT_TAG = "mlflow.prompt.text"
#: Tags by which prompts are kept, which nobody set.
_INNER = frozenset((PROMPT_TAG, _TEXT_TAG, "_mlflow_prompt_type"))

#: Makes the data of a payload when somebody wants it.
Data = Callable[[], Mapping[str, Any]]


def model_created(tx: Tx, name: str, tags: Mapping[str, str], description: str | None) -> None:
    """A registered model, or a prompt, was opened."""
    entity = "PROMPT" if is_marked(tags) else "REGISTERED_MODEL"
    shown = _shown(tags) if is_marked(tags) else dict(tags)
    _put(tx, entity, "CREATED", lambda: {"name": name, "tags": shown, "description": description or ""})


def version_created(
    tx: Tx, name: str, version: str, source: str, run_id: str | None, tags: Mapping[str, str], description: str | None
) -> None:
    """A version of a model, or of a prompt, was registered."""
    if is_marked(tags):
        said: dict[str, Any] = {"name": name, "version": version, "template": tags.get(_TEXT_TAG)}
        said |= {"tags": _shown(tags), "description": description or None}
        _put(tx, "PROMPT_VERSION", "CREATED", lambda: said)
        return
    said = {"name": name, "version": version, "source": source, "run_id": run_id or None}
    said |= {"tags": dict(tags), "description": description or None}
    _put(tx, "MODEL_VERSION", "CREATED", lambda: said)


def model_tag_changed(tx: Tx, model: int, name: str, key: str, value: str | None) -> None:
    """A tag was set, or removed where there is no value. Only of prompts is anything told."""
    said = {"name": name, "key": key} if value is None else {"name": name, "key": key, "value": value}
    _put(tx, "PROMPT_TAG", "DELETED" if value is None else "SET", lambda: said, lambda: _is_prompt(tx, model))


def version_tag_changed(tx: Tx, model: int, name: str, version: str, key: str, value: str | None) -> None:
    """A tag of a version was set, or removed where there is no value."""
    said = {"name": name, "version": version, "key": key} | ({} if value is None else {"value": value})
    _put_either(tx, model, "VERSION_TAG", "DELETED" if value is None else "SET", said)


def alias_set(tx: Tx, model: int, name: str, alias: str, version: str) -> None:
    """An alias points at a version now."""
    _put_either(tx, model, "ALIAS", "CREATED", {"name": name, "alias": alias, "version": version})


def alias_deleted(tx: Tx, model: int, name: str, alias: str) -> None:
    """An alias was removed."""
    _put_either(tx, model, "ALIAS", "DELETED", {"name": name, "alias": alias})


def is_marked(tags: Mapping[str, str]) -> bool:
    """Whether these are the tags of a prompt."""
    return tags.get(PROMPT_TAG, "").lower() == "true"


def body(entity: str, action: str, data: Mapping[str, Any], at: datetime) -> str:
    """The body of a message, as MLflow writes it."""
    said = {"entity": entity.lower(), "action": action.lower(), "timestamp": at.isoformat(timespec="microseconds")}
    return json.dumps({**said, "data": data})


def _put_either(tx: Tx, model: int, what: str, action: str, data: Mapping[str, Any]) -> None:
    """Tell of a change of something that models and prompts both have."""
    of_models = f"MODEL_{what}" if what.startswith("VERSION") else f"MODEL_VERSION_{what}"
    if wanted := _wanted(tx, (of_models, f"PROMPT_{what}"), action):
        entity = f"PROMPT_{what}" if _is_prompt(tx, model) else of_models
        _write(tx, [webhook for webhook, which in wanted if which == entity], entity, action, data)


def _put(tx: Tx, entity: str, action: str, data: Data, only_if: Callable[[], bool] | None = None) -> None:
    wanted = _wanted(tx, (entity,), action)
    if wanted and (only_if is None or only_if()):
        _write(tx, [webhook for webhook, _ in wanted], entity, action, data())


def _wanted(tx: Tx, entities: tuple[str, ...], action: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = tx.rows(
        "SELECT w.id, e.entity FROM webhook_events e JOIN webhooks w ON w.id = e.webhook"
        f" WHERE e.entity IN ({', '.join('?' * len(entities))}) AND e.action = ? AND w.status = 'ACTIVE'"
        " AND w.workspace = ? ORDER BY w.id",
        *entities,
        action,
        tx.house.workspace,
    )
    return found


def _write(tx: Tx, webhooks: list[int], entity: str, action: str, data: Mapping[str, Any]) -> None:
    if not webhooks:
        return
    text, now = body(entity, action, data, datetime.now(UTC)), now_ms()
    event = f"{entity}.{action}".lower()
    tx.many(
        "INSERT INTO webhook_deliveries (delivery_id, webhook, event, payload, status, creation_time, due, attempts)"
        " VALUES (?, ?, ?, ?, 'PENDING', ?, ?, 0)",
        [(str(uuid.uuid4()), webhook, event, text, now, now) for webhook in webhooks],
    )
    tx.house.written += 1


def _is_prompt(tx: Tx, model: int) -> bool:
    value = tx.scalar("SELECT value FROM registered_model_tags WHERE model = ? AND name = ?", model, PROMPT_TAG)
    return str(value or "").lower() == "true"


def _shown(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in _INNER}
