"""Classes T-read, W-write and W-delete: artifact paths that want to be somewhere else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.conftest import API, PROXIED, Target

Refused = Callable[..., None]

TRAVERSALS = [
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "..%252f..%252fetc%252fpasswd",
    "%25252e%25252e%25252fetc",
    "%2e%2e/%2e%2e/canary.txt",
    "..\\..\\..\\etc\\passwd",
    "..%5c..%5c..%5cetc%5cpasswd",
    "....//....//etc/passwd",
    "ok.txt/../../../../../etc/passwd",
    "ok.txt%00.png",
    "%00/etc/passwd",
    "file:///etc/passwd",
    "C:%5cWindows%5cwin.ini",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "a//b",
    "a/./b",
    ".",
    "a%0ab",
    "a%0d%0aSet-Cookie:%20x",
    "a%23b",
    "a%3fb",
    "%ff%fe",
    "a%zz",
]


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize(
    "route",
    [
        "/get-artifact?run_uuid={run}&path=",
        "/get-artifact?run_id={run}&path=",
        API + "/artifacts/list?run_id={run}&path=",
        "/ajax-api/2.0/mlflow/artifacts/list?run_id={run}&path=",
        PROXIED + "?path=",
        "/model-versions/get-artifact?name=m&version=1&path=",
        "/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path=",
        API + "/logged-models/{model}/artifacts/directories?artifact_directory_path=",
        PROXIED + "/{root}/",
        "/ajax-api/2.0/mlflow-artifacts/artifacts/{root}/",
    ],
)
def test_no_path_reads_outside_the_root(target: Target, refused: Refused, route: str, path: str) -> None:
    start = route.format(run=target.run_id, model=target.model_id, root=target.root)
    refused(target.raw.ask("GET", start + path))


@pytest.mark.parametrize("path", ["C:/Windows/win.ini", "~root/.bashrc"])
def test_no_path_names_a_drive_or_a_home(target: Target, refused: Refused, path: str) -> None:
    refused(target.raw.ask("GET", f"/get-artifact?run_uuid={target.run_id}&path={path}"))
    refused(target.raw.ask("GET", f"{PROXIED}/{path}"))
    refused(target.raw.ask("GET", f"{PROXIED}/{target.root}/{path}"), 404)


@pytest.mark.parametrize("path", ["%EF%BC%8E%EF%BC%8E/etc/passwd", "%E2%80%A5/passwd"])
def test_no_path_is_folded_into_another(target: Target, refused: Refused, path: str) -> None:
    refused(target.raw.ask("GET", f"/get-artifact?run_uuid={target.run_id}&path={path}"), 404)


@pytest.mark.parametrize("path", ["..%2f..%2fserver%2fauth%2fbasic_auth.ini", "../../etc/passwd", "..", "%2e%2e"])
def test_static_files_are_only_those_of_the_ui(target: Target, refused: Refused, path: str) -> None:
    refused(target.raw.ask("GET", f"/static-files/{path}"), 400, 404)


@pytest.mark.parametrize("path", [*TRAVERSALS, "../../../../tmp/x", "/tmp/x", "..%5c..%5cw.txt"])
@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
def test_no_path_writes_or_deletes_outside_the_root(target: Target, refused: Refused, verb: str, path: str) -> None:
    body = b"hostile" if verb == "PUT" else b""
    refused(target.raw.ask(verb, f"{PROXIED}/{target.root}/{path}", body, kind="text/plain"))
    refused(target.raw.ask(verb, f"{PROXIED}/{path}", body, kind="text/plain"), 400)
    assert not Path("/tmp/x").exists()


@pytest.mark.parametrize("path", ["/.", "/%2e", "/./", "/", "", "/..", "/%2e%2e"])
def test_the_artifact_root_cannot_be_deleted(target: Target, refused: Refused, path: str) -> None:
    refused(target.raw.ask("DELETE", f"{PROXIED}{path}"), 400, 404, 405)


@pytest.mark.parametrize("name", ["n" * 256, "/".join(["d" * 200] * 25), "/".join(["d"] * 300), "é" * 200])
def test_names_longer_than_any_file_system_takes_are_refused(target: Target, refused: Refused, name: str) -> None:
    path = name.encode().hex("%") if not name.isascii() else name
    path = "%" + path if not name.isascii() else path
    refused(target.raw.ask("PUT", f"{PROXIED}/{target.root}/{path}", b"x", kind="text/plain"))


def test_a_file_is_not_a_folder(target: Target, refused: Refused) -> None:
    refused(target.raw.ask("PUT", f"{PROXIED}/{target.root}/ok.txt/g", b"x", kind="text/plain"))


def test_a_folder_is_not_a_file(target: Target) -> None:
    assert target.raw.ask("PUT", f"{PROXIED}/{target.root}/folder/f", b"x", kind="text/plain").status == 200
    reply = target.raw.ask("PUT", f"{PROXIED}/{target.root}/folder", b"x", kind="text/plain")
    assert reply.status == 400
    assert target.raw.ask("GET", f"{PROXIED}/{target.root}/folder").status == 400


def test_links_and_pipes_are_not_opened(target: Target, refused: Refused) -> None:
    folder = target.home / "mlartifacts" / target.root
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "up").symlink_to(target.home)
    os.mkfifo(folder / "pipe")
    for name in ("link", "up/canary.txt", "pipe"):
        refused(target.raw.ask("GET", f"{PROXIED}/{target.root}/{name}"), 404)
        refused(target.raw.ask("GET", f"/get-artifact?run_uuid={target.run_id}&path={name}"), 404)
    refused(target.raw.ask("PUT", f"{PROXIED}/{target.root}/up/new.txt", b"x", kind="text/plain"))
    listed = target.raw.ask("GET", f"{API}/artifacts/list?run_id={target.run_id}").json()
    assert not {"link", "up", "pipe"} & {each["path"] for each in listed["files"]}


def test_an_upload_beyond_the_cap_is_refused_before_it_is_read(target: Target, refused: Refused) -> None:
    where = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={target.run_id}&path=big.bin"
    reply = target.raw.ask("POST", where, b"x" * (11 << 20), kind="application/octet-stream")
    refused(reply, 413)
    assert reply.closed


def test_an_upload_that_grows_beyond_the_cap_leaves_nothing(target: Target, refused: Refused) -> None:
    where = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={target.run_id}&path=big.bin"
    piece = b"%x\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n"
    body = piece * 11 + b"0\r\n\r\n"
    head = f"POST {where} HTTP/1.1\r\nHost: {target.raw.host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    refused(target.raw.send(head.encode() + body), 413)


def test_an_upload_that_breaks_off_leaves_nothing(target: Target) -> None:
    before = target.inventory()
    head = f"PUT {PROXIED}/{target.root}/half HTTP/1.1\r\nHost: {target.raw.host}\r\nContent-Length: 1000000\r\n\r\n"
    with target.raw.connect() as connection:
        connection.sendall(head.encode() + b"x" * 500_000)
    assert target.raw.ask("GET", f"{PROXIED}/{target.root}/half").status == 404
    target.raw.ask("PUT", f"{PROXIED}/{target.root}/whole", b"x", kind="text/plain")
    target.raw.ask("DELETE", f"{PROXIED}/{target.root}/whole")
    for _ in range(200):
        if target.inventory() == before:
            break
        time.sleep(0.05)
    assert target.inventory() == before


@pytest.mark.parametrize("path", ["mpu/create/../../x", "mpu/create/x", "mpu/complete/x", "mpu/abort/x"])
def test_an_upload_in_parts_is_not_offered_unasked(target: Target, refused: Refused, path: str) -> None:
    body = {"path": "../../x", "upload_id": "other", "parts": [{"part_number": 0}], "num_parts": -1}
    refused(target.raw.ask("POST", f"/api/2.0/mlflow-artifacts/{path}", body), 400, 501)
