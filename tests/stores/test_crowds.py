"""Many callers at once, on every database: nothing is lost, doubled or refused."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headrace.base.errors import AlreadyExists
from headrace.schema.experiments import CreateExperiment
from headrace.schema.registry import CreateModelVersion, CreateRegisteredModel, SearchModelVersions
from headrace.schema.runs import GetRun, LogBatch, LogMetric, Metric, Param, SearchRuns
from headrace.stores import Store, open_store
from headrace.testing.stores import making

CALLERS = 8


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    uri = f"sqlite:///{tmp_path}/h.db" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    opened = open_store(uri)
    yield opened
    opened.close()


def crowd(job: Callable[[int], Any], times: int) -> list[Any]:
    """What ``job`` gives for every number, asked by many at once."""
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(job, range(times)))


def test_versions_are_counted_without_gap_or_double(store: Store) -> None:
    store.send(CreateRegisteredModel(name="m"))
    made = crowd(lambda n: store.send(CreateModelVersion(name="m", source="s3://b/k")).model_version.version, 80)
    assert sorted(map(int, made)) == list(range(1, 81))
    assert len(store.send(SearchModelVersions(filter="name = 'm'")).model_versions) == 80


def test_one_of_many_gets_a_name(store: Store) -> None:
    def create(_: int) -> str:
        try:
            return store.send(CreateExperiment(name="one")).experiment_id
        except AlreadyExists:
            return ""

    assert len(list(filter(None, crowd(create, 40)))) == 1


def test_a_summary_counts_every_point(store: Store) -> None:
    key = making.experiment(store)
    run = making.run(store, key)
    crowd(lambda n: store.send(LogMetric(run_id=run, key="x", value=n, timestamp=1, step=n)), 200)
    assert store.send(GetRun(run_id=run)).run.data.metric_list == [Metric("x", 199.0, 1, 199)]
    asked = "metrics.x.count = 200 AND metrics.x.min = 0 AND metrics.x.mean = 99.5"
    assert len(store.send(SearchRuns(experiment_ids=[key], filter=asked)).runs) == 1


def test_new_names_in_any_order_hold_nobody_up(store: Store) -> None:
    key = making.experiment(store)
    runs = [making.run(store, key) for _ in range(CALLERS)]
    names = [f"name {n}" for n in range(60)]

    def log(number: int) -> None:
        mine = random.Random(number).sample(names, len(names))
        batch = LogBatch(
            run_id=runs[number % CALLERS],
            metrics=[Metric(name, 1.0, number) for name in mine],
            params=[Param(name, "1") for name in mine],
        )
        store.send(batch)

    crowd(log, 40)
    for run in runs:
        data = store.send(GetRun(run_id=run)).run.data
        assert data.metrics.keys() == data.params.keys() == set(names)
