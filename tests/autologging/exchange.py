"""Runs the cases and tells what was recorded: ``exchange.py mlflow <folder> [case...]``."""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import re
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

from cases import CASES

#: Tags that say where and when, not what.
_PLACE = re.compile(r"mlflow\.(user|source\..*|log-model\.history|artifactLocation|runColor)")

#: Files of a model that one side adds: MLflow to those it fetches, and headrace to have the others checked.
_OF_ONE_SIDE = {"registered_model_meta", "manifest.sha256"}


def recorded(library: Any, experiment_id: str) -> dict[str, Any]:
    """Everything that was recorded in an experiment, without ids and times."""
    client = library.MlflowClient()
    runs = sorted(
        client.search_runs([experiment_id]), key=lambda run: (run.info.start_time, sorted(run.data.params.items()))
    )
    order = {run.info.run_id: f"run {at}" for at, run in enumerate(runs)}
    models = sorted(
        client.search_logged_models([experiment_id]), key=lambda m: (order.get(m.source_run_id, ""), m.name)
    )
    names = {**order, **{m.model_id: f"model {at}" for at, m in enumerate(models)}}
    return {
        "runs": sorted(
            (_run(client, run, names) for run in runs), key=lambda run: json.dumps([run["params"], run], sort_keys=True)
        ),
        "models": sorted(
            (_model(library, client, each, names) for each in models), key=lambda m: json.dumps(m, sort_keys=True)
        ),
    }


def _run(client: Any, run: Any, names: dict[str, str]) -> dict[str, Any]:
    tags = {key: value for key, value in run.data.tags.items() if not _PLACE.fullmatch(key)}
    tags["mlflow.runName"] = re.sub(r"^[a-z]+-[a-z]+-\d+$", "random", tags["mlflow.runName"])
    if "mlflow.parentRunId" in tags:
        tags["mlflow.parentRunId"] = "parent"
    files = _files(client, run.info.run_id)
    return {
        "status": run.info.status,
        "params": run.data.params,
        "metrics": {key: _round(value) for key, value in run.data.metrics.items()},
        "steps": {
            key: [point.step for point in client.get_metric_history(run.info.run_id, key)] for key in run.data.metrics
        },
        "tags": tags,
        "files": files,
        "texts": {
            name: Path(client.download_artifacts(run.info.run_id, name)).read_text()
            for name in files
            if name == "metric_info.json"
        },
        "tables": {
            name: _table(client.download_artifacts(run.info.run_id, name)) for name in files if name.endswith("csv")
        },
        "inputs": [_input(each) for each in run.inputs.dataset_inputs],
        "models": len(run.outputs.model_outputs) if run.outputs else 0,
    }


def _round(value: float) -> float:
    return float(f"{value:.7g}")


def _table(path: str) -> list[str]:
    return Path(path).read_text().splitlines()[0].split(",")


def _files(client: Any, run_id: str, path: str | None = None) -> list[str]:
    found: list[str] = []
    for each in client.list_artifacts(run_id, path):
        found += _files(client, run_id, each.path) if each.is_dir else [each.path]
    return sorted(found)


def _input(said: Any) -> dict[str, Any]:
    dataset = said.dataset
    return {
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "schema": json.loads(dataset.schema) if dataset.schema else None,
        "profile": json.loads(dataset.profile) if dataset.profile else None,
        "tags": {tag.key: tag.value for tag in said.tags if not tag.key.startswith("headrace.")},
    }


def _model(library: Any, client: Any, model: Any, names: dict[str, str]) -> dict[str, Any]:
    folder = Path(library.artifacts.download_artifacts(model.model_uri))
    described = importlib.import_module(f"{library.__name__}.models").Model.load(str(folder))
    flavors = {
        name: {key: value for key, value in said.items() if key != "code"} for name, said in described.flavors.items()
    }
    return {
        "name": model.name,
        "type": model.model_type,
        "status": str(model.status),
        "params": model.params,
        "metrics": sorted((each.key, _round(each.value), each.dataset_name) for each in model.metrics or ()),
        "tags": {key: value for key, value in model.tags.items() if not _PLACE.fullmatch(key)},
        "files": sorted(
            str(each.relative_to(folder))
            for each in folder.rglob("*")
            if each.is_file() and each.name not in _OF_ONE_SIDE
        ),
        "flavors": flavors,
        "signature": described.signature.to_dict() if described.signature else None,
        "example": described.saved_input_example_info,
    }


def _signatures(library: Any) -> dict[str, list[list[str]]]:
    """The options of ``autolog`` and their defaults."""
    return {
        function.__module__.rpartition(".")[2] if function is library.sklearn.autolog else "front": [
            [each.name, str(each.default)] for each in inspect.signature(function).parameters.values()
        ]
        for function in (library.autolog, library.sklearn.autolog)
    }


def main() -> None:
    """Run the cases that were named, or all."""
    library = importlib.import_module(sys.argv[1])
    folder = Path(sys.argv[2])
    library.set_tracking_uri(f"sqlite:///{folder}/kept.db")
    importlib.import_module(f"{library.__name__}.sklearn")
    # Genuine MLflow loads each model in a process of its own to see what it needs: not the question here.
    library.models.infer_pip_requirements = lambda uri, flavor, fallback=None, **_: list(fallback or [])
    told: dict[str, Any] = {"signatures": _signatures(library)}
    for name in sys.argv[3:] or CASES:
        made = library.create_experiment(name, artifact_location=str(folder / "artifacts" / name))
        library.set_experiment(experiment_id=made)
        library.sklearn.autolog()
        started = time.process_time()
        try:
            CASES[name](library)
        except Exception as error:  # one case of many: what it left is compared all the same
            print(name, "raised", repr(error), file=sys.stderr)
        print(name, f"{time.process_time() - started:.2f}", file=sys.stderr)
        while library.active_run():
            library.end_run()
        library.sklearn.autolog(disable=True)
        told[name] = recorded(library, made)
    print("\n@@" + json.dumps(told, indent=1, sort_keys=True))


if __name__ == "__main__":
    logging.getLogger("alembic").setLevel(logging.ERROR)
    main()
