"""Artifact bytes, in and out."""

from __future__ import annotations

import os

import pytest

from tests.processes import Running
from tests.server.raw import Raw, read_reply

API = "/api/2.0/mlflow"
PROXIED = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def run_id(raw: Raw) -> str:
    """A run of the default experiment."""
    said = raw.ask("POST", f"{API}/runs/create", {"experiment_id": "0"}).json()
    return str(said["run"]["info"]["run_id"])


def put(raw: Raw, key: str, body: bytes) -> None:
    assert raw.ask("PUT", f"{PROXIED}/{key}", body, kind="application/octet-stream").status == 200


def test_bytes_come_back_as_they_went(raw: Raw, run_id: str) -> None:
    body = os.urandom(3_000_000)
    put(raw, f"0/{run_id}/artifacts/folder/some%20file.bin", body)
    assert raw.ask("GET", f"{PROXIED}/0/{run_id}/artifacts/folder/some%20file.bin").body == body
    assert raw.ask("GET", f"/get-artifact?run_id={run_id}&path=folder/some+file.bin").body == body


def test_a_folder_is_listed_by_the_run_and_by_the_proxy(raw: Raw, run_id: str) -> None:
    put(raw, f"0/{run_id}/artifacts/listed/b.txt", b"12")
    put(raw, f"0/{run_id}/artifacts/listed/a/c.txt", b"")
    said = raw.ask("GET", f"{API}/artifacts/list?run_id={run_id}&path=listed").json()
    assert said["root_uri"] == f"mlflow-artifacts:/0/{run_id}/artifacts"
    assert said["files"] == [
        {"path": "listed/a", "is_dir": True},
        {"path": "listed/b.txt", "is_dir": False, "file_size": 2},
    ]
    said = raw.ask("GET", f"{PROXIED}?path=0/{run_id}/artifacts/listed").json()
    assert [each["path"] for each in said["files"]] == ["a", "b.txt"]
    assert raw.ask("GET", f"{PROXIED}?path=nowhere").json().get("files", []) == []


@pytest.mark.parametrize(
    ("asked", "status", "body", "span"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-3", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
    ],
)
def test_a_part_is_served(raw: Raw, run_id: str, asked: str, status: int, body: bytes, span: str | None) -> None:
    put(raw, f"0/{run_id}/artifacts/digits", b"0123456789")
    reply = raw.ask("GET", f"{PROXIED}/0/{run_id}/artifacts/digits", headers={"Range": asked})
    assert (reply.status, reply.body, reply.headers.get("content-range")) == (status, body, span)


def test_a_file_is_described_without_its_bytes(raw: Raw, run_id: str) -> None:
    put(raw, f"0/{run_id}/artifacts/digits", b"0123456789")
    request = f"HEAD {PROXIED}/0/{run_id}/artifacts/digits HTTP/1.1\r\nHost: {raw.host}\r\nConnection: close\r\n\r\n"
    with raw.connect() as connection:
        connection.sendall(request.encode())
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"content-length: 10" in head
    assert body == b""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.json", "application/json"),
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.html", "text/plain; charset=utf-8"),
        ("a.svg", "text/plain; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.pdf", "application/pdf"),
        ("MLmodel", "application/octet-stream"),
    ],
)
def test_a_type_is_told_that_is_safe_to_believe(raw: Raw, run_id: str, name: str, kind: str) -> None:
    put(raw, f"0/{run_id}/artifacts/{name}", b"x")
    assert raw.ask("GET", f"/get-artifact?run_uuid={run_id}&path={name}").headers["content-type"] == kind


def test_small_files_are_uploaded_to_a_run(raw: Raw, run_id: str) -> None:
    where = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=up/loaded.txt"
    assert raw.ask("POST", where, b"small", kind="text/plain").json() == {}
    assert raw.ask("GET", f"/get-artifact?run_id={run_id}&path=up/loaded.txt").body == b"small"


def test_the_files_of_a_model_are_served_by_model_and_by_version(raw: Raw, run_id: str) -> None:
    model = raw.ask("POST", f"{API}/logged-models", {"experiment_id": "0", "source_run_id": run_id}).json()["model"]
    model_id, uri = model["info"]["model_id"], model["info"]["artifact_uri"]
    put(raw, f"{uri.removeprefix('mlflow-artifacts:/')}/MLmodel", b"flavors: {}")
    said = raw.ask("GET", f"{API}/logged-models/{model_id}/artifacts/directories").json()
    assert [each["path"] for each in said["files"]] == ["MLmodel"]
    files = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
    assert raw.ask("GET", f"{files}?artifact_file_path=MLmodel").body == b"flavors: {}"
    raw.ask("POST", f"{API}/registered-models/create", {"name": "filed"})
    for number, source in enumerate([f"models:/{model_id}", uri], start=1):
        body = {"name": "filed", "source": source, "model_id": model_id}
        assert raw.ask("POST", f"{API}/model-versions/create", body).status == 200
        where = f"/model-versions/get-artifact?name=filed&version={number}&path=MLmodel"
        assert raw.ask("GET", where).body == b"flavors: {}"


def test_a_deleted_file_is_gone(raw: Raw, run_id: str) -> None:
    key = f"0/{run_id}/artifacts/short/lived"
    put(raw, key, b"x")
    assert raw.ask("DELETE", f"{PROXIED}/0/{run_id}/artifacts/short").status == 200
    assert raw.ask("GET", f"{PROXIED}/{key}").status == 404


def test_the_points_of_several_runs_come_together(raw: Raw) -> None:
    runs = []
    for _ in range(2):
        made = raw.ask("POST", f"{API}/runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        metrics = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(3)]
        raw.ask("POST", f"{API}/runs/log-batch", {"run_id": made, "metrics": metrics})
        runs.append(made)
    where = "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m&" + "&".join(f"run_id={each}" for each in runs)
    points = raw.ask("GET", where).json()["metrics"]
    expected = [(run, step) for run in sorted(runs) for step in range(3)]
    assert [(each["run_id"], each["step"]) for each in points] == expected
    assert len(raw.ask("GET", f"{where}&max_results=4").json()["metrics"]) == 4
    assert raw.ask("GET", f"{where}&max_results=x").status == 400
    assert raw.ask("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=m").status == 400


def test_a_large_file_passes_through_little_memory(raw: Raw, run_id: str, running: Running) -> None:
    piece, count = b"p" * (1 << 20), 256
    head = f"PUT {PROXIED}/0/{run_id}/artifacts/large HTTP/1.1\r\nHost: {raw.host}\r\n"
    put(raw, f"0/{run_id}/artifacts/small", b"warm")
    before = resident(running)
    with raw.connect() as connection:
        connection.sendall(f"{head}Content-Length: {len(piece) * count}\r\n\r\n".encode())
        for _ in range(count):
            connection.sendall(piece)
        assert read_reply(connection).status == 200
    with raw.connect() as connection:
        request = f"GET {PROXIED}/0/{run_id}/artifacts/large HTTP/1.1\r\nHost: {raw.host}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        received = 0
        while data := connection.recv(1 << 20):
            received += len(data)
    assert received > len(piece) * count
    assert resident(running, "VmHWM") - before < 64 << 10


def resident(running: Running, field: str = "VmRSS") -> int:
    """Memory of the server, in KiB."""
    with open(f"/proc/{running.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))
