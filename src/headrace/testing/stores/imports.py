"""What a store promises about records that come from another store."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from headrace.base.errors import HeadraceError
from headrace.schema.experiments import CreateExperiment, ExperimentTag, GetExperiment, GetExperimentByName
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedPoint,
    ImportedRegisteredModel,
    ImportedRun,
    ImportedSeries,
    ImportEvaluationDatasets,
    ImportExperiments,
    ImportLoggedModels,
    ImportModelVersions,
    ImportPoints,
    ImportRegisteredModels,
    ImportRuns,
)
from headrace.schema.runs import (
    CreateRun,
    GetMetricHistory,
    GetRun,
    LogMetric,
    Metric,
    Param,
    RunTag,
    SearchRuns,
    SetTag,
)
from headrace.stores.port import Store
from headrace.testing.stores import imported, making
from headrace.testing.stores.imported import TIME


class ImportContract:
    """Records are taken as they are told, as often as they are sent, and overwrite nothing."""

    def test_an_experiment_keeps_its_id_times_and_tags(self, store: Store) -> None:
        told = imported.experiment(tags=[ExperimentTag("team", "ü")])
        assert imported.one(store.send(ImportExperiments(experiments=[told]))).became == "new"
        found = store.send(GetExperiment(experiment_id=told.experiment_id)).experiment
        assert (found.name, found.creation_time, found.last_update_time) == (told.name, TIME, TIME + 5)
        assert found.tags == {"team": "ü"}
        assert found.lifecycle_stage == "active"
        assert str(found.artifact_location).endswith(f"/{told.experiment_id}")

    def test_experiments_made_afterwards_get_ids_of_their_own(self, store: Store) -> None:
        told = imported.experiment()
        store.send(ImportExperiments(experiments=[told]))
        assert int(making.experiment(store)) > int(told.experiment_id)

    def test_an_experiment_whose_id_is_taken_gets_another_and_the_same_one_the_second_time(self, store: Store) -> None:
        taken = making.experiment(store)
        told = imported.experiment(experiment_id=taken)
        first = imported.one(store.send(ImportExperiments(experiments=[told])))
        assert (first.id, first.became) == (taken, "new")
        assert first.now not in (None, taken)
        again = imported.one(store.send(ImportExperiments(experiments=[told])))
        assert (again.now, again.became) == (first.now, "there")

    def test_a_name_that_another_experiment_has_is_refused(self, store: Store) -> None:
        name = making.fresh("taken")
        key = store.send(CreateExperiment(name=name)).experiment_id
        outcome = imported.one(store.send(ImportExperiments(experiments=[imported.experiment(name=name)])))
        assert outcome.became == "refused"
        assert name in str(outcome.why)
        assert store.send(GetExperimentByName(experiment_name=name)).experiment.experiment_id == key

    def test_a_deleted_experiment_comes_in_deleted_beside_a_live_one_of_its_name(self, store: Store) -> None:
        name = making.fresh("twice")
        store.send(CreateExperiment(name=name))
        told = imported.experiment(name=name, deleted_time=TIME + 9)
        assert imported.one(store.send(ImportExperiments(experiments=[told]))).became == "new"
        found = store.send(GetExperiment(experiment_id=told.experiment_id)).experiment
        assert found.lifecycle_stage == "deleted"
        assert imported.one(store.send(ImportExperiments(experiments=[told]))).became == "there"

    def test_the_default_experiment_is_merged(self, store: Store) -> None:
        making.run(store, "0")
        before = store.send(GetExperiment(experiment_id="0")).experiment
        key = making.fresh("key")
        told = ImportedExperiment(experiment_id="0", name="Default", creation_time=7, tags=[ExperimentTag(key, "1")])
        assert imported.one(store.send(ImportExperiments(experiments=[told]))).became == "added"
        after = store.send(GetExperiment(experiment_id="0")).experiment
        assert (after.name, after.creation_time) == (before.name, before.creation_time)
        assert after.tags == {**before.tags, key: "1"}

    def test_a_run_is_read_back_as_it_was_told(self, store: Store) -> None:
        told = imported.run(store, deleted_time=TIME + 3)
        assert imported.one(store.send(ImportRuns(runs=[told]))).became == "new"
        run = store.send(GetRun(run_id=told.run_id)).run
        assert (run.info.experiment_id, run.info.run_name) == (told.experiment_id, "old run")
        assert (run.info.status, run.info.start_time, run.info.end_time) == ("FAILED", TIME, TIME + 1)
        assert (run.info.user_id, run.info.lifecycle_stage) == ("somebody", "deleted")
        assert run.data.params == {"lr": "0.1"}
        assert run.data.tags == {"note": "line\nother"}
        assert run.inputs
        assert run.outputs
        assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["table"]
        assert [each.model_id for each in run.inputs.model_inputs] == ["m-in"]
        assert [(each.model_id, each.step) for each in run.outputs.model_outputs] == [("m-out", 4)]

    def test_what_was_deleted_elsewhere_is_found_among_the_deleted(self, store: Store) -> None:
        told = imported.run(store, deleted_time=TIME + 3)
        store.send(ImportRuns(runs=[told]))
        search = SearchRuns(experiment_ids=[told.experiment_id])
        assert store.send(search).runs == []
        search = SearchRuns(experiment_ids=[told.experiment_id], run_view_type="DELETED_ONLY")
        assert [run.info.run_id for run in store.send(search).runs] == [told.run_id]

    def test_a_run_that_is_there_only_gets_what_it_lacks(self, store: Store) -> None:
        told = imported.run(store, end_time=None, status="RUNNING")
        store.send(ImportRuns(runs=[told]))
        store.send(SetTag(run_id=told.run_id, key="note", value="changed here"))
        assert imported.one(store.send(ImportRuns(runs=[told]))).became == "there"
        more = imported.run(
            store, told.experiment_id, run_id=told.run_id, tags=[RunTag("note", "theirs"), RunTag("new", "1")]
        )
        assert imported.one(store.send(ImportRuns(runs=[more]))).became == "added"
        run = store.send(GetRun(run_id=told.run_id)).run
        assert run.data.tags == {"note": "changed here", "new": "1"}
        assert (run.info.status, run.info.end_time) == ("FAILED", TIME + 1)

    def test_a_run_of_an_experiment_that_is_not_here_is_refused_alone(self, store: Store) -> None:
        good, bad = imported.run(store), imported.run(store, "987654321")
        became = [each.became for each in store.send(ImportRuns(runs=[bad, good])).outcomes]
        assert became == ["refused", "new"]

    def test_points_are_kept_to_the_last_digit_with_their_copies(self, store: Store) -> None:
        run_id = _imported_run(store)
        points = [
            ImportedPoint(0.1 + 0.2, 5, 1),
            ImportedPoint(0.5, 5, 2),
            ImportedPoint(0.5, 5, 2, 1),
            ImportedPoint(math.inf, 6, 3),
            ImportedPoint(-math.inf, 7, -9),
            ImportedPoint(math.nan, 8, 2**62),
        ]
        call = ImportPoints(series=[ImportedSeries(run_id, "loss", points)])
        assert store.send(call).new == 6
        found = store.send(GetMetricHistory(run_id=run_id, metric_key="loss")).metrics
        assert sorted(_spelled(each) for each in found) == sorted(_spelled(each) for each in points)
        assert store.send(call).new == 0
        latest = store.send(GetRun(run_id=run_id)).run.data.metric_list
        assert [(each.key, each.step) for each in latest] == [("loss", 2**62)]

    def test_pieces_of_a_series_may_come_in_any_order_and_overlap(self, store: Store) -> None:
        run_id = _imported_run(store)
        points = [ImportedPoint(float(step % 7), step, step) for step in range(60)]
        new = [
            store.send(ImportPoints(series=[ImportedSeries(run_id, "loss", points[start:end])])).new
            for start, end in ((40, 60), (0, 20), (10, 50))
        ]
        assert new == [20, 20, 20]
        found = store.send(GetMetricHistory(run_id=run_id, metric_key="loss")).metrics
        assert [each.step for each in found] == list(range(60))
        best = store.send(
            SearchRuns(
                experiment_ids=[store.send(GetRun(run_id=run_id)).run.info.experiment_id], filter="metrics.loss = 3"
            )
        )
        assert [run.info.run_id for run in best.runs] == [run_id]

    def test_points_logged_here_stay_beside_those_that_come_in(self, store: Store) -> None:
        run_id = _imported_run(store)
        store.send(LogMetric(run_id=run_id, key="loss", value=9.0, timestamp=99, step=9))
        series = ImportedSeries(run_id, "loss", [ImportedPoint(9.0, 99, 9), ImportedPoint(1.0, 1, 1)])
        assert store.send(ImportPoints(series=[series])).new == 1
        found = store.send(GetMetricHistory(run_id=run_id, metric_key="loss")).metrics
        assert [each.value for each in found] == [1.0, 9.0]

    def test_points_of_a_run_that_is_not_here_are_refused_all_together(self, store: Store) -> None:
        run_id = _imported_run(store)
        series = [ImportedSeries(each, "loss", [ImportedPoint(1.0, 1, 1)]) for each in (run_id, "nobody")]
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nobody"):
            store.send(ImportPoints(series=series))
        assert store.send(GetMetricHistory(run_id=run_id, metric_key="loss")).metrics == []

    @pytest.mark.parametrize(
        "call",
        [
            lambda: ImportExperiments(experiments=[imported.experiment(name=" ")]),
            lambda: ImportRuns(runs=[ImportedRun(run_id="../../x", experiment_id="0")]),
            lambda: ImportRuns(runs=[ImportedRun(run_id="r", experiment_id="0", params=[Param("a/../b", "1")])]),
            lambda: ImportPoints(series=[ImportedSeries("r", "a/../b", [])]),
            lambda: ImportPoints(series=[ImportedSeries("r", "k", [ImportedPoint(1.0, 1, 2**63)])]),
            lambda: ImportLoggedModels(models=[ImportedLoggedModel(model_id="/etc", experiment_id="0", name="x")]),
            lambda: ImportRegisteredModels(models=[ImportedRegisteredModel(name="a/b")]),
            lambda: ImportModelVersions(versions=[ImportedModelVersion(name="a", version="1", aliases=["a b"])]),
            lambda: ImportEvaluationDatasets(
                datasets=[ImportedEvaluationDataset(dataset_id="d", name="d", tags=[ExperimentTag(" ", "")])]
            ),
        ],
    )
    def test_what_breaks_a_rule_of_the_schema_is_refused(self, store: Store, call: Callable[[], Any]) -> None:
        with pytest.raises(HeadraceError) as refusal:
            store.send(call())
        assert refusal.value.error_code == "INVALID_PARAMETER_VALUE"

    def test_a_run_that_was_imported_goes_on(self, store: Store) -> None:
        told = imported.run(store, end_time=None, status="RUNNING")
        store.send(ImportRuns(runs=[told]))
        store.send(LogMetric(run_id=told.run_id, key="loss", value=1.0, timestamp=1, step=1))
        sibling = store.send(CreateRun(experiment_id=told.experiment_id)).run
        assert sibling.info.run_id != told.run_id
        assert store.send(GetRun(run_id=told.run_id)).run.data.metrics == {"loss": 1.0}


def _imported_run(store: Store) -> str:
    told = imported.run(store)
    store.send(ImportRuns(runs=[told]))
    return told.run_id


def _spelled(point: Metric | ImportedPoint) -> tuple[str, int, int]:
    return repr(point.value), point.timestamp, point.step
