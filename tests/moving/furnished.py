"""Stores with something of everything in them."""

from __future__ import annotations

import json
import math
import random

from headrace.artifacts import open_store as open_artifacts
from headrace.schema.datasets import Dataset, DatasetInput, InputTag, LogInputs, ModelInput
from headrace.schema.evaluation_datasets import CreateDataset, UpsertDatasetRecords
from headrace.schema.experiments import CreateExperiment, DeleteExperiment, ExperimentTag
from headrace.schema.logged_models import (
    CreateLoggedModel,
    DeleteLoggedModel,
    FinalizeLoggedModel,
    LoggedModelParameter,
    LoggedModelTag,
)
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    ModelVersionTag,
    RegisteredModelTag,
    RenameRegisteredModel,
    SetRegisteredModelAlias,
    TransitionModelVersionStage,
)
from headrace.schema.registry_events import RollBackRegisteredModelAlias
from headrace.schema.runs import (
    CreateRun,
    DeleteRun,
    LogBatch,
    LogOutputs,
    Metric,
    ModelOutput,
    Param,
    RunTag,
    UpdateRun,
)
from headrace.stores.port import Store

#: Values that are hard to keep.
VALUES = (math.nan, math.inf, -math.inf, -0.0, 0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16, -1.5)
_TEXTS = ("", "a", "ü😀", 'it\'s "quoted"\\', "line\nline\ttab", "x" * 5000, "%s ? {} $1", "null", "NaN")
_FILES = ("model/MLmodel", "a.txt", "deep/er/and deeper/b.bin", "empty", "ü/日本.json")


def furnish(store: Store, seed: int, tracking_uri: str | None = None) -> None:
    """Add experiments, runs, points, models, versions and files, some of them deleted; the same for each seed."""
    dice = random.Random(seed)
    runs: list[str] = []
    models: list[str] = []
    homes: list[str] = []
    for number in range(dice.randint(2, 3)):
        tags = [ExperimentTag(f"t{n}", dice.choice(_TEXTS)) for n in range(dice.randint(0, 2))]
        key = store.send(CreateExperiment(name=f"experiment {seed}.{number} ü", tags=tags)).experiment_id
        homes.append(key)
        for _ in range(dice.randint(1, 4)):
            runs.append(_run(store, key, dice, models, tracking_uri))
        if number == 1:
            store.send(DeleteExperiment(experiment_id=key))
    store.send(DeleteRun(run_id=runs[0]))
    for number in range(dice.randint(1, 2)):
        _registered_model(store, f"net {seed}.{number}", dice, runs, models)
    _past(store, f"old net {seed}", runs)
    for number in range(dice.randint(1, 2)):
        _evaluation_dataset(store, f"cases {number} ü", dice, homes)
    if len(models) > 1:
        store.send(DeleteLoggedModel(model_id=models[-1]))


def _run(store: Store, key: str, dice: random.Random, models: list[str], tracking_uri: str | None) -> str:
    info = store.send(CreateRun(experiment_id=key, start_time=dice.randint(0, 2**40), user_id="u")).run.info
    run_id = info.run_id
    for name in dice.sample(["loss", "acc", "a/b c", "zeta.1-x"], dice.randint(1, 4)):
        points = [
            Metric(name, dice.choice(VALUES), dice.randint(0, 5), dice.randint(-3, 3))
            for _ in range(dice.randint(1, 9))
        ]
        store.send(LogBatch(run_id=run_id, metrics=[*points, *points], writer=f"{run_id}{name}"[:64], sequence=1))
    params = [Param(f"p{n}", dice.choice(_TEXTS)) for n in range(dice.randint(0, 4))]
    tags = [RunTag(f"t/{n}", dice.choice(_TEXTS)) for n in range(dice.randint(0, 4))]
    store.send(LogBatch(run_id=run_id, params=params, tags=tags))
    dataset = Dataset(name="d ü", digest=str(dice.randint(0, 3)), source_type="local", source="{}", profile="p")
    given = DatasetInput(tags=[InputTag("mlflow.data.context", "train")], dataset=dataset)
    model = store.send(
        CreateLoggedModel(
            experiment_id=key,
            source_run_id=run_id,
            name="net",
            model_type=dice.choice([None, "x"]),
            params=[LoggedModelParameter("p", dice.choice(_TEXTS))],
            tags=[LoggedModelTag("t", dice.choice(_TEXTS))],
        )
    ).model
    models.append(model.model_id)
    store.send(LogInputs(run_id=run_id, datasets=[given], models=[ModelInput(models[0])]))
    store.send(LogOutputs(run_id=run_id, models=[ModelOutput(model.model_id, dice.randint(0, 9))]))
    store.send(LogBatch(run_id=run_id, metrics=[Metric("of model", 0.5, 3, 4, model.model_id, "d ü", "1")]))
    for place in (info.artifact_uri or "", model.artifact_location):
        files = open_artifacts(place, tracking_uri=tracking_uri)
        for path in dice.sample(_FILES, dice.randint(0, 3)):
            files.write(path, [] if path == "empty" else [dice.randbytes(dice.randint(1, 3)) * 100])
    if dice.random() < 0.7:
        store.send(FinalizeLoggedModel(model_id=model.model_id, status="LOGGED_MODEL_READY"))
        store.send(UpdateRun(run_id=run_id, status="FINISHED", end_time=2**41))
    return run_id


