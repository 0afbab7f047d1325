"""A server tells webhooks of what happens through it, and nothing is lost when it is killed."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.base.errors import HeadraceError
from headrace.registry.webhooks import verify
from headrace.schema.registry import CreateRegisteredModel
from headrace.schema.registry_events import SearchRegistryEvents
from headrace.schema.webhooks import CreateWebhook, ListWebhookDeliveries, UpdateWebhook, WebhookEvent
from headrace.stores import open_store
from tests.databases import free_port
from tests.processes import Running, serving
from tests.server.raw import Raw
from tests.server.webhooks.receiver import receiving

pytestmark = pytest.mark.slow

CREATED = WebhookEvent.from_str("registered_model.created")
ENV = {
    "HEADRACE_WEBHOOK_ALLOWED_SCHEMES": "http",
    "HEADRACE_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    "HEADRACE_WEBHOOK_RETRY_FIRST_SECONDS": "0",
    "HEADRACE_WEBHOOK_REQUEST_TIMEOUT": "1",
}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process may point webhooks where the servers may."""
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@contextmanager
def server(folder: Path, workers: int = 1, **env: str) -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-m", "headrace", "server", "--port", str(port), "--workers", str(workers)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/h.db", "--artifacts-destination", str(folder / "a")]
    with serving(command, f"http://127.0.0.1:{port}", folder / "log", env={**ENV, **env}) as running:
        yield running


def test_what_a_killed_server_was_sending_is_sent_by_the_next(tmp_path: Path) -> None:
    with receiving() as receiver, socket.create_server(("127.0.0.1", 0)) as silent:
        with server(tmp_path) as running:
            store = open_store(running.url)
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            webhook = store.send(CreateWebhook(name="w", url=url, events=[CREATED], secret="s")).webhook
            store.send(CreateRegisteredModel(name="m"))
            silent.accept()[0].close()
            silent.accept()[0].close()  # It tries again.
            store.close()
            os.killpg(running.process.pid, signal.SIGKILL)
        here = open_store(f"sqlite:///{tmp_path}/h.db")
        here.send(UpdateWebhook(webhook_id=webhook.webhook_id, url=receiver.url))
        here.close()
        with server(tmp_path, workers=2) as running:
            (message,) = receiver.wait_for(1)
            verify("s", message.headers, message.body)
            store = open_store(running.url)
            (delivery,) = store.send(ListWebhookDeliveries(webhook_id=webhook.webhook_id)).deliveries
            assert message.headers["X-MLflow-Delivery-Id"] == delivery.delivery_id
            store.close()


def test_what_happened_while_no_server_ran_is_told_when_one_starts(tmp_path: Path) -> None:
    with receiving() as receiver:
        here = open_store(f"sqlite:///{tmp_path}/h.db")
        here.send(CreateWebhook(name="w", url=receiver.url, events=[CREATED]))
        here.send(CreateRegisteredModel(name="m"))
        here.close()
        with server(tmp_path):
            receiver.wait_for(1)


def test_a_server_points_no_webhook_at_its_own_machine_unless_it_was_told_to(tmp_path: Path) -> None:
    with receiving() as receiver, server(tmp_path, HEADRACE_WEBHOOK_ALLOWED_NETWORKS="10.0.0.0/8") as running:
        store = open_store(running.url)
        for url in (receiver.url, f"http://localhost:{receiver.port}/", "http://no-such-host.invalid/"):
            with pytest.raises(HeadraceError, match="url") as caught:
                store.send(CreateWebhook(name="w", url=url, events=[CREATED]))
            assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
        store.close()
        assert receiver.received == []


def test_the_history_names_whoever_asked(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        raw = Raw(running.url)
        for name, headers in (
            ("basic", {"Authorization": "Basic YWxpY2U6c2VjcmV0"}),
            ("said", {"X-Headrace-User": "b%C3%B6b"}),
            ("silent", {}),
            ("odd", {"Authorization": "Basic ///=", "X-Headrace-User": "x"}),
        ):
            reply = raw.ask("POST", "/api/2.0/mlflow/registered-models/create", {"name": name}, headers=headers)
            assert reply.status == 200
        store = open_store(running.url)
        events = store.send(SearchRegistryEvents()).events
        store.close()
    assert {each.name: each.user_id for each in events} == {
        "basic": "alice",
        "said": "böb",
        "silent": "unknown",
        "odd": "unknown",
    }
