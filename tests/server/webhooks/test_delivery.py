"""Messages arrive, signed and at least once; what cannot arrive is tried again, then given up, and can be replayed."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.base.clock import now_ms
from headrace.base.errors import Forbidden
from headrace.registry.webhooks import WEBHOOK_SIGNATURE_HEADER, verify
from headrace.schema.registry import CreateRegisteredModel
from headrace.schema.webhook_outbox import GetNextDelivery
from headrace.schema.webhooks import (
    CreateWebhook,
    ListWebhookDeliveries,
    ReplayWebhookDeliveries,
    TestWebhook,
    UpdateWebhook,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from headrace.server.webhooks import Deliverer, Policy, WebhooksStore
from headrace.stores import open_store
from headrace.stores.sql import SqlStore
from tests.server.webhooks.receiver import Receiver, receiving

#: Tries again at once, and three times in all.
HASTY = Policy(timeout=5, retries=2, first_wait=0)
CREATED = WebhookEvent.from_str("registered_model.created")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may be told."""
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "http")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path}/h.db", checked=False)
    assert isinstance(opened, SqlStore)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as listening:
        yield listening


def webhook_at(store: SqlStore, url: str, secret: str | None = None) -> Webhook:
    return store.send(CreateWebhook(name="w", url=url, events=[CREATED], secret=secret)).webhook


def change(store: SqlStore, *names: str) -> None:
    for name in names:
        store.send(CreateRegisteredModel(name=name))


def deliveries(store: SqlStore, webhook: Webhook) -> list[WebhookDelivery]:
    return store.send(ListWebhookDeliveries(webhook_id=webhook.webhook_id)).deliveries[::-1]


def test_a_message_arrives_as_it_was_written_and_signed(store: SqlStore, receiver: Receiver) -> None:
    webhook = webhook_at(store, receiver.url, "s3cret")
    change(store, "mödel")
    assert Deliverer(store).deliver_due() == 1
    (message,) = receiver.received
    (delivery,) = deliveries(store, webhook)
    assert (message.path, message.body) == ("/hook", delivery.payload)
    assert message.headers["Content-Type"] == "application/json"
    assert message.headers["X-MLflow-Delivery-Id"] == delivery.delivery_id
    assert (delivery.status, delivery.attempts, delivery.response_status) == ("DELIVERED", 1, 200)
    assert delivery.next_attempt_timestamp is None
    verify("s3cret", message.headers, message.body)
    for secret, body in (("other", message.body), ("s3cret", message.body + " ")):
        with pytest.raises(Forbidden, match="signature"):
            verify(secret, message.headers, body)
    with pytest.raises(Forbidden, match="seconds"):
        verify("s3cret", message.headers, message.body, max_age=-1)


def test_without_a_secret_nothing_is_signed(store: SqlStore, receiver: Receiver) -> None:
    webhook_at(store, receiver.url)
    change(store, "m")
    Deliverer(store).deliver_due()
    assert WEBHOOK_SIGNATURE_HEADER not in receiver.received[0].headers


def test_a_message_is_tried_again_under_its_id_until_it_is_taken(store: SqlStore, receiver: Receiver) -> None:
    webhook = webhook_at(store, receiver.url)
    receiver.answers = [(503, {}), (429, {})]
    change(store, "m")
    deliverer = Deliverer(store, HASTY)
    deliverer.look()
    received = receiver.wait_for(3)
    finish(deliverer)
    assert len({each.headers["X-MLflow-Delivery-Id"] for each in received}) == 1
    assert len({each.body for each in received}) == 1
    (delivery,) = deliveries(store, webhook)
    assert (delivery.status, delivery.attempts) == ("DELIVERED", 3)


def test_the_receiver_says_when_to_come_again(store: SqlStore, receiver: Receiver) -> None:
    webhook = webhook_at(store, receiver.url)
    receiver.answers = [(503, {"Retry-After": "3600"})]
    change(store, "m")
    before = now_ms()
    Deliverer(store, HASTY).deliver_due()
    (delivery,) = deliveries(store, webhook)
    assert delivery.status == "PENDING"
    assert (delivery.next_attempt_timestamp or 0) >= before + 3_600_000


