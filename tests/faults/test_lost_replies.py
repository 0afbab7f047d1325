"""A server carries a call out, and the answer is lost on the way: what was numbered is sent again, and done once."""

from __future__ import annotations

import os
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.base.errors import Unreachable
from headrace.schema.runs import CreateRun, GetMetricHistory, GetRun, LogMetric, Metric
from headrace.stores.remote import RemoteStore
from headrace.tracking import MlflowClient
from tests.databases import free_port
from tests.processes import serving

pytestmark = pytest.mark.slow


class Forgetful(socketserver.ThreadingTCPServer):
    """Passes requests on to a server, and loses the answers whose numbers are in ``lost``."""

    daemon_threads, block_on_close = True, False

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.target = target
        self.lost: set[int] = set()
        self.answers = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Passage(socketserver.BaseRequestHandler):
    server: Forgetful

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.target)) as there:
            while asked := self.request.recv(1 << 20):
                there.sendall(asked)
                answer = there.recv(1 << 20)
                self.server.answers += 1
                if self.server.answers in self.server.lost:
                    return
                self.request.sendall(answer)


@pytest.fixture
def between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forgetful]:
    """What stands between us and a real server."""
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_BACKOFF_FACTOR", "0.01")
    port = free_port()
    command = [sys.executable, "-m", "headrace", "server", f"--port={port}", f"--backend-store-uri={tmp_path}/kept"]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log"):
        with Forgetful(port) as found:
            thread = threading.Thread(target=found.serve_forever)
            thread.start()
            yield found
            found.shutdown()
            thread.join()


def test_a_point_whose_answer_was_lost_is_there_once(between: Forgetful) -> None:
    client = MlflowClient(between.url)
    run_id = client.create_run("0").info.run_id
    between.lost = {between.answers + at for at in (1, 2, 4, 6)}
    client.log_metric(run_id, "x", 1.0, timestamp=1)
    client.log_metric(run_id, "x", 1.0, timestamp=1)
    client.log_batch(run_id, metrics=[Metric("x", 1.0, 1, 0)] * 3)
    client.log_metric(run_id, "x", 2.0, timestamp=1)
    assert between.answers == 1 + 4 + 4
    values = [point.value for point in client.get_metric_history(run_id, "x")]
    assert values == [1.0] * 5 + [2.0]


def test_threads_lose_answers_and_no_points(between: Forgetful) -> None:
    client = MlflowClient(between.url)
    run_id = client.create_run("0").info.run_id
    between.lost = set(range(20, 1000, 7))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: client.log_metric(run_id, "x", 1.0, timestamp=1, step=at % 10), range(200)))
    between.lost = set()
    assert len(client.get_metric_history(run_id, "x")) == 200


def test_a_forked_child_is_a_writer_of_its_own(between: Forgetful) -> None:
    client = MlflowClient(between.url)
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "x", 1.0, timestamp=1)
    child = os.fork()
    if child == 0:
        try:
            client.log_metric(run_id, "x", 1.0, timestamp=1)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    client.log_metric(run_id, "x", 1.0, timestamp=1)
    assert len(client.get_metric_history(run_id, "x")) == 3


def test_what_has_no_number_is_not_sent_again(between: Forgetful) -> None:
    store = RemoteStore(between.url)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    for call in (LogMetric(run_id=run_id, key="x", value=1, timestamp=1), CreateRun(experiment_id="0")):
        between.lost = {between.answers + 1}
        with pytest.raises(Unreachable, match="may have been carried out"):
            store.send(call)
    between.lost = {between.answers + 1}
    assert len(store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics) == 1
    assert store.send(GetRun(run_id=run_id)).run.data.metrics == {"x": 1.0}
    store.close()
