"""The registry as it was: aliases followed and put back, in a folder and through a server."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

import headrace
import headrace.artifacts
from headrace import MlflowClient
from headrace.base import caller
from headrace.base.errors import BadRequest, NotFound
from headrace.schema.registry_events import Change
from headrace.tracking.model_uris import ModelUri

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def name(tmp_path: Path) -> str:
    """A registered model with three versions, each with a file that says its number."""
    name = f"model {uuid.uuid4().hex}"
    file = tmp_path / "MLmodel"
    for number in range(1, 4):
        with headrace.start_run():
            made = headrace.initialize_logged_model("clf")
            file.write_text(str(number))
            MlflowClient().log_model_artifact(made.model_id, str(file))
            headrace.finalize_logged_model(made.model_id, "READY")
            headrace.register_model(f"models:/{made.model_id}", name)
    return name


def now() -> int:
    """A moment after all that was done before, and before all that is done later."""
    time.sleep(0.005)
    moment = time.time_ns() // 1_000_000
    time.sleep(0.005)
    return moment


def test_a_uri_follows_an_alias_as_it_was(name: str) -> None:
    client = MlflowClient()
    before, times = now(), []
    for version in ("1", "2", "3"):
        client.set_registered_model_alias(name, "champion", version)
        times.append(now())
    written = datetime.fromtimestamp(times[0] / 1000, UTC)
    for at in (str(times[0]), written.isoformat(), written.replace(tzinfo=None).isoformat()):
        assert headrace.artifacts.load_text(f"models:/{name}@champion/MLmodel?at={at}") == "1"
    for at, number in zip(times, "123", strict=True):
        assert headrace.artifacts.load_text(f"models:/{name}@champion/MLmodel?at={at}") == number
        assert client.get_model_version_at(name, at, alias="champion").version == number
        assert headrace.artifacts.load_text(f"models:/{name}/latest/MLmodel?at={at}") == "3"
    assert headrace.register_model(f"models:/{name}@champion?at={times[1]}", f"{name} copy").source.endswith("/2")
    assert client.copy_model_version(f"models:/{name}@champion?at={times[0]}", f"{name} copy").source.endswith("/1")
    with pytest.raises(NotFound, match="had no alias 'champion'"):
        headrace.artifacts.load_text(f"models:/{name}@champion/MLmodel?at={before}")
    client.delete_model_version(name, "2")
    with pytest.raises(NotFound, match="deleted since"):
        headrace.artifacts.load_text(f"models:/{name}@champion/MLmodel?at={times[1]}")


@pytest.mark.parametrize(
    "uri", ["models:/a/1?at=5", "models:/m-" + "0" * 32 + "?at=5", "models:/a@b?at=", "models:/a@b?at=soon"]
)
def test_a_uri_that_means_no_time_is_refused(uri: str) -> None:
    with pytest.raises(BadRequest, match=r"at=|moment"):
        ModelUri.parse(uri)


def test_an_alias_is_rolled_back_and_the_history_says_so(name: str) -> None:
    client = MlflowClient()
    for version in ("1", "2", "3"):
        client.set_registered_model_alias(name, "champion", version)
        then = now()
        if version == "1":
            first = then
    assert client.roll_back_registered_model_alias(name, "champion").version == "2"
    assert client.roll_back_registered_model_alias(name, "champion", to=first).version == "1"
    assert client.get_model_version_by_alias(name, "champion").version == "1"
    events = client.search_registry_events(name, alias="champion")
    assert [each.event for each in events][:2] == ["model_version_alias.rolled_back"] * 2
    assert events[0].changes == [Change("version", "2", "1")]
    assert {each.user_id for each in events} == {caller.account()}
    assert [each.version for each in client.search_registry_events(name, alias="champion", end_time=first)] == ["1"]
    page = client.search_registry_events(name, max_results=2)
    assert page.token
    assert len(client.search_registry_events(name, max_results=100, page_token=None)) == 9
