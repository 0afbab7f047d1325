"""The store on the other side of HTTP, and servers that behave badly."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from headrace.base.errors import (
    AlreadyExists,
    BadRequest,
    Forbidden,
    HeadraceError,
    NoSuchEndpoint,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unreachable,
)
from headrace.schema.experiments import CreateExperiment, GetExperiment, GetExperimentByName, SearchExperiments
from headrace.schema.logged_models import CreateLoggedModel, GetLoggedModel, SetLoggedModelTags
from headrace.schema.registry import SearchRegisteredModels
from headrace.schema.runs import CreateRun, GetRun, LogMetric
from headrace.stores.remote import RemoteStore
from tests.databases import free_port
from tests.processes import Running


@pytest.fixture
def store(running: Running) -> Iterator[RemoteStore]:
    """A store that asks the real server."""
    made = RemoteStore(running.url)
    yield made
    made.close()


class Grumpy(ThreadingHTTPServer):
    """A server that answers what it was told to, one thing after another, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Grumble)
        self.answers: list[tuple[int, str, bytes, dict[str, str]] | None] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Grumble(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Grumpy

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, kind, said, headers = answer
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(said)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def grumpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Grumpy]:
    """A server that says what the test wants, to clients that try twice."""
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_MAX_RETRIES", "1")
    with Grumpy() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


ASK = GetExperiment(experiment_id="1")
GOOD = (200, "application/json", b'{"experiment":{"experiment_id":"1","name":"n"}}', {})


def answer(server: Grumpy, *answers: tuple[int, str, bytes, dict[str, str]] | None) -> RemoteStore:
    server.answers = list(answers)
    return RemoteStore(server.url)


def test_calls_of_every_verb_are_answered(store: RemoteStore) -> None:
    experiment = store.send(CreateExperiment(name="ä & b/c")).experiment_id
    assert store.send(GetExperimentByName(experiment_name="ä & b/c")).experiment.experiment_id == experiment
    run = store.send(CreateRun(experiment_id=experiment)).run.info.run_id
    store.send(LogMetric(run_id=run, key="m", value=float("inf"), timestamp=1))
    assert store.send(GetRun(run_id=run)).run.data.metrics == {"m": float("inf")}
    model = store.send(CreateLoggedModel(experiment_id=experiment, name="m")).model.model_id
    store.send(SetLoggedModelTags(model_id=model, tags=[]))
    assert store.send(GetLoggedModel(model_id=model)).model.name == "m"


def test_errors_are_those_of_the_server(store: RemoteStore) -> None:
    with pytest.raises(NotFound):
        store.send(GetRun(run_id="nobody"))
    with pytest.raises(AlreadyExists):
        store.send(CreateExperiment(name="Default"))
    with pytest.raises(BadRequest, match="filter"):
        store.send(SearchExperiments(max_results=1, filter="and"))
    with pytest.raises(NotFound):
        store.send(GetLoggedModel(model_id="../../x"))


def test_a_long_question_travels_in_a_body(store: RemoteStore) -> None:
    names = " AND ".join([f"name LIKE '%{'x' * 90}%'"] * 60)
    assert store.send(SearchRegisteredModels(filter=names)).registered_models == []


def test_a_store_may_be_used_after_a_fork(store: RemoteStore) -> None:
    store.send(GetExperiment(experiment_id="0"))
    child = os.fork()
    if not child:
        name = store.send(GetExperiment(experiment_id="0")).experiment.name
        os._exit(0 if name == "Default" else 1)
    assert store.send(GetExperiment(experiment_id="0")).experiment.name == "Default"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_store_may_be_shared_by_threads(store: RemoteStore) -> None:
    names: list[str] = []

    def ask() -> None:
        names.extend(store.send(GetExperiment(experiment_id="0")).experiment.name for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["Default"] * 160


def test_what_was_never_sent_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    store = RemoteStore(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match=r"cannot be reached.*2 attempts"):
        store.send(CreateExperiment(name="x"))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(grumpy: Grumpy, status: int) -> None:
    store = answer(grumpy, (status, "text/plain", b"later", {"Retry-After": "0"}), GOOD)
    assert store.send(ASK).experiment.name == "n"
    store.close()


def test_a_broken_answer_is_asked_for_again_only_by_who_changes_nothing(grumpy: Grumpy) -> None:
    store = answer(grumpy, None, GOOD)
    assert store.send(ASK).experiment.name == "n"
    store = answer(grumpy, None, GOOD)
    with pytest.raises(Unreachable, match="may have been carried out"):
        store.send(CreateExperiment(name="once"))
    assert len(grumpy.answers) == 1


@pytest.mark.parametrize(
    ("said", "error", "word"),
    [
        ((200, "text/html", b"<html>", {}), HeadraceError, "text/html"),
        ((200, "application/json", b'{"experiment":{}}', {}), HeadraceError, "no reply"),
        ((404, "text/html", b"<html>", {}), NoSuchEndpoint, "no server of this protocol"),
        ((401, "text/plain", b"who?", {}), Unauthenticated, "MLFLOW_TRACKING_USERNAME"),
        ((403, "text/plain", b"no", {}), Forbidden, "not allowed"),
        ((413, "text/html", b"big", {}), TooLarge, "larger"),
        ((413, "application/json", b'{"error_code":"INVALID_PARAMETER_VALUE","message":"big"}', {}), TooLarge, "big"),
        ((301, "text/html", b"", {"Location": "https://other/"}), HeadraceError, "https://other/"),
        ((500, "application/json", b'{"error_code":"INTERNAL_ERROR","message":"oh"}', {}), HeadraceError, "oh"),
        ((500, "application/json", b"[]", {}), HeadraceError, "500"),
        ((400, "application/json", b'{"error_code":"ODD_CODE","message":"odd"}', {}), HeadraceError, "odd"),
    ],
)
def test_a_strange_answer_is_a_clear_error(
    grumpy: Grumpy, said: tuple[int, str, bytes, dict[str, str]], error: type[HeadraceError], word: str
) -> None:
    store = answer(grumpy, said)
    with pytest.raises(error, match=word) as caught:
        store.send(ASK)
    assert type(caught.value) is error
    store.close()


def test_who_asks_is_said_by_the_environment(grumpy: Grumpy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "pässword")
    answer(grumpy, GOOD).send(ASK)
    assert grumpy.asked[-1][2]["Authorization"].startswith("Basic ")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    answer(grumpy, GOOD).send(ASK)
    assert grumpy.asked[-1][2]["Authorization"] == "Bearer secret"


def test_credentials_in_the_address_are_used_but_not_shown(grumpy: Grumpy) -> None:
    store = RemoteStore(grumpy.url.replace("http://", "http://ada:secret@"))
    grumpy.answers = [(404, "text/html", b"", {})]
    with pytest.raises(NoSuchEndpoint) as caught:
        store.send(ASK)
    assert grumpy.asked[-1][2]["Authorization"].startswith("Basic ")
    assert "secret" not in str(caught.value)


def test_what_is_no_address_of_a_server_is_refused() -> None:
    for url in ("ftp://host", "http://", "host:5000"):
        with pytest.raises(BadRequest, match="no address"):
            RemoteStore(url)
