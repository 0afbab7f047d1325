"""The scoring application, asked without a network."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from headrace.base.errors import Forbidden, NotFound
from headrace.models.enforcement import enforce
from headrace.models.signature import ModelSignature
from headrace.models.types import ColSpec, Schema
from headrace.serving.app import Scorer

_JSON = "application/json"


class Doubles:
    """A model that doubles column ``a``, or does what the test wants."""

    def __init__(self, act: Callable[[Any], Any] = lambda frame: frame["a"].to_numpy() * 2) -> None:
        self._act = act
        self._schema = Schema([ColSpec("double", "a")])
        self.metadata = SimpleNamespace(signature=ModelSignature(inputs=self._schema))

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """As a loaded model does: the signature first, then the model's own work."""
        return self._act(enforce(data, self._schema))


class Reply(SimpleNamespace):
    """Status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    app: Scorer, verb: str, path: str, body: bytes | list[bytes] = b"", *, headers: dict[str, str] | None = None
) -> Reply:
    """What the application answers to one request."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": verb, "path": path, "headers": encoded, "server": ("127.0.0.1", 1)}
    asyncio.run(app(scope, receive, send))
    if not sent:
        return Reply(status=0, headers={}, body=b"")
    start, *rest = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(status=start["status"], headers=found, body=b"".join(each["body"] for each in rest))


def score(app: Scorer, said: Any) -> Reply:
    """The answer to JSON inputs."""
    return ask(app, "POST", "/invocations", json.dumps(said).encode(), headers={"Content-Type": _JSON})


@pytest.fixture
def app() -> Scorer:
    return Scorer(Doubles(), version="1.2.3")


def test_the_pages_by_which_a_server_is_watched(app: Scorer) -> None:
    for path, body in (("/ping", b"\n"), ("/health", b"\n"), ("/version", b"1.2.3")):
        reply = ask(app, "GET", path)
        assert (reply.status, reply.body, reply.headers["content-type"]) == (200, body, _JSON)


def test_inputs_are_answered_with_predictions(app: Scorer) -> None:
    reply = score(app, {"inputs": {"a": [1, 2.5]}})
    assert (reply.status, reply.said) == (200, {"predictions": [2.0, 5.0]})
    assert reply.headers == {
        "content-type": _JSON,
        "content-length": str(len(reply.body)),
        "x-content-type-options": "nosniff",
    }


