"""Classes N and D: names that deceive, and data that is not what a call takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.hostile.conftest import API, PROXIED, Target

Refused = Callable[..., None]

HIDDEN = ["a\0b", "a\nb", "\u202eabc", "\ud800", "", "\t", "a\u2066b"]
NAMES = [*HIDDEN, "   "]


@pytest.mark.parametrize("name", [*NAMES, "n" * 501, "n" * 5_000_000])
def test_an_experiment_has_an_honest_name(target: Target, refused: Refused, name: str) -> None:
    refused(target.post("experiments/create", {"name": name}))


@pytest.mark.parametrize("name", [*NAMES, "n" * 257, "n" * 5000, "a/b", "a:b", "a%b"])
def test_a_model_has_an_honest_name(target: Target, refused: Refused, name: str) -> None:
    refused(target.post("registered-models/create", {"name": name}))


@pytest.mark.parametrize("name", ["../../x", "..", "."])
def test_a_name_like_a_path_is_only_a_name(target: Target, name: str) -> None:
    before = target.inventory()
    assert target.post("experiments/create", {"name": name}).status == 200
    assert target.inventory() == before


@pytest.mark.parametrize("key", [*HIDDEN, "../a", "a//b", "/a", "a/../b", ".", "k" * 251, "k" * (10 << 20)])
@pytest.mark.parametrize("call", ["log-metric", "log-parameter", "set-tag"])
def test_a_key_is_a_plain_relative_path(target: Target, refused: Refused, call: str, key: str) -> None:
    value: Any = 1 if call == "log-metric" else "v"
    body = {"run_id": target.run_id, "key": key, "value": value, "timestamp": 1}
    refused(target.post(f"runs/{call}", body), 400, 413)


@pytest.mark.parametrize(("call", "length"), [("log-parameter", 100_001), ("set-tag", 100_001), ("set-tag", 10 << 20)])
def test_no_value_is_ever_cut(target: Target, refused: Refused, call: str, length: int) -> None:
    body = {"run_id": target.run_id, "key": "long", "value": "v" * length}
    refused(target.post(f"runs/{call}", body), 400, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b'{"run_id":',
        b"\xef\xbb\xbf{}",
        '{"run_id":"x"}'.encode("utf-16"),
        b'{"run_id":"\xff"}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"run_id":"r","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{}",
        b"{'run_id': 1}",
        b'{"run_id":["a"]}',
    ],
)
@pytest.mark.parametrize("call", ["runs/log-metric", "runs/delete", "runs/log-batch", "logged-models"])
def test_a_body_is_a_json_object_of_the_call(target: Target, refused: Refused, call: str, body: bytes) -> None:
    refused(target.raw.ask("POST", f"{API}/{call}", body), 400, 404)


def test_an_empty_body_lacks_what_is_required(target: Target, refused: Refused) -> None:
    refused(target.raw.ask("POST", f"{API}/runs/log-metric"))


METRIC = {"key": "m", "value": 1, "timestamp": 1}
INT64 = 2**63


@pytest.mark.parametrize(
    "fields",
    [
        f'"step":{INT64}',
        f'"step":{2**64}',
        f'"step":{-INT64 - 1}',
        '"step":1.5',
        '"step":"x"',
        '"step":true',
        f'"timestamp":{2**64}',
        '"timestamp":-1',
        '"timestamp":null',
        '"value":1e999',
        '"value":true',
        '"value":"abc"',
        f'"value":{"9" * 5000}',
        f'"step":{"9" * 5000}',
        '"value":[1]',
    ],
)
def test_numbers_are_what_they_say(target: Target, refused: Refused, fields: str) -> None:
    body = f'{{"run_id":"{target.run_id}","key":"m","value":1,"timestamp":1,{fields}}}'.encode()
    refused(target.raw.ask("POST", f"{API}/runs/log-metric", body))
    batch = f'{{"run_id":"{target.run_id}","metrics":[{{"key":"m","value":1,"timestamp":1,{fields}}}]}}'.encode()
    refused(target.raw.ask("POST", f"{API}/runs/log-batch", batch))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_json_cannot_say_is_read_back(target: Target, value: str) -> None:
    for spelled in (f'"{value}"', value):
        key = f"odd {value.strip('-')} {len(spelled)}"
        body = f'{{"run_id":"{target.run_id}","key":"{key}","value":{spelled},"timestamp":1}}'.encode()
        assert target.raw.ask("POST", f"{API}/runs/log-metric", body).status == 200
        where = f"{API}/metrics/get-history?run_id={target.run_id}&metric_key={key.replace(' ', '%20')}"
        assert target.raw.ask("GET", where).json()["metrics"][-1]["value"] == value


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs/update", {"status": "DONE"}),
        ("runs/update", {"status": 3.5}),
        ("runs/search", {"experiment_ids": "0"}),
        ("runs/search", {"run_view_type": "SOME"}),
        ("runs/search", {"max_results": 0}),
        ("runs/search", {"max_results": 50_001}),
        ("experiments/search", {"max_results": -1}),
        ("experiments/search", {}),
        ("runs/search", {"experiment_ids": [str(each) for each in range(100_000)]}),
        ("runs/search", {"filter": "metrics.a > 1 AND " * 5000 + "metrics.a > 1"}),
        ("runs/search", {"filter": f"attributes.run_id IN ({','.join(['1'] * 50_000)})"}),
        ("runs/search", {"filter": "params.a = '' OR 1=1 --"}),
        ("runs/search", {"filter": "params.a = ''; DROP TABLE run"}),
        ("runs/search", {"filter": "(" * 5000}),
        ("runs/search", {"order_by": ["metrics.a; DROP"]}),
        ("runs/search", {"order_by": ["(SELECT 1)"]}),
        ("runs/search", {"order_by": ["metrics.a"] * 500}),
        ("runs/search", {"page_token": "garbage"}),
        ("runs/search", {"page_token": "-1"}),
        ("runs/search", {"page_token": "9" * 25}),
        ("runs/search", {"page_token": "p" * 100_000}),
        ("runs/log-batch", {"metrics": [METRIC] * 1001}),
        ("runs/log-batch", {"params": [{"key": f"p{at}", "value": "v"} for at in range(101)]}),
        ("runs/log-batch", {"tags": [{"key": f"t{at}", "value": "v"} for at in range(101)]}),
        ("runs/log-batch", {"metrics": [METRIC, {**METRIC, "key": "a//b"}]}),
        ("runs/log-batch", {"metrics": [METRIC], "params": [{"key": "p"}, {"key": ""}]}),
        ("experiments/set-experiment-tag", {"experiment_id": "1", "key": "k" * 251, "value": "v"}),
        ("experiments/create", {"name": "many", "tags": [{"key": f"k{at}", "value": "v"} for at in range(5000)]}),
    ],
)
def test_no_call_takes_more_or_else_than_it_says(
    target: Target, refused: Refused, path: str, body: dict[str, Any]
) -> None:
    about = {} if "experiment" in path else {"experiment_ids": [target.experiment_id], "run_id": target.run_id}
    refused(target.post(path, {**about, **body}))


@pytest.mark.parametrize("path", ["runs/get?run_id=nobody", "experiments/get?experiment_id=99999999999999999999"])
def test_what_is_not_there_is_not_found(target: Target, refused: Refused, path: str) -> None:
    refused(target.raw.ask("GET", f"{API}/{path}"), 400, 404)


def test_a_batch_that_is_refused_leaves_nothing(target: Target, refused: Refused) -> None:
    good, bad = {**METRIC, "key": "half"}, {**METRIC, "key": "half", "step": 2**63}
    refused(target.post("runs/log-batch", {"run_id": target.run_id, "metrics": [good, bad]}))
    said = target.raw.ask("GET", f"{API}/runs/get?run_id={target.run_id}").json()["run"]
    assert "half" not in {each["key"] for each in said.get("data", {}).get("metrics", [])}


def test_a_body_beyond_the_limit_is_refused_before_it_is_parsed(target: Target, refused: Refused) -> None:
    body = json.dumps({"run_id": target.run_id, "key": "k", "value": "v" * (9 << 20)}).encode()
    refused(target.raw.ask("POST", f"{API}/runs/set-tag", body), 413)
    refused(target.post("runs/log-metric", {"key": "k" * (10 << 20)}), 413)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "<script>alert(1)</script>", "x"])
def test_a_call_says_that_it_is_json(target: Target, refused: Refused, kind: str) -> None:
    reply = target.raw.ask("POST", f"{API}/runs/delete", {"run_id": target.run_id}, kind=kind)
    refused(reply)
    assert b"<script>" not in reply.body
    refused(target.raw.ask("POST", f"{API}/runs/delete", {"run_id": target.run_id}, kind=None))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_compressed_body_is_not_unpacked(target: Target, refused: Refused, coding: str) -> None:
    headers = {"Content-Encoding": coding}
    refused(target.raw.ask("POST", f"{API}/runs/delete", b"\x1f\x8b", headers=headers), 415)
    refused(target.raw.ask("PUT", f"{PROXIED}/{target.root}/packed", b"\x1f\x8b", headers=headers), 415)


@pytest.mark.parametrize("run_id", ["' OR 1=1--", "%00", "%ff", "x'; DROP TABLE run;--", "a" * 65])
def test_an_id_is_only_an_id(target: Target, refused: Refused, run_id: str) -> None:
    refused(target.raw.ask("GET", f"{API}/runs/get?run_id={run_id.replace(' ', '%20')}"), 400, 404)
