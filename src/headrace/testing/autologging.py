"""The contract every library's autologging keeps. Subclass it and provide the fixture ``program``."""

from __future__ import annotations

import logging
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

import headrace
from headrace.autologging.engine import INTEGRATIONS, Integration
from headrace.schema.runs import Run


class Program(Protocol):
    """A user's program that trains with one library."""

    #: The library's name in MLflow.
    name: str

    def autolog(self, **options: Any) -> None:
        """The library's own ``autolog``."""

    def train(self) -> Any:
        """Train something small, quickly, with one call that is recorded; the library's object."""

    def fail(self) -> None:
        """Make a call that is recorded and that the library refuses with ``ValueError``."""

    def watched(self) -> dict[str, Any]:
        """Functions that are watched, by name, as they are found at this moment."""


class AutologgingContract:
    """What holds for the autologging of every library."""

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path, program: Program) -> Iterator[Path]:
        before = headrace.get_tracking_uri()
        headrace.set_tracking_uri(f"sqlite:///{tmp_path}/kept.db")
        experiment_id = headrace.create_experiment("contract", artifact_location=str(tmp_path / "artifacts"))
        headrace.set_experiment(experiment_id=experiment_id)
        yield tmp_path
        while headrace.active_run():
            headrace.end_run()
        program.autolog(disable=True)
        headrace.flush_artifact_async_logging()
        headrace.set_tracking_uri(before)

    @pytest.fixture
    def integration(self, program: Program) -> Integration:
        return INTEGRATIONS[program.name]

    def test_training_makes_a_run_and_ends_it(self, program: Program) -> None:
        program.autolog()
        program.train()
        assert headrace.active_run() is None
        (run,) = _runs()
        assert run.info.status == "FINISHED"
        assert run.data.tags["mlflow.autologging"] == program.name
        assert run.data.params
        assert run.outputs is not None
        assert run.outputs.model_outputs

    def test_an_open_run_is_used_and_left_open(self, program: Program) -> None:
        program.autolog()
        with headrace.start_run() as run:
            program.train()
            active = headrace.active_run()
            assert active is not None
            assert active.info.run_id == run.info.run_id
        (found,) = _runs()
        assert found.data.params
        assert "mlflow.autologging" not in found.data.tags

    def test_the_inner_one_of_nested_runs_is_used(self, program: Program) -> None:
        program.autolog()
        with headrace.start_run() as outer, headrace.start_run(nested=True) as inner:
            program.train()
        assert headrace.get_run(inner.info.run_id).data.params
        assert not headrace.get_run(outer.info.run_id).data.params

    def test_exclusive_leaves_the_user_s_runs_alone(self, program: Program) -> None:
        program.autolog(exclusive=True)
        with headrace.start_run() as run:
            program.train()
        assert not headrace.get_run(run.info.run_id).data.params
        program.train()
        assert len(_runs()) == 2

    def test_what_is_turned_off_is_as_it_was(self, program: Program) -> None:
        before = program.watched()
        program.autolog()
        assert all(program.watched()[name] is not before[name] for name in before)
        program.autolog()
        program.autolog(disable=True)
        assert all(program.watched()[name] is before[name] for name in before)
        program.train()
        assert _runs() == []

    def test_twice_on_records_once(self, program: Program) -> None:
        program.autolog()
        program.autolog()
        program.train()
        assert len(_runs()) == 1

    def test_an_error_of_the_user_s_call_is_the_user_s(self, program: Program) -> None:
        program.autolog()
        with pytest.raises(ValueError) as refused:
            program.fail()
        program.autolog(disable=True)
        with pytest.raises(ValueError) as plain:
            program.fail()
        assert str(refused.value) == str(plain.value)
        assert [run.info.status for run in _runs()] == ["FAILED"]

    def test_a_store_that_fails_costs_one_warning(
        self, program: Program, place: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        program.autolog()
        (place / "folder.db").mkdir()
        headrace.set_tracking_uri(f"sqlite:///{place}/folder.db")
        with caplog.at_level(logging.WARNING, "headrace.autologging"):
            assert program.train() is not None
        assert len(caplog.records) == 1

    def test_a_server_that_is_not_there_is_not_asked_again_at_once(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        program.autolog()
        before = headrace.get_tracking_uri()
        headrace.set_tracking_uri("http://127.0.0.1:9")
        with caplog.at_level(logging.WARNING, "headrace.autologging"):
            assert program.train() is not None
            assert program.train() is not None
        assert len(caplog.records) == 1
        headrace.set_tracking_uri(before)
        program.train()
        assert len(_runs()) == 1

    def test_silent_says_nothing_of_it(self, program: Program, place: Path, caplog: pytest.LogCaptureFixture) -> None:
        program.autolog(silent=True)
        (place / "folder.db").mkdir()
        headrace.set_tracking_uri(f"sqlite:///{place}/folder.db")
        with caplog.at_level(logging.INFO, "headrace"):
            assert program.train() is not None
        assert caplog.records == []

    def test_artifacts_that_cannot_be_stored_cost_one_warning(
        self, program: Program, place: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        program.autolog(log_models=True)
        (place / "artifacts").write_text("in the way")
        with caplog.at_level(logging.WARNING, "headrace.autologging"):
            assert program.train() is not None
        assert sum("the model" in record.message for record in caplog.records) == 1
        (run,) = _runs()
        assert run.info.status == "FINISHED"
        assert run.data.params

    def test_threads_each_have_a_run_of_their_own(self, program: Program) -> None:
        program.autolog(log_models=False)
        failures: list[BaseException] = []
        _together(program.train, 4, failures)
        assert failures == []
        assert [run.info.status for run in _runs()] == ["FINISHED"] * 4

    def test_turning_on_and_off_while_others_train_breaks_nothing(self, program: Program) -> None:
        before, failures = program.watched(), list[BaseException]()

        def switch() -> None:
            for _ in range(5):
                program.autolog(log_models=False)
                program.autolog(disable=True)

        trainer = threading.Thread(target=_together, args=(program.train, 3, failures))
        trainer.start()
        switch()
        trainer.join()
        assert failures == []
        assert all(program.watched()[name] is before[name] for name in before)

    def test_workers_of_a_pool_record_nothing(self, program: Program) -> None:
        program.autolog(log_models=False)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            pool.apply(program.train)
        assert _runs() == []

    def test_no_model_and_further_tags_when_asked_so(self, program: Program) -> None:
        program.autolog(log_models=False, extra_tags={"who": "me"})
        program.train()
        (run,) = _runs()
        assert run.outputs is None or not run.outputs.model_outputs
        assert run.data.tags["who"] == "me"

    def test_all_at_once_does_not_undo_what_was_said_of_one(self, program: Program, integration: Integration) -> None:
        program.autolog(extra_tags={"who": "me"})
        headrace.autolog(disable=True)
        assert not integration.is_disabled()
        assert integration.option("extra_tags") == {"who": "me"}


def _runs() -> list[Run]:
    experiment = headrace.get_experiment_by_name("contract")
    assert experiment is not None
    found: list[Run] = headrace.search_runs([experiment.experiment_id], output_format="list")
    return found


def _together(do: Callable[[], Any], count: int, failures: list[BaseException]) -> None:
    def run() -> None:
        try:
            do()
        except BaseException as error:  # told to the test, which asks for it
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
