"""The mistakes users make are answered with a sentence that says what would help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import headrace
from headrace import MlflowClient
from headrace.tracking import uri

pytestmark = pytest.mark.usefixtures("place")


def _logging_to_a_deleted_run() -> None:
    with headrace.start_run() as run:
        pass
    headrace.delete_run(run.info.run_id)
    MlflowClient().log_metric(run.info.run_id, "m", 1)


def _taking_up_a_deleted_run() -> None:
    with headrace.start_run() as run:
        pass
    headrace.delete_run(run.info.run_id)
    headrace.start_run(run_id=run.info.run_id)


def _changing_a_param() -> None:
    headrace.log_param("p", 1)
    headrace.log_param("p", 2)


def _a_run_in_a_run() -> None:
    headrace.start_run()
    headrace.start_run()


def _a_run_of_another_experiment() -> None:
    with headrace.start_run(experiment_id="0") as run:
        pass
    headrace.start_run(run_id=run.info.run_id)


def _a_list_of_metrics() -> None:
    headrace.log_metrics([("m", 1)])  # type: ignore[arg-type]


def _a_status_of_ones_own() -> None:
    headrace.start_run()
    headrace.end_run("DONE")


def _a_folder_that_is_a_file() -> None:
    headrace.log_artifacts(__file__)


MISTAKES: dict[Callable[[], None], str] = {
    _logging_to_a_deleted_run: "is deleted; restore it",
    _taking_up_a_deleted_run: "restore it with MlflowClient",
    _changing_a_param: "Use another key, or a tag",
    _a_run_in_a_run: "nested=True",
    _a_run_of_another_experiment: "choose the run's experiment",
    _a_list_of_metrics: "a dictionary of names and values, not a list",
    _a_status_of_ones_own: "say one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED",
    _a_folder_that_is_a_file: "log_artifact takes a single file",
    lambda: headrace.log_metric("loss", "low"): "must be a number, not 'low'",  # type: ignore[arg-type]
    lambda: headrace.log_metric("loss", 1, step=1.5): "step must be a whole number, not 1.5",  # type: ignore[arg-type]
    lambda: headrace.log_metric("loss#1", 1): "letters, digits",
    lambda: headrace.log_artifact("/nowhere"): "There is no file or folder '/nowhere'",
    lambda: headrace.log_artifacts("/nowhere"): "does not exist",
    lambda: headrace.log_image("x.png", "x.png"): r"open a file with Image\(path\)",
    lambda: headrace.set_experiment(): "experiment_name or experiment_id, one of them",
    lambda: headrace.set_tracking_uri("localhost:5000"): "write http://localhost:5000",
    lambda: headrace.set_tracking_uri("postgresql:/db"): "write postgresql://db",
    lambda: headrace.set_tracking_uri("databricks"): "give an http",
}


@pytest.mark.parametrize(("mistake", "words"), MISTAKES.items(), ids=MISTAKES.values())
def test_a_mistake_is_answered_with_what_would_help(mistake: Callable[[], None], words: str) -> None:
    with pytest.raises((headrace.MlflowException, TypeError, OSError), match=words):
        mistake()


def test_an_artifact_nobody_logged_is_named(tmp_path: Path) -> None:
    with headrace.start_run() as run:
        headrace.log_text("x", "x.txt")
    for target in (None, str(tmp_path)):
        with pytest.raises(headrace.MlflowException, match=r"nothing\.txt"):
            headrace.artifacts.download_artifacts(f"runs:/{run.info.run_id}/nothing.txt", dst_path=target)


def test_a_folder_may_have_a_colon_in_its_name() -> None:
    assert uri.local_path("./a:b").endswith("/a:b")
