"""A whole journey in one program: a sweep of training runs, a registry, a served model, and its answers checked.

``python examples/demo.py`` leaves the servers up to look around in; with ``--once`` it ends by itself, and its exit
code is 0 only if everything held. What it keeps is in ``.demo/``, so that a second run adds to the first.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import headrace as mlflow

MODEL = "digits"
EPOCHS = 12
HELD_OUT = 50
HOME = Path(__file__).parents[1] / ".demo"
#: What scikit-learn's networks need beyond the types that are loaded without asking.
TRUSTED = ["sklearn.neural_network._stochastic_optimizers.AdamOptimizer"]


@dataclass(frozen=True)
class Digits:
    """Handwritten digits of 8 x 8 pixels: rows to train on, and rows no training ever sees."""

    train: Any
    train_labels: Any
    test: Any
    test_labels: Any


@dataclass
class Trained:
    """One run of the sweep: what it was, what it reached, and how long it took, in seconds."""

    name: str
    params: dict[str, Any]
    accuracy: float = 0.0
    loss: float = 0.0
    seconds: float = 0.0
    model_uri: str = ""
    run_id: str = ""
    answers: list[int] = field(default_factory=list)


def main() -> int:
    """Run the journey; 0 if all of it held."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--once", action="store_true", help="end when everything has been checked")
    parser.add_argument("--port", type=int, default=5000, help="where the server listens, if that port is free")
    parser.add_argument("--home", type=Path, default=HOME, help="folder for everything the demo keeps")
    said = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers below are ended too
    said.home.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as servers:
            journey(servers, said.home.resolve(), said.port, stay=not said.once)
    except KeyboardInterrupt:
        print("\nStopped. What was logged is kept in", said.home)
    return 0


def journey(servers: ExitStack, home: Path, port: int, *, stay: bool) -> None:
    """Everything from an empty folder to a checked prediction."""
    url = servers.enter_context(server(home, free_port(port)))
    mlflow.set_tracking_uri(url)
    digits = load_digits()
    experiment = mlflow.set_experiment("Handwritten digits")
    trained = sweep(digits)
    best = max(trained, key=lambda one: (one.accuracy, -one.loss))
    check_runs(experiment.experiment_id, trained)
    version = mlflow.register_model(best.model_uri, MODEL).version
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "champion", version)
    scoring = servers.enter_context(scorer(home, url, free_port(port + 1)))
    score(scoring, digits, best)
    summary(trained, best, url, experiment.experiment_id, scoring, str(version))
    if stay:
        print("\nBoth servers stay up. Ctrl-C ends them.", flush=True)
        while True:
            time.sleep(3600)


def load_digits() -> Digits:
    """The data set that scikit-learn ships, scaled to 0..1 and split."""
    from sklearn.datasets import load_digits as load
    from sklearn.model_selection import train_test_split

    pixels, labels = load(return_X_y=True, as_frame=True)
    train, test, train_labels, test_labels = train_test_split(
        pixels / 16, labels, test_size=0.25, random_state=0, stratify=labels
    )
    return Digits(train, train_labels, test, test_labels)


def sweep(digits: Digits) -> list[Trained]:
    """Train every candidate, each a run below one parent."""
    plan = list(candidates())
    print(f"\nTraining {len(plan)} models on {len(digits.train)} handwritten digits:", flush=True)
    with mlflow.start_run(run_name="sweep", tags={"data": "scikit-learn digits"}):
        mlflow.log_params({"epochs": EPOCHS, "candidates": len(plan), "rows": len(digits.train)})
        trained = []
        for name, model, params in plan:
            trained.append(train(name, model, params, digits))
            print(f"  {name:<28} accuracy {trained[-1].accuracy:.4f}   {trained[-1].seconds:4.1f} s", flush=True)
        mlflow.log_metric("best_accuracy", max(one.accuracy for one in trained))
    return trained


