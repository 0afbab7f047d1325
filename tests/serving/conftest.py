"""A real scikit-learn model, registered in a real store and served by a real process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas
import pytest
from sklearn.linear_model import LogisticRegression

import headrace as mlflow
from tests.databases import free_port
from tests.processes import Running, serving

HEADRACE = str(Path(sys.executable).with_name("headrace"))
URI = "models:/scored@champion"


class Registered(NamedTuple):
    """A model in a registry: the store, the library's own object, and what it was trained on."""

    store: str
    model: Any
    table: pandas.DataFrame


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """A classifier with a double and a long column, logged, registered and called champion."""
    store = str(tmp_path_factory.mktemp("scored") / "mlruns")
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1, 2, 3, 4]})
    model = LogisticRegression().fit(table, [0, 0, 1, 1])
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    try:
        signature = mlflow.models.infer_signature(table, model.predict(table))
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model, name="model", signature=signature, input_example=table[:1], registered_model_name="scored"
            )
        mlflow.MlflowClient().set_registered_model_alias("scored", "champion", "1")
        yield Registered(store, model, table)
    finally:
        mlflow.set_tracking_uri(before)


@pytest.fixture(scope="session")
def served(registered: Registered, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The champion, served."""
    port = free_port()
    log = tmp_path_factory.mktemp("served") / "log"
    command = [HEADRACE, "models", "serve", "-m", URI, "-p", str(port), "--env-manager", "local"]
    env = {"MLFLOW_TRACKING_URI": registered.store}
    with serving(command, f"http://127.0.0.1:{port}", log, env=env) as running:
        yield running
