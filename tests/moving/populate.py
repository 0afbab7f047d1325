"""Fill a store of MLflow, of any version from 1.x on, with some of everything; and tell what its client reads.

``python populate.py fill URI FOLDER`` and ``python populate.py tell URI`` run where MLflow is installed; where it is
not, Headrace tells. What a version does not have is left out.
"""

import importlib
import json
import os
import sys

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
try:
    import mlflow

    VERSION = mlflow.__version__
except ImportError:
    import headrace as mlflow
    from headrace._doors import MLFLOW_VERSION as VERSION

entities = importlib.import_module(f"{mlflow.__name__}.entities")
MlflowClient = mlflow.MlflowClient
MAJOR, MINOR = (int(part) for part in VERSION.split(".")[:2])


def since(major, minor=0):
    return (major, minor) <= (MAJOR, MINOR)


def fill(uri, folder):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    place = {} if uri.startswith("http") else {"artifact_location": f"file://{folder}/artifacts-of-one"}
    one = client.create_experiment("one/first", **place)
    client.set_experiment_tag(one, "team", "blau äöü")
    gone = client.create_experiment("gone")
    client.create_run(gone)
    client.delete_experiment(gone)

    runs = []
    for number in range(4):
        name = {"run_name": f"run {number}"} if since(1, 30) else {"tags": {"mlflow.runName": f"run {number}"}}
        run = client.create_run(one, start_time=1_600_000_000_000 + number, **name)
        runs.append(run.info.run_id)
        points = [entities.Metric("loss", 1 / (step + 1), 1_600_000_000_000 + step * 7, step) for step in range(20)]
        points += [
            entities.Metric("val/acc", float("nan"), 1_600_000_000_500, 3),
            entities.Metric("val/acc", 0.5, 1_600_000_000_600, 1),
        ]
        points += [
            entities.Metric("neg", -0.25, 1_600_000_000_700, -5),
            entities.Metric("neg", 7.0, 1_600_000_000_700, -5),
        ]
        client.log_batch(run.info.run_id, metrics=points)
        client.log_metric(run.info.run_id, "huge", float("inf"), 1_600_000_000_800, 2)
        client.log_batch(
            run.info.run_id, params=[entities.Param("lr", str(0.1 * number)), entities.Param("opt/name", "adam ü")]
        )
        client.log_batch(run.info.run_id, tags=[entities.RunTag("note", "line\nother"), entities.RunTag("empty", "")])
    client.set_tag(runs[1], "mlflow.parentRunId", runs[0])
    texts = {"a.txt": "alpha", "deep/er/b.bin": "beta" * 5000, "with space.txt": "x"}
    for name, text in texts.items():
        path = os.path.join(folder, os.path.basename(name))
        with open(path, "w") as file:
            file.write(text)
        client.log_artifact(runs[0], path, os.path.dirname(name) or None)
        os.remove(path)
    client.set_terminated(runs[0], "FINISHED", 1_600_000_100_000)
    client.set_terminated(runs[1], "FAILED", 1_600_000_200_000)
    client.delete_run(runs[2])
    if since(2):
        with mlflow.start_run(run_id=runs[3]):
            mlflow.log_dict({"a": 1}, "nested/dict.json")
    default = client.create_run("0", start_time=1_600_000_000_900)
    client.log_metric(default.info.run_id, "m", 1.0, 1_600_000_000_901, 0)
    client.set_terminated(default.info.run_id, "KILLED", 1_600_000_300_000)
    fill_datasets(client, runs)
    fill_models(client, one, runs)
    if has_registry(uri):
        fill_registry(client, runs)
    if has_evaluation_datasets(uri):
        fill_evaluation_datasets(one)


def has_evaluation_datasets(uri):
    return since(3, 4) and (mlflow.__name__ == "headrace" or not uri.startswith("/"))


def fill_evaluation_datasets(experiment):
    from mlflow.genai.datasets import create_dataset

    made = create_dataset(name="questions", experiment_id=[experiment], tags={"area": "sales"})
    records = [
        {
            "inputs": {"q": f"why {number}?", "deep": [1, None]},
            "expectations": {"a": number},
            "tags": {"n": str(number)},
        }
        for number in range(3)
    ]
    made.merge_records(records)
    create_dataset(name="empty", experiment_id=[experiment])


def fill_datasets(client, runs):
    if not since(2, 4):
        return
    data = entities.Dataset("table", "d1gest", "local", '{"uri": "a.csv"}', '{"mlflow_colspec": []}', '{"num_rows": 3}')
    for run, context in ((runs[0], "train"), (runs[3], "eval")):
        client.log_inputs(run, [entities.DatasetInput(data, [entities.InputTag("mlflow.data.context", context)])])


def fill_models(client, experiment, runs):
    if not since(3):
        return
    made = client.create_logged_model(
        experiment, "net", source_run_id=runs[0], tags={"k": "v"}, params={"depth": "3"}, model_type="agent"
    )
    client.log_metric(runs[0], "score", 0.75, 1_600_000_000_950, 1, model_id=made.model_id)
    if since(3, 1):
        client.log_outputs(runs[0], [entities.LoggedModelOutput(made.model_id, 1)])
    client.finalize_logged_model(made.model_id, "READY")
    if not made.artifact_location.startswith(("mlflow-artifacts", "http")):
        place = made.artifact_location.replace("file://", "")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "MLmodel"), "w") as file:
            file.write("flavors: {}\n")
    pending = client.create_logged_model(experiment, "half")
    client.delete_logged_model(pending.model_id)


