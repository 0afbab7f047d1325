"""Names of MLflow's that libraries use past the client: stages, states, limits, errors, numbers, repositories."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy
import pytest
from headrace.entities import LifecycleStage, LoggedModelStatus, ModelVersionStatus, RunStatus, ViewType
from headrace.entities.model_registry.model_version_stages import get_canonical_stage
from headrace.error_classification import ErrorClass, SqlState
from headrace.store.artifact.artifact_repository_registry import get_artifact_repository
from headrace.utils import validation

import headrace
from headrace import exceptions
from headrace.base.errors import BadRequest
from headrace.tracking import metric_value_conversion_utils as numbers
from headrace.tracking import multimedia


def test_words_have_numbers_and_numbers_words() -> None:
    for kind, words in ((RunStatus, ["RUNNING", "KILLED"]), (ModelVersionStatus, ["READY"]), (ViewType, ["all"])):
        for word in words:
            assert kind.to_string(kind.from_string(word)) == word
        with pytest.raises(BadRequest, match="say one of"):
            kind.from_string("nonsense")
        with pytest.raises(BadRequest, match="say one of"):
            kind.to_string(99)
    assert [RunStatus.is_terminated(each) for each in RunStatus.all_status()] == [False, False, True, True, True]
    assert ModelVersionStatus.all_status() == [1, 2, 3]
    assert LoggedModelStatus.from_int(LoggedModelStatus.READY.to_int()) is LoggedModelStatus.READY
    assert [each for each in LoggedModelStatus if LoggedModelStatus.is_finalized(each)] == ["READY", "FAILED"]


def test_stages_are_written_as_they_are() -> None:
    assert get_canonical_stage("pRODUCTION") == "Production"
    with pytest.raises(BadRequest, match="Archived"):
        get_canonical_stage("live")
    assert LifecycleStage.view_type_to_stages(ViewType.ALL) == ["active", "deleted"]
    assert LifecycleStage.matches_view_type(ViewType.DELETED_ONLY, "deleted")
    assert not LifecycleStage.matches_view_type(ViewType.ACTIVE_ONLY, "deleted")


def test_an_error_carries_what_it_is_given() -> None:
    error = exceptions.MlflowException(
        "no", 1000, SqlState.CLIENT_INVALID_PARAMETER, ErrorClass.INVALID_PARAMETER_VALUE, field="x"
    )
    assert error.serialize_as_json() == (
        '{"error_code":"INVALID_PARAMETER_VALUE","message":"no","sqlstate":"KAM00",'
        '"error_class":"INVALID_PARAMETER_VALUE","field":"x"}'
    )
    assert exceptions.MlflowException.invalid_parameter_value("no").get_http_status_code() == 400
    assert (exceptions.get_error_code(404), exceptions.get_error_code(418)) == (1001, 1)
    missing = copy.copy(exceptions.MlflowNotImplementedException("not here"))  # As pickle does.
    assert (type(missing), str(missing)) == (exceptions.MlflowNotImplementedException, "not here")


def test_names_are_judged() -> None:
    assert validation.validate_param_and_metric_name("a/b-c.d:e f")
    assert not validation.validate_param_and_metric_name("a#b")
    assert [validation.path_not_unique(name) for name in ("a/b", "a//b", "../a", "/a", ".")] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert validation.append_to_json_path(validation.append_to_json_path("a", "[0]"), "b") == "a[0].b"
    for said in (
        validation.bad_path_message("../x"),
        validation.invalid_value("field", "../x", "why"),
        validation.not_integer_value("field", "../x"),
    ):
        assert "../x" in said


@pytest.mark.parametrize(
    ("value", "found"),
    [(1, 1.0), ("2.5", 2.5), ("high", "high"), (None, None), (numpy.array([3]), 3.0), (numpy.float32(0.5), 0.5)],
)
def test_a_number_is_a_float_where_it_can_be(value: object, found: object) -> None:
    assert numbers.convert_metric_value_to_float_if_possible(value) == found


def test_arrays_of_one_library_are_floats_and_others_stay() -> None:
    assert numbers.convert_metric_value_to_float_if_ndarray(numpy.array([3])) == 3.0
    assert numbers.convert_metric_value_to_float_if_torch_tensor([1]) == [1]
    assert numbers.convert_metric_value_to_float_if_tensorflow_tensor("x") == "x"
    with pytest.raises(BadRequest, match="must be a number"):
        numbers.convert_metric_value_to_float_if_possible(numpy.array([1, 2]))


def test_a_picture_keeps_its_proportions() -> None:
    picture = multimedia.convert_to_pil_image(numpy.zeros((300, 600), dtype=numpy.uint8))
    assert multimedia.compress_image_size(picture).size == (256, 128)
    assert multimedia.compress_image_size(picture, None).size == (600, 300)


@pytest.mark.usefixtures("place")
def test_a_run_has_a_repository(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    with headrace.start_run() as run:
        repository = get_artifact_repository(headrace.get_artifact_uri())
        repository.log_artifact(str(tmp_path / "x.txt"), "a")
        with open(tmp_path / "x.txt", "rb") as stream:
            repository.log_artifact_from_stream(stream, "y.txt", "a")
        assert [each.path for each in repository.list_artifacts("a")] == ["a/x.txt", "a/y.txt"]
        got = repository.download_artifacts("a", str(tmp_path))
        assert sorted(each.name for each in Path(got).iterdir()) == ["x.txt", "y.txt"]
        repository.delete_artifacts("a/y.txt")
        same = headrace.tracking._get_artifact_repo(run.info.run_id)
        assert [each.path for each in same.list_artifacts("a")] == ["a/x.txt"]
        by_run = get_artifact_repository(f"runs:/{run.info.run_id}/a")
        assert [each.path for each in by_run.list_artifacts()] == ["x.txt"]


@pytest.mark.usefixtures("place")
def test_a_store_is_there_for_those_who_go_past_the_client() -> None:
    store = headrace.tracking._get_store()
    number = headrace.set_experiment("past the client").experiment_id
    run = store.create_run(number, "me", None, [headrace.entities.RunTag("a", "b")], "r")
    store.log_batch(run.info.run_id, [headrace.entities.Metric("m", 1.0, 2, 3)], [], [])
    store.log_param(run.info.run_id, headrace.entities.Param("p", "1"))
    info = store.update_run_info(run.info.run_id, RunStatus.FINISHED, 5, "renamed")
    assert (info.status, info.end_time, info.run_name) == ("FINISHED", 5, "renamed")
    found = store.search_runs([number], "metrics.m = 1", ViewType.ACTIVE_ONLY)
    assert [each.info.run_id for each in found] == [run.info.run_id]
    assert store.get_experiment_by_name("past the client").experiment_id == number


def test_the_doctor_tells_no_secrets(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hush")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hush@host.example:5000")
    monkeypatch.setenv("HEADRACE_EXPERIMENT_NAME", "open")
    headrace.doctor()
    said = capsys.readouterr().out
    assert "hush" not in said
    assert "tracking URI: http://host.example:5000" in said
    assert "HEADRACE_EXPERIMENT_NAME: open" in said
    headrace.doctor(mask_envs=True)
    assert "HEADRACE_EXPERIMENT_NAME: ***" in capsys.readouterr().out
