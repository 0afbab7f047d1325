"""A point that PostgreSQL logs in one statement changes the same as one that takes the long way."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from headrace.base.errors import BadRequest, NotFound
from headrace.schema.runs import CreateRun, DeleteRun, LogBatch, LogMetric, Metric
from headrace.stores import Store, open_store
from headrace.stores.sql import one_point

_VALUES = [0.0, -0.0, 1.5, -1.5, 5e-324, 1e99, -1e99, 1e101, 1.7e308, float("inf"), float("nan")]


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    """A store on a database of its own."""
    opened = open_store(postgresql_url)
    yield opened
    opened.close()


def _run(store: Store) -> str:
    return store.send(CreateRun(experiment_id="0", start_time=1)).run.info.run_id


def _kept(url: str, run_id: str) -> tuple[list[Any], list[Any]]:
    with psycopg.connect(url) as connection:
        run = connection.execute("SELECT id FROM runs WHERE run_id = %s", (run_id,)).fetchone()
        columns = "name, step, timestamp, value, special, copy"
        points = connection.execute(f"SELECT {columns} FROM points WHERE run = %s ORDER BY {columns}", run).fetchall()
        summaries = connection.execute("SELECT * FROM summaries WHERE run = %s ORDER BY name", run).fetchall()
        names = [column.name for column in connection.execute("SELECT * FROM summaries LIMIT 0").description or ()]
    return points, [{**dict(zip(names, row, strict=True)), "run": 0} for row in summaries]


@pytest.mark.parametrize("writer", ["", "w"])
def test_any_points_in_any_order(
    store: Store, postgresql_url: str, writer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = _run(store), _run(store)
    taken = []
    log = one_point.log
    monkeypatch.setattr(one_point, "log", lambda tx, call: taken.append(done := log(tx, call)) or done)
    draw = random.Random(7)
    for number in range(1, 400):
        key, value = draw.choice("ab"), draw.choice(_VALUES) if draw.random() < 0.3 else round(draw.gauss(0, 3), 2)
        step, timestamp = draw.randint(-3, 3), draw.randint(0, 3)
        sequence = number if writer else 0
        said = {"key": key, "value": value, "timestamp": timestamp, "step": step}
        store.send(LogMetric(run_id=short, **said, writer=writer, sequence=sequence))
        again = f"{writer} in batches" if writer else ""
        store.send(LogBatch(run_id=long, metrics=[Metric(**said)], writer=again, sequence=sequence))
    assert _kept(postgresql_url, short) == _kept(postgresql_url, long)
    assert 200 < sum(taken) < 399


def test_a_write_that_is_sent_again_is_done_once(store: Store, postgresql_url: str) -> None:
    run = _run(store)
    for sequence in (1, 2, 2, 1, 3, 3):
        store.send(LogMetric(run_id=run, key="m", value=1.5, timestamp=0, step=0, writer="w", sequence=sequence))
    points, [summary] = _kept(postgresql_url, run)
    assert ([point[-1] for point in points], summary["points"]) == ([0, 1, 2], 3)


def test_many_threads_log_to_one_metric(store: Store, postgresql_url: str) -> None:
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
    points, [summary] = _kept(postgresql_url, run)
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
