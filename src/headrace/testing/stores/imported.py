"""What the exams of imports bring in."""

from __future__ import annotations

import uuid
from typing import Any

from headrace.schema.datasets import Dataset, DatasetInput, InputTag, ModelInput
from headrace.schema.imports import Imported, ImportedExperiment, ImportedRun, ImportOutcome
from headrace.schema.runs import ModelOutput, Param, RunTag
from headrace.stores.port import Store
from headrace.testing.stores import making

#: When everything that comes in was made, in milliseconds.
TIME = 1_600_000_000_000


def one(reply: Imported) -> ImportOutcome:
    """The one outcome of a reply."""
    (outcome,) = reply.outcomes
    return outcome


def experiment(**fields: Any) -> ImportedExperiment:
    """An experiment of another store."""
    defaults: dict[str, Any] = {
        "experiment_id": str(10**9 + uuid.uuid4().int % 10**9),
        "name": making.fresh("imported"),
        "creation_time": TIME,
        "last_update_time": TIME + 5,
    }
    return ImportedExperiment(**defaults | fields)


def run(store: Store, experiment_id: str | None = None, **fields: Any) -> ImportedRun:
    """A run of another store, in an experiment that is here."""
    data = Dataset(name="table", digest="d1", source_type="local", source="{}")
    defaults: dict[str, Any] = {
        "run_id": uuid.uuid4().hex,
        "experiment_id": experiment_id or making.experiment(store),
        "run_name": "old run",
        "user_id": "somebody",
        "status": "FAILED",
        "start_time": TIME,
        "end_time": TIME + 1,
        "params": [Param("lr", "0.1")],
        "tags": [RunTag("note", "line\nother")],
        "datasets": [DatasetInput(dataset=data, tags=[InputTag("mlflow.data.context", "train")])],
        "model_inputs": [ModelInput("m-in")],
        "model_outputs": [ModelOutput("m-out", 4)],
    }
    return ImportedRun(**defaults | fields)
