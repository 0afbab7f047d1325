"""Our functions and classes take what MLflow's take: the same names, in the same order, with the same defaults."""

from __future__ import annotations

import pytest

import headrace
from headrace import _doors
from headrace.tracking.client import MlflowClient
from headrace.tracking.client.absent import ABSENT
from tests.tracking.absent import OTHERWISE, absence
from tests.tracking.recorded import Row, differences, grouped, rows

RECORDED = rows()
GROUPS = grouped(RECORDED)


@pytest.mark.parametrize("name", GROUPS)
def test_what_mlflow_has_is_here_and_takes_the_same(name: str) -> None:
    missed = []
    for row in GROUPS[name]:
        found = [] if row.name in OTHERWISE else list(differences(row))
        missed += [each for each in found if not (absence(row.name) and "is not there" in each)]
    assert not missed


def test_what_is_said_to_differ_does() -> None:
    assert {row.name for row in RECORDED if row.name in OTHERWISE} == set(OTHERWISE)
    assert all(list(differences(row)) for row in RECORDED if row.name in OTHERWISE)


def test_the_comparison_sees_differences() -> None:
    def _of(signature: str) -> list[str]:
        return list(differences(Row("mlflow.log_param", "function", signature)))

    assert not _of("(key: str, value: Any, synchronous: bool | None = None)")
    assert _of("(value: Any, key: str, synchronous: bool | None = None)")
    assert _of("(key: str, value: Any, synchronous: bool | None = True)")
    assert _of("(key: str, value: Any)")
    assert list(differences(Row("mlflow.nothing_of_the_kind", "function", "()")))


def test_every_public_function_of_the_client_is_compared_or_said_to_be_absent() -> None:
    compared = {row.name.rpartition(".")[2] for row in RECORDED if row.name.startswith("mlflow.MlflowClient.")}
    offered = {name for name in dir(MlflowClient) if not name.startswith("_")}
    assert not offered & ABSENT
    assert compared <= offered | ABSENT


def test_every_function_at_the_front_door_is_compared() -> None:
    compared = {row.name.rpartition(".")[2] for row in RECORDED if row.name.count(".") == 1}
    assert set(_doors.FUNCTIONS) <= compared
    assert not set(_doors.FUNCTIONS) & _doors.ABSENT


def test_records_are_made_as_scripts_and_plugins_make_them() -> None:
    e = headrace.entities
    metric = e.Metric("k", 1.0, 2, 3, "m-1", "name", "digest", "run")
    assert (metric.model_id, metric.dataset_name, metric.dataset_digest, metric.run_id) == (
        "m-1",
        "name",
        "digest",
        "run",
    )
    used = e.DatasetInput(e.Dataset("name", "digest", "local", "{}", "schema", "profile"), [e.InputTag("k", "v")])
    assert (used.dataset.source_type, used.dataset.profile, used.tags[0].value) == ("local", "profile", "v")
    info = e.RunInfo("r" * 32, "1", "me", "FINISHED", 1, 2, "active", run_name="n")
    run = e.Run(info, e.RunData([metric], [e.Param("p", "1")], [e.RunTag("t", "x")]), e.RunInputs([used]))
    assert (run.info.run_id, run.data.metrics, run.data.params, run.data.tags) == (
        "r" * 32,
        {"k": 1.0},
        {"p": "1"},
        {"t": "x"},
    )
    experiment = e.Experiment("1", "n", "/x", "active", tags=[e.ExperimentTag("a", "b")], creation_time=5)
    assert (experiment.tags, experiment.creation_time) == ({"a": "b"}, 5)
    model = e.LoggedModel("1", "m-1", "n", "/x", 1, 2, status=e.LoggedModelStatus.PENDING, params={"a": "b"})
    assert (model.status, model.params, model.artifact_location) == ("PENDING", {"a": "b"}, "/x")
    version = headrace.entities.ModelVersion("n", "1", 5, tags=[e.ModelVersionTag("a", "b")], aliases=["c"])
    assert (version.tags, version.aliases, version.status) == ({"a": "b"}, ["c"], "READY")


def test_a_record_comes_back_from_its_dictionary() -> None:
    e = headrace.entities
    info = e.RunInfo("r" * 32, "1", "me", "FINISHED", 1, 2, "active")
    data = e.RunData([e.Metric("m", 1.5, 0, 0)], [e.Param("p", "1")], [e.RunTag("t", "x")])
    run = e.Run(info, data, e.RunInputs([e.DatasetInput(e.Dataset("n", "d", "local", "{}"))]), e.RunOutputs([]))
    assert e.Run.from_dictionary(run.to_dictionary()) == run
    experiment = e.Experiment("1", "n", "/x", "active", tags={"a": "b"})
    assert e.Experiment.from_dictionary(dict(experiment)) == experiment
    model = e.RegisteredModel("n", 1, 2, tags={"a": "b"}, aliases={"best": "3"})
    assert e.RegisteredModel.from_dictionary(model.to_dictionary()) == model
    logged = e.LoggedModel("1", "m-1", "n", "/x", 1, 2, status=1, params={"a": "b"}, metrics=[e.Metric("m", 1.0, 2, 3)])
    assert e.LoggedModel.from_dictionary(logged.to_dictionary()) == logged
    assert set(logged.to_dictionary()) == set(dict(logged)) >= {"model_id", "params", "artifact_location", "status"}
    assert e.Metric.from_dictionary({"key": "m", "value": 1, "timestamp": 2, "step": 3, "more": 4}).step == 3
    with pytest.raises(headrace.MlflowException, match="timestamp is missing"):
        e.Metric.from_dictionary({"key": "m", "value": 1})
