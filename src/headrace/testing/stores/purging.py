"""What a store promises about removing things for good."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest

from headrace.schema.experiments import CreateExperiment, DeleteExperiment, GetExperiment, RestoreExperiment
from headrace.schema.logged_models import CreateLoggedModel, DeleteLoggedModel
from headrace.schema.purge import ClaimDeleted, Deleted, FindDeleted, FindUnnamed, Kind, PurgeClaimed
from headrace.schema.registry import CreateModelVersion, CreateRegisteredModel
from headrace.schema.runs import (
    DeleteRun,
    GetMetricHistory,
    GetRun,
    LogBatch,
    LogMetric,
    LogOutputs,
    Metric,
    ModelOutput,
    RestoreRun,
    SetTag,
)
from headrace.stores.port import Store
from headrace.testing.stores import making


class PurgingContract:
    """What is deleted can be found, claimed and purged; what is not deleted is never touched."""

    def test_a_deleted_run_is_found_claimed_and_purged(self, store: Store) -> None:
        key = making.experiment(store)
        run_id, stays = (
            making.logged(store, key, metrics={"loss": 1.5, "acc": 0.5}, params={"a": "1"}, tags={"b": "2"})
            for _ in range(2)
        )
        assert _found(store, "run", key) == []
        store.send(DeleteRun(run_id=run_id))
        (item,) = _found(store, "run", key)
        run = making.read(store, run_id).info
        assert (item.id, item.experiment_id, item.artifact_uri) == (run_id, key, run.artifact_uri)
        assert item.artifact_uri.startswith(item.experiment_location + "/")
        assert item.deleted_time is not None
        assert store.send(ClaimDeleted(kind="run", ids=[run_id, stays])).ids == [run_id]
        assert _found(store, "run", key)[0].deleted_time is None
        assert _purged(store, "run", [run_id, stays]) == [run_id]
        with making.refused("RESOURCE_DOES_NOT_EXIST", run_id):
            making.read(store, run_id)
        kept = making.read(store, stays)
        assert (kept.data.metrics, kept.data.params, kept.data.tags["b"]) == (
            {"acc": 0.5, "loss": 1.5},
            {"a": "1"},
            "2",
        )
        assert len(store.send(GetMetricHistory(run_id=stays, metric_key="loss")).metrics) == 1

    def test_what_is_claimed_cannot_be_restored(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        store.send(DeleteExperiment(experiment_id=key))
        assert store.send(ClaimDeleted(kind="run", ids=[run_id])).ids == [run_id]
        with making.refused("INVALID_PARAMETER_VALUE", "removed for good"):
            store.send(RestoreRun(run_id=run_id))
        assert _purged(store, "run", [run_id]) == [run_id]
        assert store.send(ClaimDeleted(kind="experiment", ids=[key])).ids == [key]
        with making.refused("INVALID_PARAMETER_VALUE", "removed for good"):
            store.send(RestoreExperiment(experiment_id=key))

    def test_what_is_not_claimed_is_not_purged(self, store: Store) -> None:
        run_id = making.run(store)
        assert _purged(store, "run", [run_id]) == []
        store.send(DeleteRun(run_id=run_id))
        assert _purged(store, "run", [run_id]) == []
        store.send(RestoreRun(run_id=run_id))
        store.send(SetTag(run_id=run_id, key="a", value="b"))

    def test_only_what_is_deleted_may_be_named(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        with making.refused("INVALID_PARAMETER_VALUE", f"{run_id} is not deleted"):
            store.send(FindDeleted(kind="run", ids=[run_id]))
        with making.refused("INVALID_PARAMETER_VALUE", f"{key} is not deleted"):
            store.send(FindDeleted(kind="experiment", ids=[key]))
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nobody"):
            store.send(FindDeleted(kind="run", ids=["nobody"]))
        before = int(time.time() * 1000) - 3_600_000
        store.send(DeleteRun(run_id=run_id))
        assert store.send(FindDeleted(kind="run", experiment_ids=[key], deleted_before=before)).items == []
        with making.refused("INVALID_PARAMETER_VALUE", "as long ago"):
            store.send(FindDeleted(kind="run", ids=[run_id], deleted_before=before))
        assert len(store.send(FindDeleted(kind="run", ids=[run_id], deleted_before=before + 7_200_000)).items) == 1

    def test_an_experiment_waits_for_its_runs_and_models(self, store: Store) -> None:
        name = making.fresh("experiment")
        key = store.send(CreateExperiment(name=name)).experiment_id
        run_id = making.run(store, key)
        model_id = store.send(CreateLoggedModel(experiment_id=key, source_run_id=run_id)).model.model_id
        store.send(LogOutputs(run_id=run_id, models=[ModelOutput(model_id, 1)]))
        store.send(LogBatch(run_id=run_id, metrics=[Metric("acc", 0.5, 1, model_id=model_id)]))
        store.send(DeleteExperiment(experiment_id=key))
        (item,) = store.send(FindDeleted(kind="experiment", ids=[key])).items
        assert (item.members, item.alive) == (2, 0)
        assert store.send(ClaimDeleted(kind="experiment", ids=[key])).ids == []
        kinds: tuple[tuple[Kind, str], ...] = (("run", run_id), ("logged_model", model_id), ("experiment", key))
        for kind, id in kinds:
            assert store.send(ClaimDeleted(kind=kind, ids=[id])).ids == [id]
            assert _purged(store, kind, [id]) == [id]
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(GetExperiment(experiment_id=key))
        assert store.send(CreateExperiment(name=name)).experiment_id != key

    def test_the_name_of_a_deleted_experiment_is_free_at_once(self, store: Store) -> None:
        name = making.fresh("experiment")
        key = store.send(CreateExperiment(name=name)).experiment_id
        store.send(DeleteExperiment(experiment_id=key))
        again = store.send(CreateExperiment(name=name)).experiment_id
        with making.refused("RESOURCE_ALREADY_EXISTS", name):
            store.send(RestoreExperiment(experiment_id=key))
        store.send(DeleteExperiment(experiment_id=again))
        store.send(RestoreExperiment(experiment_id=key))

    def test_a_living_run_keeps_its_deleted_experiment(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        store.send(DeleteExperiment(experiment_id=key))
        store.send(RestoreRun(run_id=run_id))
        (item,) = store.send(FindDeleted(kind="experiment", ids=[key])).items
        assert (item.members, item.alive) == (1, 1)
        assert _found(store, "run", key) == []

    def test_what_a_model_version_is_made_of_stays_unless_said(self, store: Store) -> None:
        key = making.experiment(store)
        run_id, name = making.run(store, key), making.fresh("model")
        store.send(CreateRegisteredModel(name=name))
        store.send(CreateModelVersion(name=name, source=f"runs:/{run_id}/model", run_id=run_id))
        store.send(DeleteRun(run_id=run_id))
        (item,) = _found(store, "run", key)
        assert item.needed_by == f"models:/{name}/1"
        assert store.send(ClaimDeleted(kind="run", ids=[run_id])).ids == []
        store.send(RestoreRun(run_id=run_id))
        store.send(DeleteRun(run_id=run_id))
        assert store.send(ClaimDeleted(kind="run", ids=[run_id], needed_too=True)).ids == [run_id]
        assert _purged(store, "run", [run_id]) == [run_id]

    def test_a_deleted_logged_model_goes_and_its_run_stays(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        model_id = store.send(CreateLoggedModel(experiment_id=key, source_run_id=run_id)).model.model_id
        store.send(LogMetric(run_id=run_id, key="acc", value=0.5, timestamp=1, model_id=model_id))
        assert _found(store, "logged_model", key) == []
        store.send(DeleteLoggedModel(model_id=model_id))
        (item,) = _found(store, "logged_model", key)
        assert (item.id, item.artifact_uri) == (model_id, f"{item.experiment_location}/models/{model_id}/artifacts")
        assert store.send(ClaimDeleted(kind="logged_model", ids=[model_id])).ids == [model_id]
        assert _purged(store, "logged_model", [model_id]) == [model_id]
        assert making.read(store, run_id).data.metrics == {"acc": 0.5}

    def test_deleted_things_come_in_pages_begun_ones_first(self, store: Store) -> None:
        key = making.experiment(store)
        runs = [making.run(store, key) for _ in range(5)]
        store.send(DeleteExperiment(experiment_id=key))
        store.send(ClaimDeleted(kind="run", ids=[runs[3]]))
        found, token = [], None
        while True:
            page = store.send(FindDeleted(kind="run", experiment_ids=[key], max_results=2, page_token=token))
            found += [item.id for item in page.items]
            token = page.next_page_token
            if token is None:
                break
        assert found == [runs[3], runs[0], runs[1], runs[2], runs[4]]

    @pytest.mark.parametrize("steps", ["rising", "all zero"])
    def test_a_long_run_goes_in_parts(self, store: Store, steps: str) -> None:
        run_id = making.run(store)
        for start in range(0, 60_000, 1000):
            points = [Metric("loss", n, n, n if steps == "rising" else 0) for n in range(start, start + 1000)]
            store.send(LogBatch(run_id=run_id, metrics=points))
        store.send(LogBatch(run_id=run_id, metrics=[Metric("acc", 1, 1)]))
        store.send(DeleteRun(run_id=run_id))
        store.send(ClaimDeleted(kind="run", ids=[run_id]))
        call = PurgeClaimed(kind="run", ids=[run_id])
        first = store.send(call)
        assert first.ids == []
        assert 0 < first.points < 60_000
        replies = [first]
        while not replies[-1].ids:
            replies.append(store.send(call))
        assert sum(reply.points for reply in replies) == 60_001
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(GetRun(run_id=run_id))

    def test_folders_that_no_record_names_are_told(self, store: Store) -> None:
        key = making.experiment(store)
        run = making.read(store, making.run(store, key)).info
        assert run.artifact_uri is not None
        folder = run.artifact_uri.removesuffix("/artifacts")
        home = folder.removesuffix(f"/{run.run_id}")
        strays = [f"{home}/{'0' * 32}", f"{home}/models", f"{run.artifact_uri}/deep"]
        asked = [folder, f"{folder}/", home, *strays, run.artifact_uri]
        assert store.send(FindUnnamed(folders=asked)).folders == strays


def _found(store: Store, kind: Kind, experiment_id: str) -> list[Deleted]:
    return store.send(FindDeleted(kind=kind, experiment_ids=[experiment_id])).items


def _purged(store: Store, kind: Kind, ids: Iterable[str]) -> list[str]:
    return store.send(PurgeClaimed(kind=kind, ids=list(ids))).ids
