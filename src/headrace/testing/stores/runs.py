"""What a store promises about runs and what is logged to them."""

from __future__ import annotations

import math

import pytest

from headrace.schema.datasets import Dataset, DatasetInput, InputTag, LogInputs, ModelInput
from headrace.schema.runs import (
    CreateRun,
    DeleteRun,
    DeleteTag,
    GetMetricHistory,
    GetRun,
    LogBatch,
    LogMetric,
    LogModel,
    LogOutputs,
    LogParam,
    Metric,
    ModelOutput,
    Param,
    RestoreRun,
    RunTag,
    SetTag,
    UpdateRun,
)
from headrace.stores.port import Store
from headrace.testing.stores import making

LARGEST = 2**63 - 1


class RunContract:
    """Runs keep what is logged to them, to the last digit."""

    def test_a_run_is_read_back_as_it_was_made(self, store: Store) -> None:
        key = making.experiment(store)
        call = CreateRun(experiment_id=key, user_id="bob", run_name="r 1", start_time=7, tags=[RunTag("t", "v")])
        made = store.send(call).run
        info = made.info
        assert (info.experiment_id, info.user_id, info.run_name, info.start_time) == (key, "bob", "r 1", 7)
        assert (info.status, info.lifecycle_stage, info.end_time) == ("RUNNING", "active", None)
        assert info.run_id == info.run_uuid
        assert (info.artifact_uri or "").endswith(f"/{key}/{info.run_id}/artifacts")
        assert made.data.tags == {"t": "v", "mlflow.runName": "r 1"}
        assert making.read(store, info.run_id) == made

    def test_a_run_without_a_name_is_given_one(self, store: Store) -> None:
        made = store.send(CreateRun(experiment_id="0")).run
        assert made.info.run_name
        assert made.data.tags["mlflow.runName"] == made.info.run_name

    def test_a_name_and_a_name_tag_must_agree(self, store: Store) -> None:
        tag = RunTag("mlflow.runName", "b")
        with making.refused("INVALID_PARAMETER_VALUE", "run_name"):
            store.send(CreateRun(experiment_id="0", run_name="a", tags=[tag]))
        assert store.send(CreateRun(experiment_id="0", tags=[tag])).run.info.run_name == "b"

    def test_updating_changes_what_is_given(self, store: Store) -> None:
        run_id = making.run(store)
        info = store.send(UpdateRun(run_id=run_id, status="FINISHED", end_time=9)).run_info
        assert (info.status, info.end_time) == ("FINISHED", 9)
        store.send(UpdateRun(run_id=run_id, run_name="new"))
        found = making.read(store, run_id)
        assert (found.info.run_name, found.info.status, found.data.tags["mlflow.runName"]) == ("new", "FINISHED", "new")
        store.send(SetTag(run_id=run_id, key="mlflow.runName", value="newer"))
        assert making.read(store, run_id).info.run_name == "newer"

    def test_a_deleted_run_can_be_read_and_restored_but_not_written(self, store: Store) -> None:
        run_id = making.run(store)
        store.send(DeleteRun(run_id=run_id))
        store.send(DeleteRun(run_id=run_id))
        assert making.read(store, run_id).info.lifecycle_stage == "deleted"
        for call in (
            LogMetric(run_id=run_id, key="a", value=1, timestamp=1),
            LogParam(run_id=run_id, key="a", value="1"),
            SetTag(run_id=run_id, key="a", value="1"),
            LogBatch(run_id=run_id, tags=[RunTag("a", "1")]),
            UpdateRun(run_id=run_id, status="FAILED"),
        ):
            with making.refused("INVALID_PARAMETER_VALUE", "deleted"):
                store.send(call)
        store.send(RestoreRun(run_id=run_id))
        assert making.read(store, run_id).info.lifecycle_stage == "active"

    def test_a_run_that_is_not_there_is_not_found(self, store: Store) -> None:
        for call in (
            GetRun(run_id="nowhere"),
            DeleteRun(run_id="nowhere"),
            RestoreRun(run_id="nowhere"),
            UpdateRun(run_id="nowhere", status="FAILED"),
            LogMetric(run_id="nowhere", key="a", value=1, timestamp=1),
            LogBatch(run_id="nowhere"),
            DeleteTag(run_id="nowhere", key="a"),
        ):
            with making.refused("RESOURCE_DOES_NOT_EXIST", "nowhere"):
                store.send(call)

    def test_the_last_point_of_a_metric_is_that_of_the_highest_step(self, store: Store) -> None:
        run_id = making.run(store)
        for value, step, timestamp in ((3.0, 5, 1), (1.0, 2, 9), (2.0, 5, 4), (0.5, 5, 4), (9.0, -1, 99)):
            making.point(store, run_id, "loss", value, step=step, timestamp=timestamp)
        (metric,) = making.read(store, run_id).data.metric_list
        assert (metric.value, metric.step, metric.timestamp) == (2.0, 5, 4)

    @pytest.mark.parametrize("value", [0.1 + 0.2, 5e-324, -1.7976931348623157e308, math.inf, -math.inf, math.nan, -0.0])
    def test_a_value_comes_back_as_sent(self, store: Store, value: float) -> None:
        run_id = making.run(store)
        making.point(store, run_id, "x", value)
        assert repr(making.read(store, run_id).data.metrics["x"]) == repr(value)
        (point,) = store.send(GetMetricHistory(run_id=run_id, metric_key="x")).metrics
        assert repr(point.value) == repr(value)

    def test_steps_and_times_reach_as_far_as_64_bits(self, store: Store) -> None:
        run_id = making.run(store)
        making.point(store, run_id, "x", 1.0, step=LARGEST, timestamp=LARGEST)
        making.point(store, run_id, "y", 1.0, step=-LARGEST - 1)
        steps = {metric.key: metric.step for metric in making.read(store, run_id).data.metric_list}
        assert steps == {"x": LARGEST, "y": -LARGEST - 1}
        for step in (LARGEST + 1, -LARGEST - 2):
            with making.refused("INVALID_PARAMETER_VALUE", "step"):
                making.point(store, run_id, "x", 1.0, step=step)
        with making.refused("INVALID_PARAMETER_VALUE", "timestamp"):
            making.point(store, run_id, "x", 1.0, timestamp=-1)

    @pytest.mark.parametrize("key", ["", ".", "..", "/a", "a//b", "a/../b", "a\0", "a'b", "x" * 251])
    def test_a_bad_key_is_refused_everywhere(self, store: Store, key: str) -> None:
        run_id = making.run(store)
        for call in (
            LogMetric(run_id=run_id, key=key, value=1, timestamp=1),
            LogParam(run_id=run_id, key=key, value="1"),
            SetTag(run_id=run_id, key=key, value="1"),
            LogBatch(run_id=run_id, metrics=[Metric(key, 1, 1)]),
        ):
            with making.refused("INVALID_PARAMETER_VALUE", "key"):
                store.send(call)
        assert making.read(store, run_id).data.metrics == {}

    def test_a_param_is_logged_once(self, store: Store) -> None:
        run_id = making.run(store)
        store.send(LogParam(run_id=run_id, key="lr", value="0.1"))
        store.send(LogParam(run_id=run_id, key="lr", value="0.1"))
        with making.refused("INVALID_PARAMETER_VALUE", "lr"):
            store.send(LogParam(run_id=run_id, key="lr", value="0.2"))
        assert making.read(store, run_id).data.params == {"lr": "0.1"}

    def test_long_values_are_kept_whole(self, store: Store) -> None:
        run_id, long = making.run(store), "ß" * 20_000
        store.send(LogBatch(run_id=run_id, params=[Param("p", long)], tags=[RunTag("t", long)]))
        data = making.read(store, run_id).data
        assert (data.params["p"], data.tags["t"]) == (long, long)
        with making.refused("INVALID_PARAMETER_VALUE", "value"):
            store.send(SetTag(run_id=run_id, key="t", value="x" * 100_001))

    def test_tags_are_overwritten_and_removed(self, store: Store) -> None:
        run_id = making.run(store)
        store.send(SetTag(run_id=run_id, key="a/b", value="1"))
        store.send(SetTag(run_id=run_id, key="a/b", value="zwei"))
        assert making.read(store, run_id).data.tags["a/b"] == "zwei"
        store.send(DeleteTag(run_id=run_id, key="a/b"))
        assert "a/b" not in making.read(store, run_id).data.tags
        with making.refused("RESOURCE_DOES_NOT_EXIST", "a/b"):
            store.send(DeleteTag(run_id=run_id, key="a/b"))

    def test_a_batch_is_kept_whole_or_not_at_all(self, store: Store) -> None:
        run_id = making.run(store)
        store.send(LogParam(run_id=run_id, key="lr", value="0.1"))
        batch = LogBatch(
            run_id=run_id,
            metrics=[Metric("loss", 0.5, 1)],
            params=[Param("new", "1"), Param("lr", "0.2")],
            tags=[RunTag("t", "v")],
        )
        before = making.read(store, run_id)
        with making.refused("INVALID_PARAMETER_VALUE", "lr"):
            store.send(batch)
        assert making.read(store, run_id) == before

    def test_a_batch_has_limits(self, store: Store) -> None:
        run_id = making.run(store)
        full = [Metric("a", float(step), 1, step) for step in range(1000)]
        store.send(LogBatch(run_id=run_id, metrics=full))
        for call in (
            {"metrics": [*full, Metric("b", 1, 1)]},
            {"params": [Param(f"p{n}", "") for n in range(101)]},
            {"tags": [RunTag(f"p{n}", "") for n in range(101)]},
            {"params": [Param("p", "1"), Param("p", "2")]},
        ):
            with making.refused("INVALID_PARAMETER_VALUE"):
                store.send(LogBatch(run_id=run_id, **call))

    def test_datasets_and_models_that_a_run_read_and_made(self, store: Store) -> None:
        run_id = making.run(store)
        dataset = Dataset(name="d", digest="1", source_type="local", source="{}", schema="{}", profile="p")
        given = DatasetInput(tags=[InputTag("mlflow.data.context", "train")], dataset=dataset)
        for _ in range(2):
            store.send(LogInputs(run_id=run_id, datasets=[given], models=[ModelInput("m-1")]))
            store.send(LogOutputs(run_id=run_id, models=[ModelOutput("m-2", 3)]))
        again = DatasetInput(tags=[InputTag("mlflow.data.context", "eval")], dataset=dataset)
        store.send(LogInputs(run_id=run_id, datasets=[again]))  # What was said first stays.
        found = making.read(store, run_id)
        assert found.inputs is not None
        assert found.outputs is not None
        assert found.inputs.dataset_inputs == [given]
        assert found.inputs.model_inputs == [ModelInput("m-1")]
        assert found.outputs.model_outputs == [ModelOutput("m-2", 3)]

    def test_the_history_of_models_is_a_tag(self, store: Store) -> None:
        run_id = making.run(store)
        model = '{"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": "y"}'
        store.send(LogModel(run_id=run_id, model_json=model))
        store.send(LogModel(run_id=run_id, model_json=model))
        assert making.read(store, run_id).data.tags["mlflow.log-model.history"].count("artifact_path") == 2
        for bad in ("{}", "[]", "nonsense"):
            with making.refused("INVALID_PARAMETER_VALUE", "model_json"):
                store.send(LogModel(run_id=run_id, model_json=bad))
