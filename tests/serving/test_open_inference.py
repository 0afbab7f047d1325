"""The Open Inference Protocol, asked without a network."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest

from headrace.models.enforcement import enforce
from headrace.models.signature import ModelSignature
from headrace.models.types import Array, ColSpec, DataType, Schema, TensorSpec
from headrace.serving.app import Scorer
from tests.serving.test_app import Reply, ask

_INFER = "/v2/models/scored/infer"


class Saved:
    """A model with a signature that remembers what it was asked, and answers as the test wants."""

    def __init__(self, signature: ModelSignature | None, act: Callable[[Any], Any] = len) -> None:
        self.metadata = SimpleNamespace(signature=signature)
        self.seen: Any = None
        self.params: Any = None
        self._act = act

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """As a loaded model does: the signature first, then the model's own work."""
        signature = self.metadata.signature
        self.seen = enforce(data, signature.inputs) if signature is not None and signature.inputs else data
        self.params = params
        return self._act(self.seen)


_COLUMNS = ModelSignature(
    inputs=Schema(
        [
            ColSpec("double", "a"),
            ColSpec("long", "b"),
            ColSpec("string", "s"),
            ColSpec("datetime", "t", required=False),
            ColSpec("binary", "raw", required=False),
            ColSpec(Array(DataType.long), "many", required=False),
        ]
    ),
    outputs=Schema([ColSpec("double", "score")]),
)
_A = {"name": "a", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]}
_B = {"name": "b", "shape": [2, 1], "datatype": "INT64", "data": [[1], [2]]}
_S = {"name": "s", "shape": [2], "datatype": "BYTES", "data": ["x", "y"]}


def _app(model: Saved, version: str | None = "3", **options: Any) -> Scorer:
    return Scorer(model, version="1.2.3", name="scored", model_version=version, **options)


def _infer(model: Saved, *inputs: dict[str, Any], path: str = _INFER, **more: Any) -> Reply:
    body = json.dumps({"inputs": list(inputs), **more}).encode()
    return ask(_app(model), "POST", path, body, headers={"Content-Type": "application/json"})


def test_the_server_and_its_model_describe_themselves() -> None:
    app = _app(Saved(_COLUMNS))
    assert ask(app, "GET", "/v2").said == {"name": "headrace", "version": "1.2.3", "extensions": []}
    assert ask(app, "GET", "/v2/health/live").said == {"live": True}
    assert ask(app, "GET", "/v2/health/ready").said == {"ready": True}
    for path in ("/v2/models/scored/ready", "/v2/models/scored/versions/3/ready"):
        assert ask(app, "GET", path).said == {"name": "scored", "ready": True}
    said = ask(app, "GET", "/v2/models/scored").said
    assert said == ask(app, "GET", "/v2/models/scored/versions/3").said
    assert (said["name"], said["versions"]) == ("scored", ["3"])
    assert [(each["name"], each["datatype"], each["shape"]) for each in said["inputs"][:3]] == [
        ("a", "FP64", [-1, 1]),
        ("b", "INT64", [-1, 1]),
        ("s", "BYTES", [-1, 1]),
    ]
    contents = [each["parameters"]["content_type"] for each in said["inputs"][2:]]
    assert contents == ["str", "datetime", "base64", "json"]
    assert said["outputs"] == [{"name": "score", "datatype": "FP64", "shape": [-1, 1]}]


def test_columns_become_the_table_of_the_signature() -> None:
    model = Saved(_COLUMNS, lambda frame: frame["a"] * 2)
    more = [
        {"name": "t", "shape": [2], "datatype": "BYTES", "data": ["2024-01-02", "2024-01-02T03:04:05"]},
        {"name": "raw", "shape": [2], "datatype": "BYTES", "data": ["eA==", "eQ=="]},
        {"name": "many", "shape": [2], "datatype": "BYTES", "data": ["[1, 2]", "[]"]},
    ]
    reply = _infer(model, _S, _B, _A, *more, id="7")
    assert reply.said == {
        "model_name": "scored",
        "model_version": "3",
        "id": "7",
        "outputs": [{"name": "score", "shape": [2, 1], "datatype": "FP64", "data": [3.0, 5.0]}],
    }
    assert list(model.seen.columns) == ["a", "b", "s", "t", "raw", "many"]
    assert model.seen["b"].tolist() == [1, 2]
    assert model.seen["t"].tolist() == [datetime.datetime(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5)]
    assert model.seen["raw"].tolist() == [b"x", b"y"]
    assert [list(each) for each in model.seen["many"]] == [[1, 2], []]


