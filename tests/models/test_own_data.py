"""Whatever a signature was read off fits it, and reaches the model with the values it had."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import sparse

from headrace.models.cells import is_missing
from headrace.models.enforcement import enforce
from headrace.models.signature import ModelSignature, infer_signature

_UTC = datetime.UTC
_INSTANTS = some.datetimes() | some.datetimes(timezones=some.just(_UTC))
_PLAIN = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.text(max_size=4),
    some.binary(max_size=4),
    some.dates(),
    _INSTANTS,
    some.decimals(allow_nan=False),
    some.uuids(),
    some.sampled_from([pd.NA, pd.NaT, np.float32(0.5), np.int8(3), np.bool_(True), np.str_("x"), Ellipsis]),
    some.lists(some.floats(width=32), max_size=3).map(lambda values: np.array(values, "float32")),
    some.lists(some.text(max_size=2) | some.none(), max_size=3).map(lambda values: np.array(values, object)),
)
_NESTED = some.recursive(
    _PLAIN,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.tuples(inner, inner)
        | some.dictionaries(some.text(max_size=2) | some.integers(0, 2), inner, max_size=3)
    ),
    max_leaves=6,
)
#: Values of one kind with gaps, which is what columns have, and values of any kinds.
_COLUMN = some.one_of(
    some.sampled_from(
        [some.integers(), some.booleans(), some.text(max_size=3), some.floats(), some.dates(), _INSTANTS]
    ).flatmap(lambda kind: some.lists(kind | some.none(), min_size=1, max_size=5)),
    some.lists(_NESTED, min_size=1, max_size=5),
)
_DTYPES = some.sampled_from(
    "int8 uint32 uint64 float16 float32 Int8 Int64 UInt64 Float32 boolean string category int64[pyarrow] "
    "string[pyarrow] Sparse[float64] datetime64[s] timedelta64[s]".split()
)


def _same(made: Any, given: Any) -> bool:
    """Whether two values are the same to who reads them: gaps are gaps, and 1 is 1.0."""
    made, given = (list(each) if getattr(each, "ndim", 0) > 0 else each for each in (made, given))
    if isinstance(given, list | tuple):
        return isinstance(made, type(given)) and len(made) == len(given) and all(map(_same, made, given))
    if isinstance(given, dict):
        return (
            isinstance(made, dict)
            and made.keys() == given.keys()
            and all(_same(made[key], given[key]) for key in given)
        )
    if is_missing(given):
        return is_missing(made)
    if isinstance(given, datetime.date) and not isinstance(given, datetime.datetime):
        return bool(pd.Timestamp(made) == pd.Timestamp(given))
    return bool(made == given)


def _enforced(data: Any) -> Any:
    """``data`` as the model of a signature that was read off it, written and read back gets it."""
    signature = ModelSignature.from_dict(infer_signature(data).to_dict())
    assert signature.inputs is not None
    return enforce(data, signature.inputs)


@settings(max_examples=300, deadline=None)
@given(_COLUMN)
def test_rows_and_columns_of_anything_fit_their_own_signature(cells: list[Any]) -> None:
    frame = pd.DataFrame({"a": pd.Series(cells, dtype=object), "b": range(len(cells))})
    made = _enforced(frame)
    assert list(made.columns) == ["a", "b"]
    assert _same(made["a"].tolist(), cells)
    assert _same(_enforced(frame["a"])["a"].tolist(), cells)
    assert _same(_enforced([{"a": cell} for cell in cells])["a"].tolist(), cells)


@settings(max_examples=200, deadline=None)
@given(_COLUMN)
def test_lists_and_dicts_of_anything_fit_their_own_signature(cells: list[Any]) -> None:
    columns = _enforced({"a": cells, "b": cells[0]})
    assert len(columns) == 1
    assert _same(columns["a"][0], cells)
    rows = _enforced(cells)
    if not all(isinstance(cell, dict) and cell and all(isinstance(key, str) for key in cell) for cell in cells):
        assert _same(rows[rows.columns[0]].tolist(), cells)


@settings(max_examples=150, deadline=None)
@given(some.lists(some.integers(0, 100) | some.none(), min_size=1, max_size=4), _DTYPES)
def test_columns_of_any_dtype_fit_their_own_signature(values: list[int | None], dtype: str) -> None:
    whole = dtype.startswith(("int", "uint", "float"))
    if "string" in dtype:
        column = pd.Series([None if each is None else str(each) for each in values], dtype=dtype)
    elif dtype == "boolean":
        column = pd.Series([None if each is None else each > 50 for each in values], dtype=dtype)
    elif whole and "pyarrow" not in dtype:
        column = pd.Series([each or 0 for each in values], dtype=dtype)
    else:
        column = pd.Series(values).astype(dtype)
    made = _enforced(pd.DataFrame({"a": column}))
    assert _same(made["a"].tolist(), column.tolist())


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": pd.Series([], dtype="int64")}),
        pd.DataFrame([["x", 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", 1)])),
        pd.DataFrame([["x", 2.0]], columns=["a", "a"]),
        pd.DataFrame([["x", 2]], columns=[1.5, pd.Timestamp(2020, 1, 1)]),
        pd.DataFrame([["x", 2]], columns=[None, "a"]),
        pd.DataFrame([["x", 2]], columns=["a", 1]),
        pd.DataFrame({"a": pd.Categorical([1, None])}),
        pd.DataFrame({"a": pd.period_range("2020", periods=2, freq="D"), "b": pd.interval_range(0, 2)}),
        pd.DataFrame({"a": [decimal.Decimal("0.1"), uuid.uuid4()]}),
        pd.DataFrame({"a": [datetime.datetime(9999, 1, 1)]}, dtype="datetime64[s]"),
        pd.DataFrame({"a": [[{"x": [None, {"y": float("nan")}]}], [{"x": []}, {}]]}),
        pd.DataFrame({"a": pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64())))}),
        pd.DataFrame(
            {
                "a": pd.Series(
                    [datetime.datetime(2020, 1, 1, tzinfo=_UTC)], dtype=pd.ArrowDtype(pa.timestamp("us", "UTC"))
                )
            }
        ),
    ],
)
def test_frames_with_odd_columns_fit_their_own_signature(frame: pd.DataFrame) -> None:
    made = _enforced(frame)
    assert list(map(str, made.columns)) == list(map(str, frame.columns))
    assert _same(made.to_numpy(dtype=object).tolist(), frame.to_numpy(dtype=object).tolist())


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3)),
        np.array(["x", "long"]),
        np.array(["x", None], object),
        np.array([b"x"]),
        np.array([1, 2], ">i4"),
        np.array([1j]),
        np.array(["2020-01-01", "NaT"], "datetime64[D]"),
        np.ma.array([1.0, 2.0], mask=[False, True]),
        np.zeros((2, 4, 4, 3), "uint8"),
    ],
)
def test_arrays_fit_their_own_signature(array: Any) -> None:
    assert _enforced(array) is array
    assert _enforced({"x": array, "y": array})["y"] is array


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix, sparse.lil_matrix])
def test_sparse_matrices_fit_their_own_signature(form: Any) -> None:
    matrix = form(np.eye(3, dtype="float32"))
    assert _enforced(matrix) is matrix


def test_records_and_single_values_fit_their_own_signature() -> None:
    records = np.array([(1, "x")], dtype=[("a", "i4"), ("b", "U3")])
    assert _enforced(records).to_dict("list") == {"a": [1], "b": ["x"]}
    for value in (
        1,
        "x",
        b"x",
        2.5,
        True,
        np.int8(3),
        np.array(3),
        decimal.Decimal(1),
        datetime.date(2020, 1, 1),
        (1, 2),
    ):
        made = _enforced(value)
        assert _same(made.iloc[:, 0].tolist(), list(value) if isinstance(value, tuple) else [value])


def test_tables_of_other_libraries_fit_their_own_signature() -> None:
    columns = {
        "whole": [2**60 + 1, None],
        "flag": [True, None],
        "text": ["x", None],
        "list": [[1, None], []],
        "struct": [{"x": 1, "y": None}, {"x": None, "y": "s"}],
        "day": [datetime.date(2020, 1, 1), None],
        "span": [datetime.timedelta(1), None],
        "exact": [decimal.Decimal("1.50"), None],
    }
    for table in (pl.DataFrame(columns), pa.table(columns)):
        made = _enforced(table)
        assert {name: _same(made[name].tolist(), values) for name, values in columns.items()} == dict.fromkeys(
            columns, True
        )
    assert _enforced(pl.Series("a", [1, 2]))["a"].tolist() == [1, 2]
