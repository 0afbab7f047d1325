"""What a served model does when more is asked of it than it can do, and when it is told to stop."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

import headrace as mlflow
from tests.databases import free_port
from tests.processes import PATIENCE, Running, serving
from tests.serving.conftest import HEADRACE

pytestmark = pytest.mark.slow
_SCRIPT = Path(__file__).parent / "assets" / "waits.py"
_LIMITS = {
    "HEADRACE_SCORING_SERVER_THREADS": "1",
    "HEADRACE_SCORING_SERVER_QUEUE": "1",
    "HEADRACE_SCORING_SERVER_BODY_BYTES": "1000",
    "HEADRACE_SCORING_SERVER_DRAIN_SECONDS": "120",
}


class Asked:
    """A server of the waiting model, and requests that are under way."""

    def __init__(self, running: Running, home: Path) -> None:
        self.running, self._home = running, home
        self.pool = urllib3.PoolManager(retries=False, timeout=PATIENCE, maxsize=8)
        self._threads = ThreadPoolExecutor(8)

    def ask(self, name: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """Ask for a prediction that waits for the file ``name``."""
        body = {"inputs": [str(self._home / name)]}
        return self.pool.request("POST", f"{self.running.url}/invocations", json=body, headers=headers or None)

    def begin(self, name: str) -> Future[urllib3.BaseHTTPResponse]:
        """Ask in the background."""
        return self._threads.submit(self.ask, name)

    def let(self, name: str) -> None:
        """Make the file ``name``, so that its prediction ends."""
        (self._home / name).touch()

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        """The page at ``path``."""
        return self.pool.request("GET", self.running.url + path)

    def gauge(self, name: str) -> float:
        """A value of the page of metrics."""
        found = re.search(rf"^headrace_scoring_{name}{{[^}}]*}} (\S+)$", self.get("/metrics").data.decode(), re.M)
        assert found, name
        return float(found[1])

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()
        self.pool.clear()


def _until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    mlflow.pyfunc.save_model(str(tmp_path / "model"), python_model=str(_SCRIPT))
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", str(tmp_path / "model"), "-p", str(port)]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=_LIMITS) as running:
        found = Asked(running, tmp_path)
        yield found
        for name in "abcdefg":
            found.let(name)
        found.close()
        # The first signal only begins the draining; the one that follows ends it.
        running.process.send_signal(signal.SIGTERM)


def test_a_full_line_and_a_late_answer_and_a_large_body_are_refused_and_the_rest_is_answered(asked: Asked) -> None:
    first = asked.begin("a")
    _until(lambda: asked.gauge("running") == 1)
    second = asked.begin("b")
    _until(lambda: asked.gauge("queued") == 1)
    refused = asked.ask("c")
    assert (refused.status, refused.json()["error_code"]) == (429, "RESOURCE_EXHAUSTED")
    assert int(refused.headers["retry-after"]) >= 1
    asked.let("a")
    assert first.result().json() == {"predictions": [1]}
    # The second is predicted now, so that another one may wait; but not for long.
    late = asked.ask("c", **{"X-Request-Timeout": "0.1"})
    assert (late.status, late.data) == (504, b"The prediction took longer than the 0.1 seconds of X-Request-Timeout")
    _until(lambda: asked.gauge("queued") == 0)
    assert asked.ask("c", **{"X-Request-Timeout": "soon"}).status == 400
    large = asked.ask("x" * 2000)
    assert large.status == 413
    asked.let("b")
    assert second.result().json() == {"predictions": [1]}
    assert asked.ask("b").status == 200


def test_the_page_of_metrics_counts_what_was_answered(asked: Asked) -> None:
    asked.let("a")
    for _ in range(3):
        assert asked.ask("a").status == 200
    asked.pool.request("POST", f"{asked.running.url}/v2/models/model/infer", json={})
    text = asked.get("/metrics").data.decode()
    assert re.search(r'^headrace_scoring_requests_total{protocol="invocations",status="200",.*} 3$', text, re.M)
    assert re.search(r'^headrace_scoring_requests_total{protocol="v2",status="400",.*} 1$', text, re.M)
    assert asked.gauge("request_seconds_count") == 4
    assert asked.gauge("in_flight") == 0


def test_a_server_that_is_told_to_stop_is_not_ready_and_answers_what_it_took(asked: Asked) -> None:
    first = asked.begin("a")
    _until(lambda: asked.gauge("running") == 1)
    assert asked.get("/v2/health/ready").status == 200
    asked.running.process.send_signal(signal.SIGTERM)
    _until(lambda: asked.get("/v2/health/ready").status == 503)
    assert asked.get("/v2/models/model/ready").json() == {"name": "model", "ready": False}
    assert asked.get("/v2/health/live").status == 200
    second = asked.begin("b")
    _until(lambda: asked.gauge("queued") == 1)
    # Told again, it waits for nobody new.
    asked.running.process.send_signal(signal.SIGTERM)
    asked.let("a")
    asked.let("b")
    assert [each.result().json() for each in (first, second)] == [{"predictions": [1]}] * 2
    assert asked.running.process.wait(PATIENCE) == 0


def test_a_prediction_that_never_ends_does_not_keep_the_server_from_ending(asked: Asked) -> None:
    assert asked.ask("never", **{"X-Request-Timeout": "0.2"}).status == 504
    assert asked.gauge("running") == 1
    asked.running.process.send_signal(signal.SIGTERM)
    asked.running.process.send_signal(signal.SIGINT)
    # Sooner than the model would give up by itself.
    assert asked.running.process.wait(PATIENCE / 2) == 0
