"""Signatures read off data."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import sparse

from headrace.base.errors import BadRequest
from headrace.models.signature import ModelSignature, infer_signature
from headrace.models.types import DataType, Schema


def column(values: Any, dtype: Any = None) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(values, dtype=dtype)})


#: Data, and its schema as genuine MLflow infers it.
AS_MLFLOW = [
    (column([1], "int8"), "integer"),
    (column([1], "uint16"), "integer"),
    (column([1], "int64"), "long"),
    (column([1], "uint32"), "long"),
    (column([1], "float16"), "float"),
    (column([1], "float64"), "double"),
    (column([True]), "boolean"),
    (column(["x"]), "string"),
    (column([b"x"]), "binary"),
    (column([datetime.date(2020, 1, 1)]), "datetime"),
    (column(pd.to_datetime(["2020-01-01"]).tz_localize("UTC")), "datetime"),
    (column(pd.Categorical(["x", "y"])), "string"),
    (column(pd.Categorical([1, 2])), "long"),
    (column([1, 2], "object"), "long"),
    (column([1, None], "Int64"), "long?"),
    (column([True, None], "boolean"), "boolean?"),
    (column(["x", None], "string"), "string?"),
    (column(["x", None]), "string?"),
    (column(["x", np.nan], "object"), "string?"),
    (column([1.0, np.nan]), "double?"),
    (column([np.nan, np.nan]), "double?"),
    (column([1, None], "object"), "double?"),
    (column([None, None], "object"), "any?"),
    (column([], "object"), "string"),
    (column([[1, 2], [3]]), {"type": "array", "items": {"type": "long"}}),
    (column([[], [1]]), {"type": "array", "items": {"type": "long"}}),
    (column([np.array([1.0]), np.array([2.0, 3.0])]), {"type": "array", "items": {"type": "double"}}),
    (
        column([{"x": 1}, {"y": "s"}]),
        {
            "type": "object",
            "properties": {"x": {"type": "long", "required": False}, "y": {"type": "string", "required": False}},
        },
    ),
    ({"a": 1}, "long"),
    ({"a": None}, "any?"),
    ({"a": []}, "any"),
    ([{"a": 1}, {"a": None}], "long?"),
]
#: Data for which genuine MLflow gives up, and which here has a schema all the same.
BETTER = [
    (column(["x", 1], "object"), "any"),
    (column([1], "uint64"), "any"),
    (column([decimal.Decimal(1)]), "any"),
    (column(pd.to_timedelta([1], unit="s")), "any"),
    (column([[1], ["x"]]), {"type": "array", "items": {"type": "any"}}),
    ([{"a": 1}, {"a": 2.5}], "double"),
    (pl.DataFrame({"a": [1, None]}), "long?"),
    (pl.DataFrame({"a": [["x"]]}), {"type": "array", "items": {"type": "string"}}),
    (pa.table({"a": [1.5]}), "double"),
    (pa.table({"a": [datetime.datetime(2020, 1, 1)]}), "datetime"),
]


@pytest.mark.parametrize(("data", "kind"), [*AS_MLFLOW, *BETTER])
def test_a_column_has_the_type_of_its_values(data: Any, kind: str | dict[str, Any]) -> None:
    text = kind if isinstance(kind, str) else ""
    said = kind if isinstance(kind, dict) else {"type": text.rstrip("?")}
    inputs = infer_signature(data).inputs
    assert inputs is not None
    assert inputs.to_dict() == [{**said, "name": "a", "required": not text.endswith("?")}]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("x", '[{"type": "string", "required": true}]'),
        (3, '[{"type": "long", "required": true}]'),
        (np.float32(3), '[{"type": "float", "required": true}]'),
        (datetime.datetime(2020, 1, 1), '[{"type": "datetime", "required": true}]'),
        ([1, 2], '[{"type": "long", "required": true}]'),
        ([1, "x"], '[{"type": "any", "required": true}]'),
        ([[1], [2, 3]], '[{"type": "array", "items": {"type": "long"}, "required": true}]'),
        (pd.Series([1.0]), '[{"type": "double", "required": true}]'),
        (pd.Series([1.0], name="y"), '[{"type": "double", "name": "y", "required": true}]'),
        (np.eye(3), '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]'),
        (np.array(["x"], object), '[{"type": "tensor", "tensor-spec": {"dtype": "object", "shape": [-1]}}]'),
        (sparse.csr_matrix(np.eye(2)), '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]'),
        (
            {"x": np.eye(3, dtype="float32")},
            '[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]',
        ),
        (object(), '[{"type": "any", "required": true}]'),
    ],
)
def test_other_data_has_the_schema_of_mlflow(data: Any, text: str) -> None:
    assert infer_signature(data).to_dict()["inputs"] == text


def test_params_have_the_types_of_their_defaults() -> None:
    params = infer_signature(None, None, {"a": 1, "b": [1.0], "c": np.float32(1), "d": {"k": "v"}, "e": True}).params
    assert params is not None
    assert [(each.name, each.dtype, each.shape) for each in params.params if each.name != "d"] == [
        ("a", DataType.long, None),
        ("b", DataType.double, (-1,)),
        ("c", DataType.float, None),
        ("e", DataType.boolean, None),
    ]


@pytest.mark.parametrize("value", [None, b"x", [[1]], [1, "a"], object()])
def test_a_default_without_a_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(BadRequest, match="'it'"):
        infer_signature(None, None, {"it": value})


def test_a_signature_is_written_and_read_back() -> None:
    signature = infer_signature(column([1.0]), np.eye(2), {"t": 0.5})
    assert ModelSignature.from_dict(signature.to_dict()) == signature
    with pytest.raises(ValueError, match="inputs, outputs or params"):
        ModelSignature()


_CELLS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.text(max_size=4),
    some.binary(max_size=4),
    some.datetimes(),
    some.lists(some.integers() | some.text(max_size=2) | some.none(), max_size=3),
    some.dictionaries(some.text(max_size=2), some.integers() | some.none(), max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(some.lists(_CELLS, min_size=1, max_size=5))
def test_any_column_has_a_schema_that_is_written_and_read_back(cells: list[Any]) -> None:
    for data in (
        pd.DataFrame({"a": pd.Series(cells, dtype=object)}),
        cells,
        {"a": cells},
        [{"a": cell} for cell in cells],
    ):
        inputs = infer_signature(data).inputs
        assert inputs is not None
        assert Schema.from_json(inputs.to_json()) == inputs
