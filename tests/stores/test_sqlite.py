"""What only SQLite promises: one file, many threads and processes, nobody locked out."""

import multiprocessing
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.base.errors import AlreadyExists, BadRequest, HeadraceError, Unreachable
from headrace.schema.experiments import CreateExperiment, GetExperiment, SearchExperiments
from headrace.schema.runs import CreateRun, GetMetricHistory, GetRun, LogBatch, LogMetric, LogParam, Metric, Param
from headrace.stores import open_store
from headrace.stores.sql import names
from headrace.stores.sql.opening import open_sql
from headrace.stores.sql.tx import Tx


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/h.db"


def test_eight_processes_open_a_new_file_at_once(uri: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(8)
    crowd = [spawn.Process(target=_open_and_create, args=(gate, uri, n)) for n in range(8)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join(60)
    assert [each.exitcode for each in crowd] == [0] * 8
    names = {each.name for each in open_store(uri).send(SearchExperiments(max_results=100)).experiments}
    assert names == {"Default", *(f"e{n}" for n in range(8))}


def _open_and_create(gate, uri: str, number: int) -> None:
    gate.wait(60)
    open_store(uri).send(CreateExperiment(name=f"e{number}"))


def test_four_processes_log_into_one_run(uri: str) -> None:
    run_id = open_store(uri).send(CreateRun(experiment_id="0")).run.info.run_id
    spawn = multiprocessing.get_context("spawn")
    crowd = [spawn.Process(target=_log_steps, args=(uri, run_id, n)) for n in range(4)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join(60)
    assert [each.exitcode for each in crowd] == [0] * 4
    store = open_store(uri)
    points = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
    assert sorted(point.step for point in points) == list(range(800))
    (last,) = store.send(GetRun(run_id=run_id)).run.data.metric_list
    assert last.step == 799


def _log_steps(uri: str, run_id: str, number: int) -> None:
    store = open_store(uri)
    for step in range(number, 800, 4):
        store.send(LogMetric(run_id=run_id, key="x", value=step / 7, timestamp=1, step=step))


def test_threads_share_commits_and_each_hears_its_own_fate(uri: str) -> None:
    store = open_store(uri)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    store.send(LogParam(run_id=run_id, key="p", value="0"))

    def log(number: int) -> str:
        try:
            if number % 3:
                params = [Param("p", str(number))] if number % 3 == 1 else []
                point = Metric(f"m{number}", 1.0, 1)
                store.send(LogBatch(run_id=run_id, metrics=[point], params=params))
            else:
                store.send(CreateExperiment(name="same"))
        except (BadRequest, AlreadyExists) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(16) as pool:
        fates = list(pool.map(log, range(300)))
    assert sorted(fates[0::3]) == ["AlreadyExists"] * 99 + ["done"]
    assert fates[1::3] == ["BadRequest"] * 100
    assert fates[2::3] == ["done"] * 100
    kept = store.send(GetRun(run_id=run_id)).run.data
    assert set(kept.metrics) == {f"m{number}" for number in range(2, 300, 3)}
    assert kept.params == {"p": "0"}


def test_readers_do_not_wait_for_a_writer_of_another_process(uri: str) -> None:
    store = open_store(uri)
    other = sqlite3.connect(uri.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.send(GetExperiment(experiment_id="0")).experiment.name == "Default"
    waiting = threading.Thread(target=lambda: store.send(CreateExperiment(name="later")))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    other.execute("COMMIT")
    waiting.join(10)
    assert not waiting.is_alive()
    other.close()


def test_a_store_goes_on_in_a_forked_child(uri: str) -> None:
    store = open_store(uri)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    child = os.fork()
    if child == 0:
        try:
            store.send(LogMetric(run_id=run_id, key="child", value=1, timestamp=1))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.send(LogMetric(run_id=run_id, key="parent", value=1, timestamp=1))
    assert set(store.send(GetRun(run_id=run_id)).run.data.metrics) == {"child", "parent"}


def test_a_folder_can_be_moved_with_its_artifacts(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "a"))
    run = store.send(CreateRun(experiment_id="0")).run
    store.close()
    (tmp_path / "a").rename(tmp_path / "b")
    moved = open_store(str(tmp_path / "b")).send(GetRun(run_id=run.info.run_id)).run
    assert moved.info.artifact_uri == f"{tmp_path}/b/0/{run.info.run_id}/artifacts"


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as there:
        there.execute("CREATE TABLE alembic_version (version_num TEXT)")
    before = file.read_bytes()
    with pytest.raises(HeadraceError, match="another program"):
        open_store(f"sqlite:///{file}")
    there.close()
    with sqlite3.connect(file) as there:
        assert there.execute("SELECT name FROM sqlite_master").fetchall() == [("alembic_version",)]
    there.close()
    assert len(before) == len(file.read_bytes())


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "oracle://x/y", "mysql://root@127.0.0.1:1"])
def test_a_uri_that_names_no_store_is_refused(uri: str) -> None:
    with pytest.raises(BadRequest, match=r"sqlite:///|DATABASE"):
        open_store(uri)


def test_a_durability_nobody_knows_is_refused(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_DURABILITY", "some")
    with pytest.raises(BadRequest, match="'process' or 'full'"):
        open_store(uri)


def test_a_reading_that_takes_too_long_is_given_up(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(uri)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    for start in range(0, 20_000, 1000):
        points = [Metric("x", float(step), 1, step) for step in range(start, start + 1000)]
        store.send(LogBatch(run_id=run_id, metrics=points))
    monkeypatch.setattr("headrace.stores.sql.sqlite.STATEMENT_SECONDS", -1)
    with pytest.raises(Unreachable, match="ask for less"):
        store.send(GetMetricHistory(run_id=run_id, metric_key="x"))
    monkeypatch.undo()
    assert len(store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics) == 20_000


def test_a_fault_in_one_answer_is_nobody_elses(uri: str) -> None:
    store = open_sql(uri)
    backend, house = store._backend, store._house
    gate = threading.Barrier(8)

    def ask(number: int) -> str:
        def job(tx: Tx) -> int:
            if number % 2:
                raise KeyError(number)
            return tx.insert("names", name=f"n{number}")

        gate.wait(10)
        try:
            backend.write(job, house)
        except KeyError as error:
            return f"fault {error}"
        return "done"

    with ThreadPoolExecutor(8) as pool:
        for start in range(0, 80, 8):
            fates = list(pool.map(ask, range(start, start + 8)))
            assert fates == [f"fault {n}" if n % 2 else "done" for n in range(start, start + 8)]
    assert backend.read(lambda tx: tx.scalar("SELECT COUNT(*) FROM names WHERE name LIKE 'n%'"), house) == 40
    store.close()


def test_names_that_were_undone_are_forgotten(uri: str) -> None:
    store = open_sql(uri)
    backend, house = store._backend, store._house

    def undone(tx: Tx) -> None:
        number = names.number(tx, "undone")
        assert names.known(tx, "undone") == number
        assert names.spelled(tx, [number])[number] == "undone"
        raise KeyError(number)

    with pytest.raises(KeyError) as caught:
        backend.write(undone, house)
    (number,) = caught.value.args
    backend.write(lambda tx: tx.run("INSERT INTO names (id, name) VALUES (?, 'other')", number), house)
    assert backend.read(lambda tx: names.spelled(tx, [number])[number], house) == "other"
    assert backend.read(lambda tx: names.known(tx, "undone"), house) == 0
    store.close()


def test_queries_are_planned_by_statistics(uri: str) -> None:
    store = open_store(uri)
    run_id = store.send(CreateRun(experiment_id="0")).run.info.run_id
    planner = sqlite3.connect(uri.removeprefix("sqlite:///"))
    known = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"
    assert planner.execute(known).fetchone() == (0,)
    for step in range(150):
        store.send(LogMetric(run_id=run_id, key="x", value=1, timestamp=1, step=step))
        assert store.send(GetRun(run_id=run_id)).run.data.metric_list == [Metric("x", 1.0, 1, step)]
    assert planner.execute(known).fetchone() == (1,)
    store.close()
    assert planner.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'points'").fetchone()[0].startswith("150 ")
    planner.close()