def test_tensors_arrive_in_their_shape_and_dtype() -> None:
    signature = ModelSignature(inputs=Schema([TensorSpec(numpy.dtype("float32"), [-1, 2, 2])]))
    model = Saved(signature, lambda array: array * 2)
    said = {"name": "anything", "shape": [1, 2, 2], "datatype": "FP32", "data": [0.5, 1, 2, 3]}
    output = _infer(model, said).said["outputs"][0]
    assert (model.seen.shape, model.seen.dtype) == ((1, 2, 2), numpy.float32)
    assert output == {"name": "predict", "shape": [1, 2, 2], "datatype": "FP32", "data": [1, 2, 4, 6]}
    nested = {**said, "datatype": "INT64", "data": [[[1, 2], [3, 4]]]}
    assert _infer(model, nested).said["outputs"][0]["data"] == [2, 4, 6, 8]


def test_several_tensors_go_by_their_names() -> None:
    specs = [TensorSpec(numpy.dtype("int64"), [-1], "x"), TensorSpec(numpy.dtype("bool"), [-1], "y")]
    model = Saved(ModelSignature(inputs=Schema(specs)), lambda said: {"sum": said["x"] + said["y"], "y": said["y"]})
    x = {"name": "x", "shape": [2], "datatype": "INT64", "data": [1, 2]}
    y = {"name": "y", "shape": [2], "datatype": "BOOL", "data": [True, False]}
    outputs = _infer(model, y, x).said["outputs"]
    assert [(each["name"], each["datatype"], each["data"]) for each in outputs] == [
        ("sum", "INT64", [2, 2]),
        ("y", "BOOL", [True, False]),
    ]
    assert [each["name"] for each in _infer(model, y, x, outputs=[{"name": "y"}]).said["outputs"]] == ["y"]


def test_a_model_without_signature_gets_the_array_or_a_table_when_asked_so() -> None:
    model = Saved(None)
    _infer(model, {"name": "x", "shape": [2, 2], "datatype": "UINT8", "data": [1, 2, 3, 255]})
    assert model.seen.tolist() == [[1, 2], [3, 255]]
    assert model.seen.dtype == numpy.uint8
    _infer(model, _A, _S)
    assert {name: each.tolist() for name, each in model.seen.items()} == {"a": [1.5, 2.5], "s": ["x", "y"]}
    _infer(model, _A, _S, parameters={"content_type": "pd"})
    assert model.seen.equals(pandas.DataFrame({"a": [1.5, 2.5], "s": ["x", "y"]}))


def test_params_of_the_signature_come_in_the_parameters() -> None:
    from headrace.models.types import ParamSchema, ParamSpec

    model = Saved(ModelSignature(inputs=None, params=ParamSchema([ParamSpec("k", "long", 1)])), lambda _: [1])
    assert _infer(model, _A, parameters={"k": 2, "priority": 9}).status == 200
    assert model.params == {"k": 2}


@pytest.mark.parametrize(
    ("prediction", "tensors"),
    [
        (["x", "y"], [("predict", "BYTES", [2, 1], ["x", "y"])]),
        ([1, 2], [("predict", "INT64", [2, 1], [1, 2])]),
        ([{"k": 1}], [("predict", "BYTES", [1, 1], ['{"k": 1}'])]),
        ([1, 2.5], [("predict", "BYTES", [2, 1], ["1", "2.5"])]),
        ([2**70], [("predict", "BYTES", [1, 1], [str(2**70)])]),
        ([b"x"], [("predict", "BYTES", [1, 1], ["eA=="])]),
        ("text", [("predict", "BYTES", [1, 1], ["text"])]),
        (numpy.array([], "float64"), [("predict", "FP64", [0, 1], [])]),
        (numpy.array(["2024-01-02"], "datetime64[ns]"), [("predict", "BYTES", [1, 1], ["2024-01-02T00:00:00"])]),
        (
            pandas.DataFrame({"p": [0.5], "label": ["cat"]}),
            [("p", "FP64", [1, 1], [0.5]), ("label", "BYTES", [1, 1], ["cat"])],
        ),
    ],
)
def test_predictions_of_any_kind_become_tensors(prediction: Any, tensors: list[Any]) -> None:
    outputs = _infer(Saved(None, lambda _: prediction), _A).said["outputs"]
    assert [(each["name"], each["datatype"], each["shape"], each["data"]) for each in outputs] == tensors


