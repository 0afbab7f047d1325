"""A disk without room: a clear error, nothing half-written, and all as before once there is room again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.base.errors import OutOfSpace, from_code
from headrace.schema.runs import CreateRun, GetMetricHistory, GetRun, LogBatch, LogMetric, Metric, RunTag, SetTag
from headrace.stores.sql import SqlStore
from headrace.stores.sql.opening import open_sql
from headrace.stores.sql.store import translated


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store on a file that may not grow by more than a few pages."""
    opened = open_sql(f"sqlite:///{tmp_path}/h.db")
    opened.send(CreateRun(experiment_id="0"))
    _allow(opened, 4)
    yield opened
    opened.close()


def _allow(store: SqlStore, pages: int) -> None:
    writer = store._backend._writer  # type: ignore[attr-defined]
    (now,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {now + pages}")


def test_what_does_not_fit_is_refused_whole(store: SqlStore, tmp_path: Path) -> None:
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    store.send(LogMetric(run_id=run_id, key="x", value=1, timestamp=1))
    points = [Metric("x", at, 1, at + 1) for at in range(999)]
    batch = LogBatch(run_id=run_id, metrics=points, tags=[RunTag("t", "v")])
    with pytest.raises(OutOfSpace, match="disk of the database is full") as caught:
        store.send(batch)
    assert caught.value.get_http_status_code() == 507
    assert isinstance(from_code(caught.value.error_code, ""), OutOfSpace)
    assert len(store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics) == 1
    assert "t" not in store.send(GetRun(run_id=run_id)).run.data.tags
    _allow(store, 1000)
    store.send(batch)
    assert len(store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics) == 1000
    with sqlite3.connect(tmp_path / "h.db") as there:
        assert there.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    there.close()


def test_of_many_who_write_at_once_those_who_were_told_so_are_kept(store: SqlStore) -> None:
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id

    def write(number: int) -> int | None:
        try:
            store.send(SetTag(run_id=run_id, key=f"k{number}", value="x" * 1000))
        except OutOfSpace:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        told = {f"k{number}" for number in pool.map(write, range(200)) if number is not None}
    there = store.send(GetRun(run_id=run_id)).run.data.tags.keys() - {"mlflow.runName"}
    assert 0 < len(told) < 200
    assert there == told


def test_servers_say_it_in_their_own_ways() -> None:
    import psycopg
    import pymysql

    for fault in (psycopg.errors.DiskFull("no room"), pymysql.err.OperationalError(1114, "The table is full")):
        with pytest.raises(OutOfSpace), translated(Exception):
            raise fault