def _registered_model(store: Store, name: str, dice: random.Random, runs: list[str], models: list[str]) -> None:
    store.send(CreateRegisteredModel(name=name, description=dice.choice(_TEXTS), tags=[RegisteredModelTag("a", "b")]))
    for _ in range(3):
        if dice.random() < 0.5:
            call = CreateModelVersion(name=name, source=f"models:/{models[0]}", model_id=models[0])
        else:
            tags = [ModelVersionTag("t", dice.choice(_TEXTS))]
            call = CreateModelVersion(name=name, source=f"runs:/{runs[-1]}/model", run_id=runs[-1], tags=tags)
        store.send(call)
    store.send(SetRegisteredModelAlias(name=name, alias="best", version="2"))
    store.send(SetRegisteredModelAlias(name=name, alias="also-best", version="2"))
    store.send(TransitionModelVersionStage(name=name, version="1", stage="Production"))
    store.send(DeleteModelVersion(name=name, version="3"))


def _past(store: Store, name: str, runs: list[str]) -> None:
    """A name that one model lost by being renamed, a second by being deleted, and a third has now."""
    for after in ("renamed", "deleted", "there"):
        store.send(CreateRegisteredModel(name=name))
        for _ in range(3):
            store.send(CreateModelVersion(name=name, source=f"runs:/{runs[-1]}/model", run_id=runs[-1]))
        for version in ("1", "2", "3"):
            store.send(SetRegisteredModelAlias(name=name, alias="champion", version=version))
        store.send(RollBackRegisteredModelAlias(name=name, alias="champion"))
        store.send(RollBackRegisteredModelAlias(name=name, alias="champion"))
        store.send(TransitionModelVersionStage(name=name, version="2", stage="Staging"))
        store.send(DeleteRegisteredModelAlias(name=name, alias="champion"))
        store.send(RollBackRegisteredModelAlias(name=name, alias="champion"))
        if after == "renamed":
            store.send(RenameRegisteredModel(name=name, new_name=f"{name} renamed"))
            store.send(SetRegisteredModelAlias(name=f"{name} renamed", alias="champion", version="2"))
        elif after == "deleted":
            store.send(DeleteRegisteredModel(name=name))


def _evaluation_dataset(store: Store, name: str, dice: random.Random, homes: list[str]) -> None:
    tags = json.dumps({"mlflow.user": "somebody", "t": dice.choice(_TEXTS)})
    chosen = dice.sample(homes, dice.randint(0, 2))
    made = store.send(CreateDataset(name=name, experiment_ids=chosen, tags=tags)).dataset
    records: list[dict[str, object]] = [
        {
            "inputs": {"question": dice.choice(_TEXTS), "n": number},
            "expectations": {"answer": dice.choice(_TEXTS)} if dice.random() < 0.5 else None,
            "outputs": dice.choice([None, "text", {"a": [1, 2.5, None]}]),
            "tags": {"kind": "hard"},
            "source": {"source_type": "HUMAN", "source_data": {"user": "u"}},
        }
        for number in range(dice.randint(0, 5))
    ]
    if records:
        records.append({"inputs": {"alone": True}})
        store.send(UpsertDatasetRecords(dataset_id=made.dataset_id, records=json.dumps(records)))
