"""A model that takes over from another one while requests come."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
import urllib3
from sklearn.dummy import DummyRegressor

import headrace as mlflow
from headrace.base.errors import BadRequest
from headrace.serving.app import Scorer
from headrace.serving.deployed import Deployed
from headrace.serving.served import Served, identify
from headrace.serving.watch import Watch, check
from tests.databases import free_port
from tests.processes import PATIENCE, serving
from tests.serving.conftest import HEADRACE
from tests.serving.test_app import Doubles, ask, score

_JSON = {"Content-Type": "application/json"}
_ALIAS = "models:/watched@champion"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A store with three versions of a model: each answers its own number, but the third cannot be loaded."""
    store = str(tmp_path / "mlruns")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    try:
        table = pandas.DataFrame({"a": [1.0, 2.0]})
        for version in (1, 2):
            model = DummyRegressor(strategy="constant", constant=version).fit(table, [1.0, 2.0])
            with mlflow.start_run():
                mlflow.sklearn.log_model(model, name="model", input_example=table, registered_model_name="watched")
        broken = tmp_path / "broken"
        broken.mkdir()
        (broken / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: no.such.module\n")
        mlflow.MlflowClient().create_model_version("watched", str(broken))
        mlflow.MlflowClient().set_registered_model_alias("watched", "champion", "1")
        yield store
    finally:
        mlflow.set_tracking_uri(before)


def _move(version: str) -> None:
    mlflow.MlflowClient().set_registered_model_alias("watched", "champion", version)


def _build(served: Served) -> Deployed:
    from headrace.pyfunc import load_model

    return Deployed(load_model(served.uri), server_version="1", name=served.name, version=served.version)


def test_what_an_alias_names_is_loaded_when_it_moves_and_only_then(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = identify(_ALIAS)
    assert now == Served("watched", "1", "models:/watched/1")
    scorer = Scorer(_build(now), version="1")
    watch = Watch(scorer, _ALIAS, now, _build, seconds=60)
    assert watch.look() is None
    _move("2")
    deployed = watch.look()
    assert deployed is not None
    assert deployed.version == "2"
    assert watch.look() is None
    assert "moved from version 1 to 2" in capsys.readouterr().err


def test_what_cannot_be_loaded_takes_nothing_over_and_is_said_once(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = identify(_ALIAS)
    watch = Watch(Scorer(_build(now), version="1"), _ALIAS, now, _build, seconds=60)
    _move("3")
    assert watch.look() is None
    assert watch.look() is None
    said = capsys.readouterr().err
    assert said.count("Version 1 is served on") == 1
    mlflow.MlflowClient().delete_registered_model_alias("watched", "champion")
    assert watch.look() is None
    assert "Version 1 is served on" in capsys.readouterr().err
    _move("2")
    assert watch.look() is not None


def test_requests_of_before_are_answered_by_the_model_of_before() -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(frame: Any) -> Any:
        begun.set()
        go.wait(60)
        return frame["a"].to_numpy()

    app = Scorer(Doubles(slow), version="1", threads=1)
    replies: list[Any] = []
    waiting = [
        threading.Thread(target=lambda: replies.append(score(app, {"inputs": {"a": [1]}}).said)) for _ in range(3)
    ]
    for each in waiting:
        each.start()
    assert begun.wait(60)
    while app._line.queued < 2:
        time.sleep(0.001)
    app.swap(Deployed(Doubles(), server_version="1", name="model", version="2"))
    assert score(app, {"inputs": {"a": [1]}}).said == {"predictions": [2.0]}
    go.set()
    for each in waiting:
        each.join(60)
    assert replies == [{"predictions": [1.0]}] * 3
    assert ask(app, "GET", "/v2/models/model").said["versions"] == ["2"]
    text = ask(app, "GET", "/metrics").body.decode()
    assert 'model_info{name="model",version="2"' in text


@pytest.mark.parametrize("uri", ["models:/watched/1", "model", "models:/watched@champion?at=2024-01-01", "runs:/x/m"])
def test_what_never_moves_cannot_be_watched(uri: str) -> None:
    with pytest.raises(BadRequest, match="never moves"):
        check(uri)


@pytest.mark.slow
def test_no_request_is_lost_while_the_alias_moves(registry: str, tmp_path: Path) -> None:
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", _ALIAS, "-p", str(port), "--watch", "0.1"]
    env = {"MLFLOW_TRACKING_URI": registry}
    answers: list[tuple[int, Any]] = []
    over = threading.Event()
    with (
        urllib3.PoolManager(retries=False, timeout=60, maxsize=8) as pool,
        serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=env) as running,
    ):

        def predicted() -> float:
            body = json.dumps({"inputs": {"a": [1.0]}})
            reply = pool.request("POST", f"{running.url}/invocations", body=body, headers=_JSON)
            answers.append((reply.status, reply.json()))
            return float(reply.json()["predictions"][0])

        def until(version: float) -> None:
            end = time.monotonic() + PATIENCE
            while predicted() != version:
                assert time.monotonic() < end
                time.sleep(0.01)

        def go_on() -> None:
            while not over.is_set():
                predicted()

        threads = [threading.Thread(target=go_on) for _ in range(3)]
        for each in threads:
            each.start()
        try:
            for version in ("2", "1", "2"):
                _move(version)
                until(float(version))
            _move("3")
            end = time.monotonic() + PATIENCE
            while "Version 2 is served on" not in running.said():
                assert time.monotonic() < end
                time.sleep(0.05)
            assert predicted() == 2
        finally:
            over.set()
            for each in threads:
                each.join(60)
    assert {status for status, _ in answers} == {200}
    assert {json.dumps(said) for _, said in answers} == {'{"predictions": [1]}', '{"predictions": [2]}'}


@pytest.mark.slow
def test_watching_a_path_is_refused(tmp_path: Path) -> None:
    command = [HEADRACE, "models", "serve", "-m", str(tmp_path), "--watch", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("Error: ")) == (1, True)
    assert "never moves" in done.stderr
