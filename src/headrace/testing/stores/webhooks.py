"""What the exam asks about webhooks. The store must be allowed to point them at 127.0.0.1."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersionTag,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    ModelVersionTag,
    RegisteredModelTag,
    SetModelVersionTag,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from headrace.schema.webhooks import (
    ACTIONS,
    CreateWebhook,
    DeleteWebhook,
    GetWebhook,
    GetWebhookDelivery,
    ListWebhookDeliveries,
    ListWebhooks,
    ReplayWebhookDeliveries,
    ReplayWebhookDelivery,
    UpdateWebhook,
    Webhook,
    WebhookEvent,
)
from headrace.stores.port import Store
from headrace.testing.stores import making

#: Nobody listens there.
URL = "https://127.0.0.1:9/hook?to=us"
EVERY = [WebhookEvent(entity_word=entity, action_word=action) for entity in ACTIONS for action in ACTIONS[entity]]  # type: ignore[arg-type]
_PROMPT = "mlflow.prompt.is_prompt"


class WebhookContract:
    """A webhook is told of what it asked for, in the words of MLflow, and its secret is told to nobody."""

    def test_a_webhook_is_read_back_as_it_was_made(self, store: Store) -> None:
        call = CreateWebhook(name="w.x_y-z", url=URL, events=EVERY, description="d", secret="s", status="DISABLED")
        made = store.send(call).webhook
        assert (made.name, made.url, made.description, made.status) == ("w.x_y-z", URL, "d", "DISABLED")
        assert [str(each) for each in made.events] == sorted(str(each) for each in EVERY)
        assert store.send(GetWebhook(webhook_id=made.webhook_id)).webhook == made
        assert made in store.send(ListWebhooks(max_results=1000)).webhooks

    def test_webhooks_are_listed_in_pages_the_newest_first(self, store: Store) -> None:
        made = [_webhook(store, "budget_policy.exceeded").webhook_id for _ in range(3)]
        first = store.send(ListWebhooks(max_results=2))
        assert [each.webhook_id for each in first.webhooks] == made[:0:-1]
        then = store.send(ListWebhooks(max_results=2, page_token=first.next_page_token))
        assert then.webhooks[0].webhook_id == made[0]
        with making.refused("INVALID_PARAMETER_VALUE", "page_token"):
            store.send(ListWebhooks(page_token="zzz"))

    def test_a_webhook_is_changed_and_what_is_empty_stays(self, store: Store) -> None:
        made = _webhook(store, "prompt.created", description="d")
        key = made.webhook_id
        same = store.send(UpdateWebhook(webhook_id=key, name="", url="", secret="")).webhook
        assert (same.name, same.url, same.description) == (made.name, URL, "d")
        assert store.send(UpdateWebhook(webhook_id=key, description="")).webhook.description is None
        event = WebhookEvent.from_str("model_version.created")
        changed = store.send(
            UpdateWebhook(webhook_id=key, name="n", url=URL + "2", events=[event], description="e", status="DISABLED")
        ).webhook
        assert (changed.name, changed.url, changed.description) == ("n", URL + "2", "e")
        assert (changed.events, changed.status) == ([event], "DISABLED")
        store.send(DeleteWebhook(webhook_id=key))
        for call in (GetWebhook(webhook_id=key), UpdateWebhook(webhook_id=key), DeleteWebhook(webhook_id=key)):
            with making.refused("RESOURCE_DOES_NOT_EXIST", key):
                store.send(call)

    @pytest.mark.parametrize("name", ["", " ", "-a", "a-", ".a", "a b", "ä", "a/b", "a" * 64, "a\n"])
    def test_a_bad_name_of_a_webhook_is_refused(self, store: Store, name: str) -> None:
        with making.refused("INVALID_PARAMETER_VALUE", "name"):
            store.send(CreateWebhook(name=name, url=URL, events=EVERY))

    @pytest.mark.parametrize("url", ["", "x", "https://", "ftp://h/x", "http://h/x", "https://u:p@h/", "https://h/#f"])
    def test_a_bad_url_is_refused(self, store: Store, url: str) -> None:
        with making.refused("INVALID_PARAMETER_VALUE", "(?i)url"):
            store.send(CreateWebhook(name="w", url=url, events=EVERY))

    def test_an_event_that_never_happens_is_refused(self, store: Store) -> None:
        never = WebhookEvent(entity_word="REGISTERED_MODEL", action_word="DELETED")
        with making.refused("INVALID_PARAMETER_VALUE", "deleted"):
            store.send(CreateWebhook(name="w", url=URL, events=[never]))
        with making.refused("INVALID_PARAMETER_VALUE", "events"):
            store.send(CreateWebhook(name="w", url=URL, events=[]))

    def test_what_happens_to_models_is_told_in_mlflows_words(self, store: Store) -> None:
        webhook, name = _webhook(store), making.fresh("model")
        store.send(CreateRegisteredModel(name=name, tags=[RegisteredModelTag("a", "ü")]))
        store.send(UpdateRegisteredModel(name=name, description="nobody is told"))
        store.send(SetRegisteredModelTag(name=name, key="nor", value="of this"))
        tags = [ModelVersionTag("t", "1")]
        store.send(CreateModelVersion(name=name, source="s3://b/p", run_id="r", description="d", tags=tags))
        store.send(SetModelVersionTag(name=name, version="1", key="k", value="v"))
        store.send(DeleteModelVersionTag(name=name, version="1", key="k"))
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        store.send(DeleteRegisteredModelAlias(name=name, alias="x"))
        version = {"name": name, "version": "1"}
        made = {**version, "source": "s3://b/p", "run_id": "r", "tags": {"t": "1"}, "description": "d"}
        assert _told(store, webhook) == [
            ("registered_model.created", {"name": name, "tags": {"a": "ü"}, "description": ""}),
            ("model_version.created", made),
            ("model_version_tag.set", {**version, "key": "k", "value": "v"}),
            ("model_version_tag.deleted", {**version, "key": "k"}),
            ("model_version_alias.created", {"name": name, "alias": "x", "version": "1"}),
            ("model_version_alias.deleted", {"name": name, "alias": "x"}),
        ]

    def test_what_happens_to_prompts_is_told_as_such(self, store: Store) -> None:
        webhook, name = _webhook(store), making.fresh("prompt")
        store.send(CreateRegisteredModel(name=name, tags=[RegisteredModelTag(_PROMPT, "true")], description="d"))
        tags = [
            ModelVersionTag(_PROMPT, "true"),
            ModelVersionTag("mlflow.prompt.text", "Hi {{x}}"),
            ModelVersionTag("by", "me"),
        ]
        store.send(CreateModelVersion(name=name, source="dummy-source", tags=tags))
        store.send(SetRegisteredModelTag(name=name, key="k", value="v"))
        store.send(DeleteRegisteredModelTag(name=name, key="k"))
        store.send(SetModelVersionTag(name=name, version="1", key="k", value="v"))
        store.send(DeleteModelVersionTag(name=name, version="1", key="k"))
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        store.send(DeleteRegisteredModelAlias(name=name, alias="x"))
        version = {"name": name, "version": "1"}
        made = {**version, "template": "Hi {{x}}", "tags": {"by": "me"}, "description": None}
        assert _told(store, webhook) == [
            ("prompt.created", {"name": name, "tags": {}, "description": "d"}),
            ("prompt_version.created", made),
            ("prompt_tag.set", {"name": name, "key": "k", "value": "v"}),
            ("prompt_tag.deleted", {"name": name, "key": "k"}),
            ("prompt_version_tag.set", {**version, "key": "k", "value": "v"}),
            ("prompt_version_tag.deleted", {**version, "key": "k"}),
            ("prompt_alias.created", {"name": name, "alias": "x", "version": "1"}),
            ("prompt_alias.deleted", {"name": name, "alias": "x"}),
        ]

    def test_only_who_asked_and_is_active_is_told(self, store: Store) -> None:
        asked = _webhook(store, "registered_model.created")
        other = _webhook(store, "model_version.created")
        silent = _webhook(store, "registered_model.created", status="DISABLED")
        name = making.fresh("model")
        store.send(CreateRegisteredModel(name=name))
        with making.refused("RESOURCE_ALREADY_EXISTS"):
            store.send(CreateRegisteredModel(name=name))
        assert [len(_told(store, each)) for each in (asked, other, silent)] == [1, 0, 0]

    def test_deliveries_are_listed_read_and_replayed(self, store: Store) -> None:
        webhook = _webhook(store, "registered_model.created")
        for _ in range(3):
            store.send(CreateRegisteredModel(name=making.fresh("model")))
        key = webhook.webhook_id
        first = store.send(ListWebhookDeliveries(webhook_id=key, max_results=2))
        then = store.send(ListWebhookDeliveries(webhook_id=key, max_results=2, page_token=first.next_page_token))
        found = [*first.deliveries, *then.deliveries]
        assert (len(found), then.next_page_token) == (3, None)
        assert {each.status for each in found} == {"PENDING"}
        assert store.send(ListWebhookDeliveries(webhook_id=key, status="DEAD")).deliveries == []
        chosen = found[1].delivery_id
        assert store.send(GetWebhookDelivery(webhook_id=key, delivery_id=chosen)).delivery.payload == found[1].payload
        again = store.send(ReplayWebhookDelivery(webhook_id=key, delivery_id=chosen)).delivery
        assert (again.delivery_id, again.status) == (chosen, "PENDING")
        assert store.send(ReplayWebhookDeliveries(webhook_id=key)).replayed == 0
        other = _webhook(store, "registered_model.created").webhook_id
        for call in (
            GetWebhookDelivery(webhook_id=other, delivery_id=chosen),
            ReplayWebhookDelivery(webhook_id=other, delivery_id=chosen),
            ListWebhookDeliveries(webhook_id="nobody"),
        ):
            with making.refused("RESOURCE_DOES_NOT_EXIST"):
                store.send(call)
        for each in (key, other):
            store.send(DeleteWebhook(webhook_id=each))


def _webhook(store: Store, event: str = "", **more: Any) -> Webhook:
    """A webhook that is told of an event, or of everything."""
    events = [WebhookEvent.from_str(event)] if event else EVERY
    return store.send(CreateWebhook(name="w", url=URL, events=events, **more)).webhook


def _told(store: Store, webhook: Webhook) -> list[tuple[str, Any]]:
    """What a webhook is told, the oldest first; afterwards it is told nothing more."""
    found = store.send(ListWebhookDeliveries(webhook_id=webhook.webhook_id)).deliveries[::-1]
    store.send(UpdateWebhook(webhook_id=webhook.webhook_id, status="DISABLED"))
    said = [json.loads(each.payload) for each in found]
    assert [each.event for each in found] == [f"{each['entity']}.{each['action']}" for each in said]
    return [(each.event, body["data"]) for each, body in zip(found, said, strict=True)]
