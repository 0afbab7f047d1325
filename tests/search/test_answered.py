"""Every filter and order that the language allows has an answer from every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from headrace.schema import Call
from headrace.schema.evaluation_datasets import SearchEvaluationDatasets
from headrace.schema.experiments import SearchExperiments
from headrace.schema.logged_models import LoggedModelOrder, SearchLoggedModels
from headrace.schema.registry import SearchModelVersions, SearchRegisteredModels
from headrace.schema.runs import SearchRuns
from headrace.search import (
    ENTITIES,
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Compare,
    Entity,
    Field,
    Order,
)
from headrace.search.entities import OPERATORS, Key, Kind
from headrace.search.tree import Operator, Type
from headrace.stores import open_store
from headrace.stores.port import Store
from tests.search.texts import write, write_order

Ask = Callable[[str, list[str]], Call[Any]]

SEARCHES: dict[str, Ask] = {
    RUNS.name: lambda text, order: SearchRuns(experiment_ids=["0"], filter=text, order_by=order),
    EXPERIMENTS.name: lambda text, order: SearchExperiments(max_results=5, filter=text, order_by=order),
    REGISTERED_MODELS.name: lambda text, order: SearchRegisteredModels(filter=text, order_by=order),
    MODEL_VERSIONS.name: lambda text, order: SearchModelVersions(filter=text, order_by=order),
    EVALUATION_DATASETS.name: lambda text, order: SearchEvaluationDatasets(filter_string=text, order_by=order),
    LOGGED_MODELS.name: lambda text, order: SearchLoggedModels(
        experiment_ids=["0"],
        filter=text,
        order_by=[LoggedModelOrder(field_name=item.removesuffix(" DESC")) for item in order],
    ),
}


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    uri = (
        f"sqlite:///{tmp_path}/kept.db"
        if request.param == "sqlite"
        else request.getfixturevalue(f"{request.param}_url")
    )
    store = open_store(uri, artifact_root="mlflow-artifacts:/")
    yield store
    store.close()


def _fields(kind: Kind) -> Iterator[tuple[Field, Key | None]]:
    for key in kind.keys or ():
        yield Field(kind.name, key.name, key.type), key
    if kind.keys is None:
        types: tuple[Type, ...] = ("text", "number") if kind.numeric else (kind.type,)
        for type in types:
            yield Field(kind.name, "a key", type), None
        if kind.aggregates:
            for aggregate in ("min", "max", "first", "last", "mean", "count"):
                yield Field(kind.name, "a key", kind.type, aggregate), None


def _all_fields(entity: Entity) -> Iterator[tuple[Field, Key | None]]:
    """Its own fields, and those of what it belongs to."""
    for kind in entity.kinds:
        yield from _fields(kind)
    for word, thing in entity.relations.items():
        for kind in thing.kinds:
            for field, key in _fields(kind):
                yield replace(field, of=word), key


def _value(field: Field, op: Operator) -> Any:
    value = 1 if field.type == "number" else "1"
    if op.endswith("NULL"):
        return None
    return (value, value) if op in ("IN", "NOT IN", "BETWEEN") else value


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_everything_that_can_be_asked_is_answered(entity: Entity, store: Store) -> None:
    ask = SEARCHES[entity.name]
    for field, key in _all_fields(entity):
        for op in key.operators if key else OPERATORS[field.type]:
            text = write(Compare(field, op, _value(field, op)))
            store.send(ask(text, []))
            store.send(ask(f"NOT {text} OR {text}", []))


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_everything_that_can_be_ordered_by_is_ordered_by(entity: Entity, store: Store) -> None:
    ask = SEARCHES[entity.name]
    for kind in entity.kinds:
        for field, key in _fields(kind):
            if kind.orders and (key is None or key.orders):
                for descending in (False, True):
                    store.send(ask("", [write_order(Order(field, descending))]))
