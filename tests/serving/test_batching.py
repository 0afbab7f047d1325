"""Requests that wait together, and which models may have them predicted together."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest

from headrace.base.errors import BadRequest
from headrace.models.enforcement import enforce
from headrace.models.signature import ModelSignature
from headrace.models.types import ColSpec, Schema, TensorSpec
from headrace.serving import batching
from headrace.serving.app import Scorer
from headrace.serving.dialects import Invocations

_TABLE = Schema([ColSpec("double", "a"), ColSpec("string", "s")])
_ROWS = json.dumps({"dataframe_split": {"columns": ["a", "s"], "data": [[1.0, "x"], [2.5, "y"], [-3.0, "zz"]]}})


class Acts:
    """A model of a table, or of a tensor, that does what the test wants."""

    def __init__(self, act: Callable[[Any], Any], schema: Schema = _TABLE) -> None:
        self.metadata = SimpleNamespace(signature=ModelSignature(inputs=schema), flavors={"sklearn": {}})
        self._act, self._schema = act, schema
        self.lengths: list[int] = []

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """As a loaded model does."""
        self.lengths.append(len(data))
        return self._act(enforce(data, self._schema))


def _proof(act: Callable[[Any], Any], example: str | None = _ROWS, schema: Schema = _TABLE) -> str:
    model = Acts(act, schema)
    return batching.prove(model, Invocations(model), example).fault


@pytest.mark.parametrize(
    "act",
    [
        lambda frame: frame["a"].to_numpy() * 0.1,
        lambda frame: frame["a"] + 1,
        lambda frame: frame[["s"]],
        lambda frame: frame["s"].tolist(),
        lambda frame: numpy.array(frame["s"].tolist()),
        lambda frame: [{"length": len(each)} for each in frame["s"]],
        lambda frame: numpy.stack([frame["a"], -frame["a"]], axis=1),
        lambda frame: numpy.full(len(frame), float("nan")),
    ],
)
def test_rows_that_are_predicted_each_by_itself_are_proved_independent(act: Callable[[Any], Any]) -> None:
    assert _proof(act) == ""


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (lambda frame: (frame["a"] - frame["a"].mean()).to_numpy(), "when they are alone"),
        (lambda frame: frame["a"].rank(method="first").to_numpy(), "when they are alone"),
        (lambda frame: numpy.arange(len(frame)), "when they are alone"),
        (lambda frame: frame["a"].duplicated().to_numpy(), "when they are repeated"),
        (lambda frame: frame["a"].sum(), "not one for each"),
        (lambda frame: numpy.zeros(len(frame) + 1), "not one for each"),
        (lambda frame: {"all": 1}, "not one for each"),
        (lambda frame: numpy.random.default_rng().random(len(frame)), "when they are"),
        (lambda frame: frame["b"], "cannot predict"),
    ],
)
def test_rows_that_depend_on_others_are_found_out(act: Callable[[Any], Any], fault: str) -> None:
    assert fault in _proof(act)


def test_an_order_that_matters_is_found_out_with_rows_that_agree_alone() -> None:
    def act(frame: Any) -> Any:
        # A row learns whether the one before it was larger.
        return (frame["a"].shift(fill_value=-numpy.inf) > frame["a"]).to_numpy()

    rows = json.dumps({"dataframe_split": {"columns": ["a", "s"], "data": [[1.0, "x"], [2.5, "y"]]}})
    assert "in another order" in _proof(act, rows)


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        (None, "without an input example"),
        ('{"inputs": [{"a": 1, "s": "x"}]}', "fewer than two rows"),
        ('{"inputs": {}}', "cannot predict"),
        ('{"messages": []}', "neither a table nor one array"),
    ],
)
def test_an_example_that_proves_nothing_is_no_proof(example: str | None, fault: str) -> None:
    assert fault in _proof(lambda frame: frame["a"], example)


def test_only_models_of_a_library_are_tried_unasked() -> None:
    model = Acts(len)
    assert batching.is_tried(model, "auto")
    assert not batching.is_tried(model, "off")
    model.metadata.flavors = {"python_function": {}}
    assert not batching.is_tried(model, "auto")
    assert batching.is_tried(model, "on")
    with pytest.raises(BadRequest, match="auto, on or off"):
        batching.is_tried(model, "always")


async def _post(app: Scorer, body: bytes) -> tuple[int, Any]:
    pieces = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return pieces.pop()

    headers = [(b"content-type", b"application/json")]
    await app({"type": "http", "method": "POST", "path": "/invocations", "headers": headers}, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


def _together(model: Acts, act: Callable[[Any], Any], bodies: list[Any]) -> list[tuple[int, Any]]:
    """The answers to requests that all wait while another one is predicted."""
    app = Scorer(model, version="1", example=_ROWS, batch="on")
    assert app.deployed.proof.fault == ""
    begun, go = threading.Event(), threading.Event()

    def first(data: Any) -> Any:
        model._act = act
        begun.set()
        go.wait(60)
        return act(data)

    async def work() -> list[tuple[int, Any]]:
        blocking = asyncio.create_task(_post(app, json.dumps(bodies[0]).encode()))
        await asyncio.to_thread(begun.wait, 60)
        others = [asyncio.create_task(_post(app, json.dumps(body).encode())) for body in bodies[1:]]
        while app._line.queued < len(others):
            await asyncio.sleep(0.001)
        go.set()
        return [await each for each in (blocking, *others)]

    model._act = first
    model.lengths.clear()
    return asyncio.run(work())


def _body(*values: Any) -> dict[str, Any]:
    return {"dataframe_records": [{"a": value, "s": "x"} for value in values]}


def _tenfold(frame: Any) -> Any:
    return frame["a"].to_numpy() * 10


def test_requests_that_wait_are_predicted_at_once_and_each_gets_its_own_rows() -> None:
    model = Acts(_tenfold)
    bodies = [_body(0), _body(1), _body(2, 3), _body("x"), _body(4)]
    answers = _together(model, _tenfold, bodies)
    assert [status for status, _ in answers] == [200, 200, 200, 400, 200]
    assert [said["predictions"] for status, said in answers if status == 200] == [[0], [10], [20, 30], [40]]
    assert model.lengths == [1, 4]


def test_a_row_that_breaks_the_model_spoils_no_other_request() -> None:
    def act(frame: Any) -> Any:
        if (frame["a"] == 13).any():
            raise ValueError("thirteen")
        return _tenfold(frame)

    model = Acts(act)
    answers = _together(model, act, [_body(0), _body(1), _body(13), _body(2)])
    assert [status for status, _ in answers] == [200, 200, 400, 200]
    assert "thirteen" in answers[2][1]["message"]
    assert answers[3][1] == {"predictions": [20]}
    assert model.lengths == [1, 3, 1, 1, 1]


def test_what_is_not_of_one_kind_is_predicted_alone() -> None:
    model = Acts(_tenfold)
    large = _body(*range(batching.ROWS + 1))
    numbered = {"dataframe_split": {"columns": ["a", "s"], "data": [[5, "x"]], "index": [7]}}
    answers = _together(model, _tenfold, [_body(0), _body(1), large, numbered, {**_body(2), "params": {"k": 1}}])
    assert [status for status, _ in answers] == [200] * 5
    assert model.lengths == [1, 1, batching.ROWS + 1, 1, 1]


def test_tensors_are_joined_along_their_rows() -> None:
    schema = Schema([TensorSpec(numpy.dtype("float64"), [-1, 2])])
    model = Acts(lambda array: array.sum(axis=1), schema)
    assert _proof(model._act, '{"inputs": [[1, 2], [3, 4]]}', schema) == ""
    proof = batching.Proof("")
    from headrace.models.payload import Payload

    payloads = [Payload(numpy.array(rows, float), None) for rows in ([[1, 2]], [[3, 4], [5, 6]])]
    assert len({batching.kind_of(each, proof) for each in payloads}) == 1
    found = batching.together(model, payloads)
    assert found is not None
    assert [each.tolist() for each in found] == [[3], [7, 11]]


def test_tables_of_several_types_keep_them_when_they_are_joined() -> None:
    from headrace.models.payload import Payload

    frames = [pandas.DataFrame({"a": [each], "s": ["x"]}) for each in (1.0, 2.0)]
    found = batching.together(Acts(lambda frame: frame), [Payload(each, None) for each in frames])
    assert found is not None
    for got, wanted in zip(found, frames, strict=True):
        assert got.reset_index(drop=True).equals(wanted)
