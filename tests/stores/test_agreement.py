"""Whatever is asked, in whatever order, every database gives the same answers, errors and order."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.base.errors import HeadraceError
from headrace.schema import Call
from headrace.schema.experiments import CreateExperiment, DeleteExperiment, RestoreExperiment, SearchExperiments
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    DeleteRegisteredModel,
    GetRegisteredModel,
    SearchModelVersions,
    SetRegisteredModelAlias,
)
from headrace.schema.runs import (
    CreateRun,
    DeleteRun,
    GetMetricHistory,
    GetRun,
    LogBatch,
    LogParam,
    Metric,
    Param,
    RestoreRun,
    RunTag,
    SearchRuns,
    SetTag,
)
from headrace.stores import Store, open_store
from headrace.testing.stores.making import fresh

#: Facts that differ from store to store, and what stands for them.
_OWN = ("run_id", "run_uuid", "experiment_id", "artifact_uri", "artifact_location")
_TIMES = ("creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp")

_keys = st.sampled_from(["a", "a/b", "x y", "Ä", "a.b", "..", ""])
_texts = st.one_of(st.sampled_from(["", "1", "1.5", "nan", "a' OR 1=1", "%", "_\\", "A ", "a"]), st.text(max_size=8))
_values = st.one_of(st.sampled_from([0.0, 1.5, math.nan, math.inf, -math.inf, 1e308]), st.floats())
_steps = st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), 2**63])
_metrics = st.lists(st.builds(Metric, _keys, _values, st.integers(-1, 3), _steps), max_size=4)
_filters = st.sampled_from(
    [
        "",
        "metrics.a > 1",
        "metrics.a != 1.5",
        "params.a = '1'",
        "params.a > 1",
        "tags.a LIKE 'A%'",
        "tags.a ILIKE 'a%'",
        "tags.`x y` != ''",
        "NOT params.a IS NULL",
        "metrics.a.min < 0 OR metrics.a.count > 1",
        "broken",
    ]
)
_orders = st.lists(
    st.sampled_from(["metrics.a", "metrics.a DESC", "params.a DESC", "tags.a", "end_time", "run_name"]), max_size=2
)
#: A call, as a function of the ids of the store it is asked of: its experiments, its runs and a name.
_asks = st.one_of(
    st.builds(lambda k, v, m, t: lambda e, r, n: LogBatch(run_id=r, metrics=m, params=[Param(k, v)], tags=t), _keys,
              _texts, _metrics, st.lists(st.builds(RunTag, _keys, _texts), max_size=3)),
    st.builds(lambda m: lambda e, r, n: LogBatch(run_id=r, metrics=m), _metrics),
    st.builds(lambda k, v: lambda e, r, n: LogParam(run_id=r, key=k, value=v), _keys, _texts),
    st.builds(lambda k, v: lambda e, r, n: SetTag(run_id=r, key=k, value=v), _keys, _texts),
    st.builds(lambda f, o, m: lambda e, r, n: SearchRuns(experiment_ids=[e], filter=f, order_by=o, max_results=m),
              _filters, _orders, st.integers(0, 3)),
    st.builds(lambda k: lambda e, r, n: GetMetricHistory(run_id=r, metric_key=k), _keys),
    st.builds(lambda v: lambda e, r, n: SetRegisteredModelAlias(name=n, alias="a", version=v),
              st.sampled_from(["1", "2", "x"])),
    st.builds(lambda v: lambda e, r, n: DeleteModelVersion(name=n, version=v), st.sampled_from(["1", "2"])),
    st.sampled_from(
        [
            lambda e, r, n: GetRun(run_id=r),
            lambda e, r, n: DeleteRun(run_id=r),
            lambda e, r, n: RestoreRun(run_id=r),
            lambda e, r, n: DeleteExperiment(experiment_id=e),
            lambda e, r, n: RestoreExperiment(experiment_id=e),
            lambda e, r, n: CreateExperiment(name=n),
            lambda e, r, n: SearchExperiments(max_results=5, filter=f"name = '{n}'"),
            lambda e, r, n: CreateRegisteredModel(name=n),
            lambda e, r, n: DeleteRegisteredModel(name=n),
            lambda e, r, n: CreateModelVersion(name=n, source="s3://b/k"),
            lambda e, r, n: GetRegisteredModel(name=n),
            lambda e, r, n: SearchModelVersions(filter=f"name = '{n}'"),
        ]
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def stores(
    tmp_path_factory: pytest.TempPathFactory, postgresql_server: Any, mariadb_server: Any
) -> Iterator[list[Store]]:
    with postgresql_server.database() as postgresql, mariadb_server.database() as mysql:
        sqlite = f"sqlite:///{tmp_path_factory.mktemp('agreement')}/h.db"
        opened = [open_store(uri) for uri in (sqlite, postgresql, mysql)]
        yield opened
        for each in opened:
            each.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_asks, min_size=1, max_size=25))
def test_databases_agree(stores: list[Store], asks: list[Any]) -> None:
    name = fresh("n")
    told = []
    for store in stores:
        experiment = store.send(CreateExperiment(name=fresh("e"))).experiment_id
        call = CreateRun(experiment_id=experiment, run_name="r", start_time=1)
        run = store.send(call).run.info.run_id
        told.append([_answer(store, ask(experiment, run, name)) for ask in asks])
    assert told[0] == told[1] == told[2]


def _answer(store: Store, call: Call[Any]) -> Any:
    try:
        reply = store.send(call)
    except HeadraceError as error:
        return (type(error).__name__, error.error_code)
    return _plain(msgspec.to_builtins(reply))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            own = (*_OWN, *_TIMES, "next_page_token")
            return {name: bool(item) if name in own else _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case float():
            return repr(value + 0.0)
    return value
