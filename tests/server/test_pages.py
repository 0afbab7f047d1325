"""What a browser and a monitor open."""

from __future__ import annotations

import re

from headrace.schema import CALLS
from tests.server.raw import Raw


def test_a_monitor_is_answered_in_a_word(raw: Raw) -> None:
    assert raw.ask("GET", "/health").body == b"OK"
    assert re.fullmatch(rb"\d+\.\d+\.\d+", raw.ask("GET", "/version").body)
    head = raw.ask("HEAD", "/health")
    assert (head.status, head.headers["content-length"]) == (200, "2")


def test_the_reference_of_the_calls_is_served(raw: Raw) -> None:
    document = raw.ask("GET", "/openapi.json").json()
    assert {each["operationId"] for verbs in document["paths"].values() for each in verbs.values()} >= set(CALLS)
    page = raw.ask("GET", "/docs").body.decode()
    for kind in CALLS.values():
        assert kind.route.path.replace("{", "{") in page
    assert "<script" not in page
    assert raw.ask("GET", "/docs.css").headers["content-type"] == "text/css; charset=utf-8"


def test_the_page_of_the_ui_knows_the_prefix_of_the_server(raw: Raw) -> None:
    page = raw.ask("GET", "/")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    if b"<head>" in page.body:
        assert b'<meta name="headrace-prefix" content="">' in page.body


def test_the_files_of_the_ui_come_whole_or_compressed(raw: Raw) -> None:
    files = re.findall(r'(?:src|href)="(/static-files/[^"]+)"', raw.ask("GET", "/").body.decode())
    for file in files:
        plain = raw.ask("GET", file)
        assert plain.status == 200, file
        assert "content-encoding" not in plain.headers
        packed = raw.ask("GET", file, headers={"Accept-Encoding": "gzip"})
        assert len(packed.body) <= len(plain.body)


def test_what_a_server_can_do_is_told_to_anybody(raw: Raw) -> None:
    said = raw.ask("GET", "/api/3.0/mlflow/server-info").json()
    assert said["store_type"] == "SqlStore"
    assert said["multipart_uploads_enabled"] is False
