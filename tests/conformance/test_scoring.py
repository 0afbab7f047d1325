"""One model, served by genuine MLflow and by headrace, asked the same."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
import urllib3
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from tests.conformance.conftest import QUIET, Pair
from tests.databases import free_port
from tests.processes import serving

pytestmark = pytest.mark.slow
_JSON, _CSV = {"Content-Type": "application/json"}, {"Content-Type": "text/csv"}
_ROW = {"a": 1.5, "b": 2, "c": 0.5}

#: Name -> the JSON that is sent.
_ALIKE: dict[str, Any] = {
    "split": {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1.5, 2, 0.5], [1, 2, 3]]}},
    "split in another order": {"dataframe_split": {"columns": ["c", "z", "b", "a"], "data": [[0.5, "z", 2, 1.5]]}},
    "split with an index": {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1.5, 2, 0.5]], "index": [9]}},
    "split without data": {"dataframe_split": {"columns": ["a"]}},
    "split with unknown fields": {"dataframe_split": {"columns": ["a"], "data": [[1]], "z": 1}},
    "split that is a list": {"dataframe_split": [1]},
    "rows that are too long": {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2, 3, 4]]}},
    "records": {"dataframe_records": [_ROW, _ROW]},
    "records that are an object": {"dataframe_records": _ROW},
    "instances by row": {"instances": [_ROW]},
    "instances by column": {"instances": {"a": [1.5], "b": [2], "c": [0.5]}},
    "inputs by row": {"inputs": [_ROW]},
    "inputs by column": {"inputs": {"a": [1.5, 2], "b": [2, 3], "c": [0.5, 1]}},
    "inputs of one row": {"inputs": _ROW},
    "inputs without names": {"inputs": [[1.5, 2, 0.5]]},
    "numbers as text": {"inputs": [{"a": "1.5", "b": "2", "c": "0.5"}]},
    "an integer for a double": {"inputs": [{**_ROW, "a": 1}]},
    "a missing double": {"inputs": [{**_ROW, "a": None}]},
    "a missing integer": {"dataframe_records": [{**_ROW, "b": None}]},
    "text for a double": {"dataframe_records": [{**_ROW, "a": "x"}]},
    "a missing column": {"dataframe_records": [{"a": 1.5, "c": 0.5}]},
    "an integer beyond 70 bits": {"dataframe_records": [{**_ROW, "b": 2**70}]},
    "no rows of records": {"dataframe_records": []},
    "ragged inputs": {"inputs": [[1], [1, 2]]},
    "params nobody takes": {"inputs": [_ROW], "params": {"q": 1}},
    "only params": {"params": {"q": 1}},
    "two formats": {"inputs": [_ROW], "instances": [_ROW]},
    "a format and something else": {"inputs": [_ROW], "z": 1},
    "no format": {"z": 1},
    "an empty object": {},
    "a list": [1],
    "null": None,
    "text": "x",
}
#: Name -> the bytes and headers that are sent.
_ALIKE_BYTES: dict[str, tuple[bytes, dict[str, str]]] = {
    "csv": (b"a,b,c\n1.5,2,0.5\n", _CSV),
    "csv with a charset": (b"a,b,c\n1.5,2,0.5\n", {"Content-Type": "text/csv; charset=utf-8"}),
    "csv with text for a number": (b"a,b,c\nx,2,0.5\n", _CSV),
    "csv with a fraction for an integer": (b"a,b,c\n1,2.5,0.5\n", _CSV),
    "csv without a byte": (b"", _CSV),
    "broken json": (b"{bad", _JSON),
    "nothing": (b"", _JSON),
    "broken utf-8": (b'{"inputs": ["\xff"]}', _JSON),
    "NaN": (b'{"inputs": [{"a": NaN, "b": 1, "c": 1}]}', _JSON),
    "broken parquet": (b"PAR1", {"Content-Type": "application/vnd.apache.parquet"}),
    "plain text": (b"x", {"Content-Type": "text/plain"}),
    "another charset": (b"{}", {"Content-Type": "application/json; charset=latin-1"}),
    "an unknown parameter of the type": (b"{}", {"Content-Type": "application/json; foo=1"}),
}
#: Name -> what is sent, and the statuses of genuine MLflow and of ours, which differ on purpose.
_OTHERWISE: dict[str, tuple[bytes, dict[str, str], int, int]] = {
    "a fraction for an integer": (json.dumps({"inputs": [{**_ROW, "b": 1.5}]}).encode(), _JSON, 200, 400),
    "an integer that wraps round": (
        json.dumps({"dataframe_records": [{**_ROW, "b": 2**63}]}).encode(),
        _JSON,
        200,
        400,
    ),
    "a boolean for a number": (json.dumps({"dataframe_records": [{**_ROW, "a": True}]}).encode(), _JSON, 200, 400),
    "no content type": (b"{}", {}, 500, 400),
    "a content type in capitals": (b"a,b,c\n1.5,2,0.5\n", {"Content-Type": "Text/CSV; charset=UTF-8"}, 415, 200),
}


@pytest.fixture(scope="module")
def scorers(genuine_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One model, served twice."""
    home = tmp_path_factory.mktemp("scorers")
    table = pandas.DataFrame({"a": [1.0, 2.0, 4.0], "b": [1, 3, 2], "c": [0.5, 0.25, 8.0]})
    model = LinearRegression().fit(table, [1.0, 2.0, 4.5])
    folder = str(home / "model")
    mlflow.sklearn.save_model(model, folder, signature=mlflow.models.infer_signature(table, model.predict(table)))
    urls = Pair(f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}")
    options = ["models", "serve", "-m", folder, "--env-manager", "local", "-p"]
    # Genuine MLflow starts its server by the name uvicorn, which it looks for in PATH.
    env = {**QUIET, "PATH": f"{Path(genuine_python).parent}{os.pathsep}{os.environ['PATH']}"}
    genuine = [genuine_python, "-m", "mlflow", *options, urls.genuine.rpartition(":")[2]]
    ours = [str(Path(sys.executable).with_name("headrace")), *options, urls.ours.rpartition(":")[2]]
    with serving(genuine, urls.genuine, home / "genuine.log", env=env), serving(ours, urls.ours, home / "ours.log"):
        yield urls


