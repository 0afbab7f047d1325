"""Databases of MLflow as they are found: very old ones, ones in use, and ones that nobody may write."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from headrace.moving.importing import Importer
from headrace.moving.mlflow_rows import open_reader
from headrace.moving.port import Sink
from headrace.moving.reports import Report
from headrace.moving.sources import open_source
from headrace.schema.call import CALLS, Manage
from headrace.schema.runs import GetMetricHistory, GetRun
from headrace.stores import open_store
from tests.moving import sources

RUN = "c" * 32
#: The tables of MLflow 1.0, before points had steps and could be no number.
OLD = f"""
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
    lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
CREATE TABLE metrics ("key" TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT);
CREATE TABLE params ("key" TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags ("key" TEXT, value TEXT, run_uuid TEXT);
INSERT INTO experiments VALUES (0, 'Default', './mlruns/0', 'active'), (1, 'gone', './mlruns/1', 'deleted');
INSERT INTO runs VALUES ('{RUN}', '', 'me', 'FINISHED', 5, 6, 'active', './mlruns/0/{RUN}/artifacts', 0);
INSERT INTO metrics VALUES ('loss', 0.5, 7, '{RUN}'), ('loss', 0.25, 8, '{RUN}');
INSERT INTO params VALUES ('lr', '0.1', '{RUN}');
INSERT INTO tags VALUES ('note', NULL, '{RUN}');
"""


def imported(file: Path, to: Path, *extra: str) -> Report:
    opened, store = open_source(str(file), artifacts_from=extra), open_store(str(to))
    try:
        return Importer(opened, Sink(store, str(to))).run()
    finally:
        store.close()
        opened.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of MLflow 1.0 whose artifacts lie beside it, in relative places."""
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.executescript(OLD)
    connection.close()
    artifacts = tmp_path / "mlruns" / "0" / RUN / "artifacts"
    artifacts.mkdir(parents=True)
    (artifacts / "a.txt").write_text("a")
    return tmp_path / "mlflow.db"


def test_a_database_without_newer_columns_and_tables_comes_over(old: Path, tmp_path: Path) -> None:
    report = imported(old, tmp_path / "to")
    assert report.lost == []
    assert report.new["artifact"] == 1
    store = open_store(str(tmp_path / "to"))
    run = store.send(GetRun(run_id=RUN)).run
    points = store.send(GetMetricHistory(run_id=RUN, metric_key="loss")).metrics
    store.close()
    assert (run.data.params, run.data.tags) == ({"lr": "0.1"}, {"note": ""})
    assert [(each.value, each.timestamp, each.step) for each in points] == [(0.5, 7, 0), (0.25, 8, 0)]
    assert imported(old, tmp_path / "to").new.total() == 0


def test_a_database_in_use_is_read_with_what_was_written_last(tmp_path: Path) -> None:
    file = sources.unpacked("2.9.2", tmp_path / "source") / "db" / "mlflow.db"
    user = sqlite3.connect(file, isolation_level=None)
    user.execute("PRAGMA journal_mode=WAL")
    user.execute("UPDATE runs SET name = 'written last' WHERE name = 'run 0'")
    user.execute("BEGIN IMMEDIATE")
    user.execute("UPDATE runs SET name = 'not committed' WHERE name = 'run 1'")
    report = imported(file, tmp_path / "to", f"{sources.WRITTEN_AT}={tmp_path / 'source'}")
    user.execute("COMMIT")
    user.close()
    assert report.lost == []
    with sqlite3.connect(tmp_path / "to" / "headrace.db") as there:
        names = {name for (name,) in there.execute("SELECT name FROM runs")}
    there.close()
    assert "written last" in names
    assert "not committed" not in names


def test_reading_leaves_no_file_beside_a_database(old: Path, tmp_path: Path) -> None:
    with sqlite3.connect(old) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    reader = open_reader(f"sqlite:///{old}")
    assert reader.count("runs") == 1
    reader.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_other_workspaces_are_told_and_can_be_asked_for(tmp_path: Path) -> None:
    file = sources.unpacked("2.9.2", tmp_path / "source") / "db" / "mlflow.db"
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE experiments ADD COLUMN workspace TEXT DEFAULT 'default'")
        connection.execute("UPDATE experiments SET workspace = 'team' WHERE name = 'one/first'")
    connection.close()
    report = imported(file, tmp_path / "to", f"{sources.WRITTEN_AT}={tmp_path / 'source'}")
    assert [(each.kind, each.count) for each in report.lost] == [("experiment", 1)]
    assert "--workspace" in report.lost[0].why
    opened = open_source(str(file), workspace="team")
    store = open_store(str(tmp_path / "team"))
    assert Importer(opened, Sink(store, str(tmp_path / "team"))).run().new["run"] == 4
    store.close()
    opened.close()


def test_traces_are_counted_and_named(old: Path, tmp_path: Path) -> None:
    with sqlite3.connect(old) as connection:
        connection.executescript(
            "CREATE TABLE trace_info (request_id TEXT); INSERT INTO trace_info VALUES ('a'), ('b')"
        )
    connection.close()
    assert [(each.kind, each.count) for each in imported(old, tmp_path / "to").lost] == [("trace", 2)]


def test_every_import_call_asks_for_the_right_to_manage() -> None:
    calls = [call for name, call in CALLS.items() if name.startswith("Import")]
    assert len(calls) >= 6
    assert all(call.route.needs == Manage.workspace() and call.route.writes for call in calls)
