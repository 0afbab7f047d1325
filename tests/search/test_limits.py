"""A search by regular expressions that takes too long, or would look at too much, is given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.base.errors import BadRequest, Unreachable
from headrace.schema.experiments import CreateExperiment
from headrace.schema.runs import CreateRun, RunTag, SearchRuns
from headrace.stores import open_store
from headrace.stores.port import Store
from headrace.stores.sql import filters, sqlite

FILTER = SearchRuns(experiment_ids=["0"], filter="run_name RLIKE 'x$'")


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each kind with three runs."""
    kind = request.param
    uri = f"sqlite:///{tmp_path}/kept.db" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
    store = open_store(uri)
    for name in ("ax", "bx", "c"):
        store.send(CreateRun(experiment_id="0", run_name=name))
    yield store
    store.close()


def test_what_takes_too_long_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {run.info.run_name for run in store.send(FILTER).runs} == {"ax", "bx"}
    for room in (filters, sqlite):
        monkeypatch.setattr(room, "STATEMENT_SECONDS", 0)
    with pytest.raises(Unreachable, match="took"):
        store.send(FILTER)
    monkeypatch.undo()
    assert len(store.send(FILTER).runs) == 2


@pytest.mark.parametrize("store", ["postgresql", "mysql"], indirect=True)
def test_too_many_texts_are_not_looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "TEXTS", 3)
    assert len(store.send(FILTER).runs) == 2
    monkeypatch.setattr(filters, "TEXTS", 2)
    with pytest.raises(BadRequest, match="more than 2 different texts"):
        store.send(FILTER)
    other = store.send(CreateExperiment(name="other")).experiment_id
    tags = [RunTag("t", "x")]
    for name in ("dx", "e"):
        store.send(CreateRun(experiment_id=other, run_name=name, tags=tags))
    for text in ("run_name RLIKE 'x$'", "tags.`mlflow.runName` RLIKE 'x$' AND tags.t RLIKE 'x'"):
        found = store.send(SearchRuns(experiment_ids=[other], filter=text)).runs
        assert [run.info.run_name for run in found] == ["dx"]
