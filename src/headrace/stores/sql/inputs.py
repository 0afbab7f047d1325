"""Answers about what runs read and made: datasets and models."""

from __future__ import annotations

import json

from headrace.schema import Empty
from headrace.schema.datasets import DatasetInput, LogInputs
from headrace.schema.experiments import DatasetSummaries, DatasetSummary, SearchDatasets
from headrace.schema.runs import LogOutputs
from headrace.stores.sql.experiments import number_of
from headrace.stores.sql.runs import writable
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

#: The tag that says what a run used a dataset for.
CONTEXT_TAG = "mlflow.data.context"
#: Datasets told of at once, at most.
_SUMMARIES = 1000
#: The columns of ``run_models``.
MODELS = "run, direction, model_id, step"


@answers(LogInputs)
def log_inputs(tx: Tx, call: LogInputs) -> Empty:
    run = writable(tx, call.run_id)
    experiment = tx.scalar("SELECT experiment FROM runs WHERE id = ?", run)
    for given in call.datasets:
        tags = {tag.key: tag.value for tag in given.tags}
        # What a run said of a dataset first stays, as in MLflow.
        tx.put_new(
            "run_datasets",
            "run, dataset, tags, context",
            [(run, dataset_key(tx, experiment, given), json.dumps(list(tags.items())), tags.get(CONTEXT_TAG))],
        )
    tx.put_new("run_models", MODELS, [(run, "in", model.model_id, 0) for model in call.models])
    return Empty()


@answers(SearchDatasets)
def search_datasets(tx: Tx, call: SearchDatasets) -> DatasetSummaries:
    keys = [number_of(each) for each in call.experiment_ids]
    rows = tx.rows(
        "SELECT DISTINCT s.experiment, s.name, s.digest, d.context FROM run_datasets d"
        " JOIN datasets s ON s.id = d.dataset JOIN runs ON runs.id = d.run JOIN experiments e ON e.id = s.experiment"
        f" WHERE s.experiment IN {marks(keys)} AND e.workspace = ? AND runs.deleted_time IS NULL"
        f" ORDER BY s.experiment, s.name, s.digest, d.context LIMIT {_SUMMARIES}",
        *keys,
        tx.house.workspace,
    )
    return DatasetSummaries(
        dataset_summaries=[
            DatasetSummary(experiment_id=str(experiment), name=name, digest=digest, context=context)
            for experiment, name, digest, context in rows
        ]
    )


@answers(LogOutputs)
def log_outputs(tx: Tx, call: LogOutputs) -> Empty:
    run = writable(tx, call.run_id)
    tx.put_new("run_models", MODELS, [(run, "out", model.model_id, model.step) for model in call.models])
    return Empty()


def dataset_key(tx: Tx, experiment: int, given: DatasetInput) -> int:
    """The key of a dataset of an experiment, which is added when it is new."""
    dataset = given.dataset
    find = "SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?"
    key = tx.scalar(find, experiment, dataset.name, dataset.digest)
    if key is None:
        tx.put_new(
            "datasets",
            "experiment, name, digest, source_type, source, schema_json, profile",
            [
                (
                    experiment,
                    dataset.name,
                    dataset.digest,
                    dataset.source_type,
                    dataset.source,
                    dataset.schema,
                    dataset.profile,
                )
            ],
        )
        key = tx.scalar(find, experiment, dataset.name, dataset.digest)
    return int(key)
