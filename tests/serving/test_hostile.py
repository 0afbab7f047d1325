"""Whatever is sent, the answer is a prediction or a sentence about what is wrong with it; never a failure of ours."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import headrace as mlflow
from headrace.models.payload import FORMATS
from headrace.models.types import Array, ColSpec, DataType, Map, Object, Property, Schema, TensorSpec
from headrace.serving.app import Scorer
from tests.serving.conftest import URI, Registered
from tests.serving.test_app import Doubles, Reply, ask

_PATIENT = settings(max_examples=300, deadline=None)

_names = st.sampled_from(["a", "b", "z", "", "columns", "data"]) | st.text(max_size=3)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**400])
    | st.floats()
    | st.sampled_from(["1", "1.5", "1e999", "NaN", "true", "2020-01-01", "9999-12-31", "eA==", "\0", "\U0001f600"])
    | st.text(max_size=4)
)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=3), max_leaves=12
)
_split = st.fixed_dictionaries(
    {"data": st.lists(st.lists(_values, max_size=3), max_size=3) | _values},
    optional={"columns": st.lists(_names, max_size=3) | _values, "index": _values, "z": _values},
)
_bodies = (
    st.dictionaries(st.sampled_from([*FORMATS, "params", "messages", "z"]), _split | _values, max_size=3) | _values
)
_rows = st.fixed_dictionaries({"a": _scalars, "b": _scalars}, optional={"z": _values})


def _model(schema: Schema) -> Doubles:
    model = Doubles(lambda data: data)
    model._schema = model.metadata.signature.inputs = schema
    return model


_STRUCTURED = Scorer(
    _model(
        Schema(
            [
                ColSpec(Array(Array(DataType.long)), "a", False),
                ColSpec(Object([Property("a", "datetime", False), Property("b", Array("binary"))]), "b", False),
                ColSpec(Map(DataType.boolean), "z", False),
            ]
        )
    ),
    version="1",
)
_UNNAMED = Scorer(_model(Schema([ColSpec("datetime"), ColSpec("float")])), version="1")
_TENSOR = Scorer(_model(Schema([TensorSpec(numpy.dtype("int8"), (-1, 2))])), version="1")
_TENSORS = Scorer(
    _model(Schema([TensorSpec(numpy.dtype("float32"), (-1,), "a"), TensorSpec(numpy.dtype("str"), (-1,), "b")])),
    version="1",
)
_OTHERS = st.sampled_from([_STRUCTURED, _UNNAMED, _TENSOR, _TENSORS])


@pytest.fixture(scope="module")
def champion(registered: Registered) -> Scorer:
    """The real model."""
    return Scorer(mlflow.pyfunc.load_model(URI), version="1")


def _post(app: Scorer, body: bytes, content_type: str = "application/json") -> Reply:
    return ask(app, "POST", "/invocations", body, headers={"Content-Type": content_type})


def _check(reply: Reply) -> None:
    event(f"status {reply.status}")
    assert reply.status in (200, 400, 413, 415), reply.body
    said: Any = json.loads(reply.body)
    if reply.status != 200:
        assert said["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")
        assert said["message"]
        assert len(reply.body) < 4000


@_PATIENT
@given(said=_bodies)
def test_any_json_is_answered_in_good_order(champion: Scorer, said: Any) -> None:
    _check(_post(champion, json.dumps(said).encode()))


@_PATIENT
@given(app=_OTHERS, said=_bodies)
def test_any_json_for_any_signature_is_answered_in_good_order(app: Scorer, said: Any) -> None:
    _check(_post(app, json.dumps(said).encode()))


@_PATIENT
@given(form=st.sampled_from(FORMATS), rows=st.lists(_rows | _values, max_size=3))
def test_any_rows_are_answered_in_good_order(champion: Scorer, form: str, rows: list[Any]) -> None:
    _check(_post(champion, json.dumps({form: rows}).encode()))


@_PATIENT
@given(
    body=st.binary(max_size=60) | st.text(alphabet='ab,"\n\r\x001.e-', max_size=40).map(str.encode),
    content_type=st.sampled_from(
        ["application/json", "text/csv", "application/vnd.apache.parquet", "text/csv; charset=utf-8; header=present"]
    )
    | st.text(alphabet=st.characters(max_codepoint=255), max_size=12),
)
def test_any_bytes_are_answered_in_good_order(champion: Scorer, body: bytes, content_type: str) -> None:
    _check(_post(champion, body, content_type))
    _check(_post(_UNNAMED, body, content_type))


@_PATIENT
@given(at=st.integers(0, 60), junk=st.binary(min_size=1, max_size=3))
def test_a_good_request_with_a_few_bytes_overwritten_is_answered_in_good_order(
    champion: Scorer, at: int, junk: bytes
) -> None:
    body = b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, 2]]}}'
    _check(_post(champion, body[:at] + junk + body[at + len(junk) :]))


@_PATIENT
@given(a=st.floats(allow_nan=False, allow_infinity=False), b=st.integers(-(2**63), 2**63 - 1))
def test_what_fits_reaches_the_model_unchanged(a: float, b: int) -> None:
    seen: list[Any] = []
    model = _model(Schema([ColSpec("double", "a"), ColSpec("long", "b")]))
    model._act = lambda frame: seen.append((frame["a"].iloc[0].item(), frame["b"].iloc[0].item()))
    assert _post(Scorer(model, version="1"), json.dumps({"inputs": [{"b": b, "a": a}]}).encode()).status == 200
    assert seen == [(a, b)]
