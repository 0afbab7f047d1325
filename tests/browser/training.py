"""Trains, as far as the pages can tell: a sweep, a long run with artifacts, and a registered model."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import headrace
from headrace.models import infer_signature

ARCHITECTURES = ("resnet", "vit", "mlp")


def main(server: str) -> None:
    """Log everything to the server and print the ids."""
    headrace.set_tracking_uri(server)
    ids = {"sweep": sweep(), "empty": headrace.MlflowClient().create_experiment("nothing here yet"), **deep()}
    models()
    print(json.dumps(ids))


def sweep() -> str:
    """150 runs; the accuracy of run i is 0.5 + i / 300, so that every order and filter has one right answer."""
    experiment = headrace.set_experiment("sweep").experiment_id
    for i in range(150):
        with headrace.start_run(run_name=f"sweep-{i:03d}"):
            headrace.log_params({"lr": 10 ** -(1 + i % 5), "arch": ARCHITECTURES[i % 3], "epochs": 30})
            headrace.log_metrics({"val_acc": 0.5 + i / 300, "val_loss": 1 - i / 300})
            headrace.set_tag("stage", "prod" if i % 2 else "dev")
    return str(experiment)


def deep() -> dict[str, str]:
    """A run with a curve of 5,000 points that has one spike, artifacts of every kind, and two nested runs."""
    experiment = headrace.set_experiment("deep").experiment_id
    with headrace.start_run(run_name="long curves") as run:
        client = headrace.MlflowClient()
        points = [
            headrace.entities.Metric("train/loss", 100.0 if step == 1234 else math.exp(-step / 1500), 1000 * step, step)
            for step in range(5000)
        ]
        for start in range(0, len(points), 1000):
            client.log_batch(run.info.run_id, metrics=points[start : start + 1000])
        headrace.log_metric("final_f1", 0.1234567890123)
        headrace.log_metric("broken", float("nan"))
        headrace.log_param("depth", 12)
        headrace.set_tag("mlflow.note.content", "The **baseline** run.")
        artifacts()
        for name in ("child a", "child b"):
            with headrace.start_run(run_name=name, nested=True):
                headrace.log_metric("val_acc", 0.5)
    return {"deep": str(experiment), "run": run.info.run_id}


def artifacts() -> None:
    """Files of every kind that has a preview."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 3, 2])
    headrace.log_figure(figure, "figures/curve.png")
    plt.close(figure)
    headrace.log_text("".join(f"line {n}: loss {1 / n:.4f}\n" for n in range(1, 5001)), "train.log")
    headrace.log_text("row,text\n" + "".join(f'{n},"row {n}, quoted"\n' for n in range(600)), "tables/rows.csv")
    headrace.log_dict({"lr": 0.1, "layers": [1, 2], "name": "<b>x</b>"}, "config.json")
    headrace.log_text("lr: 0.1\nlayers: [1, 2]\n", "config.yaml")
    headrace.log_text("# Report\n\nIt is **good**.\n", "report.md")
    headrace.log_text("<script>window.hacked = 1</script><p>page</p>", "page.html")
    with tempfile.TemporaryDirectory() as folder:
        blob = Path(folder, "blob.bin")
        blob.write_bytes(bytes(range(256)) * 8)
        headrace.log_artifact(str(blob))


def models() -> None:
    """A registered model with two versions, one of them the champion."""
    client = headrace.MlflowClient()
    headrace.set_experiment("classifiers")
    rows = np.array([[0.0, 1.0], [1.0, 0.0], [0.2, 0.9], [0.9, 0.1]])
    for strength in (1.0, 10.0):
        with headrace.start_run():
            model = LogisticRegression(C=strength).fit(rows, [0, 1, 0, 1])
            headrace.log_param("C", strength)
            headrace.sklearn.log_model(
                model,
                name="model",
                signature=infer_signature(rows, model.predict(rows)),
                registered_model_name="churn-classifier",
            )
    client.set_registered_model_alias("churn-classifier", "champion", "2")
    client.update_model_version("churn-classifier", "2", "The stronger one.")


if __name__ == "__main__":
    main(sys.argv[1])
