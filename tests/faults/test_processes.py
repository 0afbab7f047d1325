"""Many processes on one SQLite file, and processes that are killed: nothing that was acknowledged is lost."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from headrace.schema.experiments import SearchExperiments
from headrace.schema.runs import CreateRun, GetMetricHistory, LogMetric
from headrace.stores import Store, open_store
from tests.databases import free_port
from tests.processes import serving

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
#: Processes that open a new file at once; processes, threads and points of each that write at once.
OPENERS, WRITERS, THREADS, POINTS = 64, 8, 8, 250
#: Moments at which a process is killed, in seconds after its first answer.
MOMENTS = [random.Random(seed).uniform(0, 0.25) for seed in range(10)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "h.db"


def start(job: str, file: Path, run_id: str, number: int, count: int = 0) -> subprocess.Popen[str]:
    """A process that does a job of ``tests.faults.crowds``."""
    command = [sys.executable, "-m", "tests.faults.crowds", job, f"sqlite:///{file}", run_id, str(number), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_new_file_is_opened_by_many_processes_at_once(file: Path) -> None:
    crowd = [start("create", file, "-", number) for number in range(OPENERS)]
    said = [process.communicate()[0] for process in crowd]
    assert [process.returncode for process in crowd] == [0] * OPENERS, said
    names = {each.name for each in open_store(f"sqlite:///{file}").send(SearchExperiments(max_results=100)).experiments}
    assert names == {"Default", *(f"e{number}" for number in range(OPENERS))}


def test_processes_and_threads_behind_a_server_write_at_once(file: Path, tmp_path: Path) -> None:
    uri, port = f"sqlite:///{file}", free_port()
    store = open_store(uri)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    command = [sys.executable, "-m", "headrace", "server", f"--port={port}", f"--backend-store-uri={uri}"]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log") as server:
        remote = open_store(server.url)
        crowd = [start("log", file, run_id, number, POINTS) for number in range(WRITERS)]
        faults: list[Exception] = []
        threads = [threading.Thread(target=_log, args=(remote, run_id, WRITERS + n, faults)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        said = [process.communicate()[0] for process in crowd]
        for thread in threads:
            thread.join()
        remote.close()
    assert [process.returncode for process in crowd] == [0] * WRITERS, said
    assert faults == []
    found = {
        (point.timestamp, point.step)
        for key in range(4)
        for point in store.send(GetMetricHistory(run_id=run_id, metric_key=f"m{key}")).metrics
    }
    assert found == {(number, step) for number in range(WRITERS + THREADS) for step in range(POINTS)}
    store.close()


def _log(store: Store, run_id: str, number: int, faults: list[Exception]) -> None:
    try:
        for step in range(POINTS):
            store.send(LogMetric(run_id=run_id, key=f"m{number % 4}", value=step / 7, timestamp=number, step=step))
    except Exception as fault:
        faults.append(fault)


def test_what_was_acknowledged_outlives_a_kill(file: Path) -> None:
    uri = f"sqlite:///{file}"
    store = open_store(uri)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    store.close()
    acknowledged = []
    for number, moment in enumerate(MOMENTS):
        process = start("acknowledge", file, run_id, number)
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(moment)
        process.kill()
        acknowledged.append(int((first + process.communicate()[0]).split()[-1]))
        with sqlite3.connect(file) as there:
            assert there.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        there.close()
    store = open_store(uri)
    found = {point.step for point in store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics}
    store.close()
    for number, end in enumerate(acknowledged):
        assert found.issuperset(range(number * 1_000_000, end))
