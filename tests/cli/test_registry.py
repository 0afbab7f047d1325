"""The registry's history and webhooks at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.cli import main
from headrace.tracking import uri
from headrace.tracking.client import MlflowClient
from tests.server.webhooks.receiver import receiving


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client of a store that the commands use too, with a model that has three versions and an alias."""
    store = f"sqlite:///{tmp_path}/h.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    for choice in ("_tracking", "_registry", "_default"):
        monkeypatch.setattr(uri, choice, None)
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "http")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    client = MlflowClient(store)
    client.create_registered_model("m", description="d")
    for version in ("1", "2", "3"):
        client.create_model_version("m", "s3://b/p")
        client.set_registered_model_alias("m", "x", version)
    return client


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str]:
    """How a command ended, and what it printed."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code, capsys.readouterr().out


def test_the_history_is_shown(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "models", "history", "m", "--alias", "x")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[3] for line in lines[2:]] == ["3", "2", "1"]
    assert "version: 2 → 3" in lines[2]
    code, out = run(capsys, "models", "history", "--max-results", "2", "--json")
    assert [each["event"] for each in json.loads(out)] == ["model_version_alias.set", "model_version.created"]
    code, out = run(capsys, "models", "history", "m", "--until", "2000-01-01")
    assert (code, len(out.splitlines())) == (0, 2)


def test_an_alias_is_rolled_back(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    when = client.search_registry_events("m", alias="x")[-1].timestamp
    assert run(capsys, "models", "alias", "rollback", "m", "x", "--steps", "2")[0] == 0
    assert client.get_model_version_by_alias("m", "x").version == "1"
    code, out = run(capsys, "models", "alias", "at", "m", "x", str(when))
    assert (code, out.strip() in ("1", "2", "3")) == (0, True)
    code, _ = run(capsys, "models", "alias", "rollback", "m", "x")
    assert "cannot go 1 back" in str(code)
    code, _ = run(capsys, "models", "alias", "rollback", "m", "x", "--to", "yesterday")
    assert "ISO 8601" in str(code)


def test_webhooks_are_made_told_given_up_and_replayed(
    client: MlflowClient, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    with receiving() as receiver:
        receiver.answers = [(404, {})]
        event = "registered_model.created"
        code, out = run(capsys, "webhooks", "create", "w", receiver.url, event, "--secret-file", str(secret))
        assert code == 0
        webhook = out.strip()
        assert webhook in run(capsys, "webhooks", "list")[1]
        assert "s3cret" not in run(capsys, "webhooks", "list", "--json")[1]
        client.create_registered_model("n")
        assert run(capsys, "webhooks", "deliver") == (0, "1 attempted\n")
        code, out = run(capsys, "webhooks", "deliveries", webhook, "--status", "dead", "--json")
        (dead,) = json.loads(out)
        assert dead["response_status"] == 404
        assert "It answered 404" in run(capsys, "webhooks", "deliveries", webhook)[1]
        assert run(capsys, "webhooks", "replay", webhook, "--all-dead") == (0, "1 to be sent again\n")
        assert run(capsys, "webhooks", "replay", webhook, dead["delivery_id"]) == (0, "1 to be sent again\n")
        assert "Name deliveries" in str(run(capsys, "webhooks", "replay", webhook)[0])
        assert run(capsys, "webhooks", "deliver") == (0, "1 attempted\n")
        assert len(receiver.received) == 2
        assert "DELIVERED" in run(capsys, "webhooks", "deliveries", webhook)[1]
        # A database sends nothing by itself.
        assert "server" in str(run(capsys, "webhooks", "test", webhook)[0])
        assert run(capsys, "webhooks", "delete", webhook)[0] == 0
        assert "No webhook" in str(run(capsys, "webhooks", "deliveries", webhook)[0])
    uri.close_stores()