def test_no_number_is_lost_on_the_way() -> None:
    model = Saved(None, lambda array: array)
    data = [float("nan"), float("inf"), 5e-324, 0.1]
    found = _infer(model, {"name": "x", "shape": [4], "datatype": "FP64", "data": data}).said["outputs"][0]["data"]
    assert math.isnan(found[0])
    assert found[1:] == data[1:]
    whole = {"name": "x", "shape": [1], "datatype": "INT64", "data": [2**63 - 1]}
    assert _infer(model, whole).said["outputs"][0]["data"] == [2**63 - 1]


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        ([], "no inputs"),
        ([_A, _A], "twice"),
        ([{"name": "a"}], "no request for inference"),
        ([{**_A, "datatype": "FP8"}], "'a' has the datatype 'FP8'"),
        ([{**_A, "datatype": "INT32"}], "'a' must be an array of int32"),
        ([{**_A, "data": [1.5]}], "'a' has 1 values"),
        ([{**_A, "data": [[1.5], 2]}], "nested evenly"),
        ([{**_A, "shape": [-2]}], "shape [-2]"),
        ([{**_A, "shape": [10**30]}], "shape"),
        ([{**_A, "shape": [0, 2**30, 2**30], "data": []}], "at most 2147483648 values"),
        ([{**_A, "data": [1.5, [2]]}], "'a' cannot be read"),
        ([{**_A, "data": [1.5, {}]}], "'a' cannot be read"),
        ([{**_B, "data": [1, None]}], "such as"),
        ([{**_A, "shape": [1] * 40, "data": [1.0]}], "at most 32"),
        ([{**_S, "data": ["x", 1]}, _A, _B], "1 is none"),
        ([{**_A, "shape": [1, 2]}, _B, _S], "[rows, 1]"),
        ([_A, _B], "['s']"),
        ([_A, _B, {**_S, "shape": [1], "data": ["x"]}], "one length"),
        ([{**_S, "name": "a"}, _B, _S], "column 'a' must be double"),
        ([_A, _B, _S, {**_S, "name": "many"}], "not valid JSON"),
    ],
)
def test_a_request_that_is_wrong_is_told_where(inputs: list[Any], fault: str) -> None:
    reply = _infer(Saved(_COLUMNS), *inputs)
    assert (reply.status, list(reply.said)) == (400, ["error"])
    assert fault in reply.said["error"]


def test_outputs_that_are_not_there_are_named() -> None:
    reply = _infer(Saved(None), _A, outputs=[{"name": "proba"}])
    assert reply.status == 400
    assert "['proba']" in reply.said["error"]


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/scored/versions/4", 404),
        ("POST", "/v2/models/scored/versions/3/infer", 400),
        ("GET", "/v2/models/scored/nothing", 404),
        ("GET", "/v2/models", 404),
        ("GET", "/v2/nothing", 404),
        ("GET", "/v2x", 404),
        ("GET", _INFER, 405),
        ("POST", "/v2", 405),
    ],
)
def test_paths_that_are_not_there_and_verbs_that_are_not_answered(verb: str, path: str, status: int) -> None:
    reply = ask(_app(Saved(_COLUMNS)), verb, path)
    assert reply.status == status
    assert "error" in reply.said or path == "/v2x"
    assert reply.headers.get("allow") == ({_INFER: "POST", "/v2": "GET"}[path] if status == 405 else None)


def test_a_model_without_versions_has_none() -> None:
    app = _app(Saved(_COLUMNS), version=None)
    assert ask(app, "GET", "/v2/models/scored").said["versions"] == []
    assert "no versions" in ask(app, "GET", "/v2/models/scored/versions/1").said["error"]


def test_an_error_of_the_model_is_told_in_the_protocols_shape() -> None:
    def fail(_: Any) -> Any:
        raise ValueError("three legs")

    reply = _infer(Saved(None, fail), _A)
    assert (reply.status, list(reply.said)) == (400, ["error"])
    assert "three legs" in reply.said["error"]
