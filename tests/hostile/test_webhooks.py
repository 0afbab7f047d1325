"""Webhooks are no way to make a server call what only it can reach."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.hostile.conftest import Target

Refused = Callable[..., Any]

#: ``{port}`` is one of this machine, on which somebody listens.
EVIL = [
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://[::1]:{port}/",
    "https://0.0.0.0:{port}/",
    "https://[::]:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25lo]/",
    "https://u:p@127.0.0.1:{port}/",
    "https://8.8.8.8:{port}@127.0.0.1/",
    "https://127.0.0.1:{port}\\@8.8.8.8/",
    "https://127.0.0.1:{port}#@8.8.8.8/",
    "https://127。0。0。1:{port}/",
    "https://8.8.8.8/\r\nHost: 127.0.0.1",
    "https://8.8.8.8/ HTTP/1.1\r\nX: y",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/",
    "data:text/plain,x",
    "jar:http://127.0.0.1:{port}/!/",
    "//127.0.0.1:{port}/",
    "https:127.0.0.1",
]


def get(target: Target, path: str) -> Any:
    """What is at a path, which is sent as it stands."""
    return target.raw.ask("GET", f"/api/2.0/mlflow/{path}")


@pytest.mark.parametrize("url", EVIL)
def test_a_webhook_points_at_nothing_within(target: Target, refused: Refused, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        said = url.replace("{port}", str(canary.getsockname()[1]))
        body = {"name": "w", "url": said, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}
        refused(target.post("webhooks", body))
        canary.setblocking(False)
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.mark.parametrize(
    "body",
    [
        {"name": "w"},
        {"name": "w", "url": "https://8.8.8.8/", "events": []},
        {"name": "w", "url": "https://8.8.8.8/", "events": {}},
        {"name": "w", "url": "https://8.8.8.8/", "events": ["registered_model.created"]},
        {"name": "w", "url": "https://8.8.8.8/", "events": [{"entity": "REGISTERED_MODEL"}]},
        {"name": "w", "url": "https://8.8.8.8/", "events": [{"entity": "NOBODY", "action": "CREATED"}]},
        {"name": "w", "url": "https://8.8.8.8/", "events": [{"entity": "PROMPT", "action": "EXCEEDED"}]},
        {"name": "w", "url": 5, "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "<b>", "url": "https://8.8.8.8/", "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "w", "url": "https://8.8.8.8/" + "x" * 3000, "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        {"name": "w", "url": "https://8.8.8.8/", "events": [{"entity": "PROMPT", "action": "CREATED"}], "status": "ON"},
    ],
)
def test_a_webhook_that_is_none_is_refused(target: Target, refused: Refused, body: object) -> None:
    refused(target.post("webhooks", body))


@pytest.mark.parametrize(
    "path", ["webhooks/%2e%2e", "webhooks/x/deliveries/y", "webhooks/" + "x" * 65, "webhooks/a%00b"]
)
def test_a_webhook_nobody_made_is_not_found(target: Target, refused: Refused, path: str) -> None:
    refused(get(target, path), 400, 404)


def test_what_is_only_for_the_house_is_no_route(target: Target, refused: Refused) -> None:
    for path in ("webhooks/claim", "webhooks/settle"):
        refused(target.post(path, {"limit": 1, "lease": 1}), 404, 405)
    for path in ("webhooks/key?webhook_id=x", "webhooks/next"):
        refused(get(target, path), 404)


@pytest.mark.parametrize(
    "query", ["at=-1", "at=x", "at=99999999999999999999", "alias=a&stage=b&at=1", "alias=a", "at=1"]
)
def test_a_past_that_was_not_is_refused(target: Target, refused: Refused, query: str) -> None:
    refused(get(target, f"registered-models/version-at?name=nobody&{query}"), 400, 404)