def candidates() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The models of the sweep: networks of three widths at three rates, and four linear ones."""
    from sklearn.linear_model import SGDClassifier
    from sklearn.neural_network import MLPClassifier

    for width in (16, 32, 64):
        for rate in (0.003, 0.01, 0.03):
            network = MLPClassifier((width,), learning_rate_init=rate, random_state=0)
            yield f"network {width} rate {rate}", network, {"kind": "network", "width": width, "rate": rate}
    for alpha in (1e-4, 1e-3, 1e-2, 1e-1):
        linear = SGDClassifier(loss="log_loss", alpha=alpha, random_state=0)
        yield f"linear alpha {alpha}", linear, {"kind": "linear", "alpha": alpha}


def train(name: str, model: Any, params: dict[str, Any], digits: Digits) -> Trained:
    """Train one model epoch by epoch, and log what a person would want to see of it."""
    from sklearn.metrics import log_loss

    begun = time.perf_counter()
    with mlflow.start_run(run_name=name, nested=True) as run:
        mlflow.log_params(params)
        accuracy = loss = 0.0
        for epoch in range(EPOCHS):
            model.partial_fit(digits.train, digits.train_labels, classes=range(10))
            accuracy = float(model.score(digits.test, digits.test_labels))
            loss = float(log_loss(digits.test_labels, model.predict_proba(digits.test)))
            seen = float(model.score(digits.train, digits.train_labels))
            mlflow.log_metrics({"accuracy": accuracy, "loss": loss, "train_accuracy": seen}, step=epoch)
        log_confusion(model, digits)
        answers = model.predict(digits.test[:HELD_OUT])
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(digits.train, answers),
            input_example=digits.train[:3],
            pip_requirements=["scikit-learn", "skops"],
            skops_trusted_types=TRUSTED,
        )
    seconds = time.perf_counter() - begun
    return Trained(name, params, accuracy, loss, seconds, logged.model_uri, run.info.run_id, answers.tolist())


def log_confusion(model: Any, digits: Digits) -> None:
    """A figure of which digits are taken for which."""
    from matplotlib.figure import Figure
    from sklearn.metrics import ConfusionMatrixDisplay

    figure = Figure(figsize=(5, 5))
    axes = figure.subplots()
    shown = ConfusionMatrixDisplay.from_estimator(model, digits.test, digits.test_labels, ax=axes, colorbar=False)
    shown.ax_.set_title("Which digits are taken for which")
    mlflow.log_figure(figure, "figures/confusion.png")


def check_runs(experiment_id: str, trained: list[Trained]) -> None:
    """Ask the server for what was logged: every run, every epoch, every figure."""
    client = mlflow.MlflowClient()
    found = client.search_runs([experiment_id], "metrics.accuracy > 0 AND attributes.status = 'FINISHED'")
    missing = {one.run_id for one in trained} - {run.info.run_id for run in found}
    hold(not missing, f"the server has all {len(trained)} runs", f"runs {missing} are not found")
    for one in trained:
        points = client.get_metric_history(one.run_id, "loss")
        hold([point.step for point in points] == list(range(EPOCHS)), "", f"{one.name} lacks points: {points}")
        figures = [file.path for file in client.list_artifacts(one.run_id, "figures")]
        hold(figures == ["figures/confusion.png"], "", f"{one.name} lacks its figure: {figures}")
    hold(True, f"each has {EPOCHS} points of each metric, and its figure", "")


def score(url: str, digits: Digits, best: Trained) -> None:
    """Score held-out rows over HTTP, and compare with the model that was trained here."""
    rows = digits.test[:HELD_OUT]
    body = json.dumps({"dataframe_split": rows.to_dict(orient="split")}).encode()
    request = urllib.request.Request(f"{url}/invocations", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        over_http = json.load(response)["predictions"]
    hold(
        over_http == best.answers,
        f"{HELD_OUT} held-out digits get the same answers over HTTP as in this process",
        f"over HTTP: {over_http}\nin this process: {best.answers}",
    )
    in_process = mlflow.pyfunc.load_model(f"models:/{MODEL}@champion").predict(rows)
    hold(list(in_process) == best.answers, "and from models:/digits@champion, loaded here", f"loaded: {in_process}")


def hold(fact: bool, said: str, otherwise: str) -> None:
    """Print what was checked, or end the demo."""
    if not fact:
        sys.exit(f"The demo failed: {otherwise}")
    if said:
        print(f"  ok  {said}", flush=True)


def summary(trained: list[Trained], best: Trained, url: str, experiment_id: str, scoring: str, version: str) -> None:
    """The sweep as a table, and where to look at it."""
    print(f"\n  {'run':<28} {'accuracy':>8} {'loss':>8} {'seconds':>8}")
    for one in sorted(trained, key=lambda one: -one.accuracy):
        mark = f"  <- {MODEL} version {version}, champion" if one is best else ""
        print(f"  {one.name:<28} {one.accuracy:>8.4f} {one.loss:>8.4f} {one.seconds:>8.1f}{mark}")
    print(f"\n  the sweep     {url}/#/experiments/{experiment_id}")
    print(f"  its best run  {url}/#/experiments/{experiment_id}/runs/{best.run_id}")
    print(f"  the registry  {url}/#/models/{MODEL}")
    print(f"  the model     {scoring}/invocations")
    print(f"  its API       {url}/docs", flush=True)


@contextmanager
def server(home: Path, port: int) -> Iterator[str]:
    """The tracking server, on an embedded database in ``home``."""
    store = ["--backend-store-uri", f"sqlite:///{home / 'headrace.db'}"]
    files = ["--artifacts-destination", str(home / "artifacts")]
    with process(home, "server", ["server", *store, *files], port) as url:
        with urllib.request.urlopen(url, timeout=60) as response:
            hold(b"<html" in response.read().lower(), f"the server and its pages are up at {url}", "no page came back")
        yield url


@contextmanager
def scorer(home: Path, tracking: str, port: int) -> Iterator[str]:
    """The champion behind HTTP."""
    serve = ["models", "serve", "-m", f"models:/{MODEL}@champion", "--env-manager", "local"]
    with process(home, "scoring", serve, port, HEADRACE_TRACKING_URI=tracking) as url:
        hold(True, f"the champion answers at {url}", "")
        yield url


@contextmanager
def process(home: Path, name: str, arguments: list[str], port: int, **environment: str) -> Iterator[str]:
    """A headrace command that serves on a port, from its first good answer until the block ends."""
    log = home / f"{name}.log"
    command = [sys.executable, "-m", "headrace", *arguments, "--port", str(port)]
    with log.open("wb") as output:
        running = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        while not answers(f"{url}/health"):
            if running.poll() is not None:
                sys.exit(f"The demo failed: {' '.join(command)} ended by itself:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        yield url
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)
        running.wait()


def answers(url: str) -> bool:
    """Whether something answers there with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def free_port(wish: int) -> int:
    """``wish`` if nobody listens there, or a free port, said aloud."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wish))
            return wish
        except OSError:
            pass
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    print(f"Port {wish} is taken by another program; using {port} instead.", flush=True)
    return port


if __name__ == "__main__":
    sys.exit(main())
