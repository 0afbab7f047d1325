"""One training journey, told to a server through a client; what came back is printed as facts.

``python journey.py CLIENT FOLDER URI...`` runs it once per server URI. CLIENT is the module that plays the part of
``mlflow``: genuine MLflow, or headrace. The facts hold nothing that two runs would not share, so that every pair of
client and server must give the same.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
DEPTHS = [1, 2, 3, 5]


def main(client: str, folder: str, *uris: str) -> None:
    """Run the journey against each server and write its facts to ``FOLDER/<number>.json``."""
    mlflow = importlib.import_module(client)
    for number, uri in enumerate(uris):
        mlflow.set_tracking_uri(uri)
        facts: Facts = {}
        name = f"journey-{uuid.uuid4().hex[:8]}"
        for chapter in (train, look, store_files, register, judge, err):
            chapter(mlflow, name, facts)
        Path(folder, f"{number}.json").write_text(json.dumps(facts, indent=1, default=str))


def train(mlflow: Any, name: str, facts: Facts) -> None:
    """A sweep of runs below a parent, each with metrics, a figure and a model."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from sklearn.datasets import load_breast_cancer
    from sklearn.tree import DecisionTreeClassifier

    data = load_breast_cancer(as_frame=True)
    inputs, target = data.data.iloc[:, :6], data.target
    experiment = mlflow.set_experiment(name)
    facts["experiment"] = [experiment.name == name, experiment.lifecycle_stage]
    with mlflow.start_run(run_name="sweep", tags={"purpose": "conformance"}) as parent:
        mlflow.log_params({"depths": str(DEPTHS), "rows": len(inputs)})
        for depth in DEPTHS:
            with mlflow.start_run(run_name=f"depth {depth}", nested=True) as run:
                model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(inputs[:400], target[:400])
                mlflow.log_param("max_depth", depth)
                for step in range(5):
                    mlflow.log_metric("loss", 1 / (step + depth), step=step)
                mlflow.log_metrics({"accuracy": model.score(inputs[400:], target[400:]), "depth": float(depth)})
                figure, axes = pyplot.subplots()
                axes.bar(range(6), model.feature_importances_)
                mlflow.log_figure(figure, "figures/importance.png")
                pyplot.close(figure)
                logged = mlflow.sklearn.log_model(
                    model,
                    name="tree",
                    signature=mlflow.models.infer_signature(inputs, model.predict(inputs)),
                    input_example=inputs[:3],
                    serialization_format="cloudpickle",
                    pip_requirements=["scikit-learn"],
                )
                facts[f"model {depth}"] = [logged.model_uri.startswith("models:/m-"), logged.signature is not None]
    facts["tag of child"] = mlflow.get_run(run.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    facts["status"] = mlflow.get_run(parent.info.run_id).info.status
    facts["last active"] = mlflow.last_active_run().info.run_name


def look(mlflow: Any, name: str, facts: Facts) -> None:
    """Search, order, page, and read histories back."""
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(name)
    where = [experiment.experiment_id]
    frame = mlflow.search_runs(experiment_names=[name], order_by=["metrics.accuracy DESC", "params.max_depth ASC"])
    facts["frame"] = [frame.shape[0], sorted(column for column in frame.columns if column[:3] in ("met", "par"))]
    facts["names by accuracy"] = list(frame["tags.mlflow.runName"])
    for text in (
        "metrics.depth > 1.5 AND params.max_depth != '3'",
        "tags.purpose = 'conformance'",
        "attributes.run_name LIKE 'depth%'",
        "attributes.run_name ILIKE 'DEPTH%' and metrics.`loss` < 0.2",
        "attributes.status = 'FINISHED' AND tags.mlflow.parentRunId != ''",
    ):
        found = client.search_runs(where, text, order_by=["attributes.start_time ASC"])
        facts[f"search {text}"] = [run.info.run_name for run in found]
    page, pages = client.search_runs(where, max_results=2, order_by=["attributes.start_time ASC"]), []
    while page:
        pages.append([run.info.run_name for run in page])
        page = (
            client.search_runs(where, max_results=2, order_by=["attributes.start_time ASC"], page_token=page.token)
            if page.token
            else []
        )
    facts["pages"] = pages
    best = client.search_runs(where, "metrics.accuracy > 0", order_by=["metrics.accuracy DESC"], max_results=1)[0]
    history = client.get_metric_history(best.info.run_id, "loss")
    facts["history"] = [[point.step, point.value] for point in history]
    facts["metrics"] = best.data.metrics
    facts["params"] = best.data.params
    facts["models"] = len(mlflow.search_logged_models(experiment_ids=where))
    client.delete_run(best.info.run_id)
    facts["after delete"] = len(client.search_runs(where))
    client.restore_run(best.info.run_id)
    facts["after restore"] = len(client.search_runs(where))
    client.set_tag(best.info.run_id, "note", "kept ✓")
    client.set_tag(best.info.run_id, "note", "changed")
    client.delete_tag(best.info.run_id, "purpose") if "purpose" in best.data.tags else None
    facts["tag"] = client.get_run(best.info.run_id).data.tags["note"]


def store_files(mlflow: Any, name: str, facts: Facts) -> None:
    """Text, JSON, a table, an image and a folder go up, are listed, and come back the same."""
    import numpy
    import pandas

    mlflow.set_experiment(name)
    with mlflow.start_run(run_name="files") as run:
        mlflow.log_text("plain ✓", "notes/plain.txt")
        mlflow.log_dict({"answer": [1, 2.5, None]}, "notes/answer.json")
        mlflow.log_dict({"answer": 42}, "notes/answer.yaml")
        mlflow.log_table({"question": ["a", "b"], "score": [1, 2]}, "tables/scores.json")
        mlflow.log_table({"question": ["c"], "score": [3]}, "tables/scores.json")
        mlflow.log_image(numpy.zeros((8, 8, 3), dtype=numpy.uint8), "images/black.png")
        rows = pandas.DataFrame({"x": [1, 2], "y": ["a", "b"]})
        mlflow.log_input(mlflow.data.from_pandas(rows, name="rows"), context="training") if client_has_data(
            mlflow
        ) else None
    client = mlflow.MlflowClient()
    for folder in (None, "notes", "tables"):
        listed = client.list_artifacts(run.info.run_id, folder)
        facts[f"files in {folder}"] = [[each.path, each.is_dir, each.file_size] for each in listed]
    where = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="notes"))
    facts["downloaded"] = {each.name: each.read_text() for each in sorted(where.iterdir())}
    facts["loaded"] = mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/notes/answer.json")
    table = mlflow.load_table("tables/scores.json", run_ids=[run.info.run_id])
    facts["table"] = [list(table.columns), table["score"].tolist()]


