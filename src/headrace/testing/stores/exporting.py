"""What a store promises about telling its records for another store."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest

from headrace.schema.datasets import Dataset, DatasetInput, InputTag, LogInputs, ModelInput
from headrace.schema.evaluation_datasets import CreateDataset, UpsertDatasetRecords
from headrace.schema.experiments import DeleteExperiment, SetExperimentTag
from headrace.schema.exports import (
    ExportEvaluationDatasets,
    ExportEvaluationRecords,
    ExportExperiments,
    ExportLoggedModels,
    ExportModelVersions,
    ExportPoints,
    ExportRegisteredModels,
    ExportRuns,
)
from headrace.schema.imports import (
    ImportEvaluationDatasets,
    ImportExperiments,
    ImportLoggedModels,
    ImportModelVersions,
    ImportPoints,
    ImportRegisteredModels,
    ImportRuns,
)
from headrace.schema.logged_models import CreateLoggedModel, DeleteLoggedModel, LoggedModelParameter, LoggedModelTag
from headrace.schema.purge import ClaimDeleted
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    RegisteredModelTag,
    SetRegisteredModelAlias,
    TransitionModelVersionStage,
)
from headrace.schema.runs import DeleteRun, LogBatch, LogOutputs, Metric, ModelOutput, Param, RunTag
from headrace.stores.port import Store
from headrace.testing.stores import making


class ExportingContract:
    """What is told is what is kept, and taking it over again changes nothing."""

    def test_runs_are_told_with_all_that_was_logged(self, store: Store) -> None:
        key = making.experiment(store)
        run_id, other = making.run(store, key), making.run(store, key)
        batch = LogBatch(run_id=run_id, params=[Param("b", "2"), Param("a", "ü")], tags=[RunTag("z", "1")])
        store.send(batch)
        dataset = DatasetInput(tags=[InputTag("mlflow.data.context", "train")], dataset=_dataset())
        store.send(LogInputs(run_id=run_id, datasets=[dataset], models=[ModelInput("m-1")]))
        store.send(LogOutputs(run_id=run_id, models=[ModelOutput("m-2", 7)]))
        store.send(DeleteRun(run_id=other))
        found = {run.run_id: run for run in _all(store, ExportRuns(experiment_ids=[key], max_results=1), "runs")}
        assert sorted(found) == sorted([run_id, other])
        run = found[run_id]
        assert (run.params, run.datasets) == ([Param("a", "ü"), Param("b", "2")], [dataset])
        assert (run.model_inputs, run.model_outputs) == ([ModelInput("m-1")], [ModelOutput("m-2", 7)])
        assert {tag.key for tag in run.tags} == {"mlflow.runName", "z"}
        assert (run.deleted_time, found[other].deleted_time is not None) == (None, True)
        assert [each.run_id for each in _all(store, ExportRuns(run_ids=[other]), "runs")] == [other]
        store.send(ClaimDeleted(kind="run", ids=[other]))
        assert _all(store, ExportRuns(run_ids=[other]), "runs") == []
        reply = store.send(ImportRuns(runs=[run]))
        assert [outcome.became for outcome in reply.outcomes] == ["there"]

    @pytest.mark.parametrize("page", [1, 2, 3, 7, 50_000])
    def test_every_point_is_told_once(self, store: Store, page: int) -> None:
        key = making.experiment(store)
        runs = [making.run(store, key) for _ in range(4)]
        values = [1.0, math.nan, math.inf, -math.inf, -0.0, 0.0, 5e-324]
        for run_id in (runs[0], runs[2]):
            for name in ("b", "a", "a/c"):
                points = [Metric(name, value, 9 - n, n % 3 - 1) for n, value in enumerate(values)]
                store.send(LogBatch(run_id=run_id, metrics=points))
        store.send(LogBatch(run_id=runs[3], metrics=[Metric("one", 1.5, 2, 3)]))
        series = _all(store, ExportPoints(run_ids=runs, max_results=page), "series")
        assert all(len(each.points) <= page for each in series)
        told = [(each.run_id, each.key, repr(point)) for each in series for point in each.points]
        assert len(told) == len(set(told)) == 2 * 3 * len(values) + 1
        order = [(runs.index(each.run_id), each.key) for each in series]
        assert order == sorted(order)
        assert store.send(ImportPoints(series=series)).new == 0

    def test_points_that_are_equal_are_told_apart(self, store: Store) -> None:
        run_id = making.run(store)
        for number in range(2):
            twice = [Metric("loss", 1.0, 1, 1), Metric("loss", 1.0, 1, 1)]
            store.send(LogBatch(run_id=run_id, metrics=twice, writer=making.fresh("w"), sequence=number + 1))
        (series,) = _all(store, ExportPoints(run_ids=[run_id]), "series")
        assert [point.copy for point in series.points] == [0, 1, 2, 3]

    def test_experiments_are_told_with_their_states(self, store: Store) -> None:
        key, gone = making.experiment(store), making.experiment(store)
        store.send(SetExperimentTag(experiment_id=key, key="a", value="b"))
        store.send(DeleteExperiment(experiment_id=gone))
        told = {each.experiment_id: each for each in _all(store, ExportExperiments(max_results=2), "experiments")}
        assert [tag.value for tag in told[key].tags] == ["b"]
        assert told[key].deleted_time is None
        assert told[gone].deleted_time is not None
        reply = store.send(ImportExperiments(experiments=[told[key], told[gone]]))
        assert [outcome.became for outcome in reply.outcomes] == ["there", "there"]

    def test_logged_models_are_told_deleted_ones_too(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        ids = []
        for _ in range(3):
            call = CreateLoggedModel(
                experiment_id=key,
                source_run_id=run_id,
                params=[LoggedModelParameter("p", "1")],
                tags=[LoggedModelTag("t", "2")],
            )
            ids.append(store.send(call).model.model_id)
        store.send(LogBatch(run_id=run_id, metrics=[Metric("acc", math.nan, 1, 2, model_id=ids[0])]))
        store.send(DeleteLoggedModel(model_id=ids[1]))
        told = _all(store, ExportLoggedModels(experiment_ids=[key], max_results=1), "models")
        assert [each.model_id for each in told] == sorted(ids)
        found = {each.model_id: each for each in told}
        assert [(each.key, each.step, each.run_id) for each in found[ids[0]].metrics] == [("acc", 2, run_id)]
        assert [found[each].deleted_time is None for each in ids] == [True, False, True]
        assert len(_all(store, ExportLoggedModels(source_run_ids=[run_id]), "models")) == 3
        assert len(_all(store, ExportLoggedModels(model_ids=ids[:2]), "models")) == 2
        reply = store.send(ImportLoggedModels(models=told))
        assert [outcome.became for outcome in reply.outcomes] == ["there"] * 3

    def test_registered_models_are_told_with_the_numbers_they_gave(self, store: Store) -> None:
        name, run_id = making.fresh("net"), making.run(store)
        store.send(CreateRegisteredModel(name=name, tags=[RegisteredModelTag("a", "b")], description="d"))
        for _ in range(3):
            store.send(CreateModelVersion(name=name, source=f"runs:/{run_id}/model", run_id=run_id))
        store.send(SetRegisteredModelAlias(name=name, alias="best", version="1"))
        store.send(SetRegisteredModelAlias(name=name, alias="also", version="1"))
        store.send(TransitionModelVersionStage(name=name, version="2", stage="Production"))
        store.send(DeleteModelVersion(name=name, version="3"))
        (model,) = _all(store, ExportRegisteredModels(names=[name]), "models")
        assert (model.last_version, model.description, model.tags) == (3, "d", [RegisteredModelTag("a", "b")])
        versions = _all(store, ExportModelVersions(name=name, max_results=1), "versions")
        assert [(each.version, each.aliases, each.current_stage) for each in versions] == [
            ("1", ["also", "best"], "None"),
            ("2", [], "Production"),
        ]
        models = store.send(ImportRegisteredModels(models=[model])).outcomes
        again = store.send(ImportModelVersions(versions=versions)).outcomes
        assert [outcome.became for outcome in [*models, *again]] == ["there"] * 3
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nobody"):
            store.send(ExportModelVersions(name="nobody"))

    def test_evaluation_datasets_are_told_with_their_records_in_order(self, store: Store) -> None:
        key = making.experiment(store)
        call = CreateDataset(name=making.fresh("cases"), experiment_ids=[key], tags='{"mlflow.user": "somebody"}')
        dataset_id = store.send(call).dataset.dataset_id
        records = [{"inputs": {"n": number}, "outputs": None, "expectations": {"m": "ü"}} for number in range(5)]
        store.send(UpsertDatasetRecords(dataset_id=dataset_id, records=json.dumps(records)))
        told = {each.dataset_id: each for each in _all(store, ExportEvaluationDatasets(max_results=1), "datasets")}
        dataset = told[dataset_id]
        assert (dataset.experiment_ids, dataset.created_by, dataset.records) == ([key], "somebody", [])
        found = _all(store, ExportEvaluationRecords(dataset_id=dataset_id, max_results=2), "records")
        assert [json.loads(record.inputs)["n"] for record in found] == list(range(5))
        whole = msgspec.structs.replace(dataset, records=found)
        reply = store.send(ImportEvaluationDatasets(datasets=[whole]))
        assert [outcome.became for outcome in reply.outcomes] == ["there"]
        with making.refused("RESOURCE_DOES_NOT_EXIST", "d-nobody"):
            store.send(ExportEvaluationRecords(dataset_id="d-nobody"))


def _all(store: Store, call: Any, name: str) -> list[Any]:
    """Everything a call tells, page after page."""
    found: list[Any] = []
    while True:
        reply = store.send(call)
        found += getattr(reply, name)
        if reply.next_page_token is None:
            return found
        call = msgspec.structs.replace(call, page_token=reply.next_page_token)


def _dataset() -> Dataset:
    return Dataset(name="d", digest="1", source_type="local", source="s")