@pytest.mark.parametrize("status", [400, 404, 410, 301, 307])
def test_what_is_refused_for_good_is_given_up_at_once(
    store: SqlStore, receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = webhook_at(store, receiver.url)
    receiver.answers = [(status, {"Location": receiver.url})]
    change(store, "m")
    with caplog.at_level(logging.WARNING):
        Deliverer(store, HASTY).deliver_due()
    assert len(receiver.received) == 1
    (delivery,) = deliveries(store, webhook)
    assert (delivery.status, delivery.response_status) == ("DEAD", status)
    assert delivery.delivery_id in caplog.text


def test_what_was_given_up_is_replayed(store: SqlStore, receiver: Receiver) -> None:
    webhook = webhook_at(store, receiver.url)
    receiver.answers = [(500, {})] * 6
    change(store, "a", "b")
    deliverer = Deliverer(store, HASTY)
    deliverer.look()
    receiver.wait_for(6)
    settled(store)
    assert [(each.status, each.attempts) for each in deliveries(store, webhook)] == [("DEAD", 3)] * 2
    assert store.send(ReplayWebhookDeliveries(webhook_id=webhook.webhook_id)).replayed == 2
    deliverer.note_change()
    receiver.wait_for(8)
    finish(deliverer)
    assert [(each.status, each.attempts) for each in deliveries(store, webhook)] == [("DELIVERED", 1)] * 2


def test_what_a_webhook_was_not_told_before_it_was_disabled_is_kept_for_it(store: SqlStore, receiver: Receiver) -> None:
    webhook = webhook_at(store, receiver.url)
    change(store, "m")
    store.send(UpdateWebhook(webhook_id=webhook.webhook_id, status="DISABLED"))
    Deliverer(store).deliver_due()
    (delivery,) = deliveries(store, webhook)
    assert (delivery.status, receiver.received) == ("DEAD", [])
    assert "disabled" in (delivery.error_message or "")


def test_one_that_hangs_does_not_hold_up_the_others(store: SqlStore, receiver: Receiver) -> None:
    deliverer = Deliverer(store, Policy(timeout=60, workers=4))
    # It is connected to, and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        webhook_at(store, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        change(store, *(f"stuck {n}" for n in range(12)))
        good = webhook_at(store, receiver.url)
        change(store, "m")
        deliverer.look()
        assert len(receiver.wait_for(1)) == 1
        deliverer.stop()
    finish(deliverer)
    assert [each.status for each in deliveries(store, good)] == ["DELIVERED"]


def test_a_process_that_has_nothing_to_send_has_no_thread_for_it(store: SqlStore, receiver: Receiver) -> None:
    deliverer = Deliverer(store)
    deliverer.begin()
    change(store, "nobody asked")
    deliverer.note_change()
    assert not running()
    webhook_at(store, receiver.url)
    change(store, "m")
    deliverer.note_change()
    receiver.wait_for(1)
    settled(store)
    while running():
        time.sleep(0.01)
    assert store.send(GetNextDelivery()).due is None


def test_two_processes_share_the_work_and_double_nothing(store: SqlStore, receiver: Receiver) -> None:
    webhook_at(store, receiver.url)
    change(store, *(f"m{n}" for n in range(40)))
    both = [Deliverer(store), Deliverer(store)]
    for each in both:
        each.look()
    received = receiver.wait_for(40)
    settled(store)
    for each in both:
        finish(each)
    assert len({each.headers["X-MLflow-Delivery-Id"] for each in received}) == len(receiver.received) == 40


def test_what_many_change_at_once_is_all_told_soon(store: SqlStore, receiver: Receiver) -> None:
    """Each change is followed by a look, which must not come before the change can be seen."""
    webhook_at(store, receiver.url)
    deliverer = Deliverer(store)

    def work(number: int) -> None:
        change(store, f"m{number}")
        deliverer.note_change()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(120)))
    receiver.wait_for(120)
    settled(store)
    finish(deliverer)
    assert len(receiver.received) == 120


def test_a_test_is_sent_at_once_and_its_answer_is_not_repeated(store: SqlStore, receiver: Receiver) -> None:
    webhook = webhook_at(store, receiver.url, "s")
    tested = WebhooksStore(store).send(TestWebhook(webhook_id=webhook.webhook_id)).result
    assert (tested.success, tested.response_status, tested.response_body) == (True, 200, None)
    verify("s", receiver.received[0].headers, receiver.received[0].body)
    assert '"example_model"' in receiver.received[0].body
    receiver.answers = [(418, {})]
    event = WebhookEvent.from_str("prompt_alias.deleted")
    refused = WebhooksStore(store).send(TestWebhook(webhook_id=webhook.webhook_id, event=event)).result
    assert (refused.success, refused.response_status) == (False, 418)
    assert "prompt_alias" in receiver.received[1].body
    assert deliveries(store, webhook) == []


def running() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("headrace-webhook")]


def settled(store: SqlStore) -> None:
    """Wait until nothing waits to be sent."""
    until = time.monotonic() + 60
    while store.send(GetNextDelivery()).due is not None:
        assert time.monotonic() < until
        time.sleep(0.005)


def finish(deliverer: Deliverer) -> None:
    """End a deliverer, and the threads it has."""
    asyncio.run(deliverer.close())
    for each in running():
        each.join()
