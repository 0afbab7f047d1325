"""The champion of a registry, asked over a real socket."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas
import pytest
import urllib3
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from tests.databases import free_port
from tests.processes import Running, serving
from tests.serving.conftest import HEADRACE, URI, Registered

pytestmark = pytest.mark.slow
_RECORDED = Path(__file__).parent / "assets" / "recorded.json"
#: Recorded cases that are answered otherwise on purpose: by method, URL and request -> status.
_OTHERWISE = {
    # A fraction for a column of whole numbers was cut off.
    "1.5": 400,
    # No Content-Type was the server's mistake.
    '{"content": "{}"}': 400,
}


@pytest.fixture(scope="module")
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=60) as found:
        yield found


def _recorded() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(_RECORDED.read_text())
    return cases


@pytest.mark.parametrize("case", _recorded(), ids=lambda case: f"{case['method']} {case['url']} {case['req']}"[:80])
def test_a_recorded_request_is_answered_as_mlflow_answers_it(
    case: dict[str, Any], served: Running, pool: urllib3.PoolManager
) -> None:
    said = case["req"]
    body = json.dumps(said["json"]).encode() if "json" in said else said.get("content", "").encode()
    headers = {"Content-Type": "application/json"} if "json" in said else said.get("headers", {})
    reply = pool.request(case["method"], served.url + case["url"], body=body or None, headers=headers)
    otherwise = [status for text, status in _OTHERWISE.items() if text in json.dumps(said)]
    assert reply.status == (otherwise[0] if otherwise else case["status"])
    if reply.status == 200:
        assert reply.headers["content-type"] == case["ctype"]
        if case["url"] == "/invocations":
            assert reply.json() == json.loads(case["body"])
    else:
        assert set(reply.json()) == {"error_code", "message"}
        if '"error_code"' in case["body"]:
            assert reply.json()["error_code"] == json.loads(case["body"])["error_code"]


def test_predictions_over_http_are_those_of_the_model(
    registered: Registered, served: Running, pool: urllib3.PoolManager
) -> None:
    body = {"dataframe_split": registered.table.to_dict("split")}
    reply = pool.request("POST", f"{served.url}/invocations", json=body)
    assert reply.json() == {"predictions": registered.model.predict(registered.table).tolist()}


def test_the_champion_is_asked_by_the_open_inference_protocol(
    registered: Registered, served: Running, pool: urllib3.PoolManager
) -> None:
    about = pool.request("GET", f"{served.url}/v2/models/scored/versions/1").json()
    kinds = {"a": "FP64", "b": "INT64"}
    assert {each["name"]: each["datatype"] for each in about["inputs"]} == kinds
    inputs = [
        {"name": name, "shape": [4], "datatype": kind, "data": registered.table[name].tolist()}
        for name, kind in kinds.items()
    ]
    reply = pool.request("POST", f"{served.url}/v2/models/scored/infer", json={"inputs": inputs})
    assert reply.json()["outputs"][0]["data"] == registered.model.predict(registered.table).tolist()


def test_a_page_that_calls_this_server_by_another_name_is_refused(served: Running, pool: urllib3.PoolManager) -> None:
    for host, status in (
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ):
        assert pool.request("GET", f"{served.url}/ping", headers={"Host": host}).status == status
    foreign = {"Origin": "http://evil.example", "Content-Type": "application/json"}
    assert pool.request("POST", f"{served.url}/invocations", body=b"{}", headers=foreign).status == 403


def test_a_taken_port_is_named_with_what_to_do(registered: Registered) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [HEADRACE, "models", "serve", "-m", URI, "-p", str(port)], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: Port {port} of 127.0.0.1 is taken: stop the program that has it, or choose another one with --port\n"
    )


def test_several_workers_serve_one_port_and_end_together(
    registered: Registered, tmp_path: Path, pool: urllib3.PoolManager
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [HEADRACE, "models", "serve", "-m", URI, "-p", str(port), "-w", "2"]
    env = {"MLFLOW_TRACKING_URI": registered.store}
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=env) as running:
        for _ in range(4):
            reply = pool.request("POST", f"{running.url}/invocations", json={"inputs": {"a": [4], "b": [4]}})
            assert reply.json() == {"predictions": [1]}
        if sys.platform == "linux":
            assert "by 2 workers that share it" in (tmp_path / "log").read_text()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_model_that_is_not_there_or_not_whole_ends_the_command(tmp_path: Path, workers: str) -> None:
    command = [HEADRACE, "models", "serve", "-p", "0", "-w", workers, "-m"]
    done = subprocess.run([*command, str(tmp_path / "x")], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (1, f"Error: There is no model at {str(tmp_path / 'x')!r}\n")
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n")
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def _predict(registered: Registered, *options: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [HEADRACE, "models", "predict", "-m", URI, *options]
    env = {"MLFLOW_TRACKING_URI": registered.store, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, input=said, capture_output=True, text=True, check=False, env=env)


def test_files_are_scored_without_a_server(registered: Registered, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,1\n4,4\n")
    options = ["-i", str(tmp_path / "in.csv"), "-t", "csv", "-o", str(tmp_path / "out.json"), "--env-manager", "local"]
    done = _predict(registered, *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": [0, 1]}
    done = _predict(registered, said='{"inputs": [{"a": 4, "b": 4}]}')
    assert json.loads(done.stdout) == {"predictions": [1]}


@pytest.mark.parametrize(
    ("options", "said", "fault"),
    [
        ([], '{"inputs": [{"a": "x", "b": 4}]}', "column 'a' must be double, and row 0 has 'x'"),
        (["-i", "nowhere.json"], "", "no file 'nowhere.json'"),
        (["-t", "xml"], "", "['json', 'csv'], not 'xml'"),
        (["--env-manager", "docker"], "", "'local', 'uv', 'virtualenv', 'conda'"),
        (["--env", "X"], "", "NAME=VALUE"),
        (["-r", "numpy"], "", "--pip-requirements-override"),
    ],
)
def test_a_file_that_cannot_be_scored_is_told_in_a_sentence(
    registered: Registered, options: list[str], said: str, fault: str
) -> None:
    done = _predict(registered, *options, said=said)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert fault in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_in_the_document_is_a_request_that_is_answered(served: Running, pool: urllib3.PoolManager) -> None:
    said = pool.request("GET", f"{served.url}/openapi.json").json()
    content = said["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
    reply = pool.request("POST", f"{served.url}/invocations", json=content["examples"]["saved"]["value"])
    assert reply.json() == {"predictions": [0]}
    assert b"dataframe_split" in pool.request("GET", f"{served.url}/docs").data


def test_clients_that_ask_at_once_get_each_their_own_rows(tmp_path: Path, pool: urllib3.PoolManager) -> None:
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.5]})
    model = LinearRegression().fit(table, [1.0, 2.0, 3.5])
    mlflow.sklearn.save_model(model, str(tmp_path / "model"), input_example=table)
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", str(tmp_path / "model"), "-p", str(port), "--batch", "on"]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log") as running:

        def ask(value: int) -> Any:
            body = {"dataframe_split": {"columns": ["a"], "data": [[value]]}}
            return pool.request("POST", f"{running.url}/invocations", json=body).json()["predictions"]

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(ask, range(200)))
        assert answers == [[pytest.approx(value)] for value in range(200)]
        assert "predicted alone" not in running.said()


def test_a_model_that_proves_nothing_is_served_one_by_one_and_says_so(registered: Registered, tmp_path: Path) -> None:
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", URI, "-p", str(port), "--batch", "on"]
    env = {"MLFLOW_TRACKING_URI": registered.store}
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=env) as running:
        said = "Every request is predicted alone: its input example has fewer than two rows\n"
        assert said in running.said()


def test_workers_of_a_model_of_somebody_s_own_have_a_copy_each(tmp_path: Path, pool: urllib3.PoolManager) -> None:
    script = Path(__file__).parent / "assets" / "waits.py"
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=str(script), pip_requirements=[])
    port = free_port()
    command = [HEADRACE, "models", "serve", "-m", str(tmp_path / "model"), "-p", str(port), "-w", "2"]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log") as running:
        assert pool.request("GET", f"{running.url}/ping").status == 200
        assert "by 2 workers that have a copy each" in (tmp_path / "log").read_text()