def register(mlflow: Any, name: str, facts: Facts) -> None:
    """The best model becomes a version with an alias, is loaded by it, and predicts."""
    from sklearn.datasets import load_breast_cancer

    client = mlflow.MlflowClient()
    where = [client.get_experiment_by_name(name).experiment_id]
    best = client.search_runs(where, "metrics.accuracy > 0", order_by=["metrics.accuracy DESC"], max_results=1)[0]
    model_id = best.outputs.model_outputs[0].model_id
    version = mlflow.register_model(f"models:/{model_id}", name, tags={"by": "journey"})
    facts["version"] = [str(version.version), version.name == name, version.status, version.run_id == best.info.run_id]
    again = mlflow.register_model(f"runs:/{best.info.run_id}/tree", name)
    facts["second version"] = str(again.version)
    client.set_registered_model_alias(name, "champion", version.version)
    client.update_model_version(name, version.version, description="the best of four")
    client.set_model_version_tag(name, version.version, "checked", "yes")
    read = client.get_model_version_by_alias(name, "champion")
    facts["champion"] = [
        str(read.version),
        list(read.aliases),
        read.description,
        read.tags,
        read.source == version.source,
    ]
    facts["aliases"] = {key: str(value) for key, value in client.get_registered_model(name).aliases.items()}
    found = client.search_model_versions(f"name = '{name}'")
    facts["versions"] = [[str(each.version), each.run_id == best.info.run_id] for each in found]
    facts["registered"] = [each.name == name for each in client.search_registered_models(f"name = '{name}'")]
    rows = load_breast_cancer(as_frame=True).data.iloc[400:420, :6]
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    facts["predictions"] = model.predict(rows).tolist()
    native = mlflow.sklearn.load_model(f"models:/{name}/1")
    facts["native predictions"] = native.predict(rows).tolist()
    facts["loader"] = model.metadata.flavors["python_function"]["loader_module"]
    facts["signature"] = model.metadata.signature.to_dict()
    client.delete_registered_model_alias(name, "champion")
    client.delete_model_version(name, "2")
    facts["versions left"] = [str(each.version) for each in client.search_model_versions(f"name = '{name}'")]


