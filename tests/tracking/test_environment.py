"""Settings as objects, and how a server is reached as they say."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import headrace.environment_variables as variables
import pytest
from headrace.utils.credentials import read_mlflow_creds

from headrace.base import connection, settings
from headrace.base.errors import BadRequest, Unreachable
from headrace.schema.experiments import GetExperiment
from headrace.stores.remote import RemoteStore


def test_a_variable_has_a_type_and_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    timeout = variables.MLFLOW_HTTP_REQUEST_TIMEOUT
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "HEADRACE_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    assert (timeout.name, timeout.get(), timeout.defined, str(timeout)) == (
        "MLFLOW_HTTP_REQUEST_TIMEOUT",
        120,
        False,
        "MLFLOW_HTTP_REQUEST_TIMEOUT (default: 120)",
    )
    timeout.set(7)
    assert (timeout.get(), timeout.get_raw(), timeout.is_set(), connection.timeout()) == (7, "7", True, 7)
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_TIMEOUT", "8")
    assert timeout.get() == 8
    timeout.unset()
    assert (timeout.get(), connection.timeout()) == (120, 120)


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("MLFLOW_ENABLE_ASYNC_LOGGING", "TRUE", True),
        ("MLFLOW_ENABLE_ASYNC_LOGGING", "0", False),
        ("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0.5", 0.5),
        ("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "https, http", ["https", "http"]),
        ("MLFLOW_EXPERIMENT_NAME", "x", "x"),
    ],
)
def test_a_variable_is_read_as_its_type(name: str, said: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, said)
    assert getattr(variables, name).get() == value


@pytest.mark.parametrize("name", ["MLFLOW_ENABLE_ASYNC_LOGGING", "MLFLOW_HTTP_REQUEST_TIMEOUT"])
def test_what_is_no_value_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "soon")
    with pytest.raises(BadRequest, match=name):
        getattr(variables, name).get()


@pytest.mark.parametrize("said", ["soon", "inf", "nan"])
def test_a_setting_that_is_no_number_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_BACKOFF_FACTOR", said)
    with pytest.raises(BadRequest, match="must be a number"):
        settings.fraction("HTTP_REQUEST_BACKOFF_FACTOR", 1)


def test_waits_double_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "2")
    waits = [connection.patience().before(attempt) for attempt in range(8)]
    assert 1 <= waits[0] <= 2 <= waits[1] <= 4
    assert all(wait <= 10 for wait in waits)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "100")
    assert max(connection.patience().before(0) for _ in range(50)) > 4


def test_credentials_come_from_the_environment_the_url_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TRACKING_USERNAME", "TRACKING_PASSWORD", "TRACKING_TOKEN"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_mlflow_creds() == (None, None)
    (tmp_path / ".mlflow").mkdir()
    kept = tmp_path / ".mlflow" / "credentials"
    kept.write_text("[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = 100%\n")
    assert read_mlflow_creds() == ("me", "100%")
    assert connection.name_and_password("http://you:p%20w@host") == ("you", "p w")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "env")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    assert read_mlflow_creds() == ("env", "secret")
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    kept.write_text("no section")
    with pytest.raises(BadRequest, match=r"\[mlflow\]"):
        read_mlflow_creds()


class _Busy(http.server.BaseHTTPRequestHandler):
    """Too busy, and asks for a long wait."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(503)
        self.send_header("Retry-After", "30")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def busy() -> Iterator[str]:
    _Busy.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_patience_is_as_the_settings_say(busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0.01")
    monkeypatch.setenv("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "false")
    store = RemoteStore(busy)
    with pytest.raises(Unreachable):
        store.send(GetExperiment(experiment_id="1"))
    store.close()
    assert len(_Busy.asked) == 3
    assert not connection.patience().as_asked