def _ask(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any, str]:
    """Status, predictions if there are any, and error code."""
    with urllib3.PoolManager(retries=False, timeout=120) as pool:
        reply = pool.request("POST", f"{url}/invocations", body=body, headers=headers)
    if reply.status == 200:
        return 200, reply.json(), ""
    is_json = reply.headers["content-type"] == "application/json" and reply.data.startswith(b'{"error_code"')
    return reply.status, None, reply.json()["error_code"] if is_json else ""


@pytest.mark.parametrize("name", [*_ALIKE, *_ALIKE_BYTES])
def test_the_same_is_answered(name: str, scorers: Pair) -> None:
    body, headers = _ALIKE_BYTES[name] if name in _ALIKE_BYTES else (json.dumps(_ALIKE[name]).encode(), _JSON)
    genuine, ours = _ask(scorers.genuine, body, headers), _ask(scorers.ours, body, headers)
    assert ours[:2] == genuine[:2]
    assert not genuine[2] or ours[2] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("name", _OTHERWISE)
def test_what_is_answered_otherwise_on_purpose(name: str, scorers: Pair) -> None:
    body, headers, genuine, ours = _OTHERWISE[name]
    assert (_ask(scorers.genuine, body, headers)[0], _ask(scorers.ours, body, headers)[0]) == (genuine, ours)


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_the_pages_are_alike(path: str, scorers: Pair) -> None:
    with urllib3.PoolManager(retries=False, timeout=120) as pool:
        replies = [pool.request("GET", url + path) for url in scorers]
    seen = {(reply.status, reply.data, reply.headers["content-type"]) for reply in replies}
    assert seen == {(200, b"\n", "application/json")}