def judge(mlflow: Any, name: str, facts: Facts) -> None:
    """A dataset of questions and answers is made, filled, read, and named as the input of a run."""
    client = mlflow.MlflowClient()
    here = client.get_experiment_by_name(name).experiment_id
    made = client.create_dataset(name, experiment_id=here, tags={"team": "red", "n": 5})
    made.merge_records([{"inputs": {"q": "ä", "n": 1}, "expectations": {"a": 1}}])
    made.merge_records([{"inputs": {"q": "b"}, "outputs": "text", "tags": {"hard": "yes"}}])
    made.merge_records([{"inputs": {"q": "b"}, "expectations": {"a": [1, {"deep": None}]}}])
    read = client.get_dataset(made.dataset_id)
    facts["dataset"] = [
        read.name == name,
        {**read.tags, "mlflow.user": "?"},
        json.loads(read.profile),
        json.loads(read.schema),
    ]
    facts["dataset experiments"] = read.experiment_ids == [here]
    facts["records"] = [
        [each.inputs, each.expectations, each.outputs, each.source.to_dict(), {**each.tags, "mlflow.user": "?"}]
        for each in read.records
    ]
    frame = read.to_df()
    facts["records as a frame"] = [list(frame.columns), frame.shape[0], frame.inputs.tolist()]
    facts["datasets found"] = [each.dataset_id == made.dataset_id for each in client.search_datasets([here])]
    facts["datasets not found"] = len(client.search_datasets([here], "tags.team = 'blue'"))
    client.set_dataset_tags(made.dataset_id, {"team": "blue", "n": None})
    client.delete_dataset_tag(made.dataset_id, "n")
    facts["dataset tags"] = client.get_dataset(made.dataset_id).tags["team"]
    facts["records removed"] = read.delete_records([read.records[0].dataset_record_id])
    facts["records left"] = [each.inputs for each in client.get_dataset(made.dataset_id).records]
    joined = client.add_dataset_to_experiments(made.dataset_id, ["0"])
    facts["dataset joined"] = joined.experiment_ids == [here, "0"]
    facts["dataset left"] = client.remove_dataset_from_experiments(made.dataset_id, [here]).experiment_ids
    client.delete_dataset(made.dataset_id)
    facts["dataset deleted"] = code_of(mlflow, lambda: client.get_dataset(made.dataset_id))


def err(mlflow: Any, name: str, facts: Facts) -> None:
    """What goes wrong, and the code of the error that says so."""
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(name).experiment_id
    run = client.search_runs([experiment], "params.max_depth = '1'")[0].info.run_id
    mistakes: dict[str, Callable[[], object]] = {
        "unknown run": lambda: client.get_run("0" * 32),
        "unknown experiment": lambda: client.get_experiment("987654321"),
        "duplicate experiment": lambda: client.create_experiment(name),
        "changed param": lambda: client.log_param(run, "max_depth", "7"),
        "bad filter": lambda: client.search_runs([experiment], "metrics.depth >>> 3"),
        "bad filter key": lambda: client.search_runs([experiment], "colour = 'red'"),
        "bad order": lambda: client.search_runs([experiment], order_by=["metrics"]),
        "too long key": lambda: client.log_metric(run, "k" * 251, 1.0),
        "bad key": lambda: client.set_tag(run, "../up", "x"),
        "unknown model": lambda: client.get_registered_model("nobody"),
        "duplicate model": lambda: client.create_registered_model(name),
        "unknown version": lambda: client.get_model_version(name, "99"),
        "unknown alias": lambda: client.get_model_version_by_alias(name, "nobody"),
        "bad alias": lambda: client.set_registered_model_alias(name, "v1", "1"),
        "unknown logged model": lambda: client.get_logged_model("m-" + "0" * 32),
        "missing artifact": lambda: mlflow.artifacts.download_artifacts(run_id=run, artifact_path="nothing/here"),
    }
    for what, act in mistakes.items():
        facts[f"error: {what}"] = code_of(mlflow, act)
    facts["two runs without nested"] = code_of(mlflow, lambda: two_runs(mlflow)) != "no error"


def two_runs(mlflow: Any) -> None:
    """Start a run inside another, without ``nested``."""
    with mlflow.start_run(), mlflow.start_run():
        pass


def code_of(mlflow: Any, act: Callable[[], object]) -> str:
    """The kind of error ``act`` ends in."""
    try:
        act()
    except mlflow.exceptions.MlflowException as error:
        return str(error.error_code)
    except Exception as error:
        return type(error).__name__
    return "no error"


def client_has_data(mlflow: Any) -> bool:
    """Whether this client knows datasets yet."""
    return hasattr(mlflow, "data")


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
    main(*sys.argv[1:])
