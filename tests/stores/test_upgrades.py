"""Databases that an older Headrace wrote are today's after they were opened, with everything in them."""

from __future__ import annotations

import gzip
import math
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from headrace.schema.experiments import GetExperiment, GetExperimentByName
from headrace.schema.exports import ExportRegisteredModels, ExportRegistryEvents
from headrace.schema.logged_models import SearchLoggedModels
from headrace.schema.registry import GetModelVersionByAlias, SearchModelVersions
from headrace.schema.runs import CreateRun, GetMetricHistory, GetRun, LogMetric, Metric, Run, SearchRuns
from headrace.stores import Store, open_store
from headrace.stores.sql import opening
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import open_sql, script
from headrace.stores.sql.tx import Tx

#: Written by the first schema, at commit 9d987ad.
FIRST = Path(__file__).with_name("assets") / "schema-1.db.gz"
VALUES = [0.5, math.nan, math.inf, -math.inf, 5e-324, -1.5, 0.1 + 0.2]


@pytest.fixture
def old(tmp_path: Path) -> str:
    """A file of the first schema."""
    with gzip.open(FIRST) as kept, (tmp_path / "old.db").open("wb") as file:
        shutil.copyfileobj(kept, file)
    return f"sqlite:///{tmp_path}/old.db"


def test_a_file_of_the_first_schema_has_everything_after_the_upgrade(old: str, tmp_path: Path) -> None:
    store = open_store(old)
    experiment = store.send(GetExperimentByName(experiment_name="old")).experiment.experiment_id
    runs = _runs(store, experiment)
    assert [run.info.run_name for run in runs] == ["run 0", "run 1", "run 2"]
    assert [run.info.lifecycle_stage for run in runs] == ["active", "active", "deleted"]
    for number, run in enumerate(runs):
        assert (run.info.status, run.info.end_time, run.info.user_id) == ("FINISHED", 2000 + number, "somebody")
        assert run.data.params == {"lr": "0.1", "name": "ä"}
        assert run.data.tags == {"t": str(number), "a/b": "c", "mlflow.runName": f"run {number}"}
        assert repr(run.data.metrics["loss"]) == repr(VALUES[-1])
        points = _points(store, run, "loss")
        assert [repr(point.value) for point in points] == [repr(value) for value in VALUES]
        assert [(point.timestamp, point.step) for point in points] == [(10 + at, at - 3) for at in range(7)]
        assert [point.step for point in _points(store, run, "acc/top 1")] == [*range(49), 2**62]
    assert runs[0].inputs
    assert runs[0].inputs.dataset_inputs[0].dataset.name == "d"
    (model,) = store.send(SearchLoggedModels(experiment_ids=[experiment])).models
    assert [(point.key, point.value) for point in model.metrics] == [("on model", 1.25)]
    assert store.send(GetModelVersionByAlias(name="registered", alias="champion")).model_version.version == "2"
    assert len(store.send(SearchModelVersions(filter="name = 'registered'")).model_versions) == 2
    events = store.send(ExportRegistryEvents()).events
    assert [(each.number, each.name_now) for each in events] == [(n, "registered") for n in range(1, len(events) + 1)]
    assert {each.history_id for each in events} == {store.send(ExportRegisteredModels()).models[0].history_id}
    store.close()
    with sqlite3.connect(tmp_path / "old.db") as there:
        assert there.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert there.execute("PRAGMA foreign_key_check").fetchall() == []
        new = sqlite3.connect(tmp_path / "new.db")
        open_store(f"sqlite:///{tmp_path}/new.db").close()
        columns = "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c ORDER BY 1, 2"
        assert there.execute(columns).fetchall() == new.execute(columns).fetchall()
        new.close()
    there.close()


def test_an_upgraded_file_keeps_what_is_logged_next(old: str) -> None:
    store = open_store(old)
    experiment = store.send(GetExperimentByName(experiment_name="old")).experiment.experiment_id
    run = _runs(store, experiment)[0]
    again = _points(store, run, "loss")[0]
    for sequence in (1, 2, 2):
        call = LogMetric(run_id=run.info.run_id, key="loss", value=again.value, timestamp=again.timestamp,
                         step=again.step, writer="w", sequence=sequence)  # fmt: skip
        store.send(call)
    assert [point.step for point in _points(store, run, "loss")] == [-3, -3, -3, *range(-2, 4)]
    store.close()


@pytest.mark.parametrize("server", ["postgresql_server", "mariadb_server"])
@pytest.mark.parametrize("cut_short", [False, True])
def test_a_server_is_upgraded_even_after_an_upgrade_that_was_cut_short(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, server: str, cut_short: bool
) -> None:
    with request.getfixturevalue(server).database() as url:
        with monkeypatch.context() as patch:
            patch.setattr(opening, "STEPS", STEPS[:1])
            first = open_sql(url)
        first._backend.write(_fill, first._house)
        if cut_short and server == "mariadb_server":
            # PostgreSQL undoes what was cut short; here it stays.
            first._backend.write(_half_a_step, first._house)
        first.close()
        store = open_store(url)
        found = store.send(GetMetricHistory(run_id="old run", metric_key="loss")).metrics
        assert found == [Metric("loss", 0.25, 5, 1), Metric("loss", 0.5, 6, 2)]
        for sequence in (1, 2):
            call = LogMetric(
                run_id="old run", key="loss", value=0.5, timestamp=6, step=2, writer="w", sequence=sequence
            )
            store.send(call)
        assert len(store.send(GetMetricHistory(run_id="old run", metric_key="loss")).metrics) == 4
        assert store.send(GetExperiment(experiment_id="0")).experiment.name == "Default"
        assert store.send(GetRun(run_id=store.send(CreateRun(experiment_id="0")).run.info.run_id))
        store.close()


def _fill(tx: Tx) -> None:
    """A run with two points, as the first schema keeps them."""
    tx.run(
        "INSERT INTO runs (id, run_id, experiment, name, user_id, status, start_time, artifact_uri)"
        " VALUES (7, 'old run', 0, 'n', 'u', 'RUNNING', 1, '~/x')"
    )
    tx.run("INSERT INTO names (id, name) VALUES (3, 'loss')")
    rows = [(7, 3, 1, 5, 0.25, 0), (7, 3, 2, 6, 0.5, 0)]
    tx.many("INSERT INTO points (run, name, step, timestamp, value, special) VALUES (?, ?, ?, ?, ?, ?)", rows)
    tx.run(
        "INSERT INTO summaries (run, name, last_val, last_special, last_step, last_timestamp, first_val, first_special,"
        " first_step, first_timestamp, min_val, min_step, max_val, max_step, total, numbers, points)"
        " VALUES (7, 3, 0.5, 0, 2, 6, 0.25, 0, 1, 5, 0.25, 1, 0.5, 2, 0.75, 2, 2)"
    )


def _half_a_step(tx: Tx) -> None:
    for statement in script(tx.dialect, STEPS[1].UP, mariadb=True)[:2]:
        tx.run(statement)


def _runs(store: Store, experiment: str) -> list[Run]:
    call = SearchRuns(experiment_ids=[experiment], run_view_type="ALL", order_by=["start_time"])
    return store.send(call).runs


def _points(store: Store, run: Run, key: str) -> list[Metric]:
    call: Any = GetMetricHistory(run_id=run.info.run_id, metric_key=key)
    return list(store.send(call).metrics)
