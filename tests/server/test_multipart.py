"""Artifacts in parts, and addresses that open one door for a while."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from headrace.client import MlflowClient

from headrace.artifacts import open_store
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import Forbidden
from headrace.server.signing import Signer
from headrace.testing.artifacts import ArtifactContract
from tests.databases import free_port
from tests.processes import Running, serving
from tests.server.conftest import HEADRACE
from tests.server.raw import Raw

MPU = "/api/2.0/mlflow-artifacts/mpu"
PRESIGNED = "/api/2.0/mlflow-artifacts/presigned"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that takes parts and signs addresses."""
    home, port = tmp_path_factory.mktemp("multipart"), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [HEADRACE, "server", f"--port={port}", f"--backend-store-uri={home / 'records'}"]
    command.append(f"--artifacts-destination={home / 'artifacts'}")
    switches = {
        "HEADRACE_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "HEADRACE_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
        "HEADRACE_PUBLIC_URL": url,
    }
    with serving(command, url, home / "log", env=switches) as running:
        yield running


@pytest.fixture
def ask(server: Running) -> Raw:
    """The client without manners."""
    return Raw(server.url)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of this test send and fetch in parts of 1,000 bytes."""
    for way in ("UPLOAD", "DOWNLOAD"):
        monkeypatch.setenv(f"MLFLOW_ENABLE_PROXY_MULTIPART_{way}", "true")
        monkeypatch.setenv(f"MLFLOW_MULTIPART_{way}_MINIMUM_FILE_SIZE", "1")
        monkeypatch.setenv(f"MLFLOW_MULTIPART_{way}_CHUNK_SIZE", "1000")


@pytest.mark.usefixtures("in_parts")
class TestProxiedStoreInParts(ArtifactContract):
    @pytest.fixture
    def store(self, server: Running) -> ArtifactStore:
        return open_store(f"mlflow-artifacts:/{uuid.uuid4().hex}/artifacts", tracking_uri=server.url)

    def test_a_file_of_many_parts_comes_back_whole(self, store: ArtifactStore, tmp_path: Path) -> None:
        (tmp_path / "big").write_bytes(os.urandom(12_345))
        store.put(tmp_path / "big", "a folder/big")
        store.get("a folder/big", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()
        assert [info.path for info in store.list()] == ["a folder"]


@pytest.mark.usefixtures("in_parts")
def test_without_the_switches_a_server_says_so_and_clients_send_the_file_whole(
    running: Running, tmp_path: Path
) -> None:
    ask = Raw(running.url)
    for step, body in [("create", {"num_parts": 2}), ("complete", {"upload_id": "0" * 16, "parts": []}), ("abort", {})]:
        reply = ask.ask("POST", f"{MPU}/{step}/folder", {"path": "x", **body})
        assert (reply.status, reply.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert ask.ask("GET", f"{PRESIGNED}/folder/x").status == 501
    store = open_store("mlflow-artifacts:/plain", tracking_uri=running.url)
    (tmp_path / "file").write_bytes(b"x" * 5000)
    store.put(tmp_path / "file", "file")
    assert store.get("file", tmp_path / "back").read_bytes() == b"x" * 5000


def test_an_upload_is_completed_with_the_parts_that_were_sent(ask: Raw) -> None:
    made = ask.ask("POST", f"{MPU}/create/deep/folder", {"path": "C:\\data\\big.bin", "num_parts": 2}).json()
    parts = []
    for each, body in zip(made["credentials"], (b"first ", b"second"), strict=True):
        sent = ask.ask("PUT", _target(each["url"]), body)
        assert sent.headers["etag"] == f'"{hashlib.md5(body).hexdigest()}"'
        parts.append({"part_number": each["part_number"], "etag": sent.headers["etag"], "url": each["url"]})
    about = {"path": "big.bin", "upload_id": made["upload_id"]}
    wrong = [parts[0], {**parts[1], "etag": "0"}]
    for refused in (wrong, parts[::-1], [parts[0], {**parts[1], "part_number": 3}], []):
        assert ask.ask("POST", f"{MPU}/complete/deep/folder", {**about, "parts": refused}).status == 400
    other = ask.ask("POST", f"{MPU}/complete/other/folder", {**about, "parts": parts})
    assert (other.status, other.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert ask.ask("GET", "/api/2.0/mlflow-artifacts/artifacts/deep/folder/big.bin").status == 404
    assert ask.ask("POST", f"{MPU}/complete/deep/folder", {**about, "parts": parts}).json() == {}
    assert ask.ask("GET", "/api/2.0/mlflow-artifacts/artifacts/deep/folder/big.bin").body == b"first second"
    assert ask.ask("POST", f"{MPU}/complete/deep/folder", {**about, "parts": parts}).status == 404


def test_an_upload_that_was_given_up_takes_no_more_parts(ask: Raw) -> None:
    made = ask.ask("POST", f"{MPU}/create/folder", {"path": "gone", "num_parts": 1}).json()
    assert ask.ask("POST", f"{MPU}/abort/folder", {"path": "gone", "upload_id": made["upload_id"]}).json() == {}
    assert ask.ask("PUT", _target(made["credentials"][0]["url"]), b"late").status == 404
    assert ask.ask("POST", f"{MPU}/abort/folder", {"path": "gone", "upload_id": made["upload_id"]}).status == 404


@pytest.mark.parametrize(
    "body", [{"path": "x", "num_parts": 0}, {"path": "x", "num_parts": 10_001}, {"path": ".."}, {}, []]
)
def test_uploads_nobody_could_mean_are_refused(ask: Raw, body: object) -> None:
    assert ask.ask("POST", f"{MPU}/create/folder", body).status == 400
    for folder in ("..%2F..", "a/../../b", "%2Fetc", ".headrace-0000000000000000.part", "a%5Cb", "%2e%2e"):
        assert ask.ask("POST", f"{MPU}/create/{folder}", {"path": "x"}).status in (400, 404)
    for upload in ("../../x", "0" * 15, "0" * 16 + "/x", ""):
        about = {"path": "x", "upload_id": upload, "parts": [{"part_number": 1, "etag": "x"}]}
        assert ask.ask("POST", f"{MPU}/complete/folder", about).status == 400
        assert ask.ask("POST", f"{MPU}/abort/folder", about).status == 400


def test_a_signed_address_is_good_for_what_was_signed_alone(ask: Raw) -> None:
    ask.ask("PUT", "/api/2.0/mlflow-artifacts/artifacts/signed/x%20y.txt", b"0123456789", kind=None)
    said = ask.ask("GET", f"{PRESIGNED}/signed/x%20y.txt").json()
    assert said["file_size"] == 10
    target = _target(said["url"])
    assert ask.ask("GET", target).body == b"0123456789"
    assert ask.ask("GET", target, headers={"Range": "bytes=3-5"}).body == b"345"
    for changed in (
        target.replace("x%20y", "z"),
        target.replace("expires=1", "expires=2"),
        target.partition("?")[0],
        target + "&part=1",
        target.replace("signature=", "signature=0"),
    ):
        assert ask.ask("GET", changed).status == 403
    assert ask.ask("PUT", target, b"mine").status == 403
    assert ask.ask("GET", f"{PRESIGNED}/signed").status == 400
    assert ask.ask("GET", f"{PRESIGNED}/signed/absent").status == 404


def test_an_address_is_good_for_a_while_only() -> None:
    signer = Signer(b"k" * 32)
    query = signer.sign("GET", "path", -1)
    with pytest.raises(Forbidden, match="ask for a new one"):
        signer.check("GET", "path", [tuple(pair.split("=")) for pair in query.split("&")])


def test_runs_and_models_have_signed_addresses(server: Running, ask: Raw) -> None:
    client = MlflowClient(server.url)
    run = client.create_run("0")
    client.log_text(run.info.run_id, "hello", "folder/greeting.txt")
    about = {"run_id": run.info.run_id, "path": "folder/greeting.txt"}
    said = ask.ask("POST", "/api/2.0/mlflow/artifacts/presigned-download-url", about).json()
    assert said["file_size"] == 5
    assert ask.ask("GET", _target(said["presigned_url"])).body == b"hello"
    said = ask.ask("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", {**about, "path": "new.txt"}).json()
    assert ask.ask("PUT", _target(said["presigned_url"]), b"brought", kind=None).status == 200
    there = ask.ask("GET", f"/get-artifact?run_id={run.info.run_id}&path=new.txt")
    assert there.body == b"brought"
    for refused in ({"expiration": 0}, {"expiration": 604_801}, {"path": "../x"}, {"path": ""}, {"path": "folder"}):
        assert ask.ask("POST", "/api/2.0/mlflow/artifacts/presigned-download-url", {**about, **refused}).status == 400
    both = {"run_id": run.info.run_id, "model_id": "m-1", "path": "x"}
    assert ask.ask("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", both).status == 400
    absent = ask.ask("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", {"run_id": "nope", "path": "x"})
    assert absent.status == 404


def test_a_server_that_does_not_know_its_address_signs_none(running: Running) -> None:
    client = MlflowClient(running.url)
    run = client.create_run("0")
    client.log_text(run.info.run_id, "hello", "greeting.txt")
    for verb in ("download", "upload"):
        reply = Raw(running.url).ask(
            "POST",
            f"/api/2.0/mlflow/artifacts/presigned-{verb}-url",
            {"run_id": run.info.run_id, "path": "greeting.txt"},
        )
        assert (reply.status, reply.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
