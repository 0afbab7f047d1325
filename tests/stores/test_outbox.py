"""The outbox of webhooks and the history, on every database: many at once, secrets, and what cannot be undone."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headrace.base import caller
from headrace.base.errors import BadRequest, HeadraceError, Unreachable
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    GetModelVersionByAlias,
    GetRegisteredModel,
    SetRegisteredModelAlias,
)
from headrace.schema.registry_events import GetModelVersionAt, SearchRegistryEvents
from headrace.schema.webhook_outbox import ClaimDeliveries, ClaimedDelivery, GetSigningKey, SettleDelivery
from headrace.schema.webhooks import CreateWebhook, GetWebhookDelivery, UpdateWebhook, Webhook, WebhookEvent
from headrace.stores.sql import SqlStore, opening, sealed
from headrace.stores.sql.opening import open_sql
from headrace.stores.sql.tx import Tx

URL = "https://127.0.0.1:9/"
EVENTS = [WebhookEvent.from_str(each) for each in ("registered_model.created", "model_version_alias.created")]
CALLERS = 8
LONG = 3_600_000


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    uri = f"sqlite:///{tmp_path}/h.db" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    opened = open_sql(uri)
    yield opened
    opened.close()


def webhook_in(store: SqlStore, secret: str | None = None) -> Webhook:
    return store.send(CreateWebhook(name="w", url=URL, events=EVENTS, secret=secret)).webhook


def claim(store: SqlStore, limit: int = 100, lease: int = LONG, **more: Any) -> list[ClaimedDelivery]:
    return store.send(ClaimDeliveries(limit=limit, lease=lease, **more)).deliveries


def kept(store: SqlStore, sql: str, *params: object) -> Any:
    """What a query of the database itself finds."""

    def job(tx: Tx) -> Any:
        return tx.rows(sql, *params)

    return store._backend.read(job, store._house)


def test_many_claim_and_each_message_is_claimed_once(store: SqlStore) -> None:
    webhook_in(store)
    for n in range(60):
        store.send(CreateRegisteredModel(name=f"m{n}"))

    def work(_: int) -> list[str]:
        mine: list[str] = []
        while found := claim(store, limit=3):
            mine += [each.delivery_id for each in found]
        return mine

    with ThreadPoolExecutor(CALLERS) as pool:
        claimed = Counter(each for mine in pool.map(work, range(CALLERS)) for each in mine)
    # Who skips what others hold may end early; what is left is there for the next.
    claimed.update(each.delivery_id for each in claim(store))
    assert len(claimed) == 60
    assert set(claimed.values()) == {1}


def test_many_move_aliases_and_make_versions_and_the_history_has_it_all(store: SqlStore) -> None:
    webhook_in(store)
    store.send(CreateRegisteredModel(name="m"))

    def work(number: int) -> None:
        for _ in range(5):
            version = store.send(CreateModelVersion(name="m", source="s3://b/p")).model_version.version
            store.send(SetRegisteredModelAlias(name="m", alias="x", version=version))
            store.send(SetRegisteredModelAlias(name="m", alias=f"own {number}".replace(" ", "-"), version=version))

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(work, range(CALLERS)))
    model = store.send(GetRegisteredModel(name="m")).registered_model
    assert len(model.aliases) == CALLERS + 1
    moves = store.send(SearchRegistryEvents(name="m", alias="x", max_results=1000)).events[::-1]
    assert len(moves) == CALLERS * 5
    # Each move begins where the one before it ended.
    assert [each.changes[0].before for each in moves] == [None, *[each.changes[0].after for each in moves[:-1]]]
    assert moves[-1].version == store.send(GetModelVersionByAlias(name="m", alias="x")).model_version.version
    made = store.send(SearchRegistryEvents(name="m", events=["model_version.created"], max_results=1000)).events
    assert sorted(int(each.version or 0) for each in made) == list(range(1, CALLERS * 5 + 1))
    assert len(claim(store, 1000)) == 1 + CALLERS * 5 * 2


def test_a_claim_that_ran_out_is_taken_over_and_can_no_longer_be_settled(store: SqlStore) -> None:
    webhook = webhook_in(store)
    store.send(CreateRegisteredModel(name="m"))
    (first,) = claim(store, lease=0)
    (second,) = claim(store)
    assert (first.delivery_id, first.attempts, second.attempts) == (second.delivery_id, 1, 2)
    assert claim(store) == []
    store.send(SettleDelivery(delivery_id=first.delivery_id, attempts=1, status="DEAD"))
    asked = GetWebhookDelivery(webhook_id=webhook.webhook_id, delivery_id=first.delivery_id)
    assert store.send(asked).delivery.status == "PENDING"
    store.send(SettleDelivery(delivery_id=first.delivery_id, attempts=2, status="DELIVERED", response_status=200))
    assert store.send(asked).delivery.status == "DELIVERED"


def test_a_webhook_that_is_busy_is_passed_over(store: SqlStore) -> None:
    busy, other = webhook_in(store), webhook_in(store)
    store.send(CreateRegisteredModel(name="m"))
    found = claim(store, passing_over=[busy.webhook_id])
    assert [each.webhook_id for each in found] == [other.webhook_id]


def test_a_secret_is_kept_encrypted_and_bound_to_its_webhook(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "A" * 43 + "=")
    first, second = webhook_in(store, "open sesame"), webhook_in(store, "open sesame")
    rows = dict(kept(store, "SELECT webhook_id, secret FROM webhooks"))
    assert "sesame" not in str(rows)
    assert rows[first.webhook_id] != rows[second.webhook_id]
    assert store.send(GetSigningKey(webhook_id=first.webhook_id)).secret == "open sesame"
    assert caplog.text == ""
    # A copy of another row's secret is no secret here, nor is one that was changed.
    mine = rows[first.webhook_id]
    swapped = mine[:-4] + ("AAAA" if mine[-4:] != "AAAA" else "BBBB")
    for wrong in (rows[second.webhook_id], swapped, mine[:30], "2:x:y", ""):
        with pytest.raises(HeadraceError, match="secret"):
            sealed.unseal(wrong, first.webhook_id, b"")
    monkeypatch.setenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "B" * 43 + "=")
    with pytest.raises(HeadraceError, match="another key"):
        store.send(GetSigningKey(webhook_id=first.webhook_id))
    store.send(CreateRegisteredModel(name="m"))
    assert {each.fault and "another key" in each.fault for each in claim(store)} == {True}
    store.send(UpdateWebhook(webhook_id=first.webhook_id, secret="new"))
    assert store.send(GetSigningKey(webhook_id=first.webhook_id)).secret == "new"
    monkeypatch.setenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "short")
    with pytest.raises(BadRequest, match="32 bytes"):
        webhook_in(store, "s")
    monkeypatch.delenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY")
    assert store.send(GetSigningKey(webhook_id=webhook_in(store, "s").webhook_id)).secret == "s"
    assert "SECRET_ENCRYPTION_KEY" in caplog.text


def test_whoever_is_acted_for_is_in_the_history(store: SqlStore) -> None:
    def create(number: int) -> None:
        with caller.acting_for(f"user {number}"):
            store.send(CreateRegisteredModel(name=f"m{number}"))

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(create, range(40)))
    events = store.send(SearchRegistryEvents()).events
    assert {each.name: each.user_id for each in events} == {f"m{n}": f"user {n}" for n in range(40)}
    store.send(CreateRegisteredModel(name="mine"))
    assert store.send(SearchRegistryEvents(name="mine")).events[0].user_id == caller.account()


# MySQL lets administrators alone make triggers where it keeps a binary log.
@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("statement", ["UPDATE registry_events SET user_id = 'x'", "DELETE FROM registry_events"])
def test_events_are_neither_changed_nor_deleted(store: SqlStore, statement: str) -> None:
    store.send(CreateRegisteredModel(name="m"))
    before = store.send(SearchRegistryEvents()).events
    with pytest.raises((HeadraceError, Unreachable)):
        store._backend.write(lambda tx: tx.run(statement), store._house)
    assert store.send(SearchRegistryEvents()).events == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_what_was_there_before_there_was_a_history_has_one_too(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path}/h.db" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
    with monkeypatch.context() as then:
        then.setattr(opening, "STEPS", opening.STEPS[:1])
        old = open_sql(uri)
        old._backend.write(_fill, old._house)
        old.close()
    store = open_sql(uri)
    assert [(each.event, each.timestamp) for each in store.send(SearchRegistryEvents(name="m")).events[::-1]] == [
        ("registered_model.created", 10),
        ("model_version.created", 20),
        ("model_version.created", 21),
        ("model_version.transitioned", 31),
        ("model_version_alias.set", 40),
    ]
    for alias, stage, version in (("x", None, "1"), (None, "None", "1"), (None, "staging", "2"), ("latest", None, "2")):
        asked = GetModelVersionAt(name="m", at=40, alias=alias, stage=stage)
        assert store.send(asked).model_version.version == version
    store.close()


def _fill(tx: Tx) -> None:
    """A registered model as it was kept before there was a history."""
    model = tx.insert(
        "registered_models", workspace="default", name="m", creation_time=10, last_update_time=40, last_version=2
    )
    for version, stage in ((1, "None"), (2, "Staging")):
        tx.run(
            "INSERT INTO model_versions (model, version, creation_time, last_update_time, stage, source, storage,"
            " status) VALUES (?, ?, ?, ?, ?, 's3://b/p', 's3://b/p', 'READY')",
            model,
            version,
            19 + version,
            29 + version,
            stage,
        )
    tx.run("INSERT INTO aliases (model, alias, version) VALUES (?, 'x', 1)", model)
