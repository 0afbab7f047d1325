"""Runs, as a training script opens them and logs to them."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy
import pandas
import pytest
from headrace.entities import Metric, Param, RunTag, ViewType

import headrace
from headrace import MlflowClient
from headrace.base.errors import BadRequest, HeadraceError, NotFound

pytestmark = pytest.mark.usefixtures("place")


def test_what_a_script_logs_is_read_back() -> None:
    with headrace.start_run(run_name="first", tags={"team": "a"}, description="why") as run:
        assert headrace.log_param("alpha", 0.5) == 0.5
        headrace.log_params({"depth": 3, "kind": None})
        headrace.log_metric("loss", 1.5)
        headrace.log_metric("loss", 1.25, step=1, timestamp=7)
        headrace.log_metrics({"a": 1, "b": math.nan}, step=3)
        headrace.set_tag("stage", {"x": 1})
        headrace.set_tags({"one": 1, "two": "zwei"})
        headrace.delete_tag("one")
    found = headrace.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "first"
    assert found.data.params == {"alpha": "0.5", "depth": "3", "kind": "None"}
    assert found.data.metrics["loss"] == 1.25
    assert math.isnan(found.data.metrics["b"])
    assert found.data.tags["mlflow.note.content"] == "why"
    assert {key: value for key, value in found.data.tags.items() if not key.startswith("mlflow.")} == {
        "team": "a",
        "stage": "{'x': 1}",
        "two": "zwei",
    }
    history = MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert sorted((point.step, point.value) for point in history) == [(0, 1.5), (1, 1.25)]


def test_a_run_is_seen_as_dictionaries() -> None:
    with headrace.start_run(run_name="seen") as run:
        headrace.log_param("a", 1)
        headrace.log_metric("m", 2)
    seen = headrace.get_run(run.info.run_id).to_dictionary()
    assert set(seen) == {"data", "info", "inputs", "outputs"}
    assert seen["data"]["params"] == {"a": "1"}
    assert seen["data"]["metrics"] == {"m": 2.0}
    assert seen["info"]["run_name"] == "seen"
    assert set(seen["data"]) == {"metrics", "params", "tags"}
    assert dict(run.info)["run_id"] == run.info.run_id
    assert "run_uuid" not in dict(run.info)


def test_a_run_knows_who_ran_what() -> None:
    with headrace.start_run() as run:
        pass
    assert {"mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.runName"} <= set(run.data.tags)
    assert run.data.tags["mlflow.source.type"] == "LOCAL"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_run_whose_block_raises_has_failed(error: type[BaseException]) -> None:
    with pytest.raises(error), headrace.start_run() as run:
        raise error
    assert headrace.get_run(run.info.run_id).info.status == "FAILED"
    assert headrace.active_run() is None


def test_runs_nest_and_the_inner_one_knows_the_outer() -> None:
    with headrace.start_run() as outer:
        with pytest.raises(HeadraceError, match="nested=True"):
            headrace.start_run()
        with pytest.raises(HeadraceError, match="parent"):
            headrace.start_run(nested=True, parent_run_id="0" * 32)
        with headrace.start_run(nested=True) as inner:
            headrace.log_param("where", "inside")
        assert headrace.active_run() is outer
    assert headrace.get_run(inner.info.run_id).data.params == {"where": "inside"}
    parent = headrace.get_parent_run(inner.info.run_id)
    assert parent is not None
    assert parent.info.run_id == outer.info.run_id
    assert headrace.get_parent_run(outer.info.run_id) is None


def test_a_run_may_name_a_parent_that_is_not_open_here() -> None:
    with headrace.start_run() as outer:
        pass
    with headrace.start_run(parent_run_id=outer.info.run_id) as inner:
        pass
    assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id


def test_a_run_is_taken_up_again() -> None:
    with headrace.start_run(run_name="one") as run:
        headrace.log_param("a", 1)
    with headrace.start_run(run_id=run.info.run_id, run_name="two", tags={"again": "yes"}) as again:
        assert again.info.run_id == run.info.run_id
        assert again.info.status == "RUNNING"
        headrace.log_param("b", 2)
    found = headrace.get_run(run.info.run_id)
    assert (found.info.run_name, found.info.status, found.data.tags["again"]) == ("two", "FINISHED", "yes")
    assert found.data.params == {"a": "1", "b": "2"}


def test_the_environment_names_a_run_to_take_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with headrace.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with headrace.start_run() as again:
        assert again.info.run_id == run.info.run_id
    with headrace.start_run() as other:
        assert other.info.run_id != run.info.run_id


def test_a_deleted_run_is_not_taken_up() -> None:
    with headrace.start_run() as run:
        pass
    headrace.delete_run(run.info.run_id)
    with pytest.raises(HeadraceError, match="restore"):
        headrace.start_run(run_id=run.info.run_id)
    assert headrace.active_run() is None
    headrace.restore_run(run.info.run_id)
    with headrace.start_run(run_id=run.info.run_id):
        pass


def test_a_run_of_another_experiment_is_not_taken_up_by_mistake() -> None:
    with headrace.start_run() as run:
        pass
    headrace.set_experiment(f"not {run.info.run_id}")
    with pytest.raises(HeadraceError, match="set_experiment"):
        headrace.start_run(run_id=run.info.run_id)


def test_logging_without_a_run_opens_one() -> None:
    headrace.log_metric("loss", 1)
    run = headrace.active_run()
    assert run is not None
    headrace.end_run()
    last = headrace.last_active_run()
    assert last is not None
    assert (last.info.run_id, last.info.status, last.data.metrics) == (run.info.run_id, "FINISHED", {"loss": 1.0})


def test_ending_when_no_run_is_open_does_nothing() -> None:
    headrace.end_run()
    assert headrace.active_run() is None


def test_each_thread_has_runs_of_its_own() -> None:
    seen: dict[str, str] = {}

    def work(name: str) -> None:
        assert headrace.active_run() is None
        with headrace.start_run(run_name=name) as run:
            headrace.log_param("name", name)
            seen[name] = run.info.run_id

    with headrace.start_run() as outer:
        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert headrace.active_run() is outer
    assert len(seen) == 4
    for name, run_id in seen.items():
        found = headrace.get_run(run_id)
        assert (found.data.params, found.info.status) == ({"name": name}, "FINISHED")
        assert "mlflow.parentRunId" not in found.data.tags


def test_a_run_stays_where_it_was_opened(tmp_path: Path, place: str) -> None:
    with headrace.start_run() as run:
        headrace.set_tracking_uri(tmp_path / "elsewhere")
        headrace.log_metric("loss", 1)
        headrace.log_text("x", "x.txt")
    headrace.set_tracking_uri(place)
    found = headrace.get_run(run.info.run_id)
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"loss": 1.0})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (True, 1.0),
        ("3.5", 3.5),
        (numpy.float32(0.5), 0.5),
        (numpy.array([2.0]), 2.0),
        (numpy.int64(3), 3.0),
        (10**30, 1e30),
    ],
)
def test_a_metric_may_be_anything_that_is_one_number(value: object, kept: float) -> None:
    with headrace.start_run() as run:
        headrace.log_metric("m", value)
    assert headrace.get_run(run.info.run_id).data.metrics == {"m": kept}


@pytest.mark.parametrize("value", [None, "abc", [1, 2], numpy.array([1.0, 2.0]), {}])
def test_what_is_not_one_number_is_no_metric(value: object) -> None:
    with headrace.start_run(), pytest.raises(BadRequest, match="'m'"):
        headrace.log_metric("m", value)


def test_a_step_may_be_of_numpy_but_not_a_fraction() -> None:
    with headrace.start_run() as run:
        headrace.log_metric("m", 1, step=numpy.int64(5))
        with pytest.raises(BadRequest, match="step"):
            headrace.log_metric("m", 1, step=1.5)
    assert [each.step for each in MlflowClient().get_metric_history(run.info.run_id, "m")] == [5]


def test_a_param_does_not_change() -> None:
    with headrace.start_run():
        headrace.log_param("a", 1)
        headrace.log_param("a", 1)
        with pytest.raises(BadRequest, match="a"):
            headrace.log_param("a", 2)


def test_a_batch_larger_than_a_request_is_sent_in_several() -> None:
    with headrace.start_run() as run:
        headrace.log_params({f"p{n}": n for n in range(250)})
        headrace.set_tags({f"t{n}": n for n in range(250)})
        metrics = [Metric("m", float(n), n, n) for n in range(2500)]
        MlflowClient().log_batch(run.info.run_id, metrics, [Param("extra", 5)], [RunTag("extra", 5)])
    found = headrace.get_run(run.info.run_id)
    assert len(found.data.params) == 251
    assert found.data.params["extra"] == "5"
    assert sum(key.startswith("t") for key in found.data.tags) == 250
    assert [each.value for each in MlflowClient().get_metric_history(run.info.run_id, "m")] == list(range(2500))


def test_not_waiting_returns_something_to_wait_for() -> None:
    with headrace.start_run() as run:
        assert headrace.log_metric("m", 1) is None
        waited = headrace.log_metric("m", 2, step=1, synchronous=False)
        assert waited is not None
        waited.wait()
        headrace.log_params({"a": 1}, synchronous=False).wait()
    assert headrace.get_run(run.info.run_id).data.metrics == {"m": 2.0}


def test_runs_are_found_as_a_data_frame() -> None:
    for n in range(3):
        with headrace.start_run(run_name=f"run {n}"):
            headrace.log_metric("score", n)
            headrace.log_param("only" if n else "first", n)
    frame = headrace.search_runs(filter_string="metrics.score >= 1", order_by=["metrics.score DESC"])
    assert list(frame.columns[:6]) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert list(frame["metrics.score"]) == [2.0, 1.0]
    assert list(frame["params.only"]) == ["2", "1"]
    assert str(frame["start_time"].dt.tz) == "UTC"
    everything = headrace.search_runs()
    assert everything["params.first"].isna().sum() == 2
    assert isinstance(everything, pandas.DataFrame)


def test_no_run_found_is_an_empty_data_frame() -> None:
    frame = headrace.search_runs(filter_string="params.nothing = 'x'")
    assert len(frame) == 0
    assert "run_id" in frame.columns
    assert len(headrace.search_runs(experiment_names=["no such experiment"])) == 0
    with pytest.raises(ValueError, match="pandas"):
        headrace.search_runs(output_format="table")
    with pytest.raises(BadRequest):
        headrace.search_runs(experiment_ids=["0"], experiment_names=["x"])


def test_runs_are_found_page_by_page() -> None:
    experiment = headrace.set_experiment(f"paged {id(object())}")
    client = MlflowClient()
    made = [client.create_run(experiment.experiment_id).info.run_id for _ in range(5)]
    first = client.search_runs([experiment.experiment_id], max_results=2)
    second = client.search_runs([experiment.experiment_id], max_results=10, page_token=first.token)
    assert first.token
    assert second.token is None
    assert sorted(run.info.run_id for run in [*first, *second]) == sorted(made)
    assert len(headrace.search_runs(max_results=3, output_format="list")) == 3


def test_deleted_runs_are_seen_by_those_who_look_for_them() -> None:
    with headrace.start_run() as run:
        pass
    headrace.delete_run(run.info.run_id)
    assert headrace.search_runs(output_format="list") == []
    (found,) = headrace.search_runs(run_view_type=ViewType.DELETED_ONLY, output_format="list")
    assert found.info.lifecycle_stage == "deleted"
    assert len(headrace.search_runs(run_view_type=ViewType.ALL, output_format="list")) == 1


def test_a_run_ends_with_the_word_it_is_given() -> None:
    client = MlflowClient()
    run = client.create_run("0", start_time=5, tags={"mlflow.user": "me"})
    assert (run.info.start_time, run.info.user_id) == (5, "me")
    client.set_terminated(run.info.run_id, "KILLED", end_time=9)
    found = client.get_run(run.info.run_id).info
    assert (found.status, found.end_time) == ("KILLED", 9)
    with pytest.raises(BadRequest, match="RUNNING"):
        client.set_terminated(run.info.run_id, "DEAD")
    client.update_run(run.info.run_id, status="RUNNING", name="renamed")
    assert client.get_run(run.info.run_id).info.run_name == "renamed"


def test_a_run_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        headrace.get_run("0" * 32)
    with pytest.raises(NotFound):
        headrace.start_run(run_id="0" * 32)
    with pytest.raises(NotFound):
        headrace.log_metric("m", 1, run_id="0" * 32)
