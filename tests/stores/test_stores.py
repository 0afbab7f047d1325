"""Every store sits the same exam."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.schema import CALLS
from headrace.schema.artifacts import (
    CreatePresignedDownloadUrl,
    CreatePresignedUploadUrl,
    ListArtifacts,
    ListLoggedModelArtifacts,
)
from headrace.schema.promptlab import CreatePromptlabRun
from headrace.schema.server_info import GetServerInfo, GetUiTelemetry, PostUiTelemetry
from headrace.schema.webhook_outbox import ClaimDeliveries, GetNextDelivery, GetSigningKey, SettleDelivery
from headrace.stores import Store, open_store
from headrace.stores.sql import ANSWERS
from headrace.testing.stores import StoreContract
from tests.databases import free_port
from tests.processes import serving


@pytest.fixture(scope="module", params=["sqlite", "directory", "postgresql", "mysql", "remote"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store of each kind, for the whole exam."""
    yield from opened_as(request.param, request, tmp_path_factory.mktemp("store"))


def opened_as(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Store]:
    """An empty store of a kind."""
    match kind:
        case "sqlite":
            yield from opened(f"sqlite:///{folder}/h.db")
        case "directory":
            yield from opened(str(folder))
        case "postgresql":
            with request.getfixturevalue("postgresql_server").database() as url:
                yield from opened(url)
        case "mysql":
            with request.getfixturevalue("mariadb_server").database() as url:
                yield from opened(url)
        case "remote":
            port = free_port()
            command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
            command += ["--backend-store-uri", str(folder / "records")]
            command += ["--artifacts-destination", str(folder / "artifacts")]
            env = {"HEADRACE_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
            with serving(command, f"http://127.0.0.1:{port}", folder / "log", env=env) as server:
                yield from opened(server.url)


class TestStores(StoreContract):
    pass


def opened(uri: str) -> Iterator[Store]:
    store = open_store(uri)
    yield store
    store.close()


def test_every_call_has_an_answer() -> None:
    """What artifacts are there and what a server says of itself are the server's to answer; some no server offers."""
    of_the_server = {
        CreatePresignedDownloadUrl,
        CreatePresignedUploadUrl,
        CreatePromptlabRun,
        GetServerInfo,
        GetUiTelemetry,
        PostUiTelemetry,
        ListArtifacts,
        ListLoggedModelArtifacts,
    }
    of_the_house = {ClaimDeliveries, GetNextDelivery, GetSigningKey, SettleDelivery}
    assert set(ANSWERS) == set(CALLS.values()) - of_the_server | of_the_house
    assert not of_the_house & set(CALLS.values())
