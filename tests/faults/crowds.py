"""Processes that write to one file at the same time, and are ended at any moment: run by the tests of this folder.

python -m tests.faults.crowds JOB URI RUN NUMBER COUNT
"""

from __future__ import annotations

import sys

from headrace.schema.experiments import CreateExperiment
from headrace.schema.runs import LogBatch, LogMetric, Metric
from headrace.stores import open_store


def create(uri: str, _: str, number: int, __: int) -> None:
    """Open a store and make something in it."""
    open_store(uri).send(CreateExperiment(name=f"e{number}"))


def log(uri: str, run_id: str, number: int, count: int) -> None:
    """Log points of one's own, one by one."""
    store = open_store(uri)
    for step in range(count):
        store.send(LogMetric(run_id=run_id, key=f"m{number % 4}", value=step / 7, timestamp=number, step=step))


def acknowledge(uri: str, run_id: str, number: int, _: int) -> None:
    """Log until the end, and say which steps were answered."""
    store = open_store(uri)
    step = number * 1_000_000
    while True:
        points = [Metric("x", each / 7, 1, each) for each in range(step, step + 1 + step % 50)]
        store.send(LogBatch(run_id=run_id, metrics=points))
        step += len(points)
        print(step, flush=True)


if __name__ == "__main__":
    job, uri, run_id, number, count = sys.argv[1:]
    {"create": create, "log": log, "acknowledge": acknowledge}[job](uri, run_id, int(number), int(count))
