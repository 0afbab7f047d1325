"""A point that takes the short way changes the same as one that takes the long way."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from headrace.base.errors import BadRequest, NotFound
from headrace.schema.runs import CreateRun, DeleteRun, LogBatch, LogMetric, Metric
from headrace.stores import Store, open_store
from headrace.stores.sql import one_point

_VALUES = [0.0, -0.0, 1.5, -1.5, 5e-324, 1e99, -1e99, 1e101, 1.7e308, float("inf"), float("nan")]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of the test's own."""
    found: str = (
        f"sqlite:///{tmp_path}/h.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    )
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store on that database."""
    opened = open_store(url)
    yield opened
    opened.close()


def _run(store: Store) -> str:
    return store.send(CreateRun(experiment_id="0", start_time=1)).run.info.run_id


def _kept(url: str, run_id: str) -> tuple[list[Any], list[Any]]:
    """The rows of the points and of the summaries of a run."""
    file = url.removeprefix("sqlite://")
    with closing(sqlite3.connect(file) if file != url else psycopg.connect(url)) as connection:
        [[run]] = connection.execute(f"SELECT id FROM runs WHERE run_id = '{run_id}'").fetchall()
        columns = "name, step, timestamp, value, special, copy"
        points = connection.execute(f"SELECT {columns} FROM points WHERE run = {run} ORDER BY {columns}").fetchall()
        found = connection.execute(f"SELECT * FROM summaries WHERE run = {run} ORDER BY name")
        names = [column[0] for column in found.description or ()]
        return points, [{**dict(zip(names, row, strict=True)), "run": 0} for row in found.fetchall()]


@pytest.mark.parametrize("writer", ["", "w"])
def test_any_points_in_any_order(store: Store, url: str, writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = _run(store), _run(store)
    taken = []
    for way in ("log", "log_at_once"):
        log = getattr(one_point, way)
        noted = lambda tx, call, log=log: taken.append(done := log(tx, call)) or done  # noqa: E731
        monkeypatch.setattr(one_point, way, noted)
    draw = random.Random(7)
    for number in range(1, 400):
        key, value = draw.choice("ab"), draw.choice(_VALUES) if draw.random() < 0.3 else round(draw.gauss(0, 3), 2)
        step, timestamp = draw.randint(-3, 3), draw.randint(0, 3)
        sequence = number if writer else 0
        said = {"key": key, "value": value, "timestamp": timestamp, "step": step}
        store.send(LogMetric(run_id=short, **said, writer=writer, sequence=sequence))
        again = f"{writer} in batches" if writer else ""
        store.send(LogBatch(run_id=long, metrics=[Metric(**said)], writer=again, sequence=sequence))
    assert _kept(url, short) == _kept(url, long)
    assert 200 < sum(taken) < 399


def test_a_write_that_is_sent_again_is_done_once(store: Store, url: str) -> None:
    run = _run(store)
    for sequence in (1, 2, 2, 1, 3, 3):
        store.send(LogMetric(run_id=run, key="m", value=1.5, timestamp=0, step=0, writer="w", sequence=sequence))
    points, [summary] = _kept(url, run)
    assert ([point[-1] for point in points], summary["points"]) == ([0, 1, 2], 3)


def test_many_threads_log_to_one_metric(store: Store, url: str) -> None:
    run = _run(store)

    def work(number: int) -> None:
        for step in range(100):
            call = LogMetric(run_id=run, key="m", value=step + 1, timestamp=number % 4, step=step)
            store.send(call)
            store.send(LogBatch(run_id=run, metrics=[Metric("m", -step - 1.0, number, step)]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    points, [summary] = _kept(url, run)
    # The names of four threads' points are equal to those of four others.
    assert len(points) == summary["points"] == 400 + 800
    assert (summary["min_val"], summary["max_val"], summary["total"]) == (-100, 100, -4 * 5050)
    assert (summary["last_step"], summary["last_timestamp"], summary["last_val"]) == (99, 7, -100)


def test_a_run_that_is_deleted_or_missing_is_refused(store: Store) -> None:
    run = _run(store)
    call = LogMetric(run_id=run, key="m", value=1.5, timestamp=0, step=0)
    store.send(call)
    store.send(DeleteRun(run_id=run))
    with pytest.raises(BadRequest, match="is deleted"):
        store.send(call)
    with pytest.raises(NotFound):
        store.send(LogMetric(run_id="0" * 32, key="m", value=1.5, timestamp=0, step=0))