def test_a_body_in_pieces_is_put_together(app: Scorer) -> None:
    pieces = [b'{"inputs": ', b"", b'{"a": [1]}}']
    assert ask(app, "POST", "/invocations", pieces, headers={"Content-Type": _JSON}).said == {"predictions": [2.0]}


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("GET", "/invocations", 405, "INVALID_PARAMETER_VALUE"),
        ("OPTIONS", "/invocations", 405, "INVALID_PARAMETER_VALUE"),
        ("POST", "/ping", 405, "INVALID_PARAMETER_VALUE"),
        ("GET", "/", 404, "ENDPOINT_NOT_FOUND"),
        ("GET", "/invocations/", 404, "ENDPOINT_NOT_FOUND"),
        ("POST", "/invocations/../ping", 404, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_other_paths_and_verbs_are_refused(app: Scorer, verb: str, path: str, status: int, code: str) -> None:
    reply = ask(app, verb, path)
    assert (reply.status, reply.said["error_code"]) == (status, code)
    assert reply.headers.get("allow") == ({"/invocations": "POST", "/ping": "GET"}[path] if status == 405 else None)


@pytest.mark.parametrize(
    ("body", "headers", "status", "fault"),
    [
        (b"{}", {}, 400, "no Content-Type"),
        (b"", {"Content-Type": _JSON}, 400, "empty"),
        (b"{bad", {"Content-Type": _JSON}, 400, "JSON"),
        (b'{"inputs": {"a": ["x"]}}', {"Content-Type": _JSON}, 400, "column 'a' must be double"),
        (b'{"inputs": {"b": [1]}}', {"Content-Type": _JSON}, 400, "['a']"),
        (b"x", {"Content-Type": "text/plain"}, 415, "text/plain"),
        (b"x", {"Content-Type": "\xff"}, 415, "not supported"),
        (b"x", {"Content-Type": _JSON, "Content-Encoding": "gzip"}, 415, "compressed"),
        (b"x", {"Content-Type": _JSON, "Content-Length": str(10**12)}, 413, "bytes"),
        (b"[" * 900_000, {"Content-Type": _JSON}, 400, "nested"),
        (b'{"inputs": {"a": ["' + b"x" * 10_000_000 + b'"]}}', {"Content-Type": _JSON}, 400, "column 'a'"),
        (b'{"inputs": {"' + b"x" * 10_000_000 + b'": [1]}}', {"Content-Type": _JSON}, 400, "['a']"),
    ],
)
def test_wrong_requests_are_told_what_is_wrong(
    app: Scorer, body: bytes, headers: dict[str, str], status: int, fault: str
) -> None:
    reply = ask(app, "POST", "/invocations", body, headers=headers)
    assert reply.status == status
    assert fault in reply.said["message"]
    assert reply.said["error_code"]
    assert len(reply.body) < 1000


def test_a_body_over_the_limit_is_refused_though_nothing_announced_it() -> None:
    app = Scorer(Doubles(), version="1", body_bytes=10)
    reply = ask(app, "POST", "/invocations", [b"x" * 6, b"x" * 6], headers={"Content-Type": _JSON})
    assert (reply.status, reply.said["message"]) == (
        413,
        "The body has more than the 10 bytes that one request may have",
    )


def test_a_caller_that_goes_away_is_not_answered(app: Scorer) -> None:
    assert ask(app, "POST", "/invocations", [], headers={"Content-Type": _JSON}).status == 0


def _fail(error: BaseException) -> Callable[[Any], Any]:
    def act(_: Any) -> Any:
        secret = "not to be told"
        raise error from OSError(secret)

    return act


@pytest.mark.parametrize(
    "error", [ValueError("three legs"), KeyError("three legs"), NotFound("three legs"), SystemExit(3)]
)
def test_an_error_of_the_model_is_told_with_its_place_and_no_more(error: BaseException) -> None:
    app = Scorer(Doubles(_fail(error)), version="1")
    reply = score(app, {"inputs": {"a": [1]}})
    assert (reply.status, reply.said["error_code"]) == (400, "BAD_REQUEST")
    assert f"{type(error).__name__}: {error}" in reply.said["message"]
    assert "in act" in reply.said["stack_trace"]
    assert b"in score" not in reply.body
    assert b"not to be told" not in reply.body
    assert score(app, {"inputs": {"a": [1]}}).status == 400


def test_an_answer_without_json_form_is_named() -> None:
    reply = score(Scorer(Doubles(lambda _: object()), version="1"), {"inputs": {"a": [1]}})
    assert (reply.status, reply.said["error_code"]) == (500, "INTERNAL_ERROR")
    assert "JSON cannot carry, in a object" in reply.said["message"]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_prediction_that_takes_too_long_is_given_up(gate: threading.Event) -> None:
    app = Scorer(Doubles(lambda frame: gate.wait() and frame), version="1", timeout=0.05)
    reply = score(app, {"inputs": {"a": [1]}})
    assert (reply.status, reply.headers["content-type"]) == (504, "text/plain; charset=utf-8")
    assert reply.body == b"The prediction took longer than 0.05 seconds; --timeout allows it more"
    assert ask(app, "GET", "/ping").status == 200


def test_predictions_run_beside_each_other() -> None:
    both = threading.Barrier(2, timeout=30)
    app = Scorer(Doubles(lambda frame: (both.wait(), numpy.array([1.0]))[1]), version="1")
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(score(app, {"inputs": {"a": [1]}}))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.said for reply in replies] == [{"predictions": [1.0]}] * 2


def test_the_gate_is_asked_first() -> None:
    def refuse(*_: Any) -> None:
        raise Forbidden("Not by that name")

    reply = ask(Scorer(Doubles(), version="1", gate=refuse), "GET", "/ping")
    assert (reply.status, reply.said) == (403, {"error_code": "PERMISSION_DENIED", "message": "Not by that name"})
