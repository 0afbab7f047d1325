"""What is logged later: in order, nothing lost, and errors told to who waits."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import headrace.config
import numpy
import PIL.Image
import pytest

import headrace
from headrace import MlflowClient
from headrace.base.errors import BadRequest
from headrace.tracking.operations import get_combined_run_operations

pytestmark = pytest.mark.usefixtures("place")


def test_what_is_logged_later_arrives_in_order_before_its_run_ends() -> None:
    with headrace.start_run() as run:
        for step in range(2500):
            headrace.log_metric("m", step, step=step, timestamp=7, synchronous=False)
        for mark in "abc":
            headrace.set_tag("t", mark, synchronous=False)
    assert MlflowClient().get_run(run.info.run_id).data.tags["t"] == "c"
    history = MlflowClient().get_metric_history(run.info.run_id, "m")
    assert [(point.step, point.value) for point in history] == [(step, step) for step in range(2500)]


def test_only_what_is_at_fault_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with headrace.start_run() as run:
        first = headrace.log_param("p", 1, synchronous=False)
        second = headrace.log_param("p", 2, synchronous=False)
        third = headrace.log_params({"q": 3}, synchronous=False)
        assert third is not None
        first.wait()
        third.wait()
        with pytest.raises(BadRequest, match="params are logged once"):
            second.wait()
        with pytest.raises(BadRequest, match="params are logged once"):
            get_combined_run_operations([first, second, third]).wait()
    assert headrace.get_run(run.info.run_id).data.params == {"p": "1", "q": "3"}
    assert "params are logged once" in caplog.text


def test_what_is_no_number_is_refused_at_once() -> None:
    with headrace.start_run(), pytest.raises(BadRequest, match="number"):
        headrace.log_metric("m", "high", synchronous=False)  # type: ignore[arg-type]


def test_the_settings_say_that_all_is_logged_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_ENABLE_ASYNC_LOGGING", raising=False)
    headrace.config.enable_async_logging()
    monkeypatch.setenv("MLFLOW_ASYNC_LOGGING_BUFFERING_SECONDS", "30")
    with headrace.start_run() as run:
        assert headrace.log_metrics({"a": 1, "b": 2}) is not None
        assert headrace.log_metric("c", 3, synchronous=True) is None
        headrace.flush_async_logging()
        assert headrace.get_run(run.info.run_id).data.metrics == {"a": 1.0, "b": 2.0, "c": 3.0}
        headrace.config.enable_async_logging(False)
        assert headrace.log_metric("d", 4) is None


def test_many_threads_log_later_to_many_runs() -> None:
    runs = [MlflowClient().create_run(headrace.set_experiment("many").experiment_id).info.run_id for _ in range(4)]

    def work(number: int) -> None:
        client = MlflowClient()
        for step in range(100):
            client.log_metric(runs[number % 4], f"m{number}", step, step=step, synchronous=False)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    headrace.flush_async_logging()
    for number in range(8):
        history = MlflowClient().get_metric_history(runs[number % 4], f"m{number}")
        assert sorted(point.step for point in history) == list(range(100))


def test_a_picture_is_logged_as_it_was_when_it_was_passed() -> None:
    array = numpy.zeros((2, 2), dtype=numpy.uint8)
    picture = PIL.Image.new("L", (2, 2), 0)
    with headrace.start_run() as run:
        headrace.log_image(array, "array.png")
        headrace.log_image(picture, "picture.png")
        array[:] = 255
        picture.putpixel((0, 0), 255)
        headrace.flush_artifact_async_logging()
    for name in ("array.png", "picture.png"):
        read = headrace.artifacts.load_image(f"runs:/{run.info.run_id}/{name}")
        assert read.getextrema() == (0, 0)


LEAVING = """
import os, sys, headrace
headrace.set_tracking_uri(sys.argv[1])
run = headrace.start_run()
for step in range(1500):
    headrace.log_metric("m", step, step=step, synchronous=False)
if os.fork() == 0:
    headrace.log_metric("of the child", 1, synchronous=False).wait()
    os._exit(0)
os.wait()
print(run.info.run_id)
"""


def test_a_program_that_ends_loses_nothing(place: str, tmp_path: Path) -> None:
    script = tmp_path / "leaving.py"
    script.write_text(LEAVING)
    command = [sys.executable, "-W", "ignore", str(script), place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.strip()
    assert len(MlflowClient().get_metric_history(run_id, "m")) == 1500
    read = MlflowClient().get_run(run_id)
    assert (read.info.status, read.data.metrics["of the child"]) == ("FINISHED", 1.0)


WORKING = """
import multiprocessing, sys, headrace
headrace.set_tracking_uri(sys.argv[1])

def work(run_id, number):
    client = headrace.MlflowClient()
    for step in range(300):
        client.log_metric(run_id, f"m{number}", step, step=step, synchronous=False)

if __name__ == "__main__":
    with headrace.start_run() as run:
        way = multiprocessing.get_context(sys.argv[2])
        workers = [way.Process(target=work, args=(run.info.run_id, number)) for number in range(2)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
    print(run.info.run_id, [each.exitcode for each in workers])
"""


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_a_worker_that_ends_loses_nothing(place: str, way: str, tmp_path: Path) -> None:
    script = tmp_path / "working.py"
    script.write_text(WORKING)
    command = [sys.executable, "-W", "ignore", str(script), place, way]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    run_id, _, codes = done.stdout.strip().partition(" ")
    assert codes == "[0, 0]", done.stderr
    for number in range(2):
        assert len(MlflowClient().get_metric_history(run_id, f"m{number}")) == 300
