"""``headrace db``: a database is upgraded, checked, backed up while others write, and restored whole or not at all."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headrace.artifacts import open_store as open_artifacts
from headrace.base.errors import BadRequest, HeadraceError
from headrace.cli.db import db
from headrace.moving.backup import back_up, restore, verify
from headrace.schema.experiments import CreateExperiment, DeleteExperiment, SetExperimentTag
from headrace.schema.experiments import ExperimentTag as Tag
from headrace.schema.logged_models import CreateLoggedModel, FinalizeLoggedModel
from headrace.schema.purge import ClaimDeleted, PurgeClaimed
from headrace.schema.registry import CreateModelVersion, CreateRegisteredModel, SetRegisteredModelAlias
from headrace.schema.runs import DeleteRun, GetMetricHistory, LogBatch, Metric, Param, RunTag
from headrace.stores import Store, open_store
from headrace.stores.sql import copying, upkeep
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import _begin_schema, script
from headrace.stores.sql.tx import Tx
from headrace.testing.stores import making


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/h.db"


@pytest.fixture
def store(uri: str) -> Iterator[Store]:
    there = open_store(uri)
    yield there
    there.close()


def command(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(db, [*words, "--json"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "exit": done.exit_code}


def furnish(store: Store) -> None:
    """Something of everything."""
    key = store.send(CreateExperiment(name=making.fresh("e"), tags=[Tag("a", "ü")])).experiment_id
    run_id = making.run(store, key)
    values = [1.5, 0.1 + 0.2, math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308]
    points = [Metric("loss", value, number, number) for number, value in enumerate(values)]
    store.send(LogBatch(run_id=run_id, metrics=points, params=[Param("a", "b\n'\"\\")], tags=[RunTag("t", "😀 %s ?")]))
    model_id = store.send(CreateLoggedModel(experiment_id=key, source_run_id=run_id)).model.model_id
    store.send(LogBatch(run_id=run_id, metrics=[Metric("acc", 0.5, 1, model_id=model_id)]))
    name = making.fresh("net")
    store.send(CreateRegisteredModel(name=name))
    store.send(CreateModelVersion(name=name, source=f"models:/{model_id}", model_id=model_id))
    store.send(SetRegisteredModelAlias(name=name, alias="best", version="1"))
    gone = making.experiment(store)
    store.send(DeleteExperiment(experiment_id=gone))
    store.send(ClaimDeleted(kind="experiment", ids=[gone]))
    store.send(PurgeClaimed(kind="experiment", ids=[gone]))


def contents(uri: str, scratch: Path) -> dict[str, list[Any]]:
    """Every row of every table."""
    scratch.mkdir()
    copying.write_copy(uri, scratch / "copy.db")
    with closing(sqlite3.connect(scratch / "copy.db")) as copy:
        found = {name: copy.execute(f"SELECT * FROM {name}").fetchall() for name, _, _ in copying._tables(copy)}
        found["counters"] = sorted(copy.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0").fetchall())
        return {name: sorted(rows, key=repr) for name, rows in found.items()}


def old_database(uri: str) -> None:
    """A database as the first Headrace left it."""

    def begin(tx: Tx) -> None:
        _begin_schema(tx)
        for statement in script(tx.dialect, STEPS[0].UP):
            tx.run(statement)
        tx.run("UPDATE headrace_schema SET version = 1")

    with upkeep.database(uri, new=True) as (backend, house):
        backend.write(begin, house)


def test_an_old_database_is_upgraded(uri: str) -> None:
    old_database(uri)
    planned = command("upgrade", uri, "--dry-run")
    assert [step["number"] for step in planned["steps"]] == list(range(2, len(STEPS) + 1))
    assert all(step["why"] for step in planned["steps"])
    assert command("upgrade", uri, "--dry-run") == planned
    assert "schema is 1" in command("check", uri)["faults"][0]["message"]
    assert command("upgrade", uri)["steps"] == planned["steps"]
    assert command("upgrade", uri)["steps"] == []
    assert command("check", uri)["ok"]


def test_a_database_of_the_future_is_refused(uri: str, store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "h.db")) as there:
        there.execute("UPDATE headrace_schema SET version = 999")
        there.commit()
    for words in (("upgrade", uri), ("backup", uri, str(tmp_path / "b"))):
        with pytest.raises(HeadraceError, match="newer Headrace"):
            command(*words)


def test_a_database_of_mlflow_is_sent_to_the_import(uri: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "h.db")) as there:
        there.execute("CREATE TABLE alembic_version (version_num TEXT)")
        there.commit()
    with pytest.raises(HeadraceError, match="headrace import"):
        command("upgrade", uri)


@pytest.mark.parametrize("words", [("upgrade",), ("check",), ("backup",)])
def test_what_is_not_there_is_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = [str(tmp_path / "b")] if words == ("backup",) else []
    with pytest.raises(HeadraceError, match="no database"):
        command(*words, f"sqlite:///{tmp_path}/typo.db", *file)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_database_passes(uri: str, store: Store) -> None:
    furnish(store)
    told = command("check", uri)
    assert (told["ok"], told["exit"], told["faults"]) == (True, 0, [])
    assert (told["runs"], told["series"], told["points"]) == (1, 2, 9)


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("UPDATE summaries SET points = points + 1", "summaries"),
        ("UPDATE summaries SET max_val = 7 WHERE min_val = 0.5", "summaries"),
        ("DELETE FROM summaries", "summaries"),
        ("INSERT INTO points VALUES (999, 1, 1, 1, 1.0, 0, 0)", "orphans"),
        ("DELETE FROM names", "names"),
        ("DELETE FROM experiments WHERE id = 1", "references"),
    ],
)
def test_harm_is_found(uri: str, store: Store, tmp_path: Path, harm: str, check: str) -> None:
    furnish(store)
    with closing(sqlite3.connect(tmp_path / "h.db")) as there:
        there.execute(harm)
        there.commit()
    told = command("check", uri)
    assert (told["ok"], told["exit"]) == (False, 1)
    assert check in {fault["check"] for fault in told["faults"]}


def test_a_damaged_file_is_found(uri: str, store: Store, tmp_path: Path) -> None:
    furnish(store)
    store.close()
    with closing(sqlite3.connect(tmp_path / "h.db")) as there:
        page = there.execute("SELECT rootpage FROM sqlite_master WHERE name = 'logged_models_by_time'").fetchone()[0]
        size = there.execute("PRAGMA page_size").fetchone()[0]
        there.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(tmp_path / "h.db", "r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    told = command("check", uri)
    assert "integrity" in {fault["check"] for fault in told["faults"]}


def test_missing_artifacts_are_found_when_asked(uri: str, store: Store) -> None:
    key = making.experiment(store)
    for written in (True, False):
        model = store.send(CreateLoggedModel(experiment_id=key)).model
        if written:
            open_artifacts(model.artifact_location).write("MLmodel", [b"x"])
        store.send(FinalizeLoggedModel(model_id=model.model_id, status="LOGGED_MODEL_READY"))
    assert command("check", uri)["ok"]
    (fault,) = command("check", uri, "--artifacts")["faults"]
    assert model.model_id in fault["message"]


def test_a_backup_is_restored_as_it_was(uri: str, store: Store, tmp_path: Path) -> None:
    furnish(store)
    before = contents(uri, tmp_path / "1")
    manifest = command("backup", uri, str(tmp_path / "b"))
    assert verify(tmp_path / "b").sha256 == manifest["sha256"]
    furnish(store)
    fresh = f"sqlite:///{tmp_path}/new folder/?/%41.db".replace("?", "%3F").replace("%41", "%2541")
    command("restore", str(tmp_path / "b"), fresh)
    assert contents(fresh, tmp_path / "2") == before
    assert command("check", fresh)["ok"]
    again = open_store(fresh)
    assert making.experiment(again) == str(max(row[1] for row in before["counters"] if row[0] == "experiments") + 1)
    again.close()


def test_a_backup_does_not_hold_what_was_purged(uri: str, store: Store, tmp_path: Path) -> None:
    run_id = making.run(store)
    for start in range(0, 20_000, 1000):
        store.send(LogBatch(run_id=run_id, metrics=[Metric("loss", n / 7, n, n) for n in range(start, start + 1000)]))
    before = back_up(uri, tmp_path / "1").bytes
    store.send(DeleteRun(run_id=run_id))
    store.send(ClaimDeleted(kind="run", ids=[run_id]))
    store.send(PurgeClaimed(kind="run", ids=[run_id]))
    assert back_up(uri, tmp_path / "2").bytes < before / 2


@pytest.mark.parametrize("server", ["none", "postgresql_server", "mariadb_server"])
def test_a_backup_is_of_one_moment_while_others_write(
    request: pytest.FixtureRequest, tmp_path: Path, uri: str, server: str
) -> None:
    if server == "none":
        _written_and_backed_up(uri, tmp_path)
        return
    with request.getfixturevalue(server).database() as url:
        _written_and_backed_up(url, tmp_path)


def _written_and_backed_up(uri: str, tmp_path: Path) -> None:
    with closing(open_store(uri)) as store:
        run_id, written = _written_meanwhile(store, lambda number: back_up(uri, tmp_path / f"b{number}"))
    for number in range(3):
        there = f"sqlite:///{tmp_path}/r{number}.db"
        restore(tmp_path / f"b{number}", there)
        assert command("check", there)["ok"]
        with closing(open_store(there)) as copy:
            a, b = (len(copy.send(GetMetricHistory(run_id=run_id, metric_key=key)).metrics) for key in "ab")
        assert a == b <= written


def _written_meanwhile(store: Store, act: Callable[[int], object]) -> tuple[str, int]:
    """Log to two metrics at once, again and again, while something is done three times; the run, and how often."""
    run_id = making.run(store)
    stop, written = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            n = written[0]
            store.send(LogBatch(run_id=run_id, metrics=[Metric("a", n, n, n), Metric("b", n, n, n)]))
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            act(number)
    finally:
        stop.set()
        writer.join()
    return run_id, written[0]


def test_a_torn_backup_is_refused(uri: str, store: Store, tmp_path: Path) -> None:
    furnish(store)
    sound = back_up(uri, tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    bad, target = tmp_path / "bad", f"sqlite:///{tmp_path}/r.db"
    for cut in (0, 1, 100, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        bad.write_bytes(whole[:cut])
        with pytest.raises(BadRequest):
            restore(bad, target)
    refused = 0
    places = range(0, len(whole), max(1, len(whole) // 60))
    for place in places:
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            # A few bits of a zip mean nothing, such as times and padding.
            assert verify(bad).sha256 == sound.sha256
        except BadRequest:
            refused += 1
            with pytest.raises(BadRequest):
                restore(bad, target)
    assert refused > 0.9 * len(places)
    assert not (tmp_path / "r.db").exists()
    assert not list(tmp_path.glob(".headrace-*"))


@pytest.mark.parametrize("hostile", ["lie", "bomb", "trigger", "more"])
def test_a_hostile_backup_is_refused(uri: str, store: Store, tmp_path: Path, hostile: str) -> None:
    import hashlib

    back_up(uri, tmp_path / "b")
    with zipfile.ZipFile(tmp_path / "b") as archive:
        manifest, content = json.loads(archive.read("manifest.json")), archive.read("headrace.db")
    match hostile:
        case "lie":
            manifest["sha256"] = "0" * 64
        case "bomb":
            content = bytes(50_000_000)
        case "trigger":
            (tmp_path / "t.db").write_bytes(content)
            with closing(sqlite3.connect(tmp_path / "t.db")) as there:
                there.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END")
                there.commit()
            content = (tmp_path / "t.db").read_bytes()
            manifest |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    with zipfile.ZipFile(tmp_path / "evil", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("headrace.db", content)
        archive.writestr("manifest.json", json.dumps(manifest))
        if hostile == "more":
            archive.writestr("../../outside", "x")
    with pytest.raises(BadRequest):
        restore(tmp_path / "evil", f"sqlite:///{tmp_path}/r.db")
    assert not (tmp_path / "r.db").exists()


def test_contents_are_replaced_only_when_forced(uri: str, store: Store, tmp_path: Path) -> None:
    back_up(uri, tmp_path / "b")
    furnish(store)
    with pytest.raises(BadRequest, match="--force"):
        restore(tmp_path / "b", uri)
    with pytest.raises(BadRequest, match="in use"):
        restore(tmp_path / "b", uri, force=True)
    store.close()
    before = contents(uri, tmp_path / "1")
    assert len(before["runs"]) == 1
    with pytest.raises(BadRequest, match="--force"):
        restore(tmp_path / "b", uri)
    restore(tmp_path / "b", uri, force=True)
    assert contents(uri, tmp_path / "2")["runs"] == []
    with pytest.raises(BadRequest, match="is there already"):
        back_up(uri, tmp_path / "b")


def test_a_damaged_database_can_be_restored(uri: str, store: Store, tmp_path: Path) -> None:
    furnish(store)
    before = contents(uri, tmp_path / "1")
    back_up(uri, tmp_path / "b")
    store.close()
    (tmp_path / "h.db").write_bytes(os.urandom(50_000))
    restore(tmp_path / "b", uri, force=True)
    assert contents(uri, tmp_path / "2") == before


def test_a_database_of_mlflow_is_never_replaced(uri: str, store: Store, tmp_path: Path) -> None:
    back_up(uri, tmp_path / "b")
    with closing(sqlite3.connect(tmp_path / "m.db")) as there:
        there.execute("CREATE TABLE alembic_version (version_num TEXT)")
        there.commit()
    with pytest.raises(HeadraceError, match="MLflow"):
        restore(tmp_path / "b", f"sqlite:///{tmp_path}/m.db", force=True)


def test_an_older_backup_is_upgraded_on_its_way(tmp_path: Path) -> None:
    old_database(f"sqlite:///{tmp_path}/old.db")
    file = tmp_path / "old.db"
    with closing(sqlite3.connect(file)) as there:
        there.execute("PRAGMA journal_mode=DELETE")
    import hashlib

    about = {"format": "headrace-backup", "version": 1, "headrace": "0.1.0", "created_ms": 1, "database": "sqlite"}
    about |= {"schema": 1, "root": "/r", "bytes": file.stat().st_size}
    about["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "b", "w") as archive:
        archive.write(file, "headrace.db")
        archive.writestr("manifest.json", json.dumps(about))
    restore(tmp_path / "b", f"sqlite:///{tmp_path}/r.db")
    assert command("check", f"sqlite:///{tmp_path}/r.db")["ok"]


@pytest.mark.slow
def test_a_backup_that_was_killed_leaves_nothing_that_looks_like_one(uri: str, store: Store, tmp_path: Path) -> None:
    run_id = making.run(store)
    for start in range(0, 100_000, 1000):
        points = [Metric("loss", n / 7, n, n) for n in range(start, start + 1000)]
        store.send(LogBatch(run_id=run_id, metrics=points))
    folder = tmp_path / "backups"
    folder.mkdir()
    process = subprocess.Popen([sys.executable, "-m", "headrace", "db", "backup", uri, str(folder / "b")])
    while process.poll() is None and not list(folder.rglob("*.db")):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "b").exists() or verify(folder / "b")
    back_up(uri, folder / "b", force=True)
    assert verify(folder / "b")


@pytest.mark.parametrize("server", ["postgresql_server", "mariadb_server"])
def test_a_backup_moves_between_databases(
    request: pytest.FixtureRequest, uri: str, store: Store, tmp_path: Path, server: str
) -> None:
    furnish(store)
    before = contents(uri, tmp_path / "1")
    back_up(uri, tmp_path / "b")
    with request.getfixturevalue(server).database() as url:
        command("restore", str(tmp_path / "b"), url)
        assert contents(url, tmp_path / "2") == before
        assert command("check", url)["ok"]
        with closing(open_store(url)) as there:
            made = making.experiment(there)
            there.send(SetExperimentTag(experiment_id=made, key="a", value="b"))
        assert made == str(max(row[1] for row in before["counters"] if row[0] == "experiments") + 1)
        with pytest.raises(BadRequest, match="--force"):
            restore(tmp_path / "b", url)
        back_up(url, tmp_path / "c")
        restore(tmp_path / "b", url, force=True)
        assert contents(url, tmp_path / "3")["experiments"] == before["experiments"]
        restore(tmp_path / "c", f"sqlite:///{tmp_path}/r.db")
    assert len(contents(f"sqlite:///{tmp_path}/r.db", tmp_path / "4")["experiments"]) == len(before["experiments"]) + 1


@pytest.mark.slow
def test_relative_locations_keep_their_place_in_a_server_database(postgresql_url: str, tmp_path: Path) -> None:
    with closing(open_store(str(tmp_path / "folder"))) as store:
        info = making.read(store, making.run(store)).info
    back_up(str(tmp_path / "folder"), tmp_path / "b")
    restore(tmp_path / "b", postgresql_url)
    with closing(open_store(postgresql_url)) as there:
        assert making.read(there, info.run_id).info.artifact_uri == info.artifact_uri
