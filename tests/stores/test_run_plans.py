"""Searches of large experiments find what looking at every run finds, in the same order, on every page."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.schema.runs import DeleteRun, SearchRuns
from headrace.stores import Store, open_store
from headrace.stores.sql import run_plans
from headrace.testing.stores import making

ORDERS = [
    "metrics.a",
    "metrics.a DESC",
    "metrics.b DESC",
    "metrics.nobody",
    "metrics.a.min",
    "params.p",
    "start_time",
    "end_time DESC",
]
FILTERS = [
    "metrics.a > 0",
    "metrics.a >= 1",
    "metrics.a < 100",
    "metrics.a = 1",
    "metrics.a IN (1, 2)",
    "metrics.a BETWEEN 0 AND 2",
    "metrics.a != 1",
    "metrics.a IS NULL",
    "metrics.b > 5",
    "metrics.a.max > 1",
    "params.p = 'x'",
    "params.p IN ('y', 'nobody')",
    "tags.t = 'long{}'".format("é" * 70),
    "NOT metrics.a > 0",
    "(metrics.a > 1 OR metrics.b > 3)",
    "start_time > 3",
]
VALUES = [0.0, 1.0, 1.0, 1.0, 2.0, -1.0, 50.0, math.inf, -math.inf, math.nan, math.nan]


class Zoo:
    """Two experiments full of runs whose metrics have the same names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.experiments = [making.experiment(store), making.experiment(store)]
        self._chance = random.Random(5)
        for number in range(60):
            run_id = self.add()
            if number % 9 == 0:
                store.send(DeleteRun(run_id=run_id))

    def add(self) -> str:
        """The id of one run more."""
        chance = self._chance
        metrics = {key: chance.choice(VALUES) for key in "ab" if chance.random() < 0.8}
        params = {"p": chance.choice("xy")} if chance.random() < 0.5 else {}
        experiment = chance.choice(self.experiments)
        tags = {"t": "long" + "é" * chance.choice((60, 70, 71))}
        start = chance.randrange(6)
        return making.logged(self.store, experiment, metrics=metrics, params=params, tags=tags, start_time=start)

    def pages(self, size: int, *, adding: bool = False, **asked: Any) -> list[str]:
        """The ids of the runs found, page by page."""
        found, token = list[str](), None
        while True:
            reply = self.store.send(SearchRuns(max_results=size, page_token=token, **asked))
            found += [each.info.run_id for each in reply.runs]
            token = reply.next_page_token
            if token is None:
                return found
            if adding:
                self.add()


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def zoo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    match request.param:
        case "sqlite":
            yield from _opened(f"sqlite:///{tmp_path_factory.mktemp('zoo')}/h.db")
        case "postgresql":
            with request.getfixturevalue("postgresql_server").database() as url:
                yield from _opened(url)
        case "mysql":
            with request.getfixturevalue("mariadb_server").database() as url:
                yield from _opened(url)


def _opened(uri: str) -> Iterator[Zoo]:
    store = open_store(uri)
    yield Zoo(store)
    store.close()


SEARCHES = st.fixed_dictionaries(
    {
        "filter": st.lists(st.sampled_from(FILTERS), max_size=2, unique=True).map(" AND ".join),
        "order_by": st.lists(st.sampled_from(ORDERS), max_size=2, unique_by=lambda order: order.split()[0]),
        "run_view_type": st.sampled_from(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]),
    }
)
SIZES = st.sampled_from([1, 2, 5, 7, 1000])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEARCHES, SIZES, st.integers(1, 2), st.sampled_from([(3, 2), (1000, 4), (0, 100)]))
def test_every_plan_finds_the_same_in_the_same_order(
    zoo: Zoo,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, Any],
    size: int,
    experiments: int,
    sizes: tuple[int, int],
) -> None:
    asked = {**asked, "experiment_ids": [*zoo.experiments[:experiments], zoo.experiments[0]]}
    with monkeypatch.context() as patch:
        patch.setattr(run_plans, "FEW", 10_000)
        plain = zoo.pages(1000, **asked)
    with monkeypatch.context() as patch:
        patch.setattr(run_plans, "FEW", 0)
        patch.setattr(run_plans, "RARE", sizes[0])
        patch.setattr(run_plans, "_REACH", sizes[1])
        assert zoo.pages(size, **asked) == plain


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEARCHES, SIZES, st.sampled_from([0, 10_000]))
def test_runs_that_are_added_between_pages_hide_and_double_none(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], size: int, few: int
) -> None:
    asked = {**asked, "experiment_ids": zoo.experiments}
    monkeypatch.setattr(run_plans, "FEW", few)
    before = zoo.pages(1000, **asked)
    after = zoo.pages(max(size, 5), adding=True, **asked)
    assert len(after) == len(set(after))
    assert [run_id for run_id in after if run_id in set(before)] == before
