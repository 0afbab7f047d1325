"""Types and schemas, as they are on disk."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pytest

from headrace.base.errors import BadRequest
from headrace.models.types import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    SparkMLVector,
    TensorSpec,
)

#: What genuine MLflow writes.
ON_DISK = [
    (
        [ColSpec("double", "a"), ColSpec("string", "b", required=False)],
        '[{"type": "double", "name": "a", "required": true}, {"type": "string", "name": "b", "required": false}]',
    ),
    ([ColSpec("string")], '[{"type": "string", "required": true}]'),
    (
        [TensorSpec(np.dtype("float32"), (-1, 28, 28))],
        '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28]}}]',
    ),
    (
        [TensorSpec(np.dtype("<U5"), (-1,), "words")],
        '[{"name": "words", "type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}]',
    ),
    (
        [ColSpec(Array(Array("long")), "l")],
        '[{"type": "array", "items": {"type": "array", "items": {"type": "long"}}, "name": "l", "required": true}]',
    ),
    (
        [ColSpec(Object([Property("k", "string"), Property("arr", Array("double"), False)]), "o")],
        '[{"type": "object", "properties": {"arr": {"type": "array", "items": {"type": "double"}, "required": false}, '
        '"k": {"type": "string", "required": true}}, "name": "o", "required": true}]',
    ),
    ([ColSpec(Map("string"), "m")], '[{"type": "map", "values": {"type": "string"}, "name": "m", "required": true}]'),
    ([ColSpec(AnyType(), "x", False)], '[{"type": "any", "name": "x", "required": false}]'),
    ([ColSpec(SparkMLVector(), "v")], '[{"type": "sparkml_vector", "name": "v", "required": true}]'),
    ([ColSpec("long", 0)], '[{"type": "long", "name": 0, "required": true}]'),
]


@pytest.mark.parametrize(("inputs", "text"), ON_DISK)
def test_a_schema_is_written_as_mlflow_writes_it_and_read_back(inputs: list[Any], text: str) -> None:
    assert Schema(inputs).to_json() == text
    assert Schema.from_json(text) == Schema(inputs)


def test_params_are_written_as_mlflow_writes_them_and_read_back() -> None:
    params = [
        ParamSpec("t", "double", 1),
        ParamSpec("s", "string", ["a"], (-1,)),
        ParamSpec("d", "datetime", datetime.datetime(2020, 1, 1)),
        ParamSpec("n", "long", None),
        ParamSpec("o", Object([Property("k", "string")]), {"k": "v"}),
    ]
    text = (
        '[{"name": "t", "default": 1.0, "shape": null, "type": "double"}, '
        '{"name": "s", "default": ["a"], "shape": [-1], "type": "string"}, '
        '{"name": "d", "default": "2020-01-01T00:00:00", "shape": null, "type": "datetime"}, '
        '{"name": "n", "default": null, "shape": null, "type": "long"}, '
        '{"name": "o", "default": {"k": "v"}, "shape": null, "type": "object", '
        '"properties": {"k": {"type": "string", "required": true}}}]'
    )
    assert ParamSchema(params).to_json() == text
    assert ParamSchema.from_json(text) == ParamSchema(params)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "{}",
        "[1]",
        "[{}]",
        '[{"name": "a"}]',
        '[{"type": "doble"}]',
        '[{"type": "array"}]',
        '[{"type": "object", "properties": {}}]',
        '[{"type": "object", "properties": {"a": 1}}]',
        '[{"type": "tensor"}]',
        '[{"type": "tensor", "tensor-spec": {"dtype": "nonsense", "shape": [1]}}]',
        '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": 3}}]',
        '[{"type": "map"}]',
        '[{"type": ["double"]}]',
        "[]",
    ],
)
def test_a_malformed_schema_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        Schema.from_json(text)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (("a", "long", 1.5), "long"),
        (("a", "integer", 2**31), "integer"),
        (("a", "long", True), "long"),
        (("a", "double", [1.0]), "double"),
        (("a", "double", 1.0, (-1,)), "list"),
        (("a", "double", [1.0], (2,)), "shape"),
        (("a", "binary", b"x"), "binary"),
        (("a", "datetime", "yesterday"), "ISO 8601"),
        (("a", Object([Property("k", "long")]), {"k": "v"}), r"a'\.k"),
        (("a", Object([Property("k", "long")]), {"j": 1}), "unknown properties"),
    ],
)
def test_a_default_that_is_not_of_its_type_is_refused(spec: tuple[Any, ...], why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        ParamSpec(*spec)


@pytest.mark.parametrize(
    "inputs",
    [
        [ColSpec("double", "a"), ColSpec("long")],
        [ColSpec("double", "a"), TensorSpec(np.dtype("float32"), (-1,), "b")],
        [TensorSpec(np.dtype("float32"), (-1,)), TensorSpec(np.dtype("float32"), (-1,))],
    ],
)
def test_a_schema_is_of_columns_or_of_tensors_all_named_or_none(inputs: list[Any]) -> None:
    with pytest.raises(BadRequest):
        Schema(inputs)


def test_a_schema_tells_names_and_types() -> None:
    schema = Schema([ColSpec("double", "a"), ColSpec("string", "b", False)])
    assert schema.input_names() == ["a", "b"]
    assert schema.required_input_names() == ["a"]
    assert schema.optional_input_names() == ["b"]
    assert schema.input_types_dict() == {"a": DataType.double, "b": DataType.string}
    assert schema.numpy_types() == [np.dtype("float64"), np.dtype("str")]
    assert schema.pandas_types() == [np.dtype("float64"), object]
    assert Schema([ColSpec("long"), ColSpec("long")]).input_names() == [0, 1]
    assert repr(schema) == "['a': double (required), 'b': string (optional)]"
    assert json.loads(schema.to_json()) == schema.to_dict()
