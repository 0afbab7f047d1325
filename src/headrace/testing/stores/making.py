"""What the exams make before they ask."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from headrace.base.errors import HeadraceError
from headrace.schema.experiments import CreateExperiment
from headrace.schema.runs import CreateRun, GetRun, LogBatch, LogMetric, Metric, Param, Run, RunTag, SearchRuns
from headrace.stores.port import Store


def fresh(word: str) -> str:
    """A name nobody has."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


def experiment(store: Store) -> str:
    """The id of a new experiment."""
    return store.send(CreateExperiment(name=fresh("experiment"))).experiment_id


def run(store: Store, experiment_id: str | None = None, *, name: str | None = None, start_time: int = 1) -> str:
    """The id of a new run."""
    call = CreateRun(experiment_id=experiment_id or experiment(store), run_name=name, start_time=start_time)
    return store.send(call).run.info.run_id


def logged(
    store: Store,
    experiment_id: str,
    *,
    metrics: dict[str, float] | None = None,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    start_time: int = 1,
) -> str:
    """The id of a new run with something logged."""
    run_id = run(store, experiment_id, start_time=start_time)
    batch = LogBatch(
        run_id=run_id,
        metrics=[Metric(key, value, 1) for key, value in (metrics or {}).items()],
        params=[Param(*pair) for pair in (params or {}).items()],
        tags=[RunTag(*pair) for pair in (tags or {}).items()],
    )
    store.send(batch)
    return run_id


def point(store: Store, run_id: str, key: str, value: float, *, timestamp: int = 1, step: int = 0) -> None:
    """Log one point."""
    store.send(LogMetric(run_id=run_id, key=key, value=value, timestamp=timestamp, step=step))


def read(store: Store, run_id: str) -> Run:
    """A run, with all that was logged to it."""
    return store.send(GetRun(run_id=run_id)).run


def found(store: Store, run_id: str, filter: str) -> list[str]:
    """The ids of the runs that a filter finds in the experiment of a run."""
    there = read(store, run_id).info.experiment_id
    return [each.info.run_id for each in store.send(SearchRuns(experiment_ids=[there], filter=filter)).runs]


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    """The block must raise an error of ours with this code, whose sentence has ``words``."""
    with pytest.raises(HeadraceError, match=words or None) as caught:
        yield
    assert caught.value.error_code == code