def has_registry(uri):
    return since(2) or "://" in uri


def fill_registry(client, runs):
    client.create_registered_model("shop", tags={"area": "sales"}, description="What is bought")
    source = f"{client.get_run(runs[0]).info.artifact_uri}/deep"
    for number in range(3):
        client.create_model_version("shop", source, runs[0], tags={"n": str(number)}, description=f"number {number}")
    client.delete_model_version("shop", "2")
    client.transition_model_version_stage("shop", "1", "Archived")
    client.transition_model_version_stage("shop", "3", "Production")
    client.create_registered_model("empty one")
    if since(2, 3):
        client.set_registered_model_alias("shop", "champion", "3")
    if since(3) and not client.tracking_uri.startswith("/"):
        mlflow.register_prompt("greet", "Hello {{name}}", commit_message="first", tags={"lang": "en"})
        mlflow.set_prompt_alias("greet", "live", 1)


def tell(uri):
    """What there is, as plain values."""
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiments = {each.experiment_id: each for each in _experiments(client)}
    told = {"experiments": {}, "runs": {}, "models": {}, "versions": {}, "logged_models": {}, "evaluation_datasets": {}}
    for key, each in experiments.items():
        stamp = getattr(each, "creation_time", None)
        told["experiments"][key] = [each.name, each.lifecycle_stage, dict(each.tags), stamp]
        if has_evaluation_datasets(uri):
            told["evaluation_datasets"].update(_evaluation_datasets(client, key))
        for info in _runs(client, key):
            told["runs"][info.run_id] = _run(client, info.run_id)
        if since(3):
            for model in client.search_logged_models([key]):
                told["logged_models"][model.model_id] = _logged_model(model)
    for model in client.search_registered_models() if has_registry(uri) else []:
        aliases = dict(getattr(model, "aliases", {}) or {})
        told["models"][model.name] = [
            model.description or "",
            dict(model.tags),
            model.creation_timestamp,
            {alias: int(version) for alias, version in aliases.items()},
        ]
        for version in client.search_model_versions(f"name='{model.name}'"):
            told["versions"][f"{model.name}/{version.version}"] = [
                version.description or "",
                dict(version.tags),
                version.creation_timestamp,
                version.current_stage,
                version.status,
                version.run_id or "",
            ]
    return told


def _experiments(client):
    if since(1, 28):
        return client.search_experiments(view_type=entities.ViewType.ALL)
    return client.list_experiments(view_type=entities.ViewType.ALL)


def _runs(client, experiment):
    return [run.info for run in client.search_runs([experiment], run_view_type=entities.ViewType.ALL, max_results=1000)]


def _run(client, run_id):
    run = client.get_run(run_id)
    info = run.info
    history = {}
    for key in run.data.metrics:
        points = client.get_metric_history(run_id, key)
        history[key] = sorted([repr(float(point.value)), point.timestamp, point.step] for point in points)
    inputs = getattr(run, "inputs", None)
    datasets = inputs.dataset_inputs if inputs else []
    outputs = getattr(run, "outputs", None)
    return {
        "experiment": info.experiment_id,
        "name": run.data.tags.get("mlflow.runName", ""),
        "state": [info.status, info.lifecycle_stage, info.start_time, info.end_time, info.user_id or ""],
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: repr(value) for key, value in run.data.metrics.items()},
        "history": history,
        "datasets": [
            [each.dataset.name, each.dataset.digest, each.dataset.source, {tag.key: tag.value for tag in each.tags}]
            for each in datasets
        ],
        "outputs": [[each.model_id, each.step] for each in outputs.model_outputs] if outputs else [],
        "artifacts": _artifacts(client, run_id) if info.lifecycle_stage == "active" else {},
    }


def _artifacts(client, run_id, path=None):
    found = {}
    for info in client.list_artifacts(run_id, path):
        if info.is_dir:
            found.update(_artifacts(client, run_id, info.path))
        else:
            found[info.path] = info.file_size
    return found


def _evaluation_datasets(client, experiment):
    found = {}
    for each in client.search_datasets(experiment_ids=[experiment]):
        whole = client.get_dataset(each.dataset_id)
        records = [
            [one.dataset_record_id, one.inputs, one.expectations, one.tags, one.created_time, one.last_update_time]
            for one in whole.records
        ]
        found[each.dataset_id] = [each.name, dict(each.tags), whole.digest, each.created_time, sorted(records, key=str)]
    return found


def _logged_model(model):
    return {
        "name": model.name,
        "experiment": model.experiment_id,
        "times": [model.creation_timestamp, model.last_updated_timestamp],
        "state": [str(model.status), model.model_type or "", model.source_run_id or ""],
        "tags": dict(model.tags),
        "params": dict(model.params),
        "metrics": [[each.key, each.value, each.timestamp, each.step, each.run_id] for each in model.metrics or []],
    }


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(*sys.argv[2:])
    else:
        print("@@" + json.dumps(tell(sys.argv[2])))
