"""Experiments, as a script chooses them."""

from __future__ import annotations

import threading
import uuid

import pytest
from headrace.entities import ViewType

import headrace
from headrace import MlflowClient
from headrace.base.errors import AlreadyExists, BadRequest, NotFound

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def name() -> str:
    return f"exp {uuid.uuid4().hex}"


def test_an_experiment_is_made_by_choosing_it_and_runs_go_there(name: str) -> None:
    experiment = headrace.set_experiment(name)
    assert headrace.set_experiment(name).experiment_id == experiment.experiment_id
    with headrace.start_run() as run:
        pass
    assert run.info.experiment_id == experiment.experiment_id
    assert headrace.get_experiment(experiment.experiment_id).name == name
    assert headrace.set_experiment(experiment_id=experiment.experiment_id).name == name


def test_an_experiment_is_made_with_tags(name: str) -> None:
    number = headrace.create_experiment(name, tags={"a": 1})
    found = headrace.get_experiment_by_name(name)
    assert found is not None
    assert (found.experiment_id, found.tags, found.lifecycle_stage) == (number, {"a": "1"}, "active")
    with pytest.raises(AlreadyExists):
        headrace.create_experiment(name)
    assert headrace.get_experiment_by_name(f"{name} not") is None


def test_tags_of_the_chosen_experiment_are_set_and_removed(name: str) -> None:
    headrace.set_experiment(name)
    headrace.set_experiment_tag("a", 1)
    headrace.set_experiment_tags({"b": 2, "c": 3})
    headrace.delete_experiment_tag("b")
    found = headrace.get_experiment_by_name(name)
    assert found is not None
    assert found.tags == {"a": "1", "c": "3"}


def test_a_deleted_experiment_is_not_worked_in_until_it_is_restored(name: str) -> None:
    number = headrace.create_experiment(name)
    headrace.delete_experiment(number)
    with pytest.raises(BadRequest, match="restore"):
        headrace.set_experiment(name)
    headrace.restore_experiment(number)
    assert headrace.set_experiment(name).experiment_id == number


@pytest.mark.parametrize("said", [{}, {"experiment_name": "a", "experiment_id": "0"}])
def test_an_experiment_is_chosen_by_name_or_by_id(said: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match="one of them"):
        headrace.set_experiment(**said)


def test_an_experiment_that_does_not_exist_is_not_chosen_by_id() -> None:
    with pytest.raises(NotFound):
        headrace.set_experiment(experiment_id="987654")


def test_experiments_are_searched(name: str) -> None:
    numbers = [headrace.create_experiment(f"{name} {n}", tags={"mark": name}) for n in range(3)]
    found = headrace.search_experiments(filter_string=f"tags.mark = '{name}'", order_by=["name ASC"])
    assert [each.experiment_id for each in found] == numbers
    client = MlflowClient()
    page = client.search_experiments(filter_string=f"tags.mark = '{name}'", max_results=2)
    rest = client.search_experiments(filter_string=f"tags.mark = '{name}'", max_results=2, page_token=page.token)
    assert (len(page), len(rest), rest.token) == (2, 1, None)
    client.delete_experiment(numbers[0])
    gone = client.search_experiments(view_type=ViewType.DELETED_ONLY, filter_string=f"tags.mark = '{name}'")
    assert [each.experiment_id for each in gone] == numbers[:1]
    client.rename_experiment(numbers[1], f"{name} renamed")
    assert client.get_experiment(numbers[1]).name == f"{name} renamed"


def test_the_environment_chooses_where_nobody_else_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    headrace.tracking.active._chosen.clear()
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", name)
    with headrace.start_run() as run:
        pass
    made = headrace.get_experiment_by_name(name)
    assert made is not None
    assert run.info.experiment_id == made.experiment_id
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")
    with pytest.raises(BadRequest, match="one of them"):
        headrace.start_run()
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
    with headrace.start_run() as run:
        assert run.info.experiment_id == "0"


def test_many_may_choose_a_new_experiment_at_once(name: str) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(headrace.set_experiment(name).experiment_id)) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    assert len(set(found)) == 1
