"""A model's input and params, held against its signature."""

from __future__ import annotations

import datetime
import decimal
import logging
from typing import Any

import numpy
import pandas
import pytest
from scipy import sparse

from headrace.base.errors import BadRequest
from headrace.models.enforcement import enforce, enforce_params
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
    TensorSpec,
)

_AB = Schema([ColSpec("double", "a"), ColSpec("long", "b")])


def _one(kind: Any, required: bool = True) -> Schema:
    return Schema([ColSpec(kind, "a", required)])


def _column(values: Any, dtype: Any = None) -> pandas.DataFrame:
    return pandas.DataFrame({"a": pandas.Series(values, dtype=dtype)})


def test_columns_are_put_in_order_and_further_ones_dropped() -> None:
    frame = pandas.DataFrame({"z": [0], "b": [1], "a": [1.0]}, index=[7])
    made = enforce(frame, _AB)
    assert list(made.columns) == ["a", "b"]
    assert list(made.index) == [7]
    assert list(frame.columns) == ["z", "b", "a"]


def test_a_frame_that_fits_is_passed_on_as_it_is() -> None:
    frame = pandas.DataFrame({"a": [1.0], "b": [1]})
    assert enforce(frame, _AB) is frame


def test_missing_columns_are_named_with_those_that_came_instead() -> None:
    with pytest.raises(BadRequest, match=r"missing inputs: the columns \['b'\].*\['B'\]"):
        enforce(pandas.DataFrame({"a": [1.0], "B": [1]}), _AB)


def test_every_column_that_does_not_fit_is_named_with_a_value() -> None:
    with pytest.raises(BadRequest, match=r"'a' must be double, and row 0 has 'x'; column 'b' must be long.*1\.5"):
        enforce(pandas.DataFrame({"a": ["x"], "b": [1.5]}), _AB)


def test_a_column_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"\['a'\] more than once"):
        enforce(pandas.DataFrame([[1.0, 1.0, 1]], columns=["a", "a", "b"]), _AB)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("integer", "int8"),
        ("integer", "uint16"),
        ("long", "int32"),
        ("long", "uint32"),
        ("long", "Int32"),
        ("float", "float16"),
        ("float", "int64"),
        ("double", "float32"),
        ("double", "int64"),
        ("double", "uint64"),
        ("integer", "int64"),
        ("integer", "uint32"),
        ("integer", "float32"),
        ("long", "uint64"),
        ("long", "float64"),
        ("long", "Float64"),
        ("long", "int64[pyarrow]"),
        ("float", "float64"),
        ("double", "Sparse[int64, 0]"),
    ],
)
def test_types_change_where_nothing_is_lost(kind: str, dtype: str) -> None:
    made = enforce(_column([1, 2], dtype), _one(kind))
    assert made["a"].dtype == DataType[kind].to_numpy()
    assert made["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        ("boolean", [1], "int8"),
        ("integer", [2**31], "int64"),
        ("integer", [2**31], "uint32"),
        ("integer", [1.5], "float64"),
        ("long", [2**63], "uint64"),
        ("long", [2.0**63], "float64"),
        ("long", [float("inf")], "float64"),
        ("long", [True], "bool"),
        ("long", ["1"], "object"),
        ("long", [1, "x"], "object"),
        ("float", [0.1], "float64"),
        ("float", [2**24 + 1], "int64"),
        ("double", [2**53 + 1], "int64"),
        ("double", [True], "bool"),
        ("double", ["1.0"], "str"),
        ("string", [1], "int64"),
        ("binary", [1], "int64"),
        ("datetime", ["2020-01-01"], "str"),
        ("datetime", [1], "int64"),
    ],
)
def test_what_would_change_is_refused_and_nothing_is_guessed(kind: str, values: list[Any], dtype: str) -> None:
    with pytest.raises(BadRequest, match=rf"column 'a' must be {kind}, and"):
        enforce(_column(values, dtype), _one(kind))


def test_a_whole_number_that_a_double_holds_exactly_is_taken() -> None:
    assert enforce(_column([2**60], "int64"), _one("double"))["a"].tolist() == [float(2**60)]


def test_a_required_integer_column_with_gaps_is_refused_with_a_remedy() -> None:
    with pytest.raises(BadRequest, match=r"values are missing.*as double"):
        enforce(_column([1.0, float("nan")]), _one("long"))


def test_an_optional_integer_column_with_gaps_becomes_nullable() -> None:
    made = enforce(_column([1.0, float("nan")]), _one("long", required=False))
    assert made["a"].dtype.name == "Int64"
    assert made["a"].isna().tolist() == [False, True]


def test_an_optional_integer_column_with_gaps_and_fractions_is_refused() -> None:
    with pytest.raises(BadRequest, match="must be long"):
        enforce(_column([1.5, float("nan")]), _one("long", required=False))


def test_an_optional_column_may_be_absent() -> None:
    schema = Schema([ColSpec("double", "a"), ColSpec("long", "b", False)])
    assert list(enforce(pandas.DataFrame({"a": [1.0]}), schema).columns) == ["a"]


def test_gaps_in_columns_of_doubles_and_text_are_kept() -> None:
    schema = Schema([ColSpec("double", "a"), ColSpec("string", "b")])
    made = enforce(pandas.DataFrame({"a": [1.0, float("nan")], "b": ["x", None]}), schema)
    assert made["a"].isna().tolist() == [False, True]
    assert made["b"].isna().tolist() == [False, True]


def test_a_category_is_judged_by_its_values_and_stays_a_category() -> None:
    made = enforce(_column(["x", "y"], "category"), _one("string"))
    assert made["a"].dtype.name == "category"
    with pytest.raises(BadRequest, match="must be long"):
        enforce(_column(["x", "y"], "category"), _one("long"))


def test_instants_get_nanoseconds_and_keep_their_value() -> None:
    made = enforce(_column([datetime.datetime(2020, 1, 1)], "datetime64[s]"), _one("datetime"))
    assert made["a"].dtype == "datetime64[ns]"
    assert made["a"].tolist() == [pandas.Timestamp("2020-01-01")]


def test_instants_keep_their_time_zone() -> None:
    instant = pandas.Timestamp("2020-01-01 12:00", tz="Europe/Berlin")
    for values in (_column([instant]), _column([instant.to_pydatetime()], "object"), {"a": [instant]}):
        made = enforce(values, _one("datetime"))["a"]
        assert str(made.dtype) == "datetime64[ns, Europe/Berlin]"
        assert made.tolist() == [instant]
    mixed = [instant, datetime.datetime(2020, 1, 1)]
    assert enforce(_column(mixed, "object"), _one("datetime"))["a"].tolist() == mixed


def test_instants_that_nanoseconds_cannot_tell_are_left_as_they_are() -> None:
    made = enforce(_column([datetime.datetime(3020, 1, 1)], "datetime64[s]"), _one("datetime"))
    assert made["a"].tolist() == [pandas.Timestamp(3020, 1, 1).as_unit("s")]


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        ("double", decimal.Decimal("1.5"), 1.5),
        ("double", decimal.Decimal("0.1"), 0.1),
        ("float", decimal.Decimal("0.1"), pytest.approx(0.1)),
        ("long", decimal.Decimal("3.0"), 3),
        ("double", decimal.Decimal("0.1000000000000000000000000001"), None),
        ("long", decimal.Decimal("3.5"), None),
    ],
)
def test_a_decimal_is_taken_with_all_of_its_digits(kind: str, value: Any, made: Any) -> None:
    if made is not None:
        assert enforce(_column([value]), _one(kind))["a"].tolist() == [made]
        return
    with pytest.raises(BadRequest, match=f"'a' must be {kind}, and row 0 has Decimal"):
        enforce(_column([value]), _one(kind))


def test_the_row_whose_value_would_change_is_told() -> None:
    with pytest.raises(BadRequest, match=r"'a' must be long.*row 3 has 2\.5, which int64 cannot hold"):
        enforce(_column([1.0, None, 2.0, 2.5, 3.5]), _one("long", required=False))


def test_columns_that_are_missing_and_that_do_not_fit_are_told_at_once() -> None:
    schema = Schema([ColSpec("double", "a"), ColSpec("long", "b"), ColSpec("string", "c")])
    for data in (pandas.DataFrame({"b": [1.5], "c": [1]}), [{"b": 1.5, "c": [1]}]):
        with pytest.raises(BadRequest, match=r"missing inputs: the columns \['a'\].*'b' must be long.*1\.5"):
            enforce(data, schema)


@pytest.mark.parametrize(
    "data",
    [
        {"a": 1.0, "b": 2},
        {"a": [1.0], "b": [2]},
        {"a": numpy.array([1.0]), "b": numpy.array([2])},
        {"a": pandas.Series([1.0]), "b": pandas.Series([2])},
        [{"a": 1.0, "b": 2}],
        [{"b": 2, "a": 1, "z": "x"}],
    ],
)
def test_dicts_and_lists_reach_the_model_as_a_frame(data: Any) -> None:
    made = enforce(data, _AB)
    assert isinstance(made, pandas.DataFrame)
    assert made.to_dict("list") == {"a": [1.0], "b": [2]}
    assert [str(each) for each in made.dtypes] == ["float64", "int64"]


def test_a_single_value_beside_columns_stands_for_every_row() -> None:
    schema = Schema([ColSpec("long", "a"), ColSpec("string", "b")])
    assert enforce({"a": [1, 2], "b": "x"}, schema).to_dict("list") == {"a": [1, 2], "b": ["x", "x"]}


def test_columns_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(BadRequest, match=r"\{'a': 2, 'b': 1\}"):
        enforce({"a": [1.0, 2.0], "b": [1]}, _AB)


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        ("x", "string", ["x"]),
        (["x", "y"], "string", ["x", "y"]),
        (1, "double", [1.0]),
        (numpy.float64(1), "double", [1.0]),
        (True, "boolean", [True]),
        (b"x", "binary", [b"x"]),
        ([1, 2], "long", [1, 2]),
        (pandas.Series([1, 2]), "long", [1, 2]),
        (numpy.array([1, 2]), "long", [1, 2]),
        (datetime.datetime(2020, 1, 1), "datetime", [pandas.Timestamp("2020-01-01")]),
    ],
)
def test_a_model_with_one_unnamed_column_takes_values_and_lists(data: Any, kind: str, expected: list[Any]) -> None:
    made = enforce(data, Schema([ColSpec(kind)]))
    assert made.iloc[:, 0].tolist() == expected


def test_unnamed_columns_are_told_apart_by_position() -> None:
    schema = Schema([ColSpec("long"), ColSpec("double")])
    assert enforce([[1, 2.0]], schema).to_numpy().tolist() == [[1.0, 2.0]]
    assert enforce(pandas.DataFrame([[1, 2.0, 3]]), schema).shape == (1, 2)
    with pytest.raises(BadRequest, match=r"takes 2 columns.*1 came"):
        enforce([[1]], schema)


@pytest.mark.parametrize("data", [[[1.0, 2]], numpy.array([[1.0, 2.0]]), [1.0, 2.0], 1.0])
def test_values_without_names_do_not_fit_named_columns(data: Any) -> None:
    with pytest.raises(BadRequest, match=r"missing inputs: the columns \['a', 'b'\]"):
        enforce(data, _AB)


@pytest.mark.parametrize("data", [None, (1.0, 2), numpy.zeros((1, 2, 2))])
def test_what_is_no_table_is_refused(data: Any) -> None:
    with pytest.raises(BadRequest, match="takes columns"):
        enforce(data, _AB)


_OBJECT = Object([Property("k", "string"), Property("n", "long", False)])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Array(DataType.long), [1, 2]),
        (Array(DataType.long), []),
        (Array(DataType.double), [1, 2.5]),
        (Array(Array(DataType.string)), [["x"], []]),
        (_OBJECT, {"k": "x"}),
        (_OBJECT, {"k": "x", "n": 1}),
        (_OBJECT, {"k": "x", "n": None}),
        (Map(DataType.long), {"x": 1}),
        (AnyType(), {"whatever": [1, "x", None]}),
    ],
)
def test_structures_are_taken_as_they_are(kind: Any, value: Any) -> None:
    assert enforce(pandas.DataFrame({"a": [value]}), _one(kind))["a"].tolist() == [value]
    assert enforce([{"a": value}], _one(kind))["a"].tolist() == [value]


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        (Array(DataType.long), [1, 2.5], "element 1: 2.5"),
        (Array(DataType.long), "x", "'x', which is no list"),
        (Array(DataType.long), [1, None], "element 1: None"),
        (Array(DataType.string), ["x", 1], "element 1: 1"),
        (_OBJECT, {"n": 1}, r"lacks \['k'\]"),
        (_OBJECT, {"k": 1}, "property 'k': 1"),
        (_OBJECT, {"k": "x", "z": 1}, "unknown properties 'z'"),
        (_OBJECT, ["k"], "which is no object"),
        (Map(DataType.long), {"x": "y"}, "key 'x': 'y'"),
        (Map(DataType.long), {1: 1}, "the key 1, which is no text"),
    ],
)
def test_the_part_of_a_structure_that_does_not_fit_is_named(kind: Any, value: Any, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        enforce(pandas.DataFrame({"a": [value]}), _one(kind))


def test_an_array_of_numpy_is_an_array() -> None:
    made = enforce(pandas.DataFrame({"a": [numpy.array([1, 2], "int32")]}), _one(Array(DataType.long)))
    assert made["a"][0].dtype == numpy.int64


_TENSOR = Schema([TensorSpec(numpy.dtype("float32"), (-1, 3))])
_TENSORS = Schema([TensorSpec(numpy.dtype("uint8"), (-1, 3), "x"), TensorSpec(numpy.dtype("int64"), (-1,), "y")])


def test_a_tensor_of_the_right_dtype_and_shape_is_passed_on() -> None:
    array = numpy.ones((2, 3), "float32")
    assert enforce(array, _TENSOR) is array
    assert enforce(pandas.DataFrame(array, columns=list("abc")), _TENSOR).tolist() == array.tolist()


@pytest.mark.parametrize(
    ("array", "fault"),
    [
        (numpy.full((2, 3), 0.1), "dtype of the input is float64"),
        (numpy.full((2, 3), 2**24 + 1), "dtype of the input is int64"),
        (numpy.ones((2, 3), bool), "dtype of the input is bool"),
        (sparse.csr_matrix(numpy.full((2, 3), 0.1)), "dtype of the input is float64"),
        (numpy.ones((2, 4), "float32"), r"shape of the input is \(2, 4\)"),
        (numpy.ones(3, "float32"), r"shape of the input is \(3,\)"),
        ([[1.0, 2.0, 3.0]], "not list"),
        ({"x": numpy.ones((2, 3), "float32")}, "not dict"),
    ],
)
def test_another_tensor_is_refused(array: Any, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        enforce(array, _TENSOR)


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8", ">f4"])
def test_a_tensor_of_another_dtype_is_taken_where_nothing_is_lost(dtype: str) -> None:
    for array in (
        numpy.ones((2, 3), dtype),
        sparse.csr_array(numpy.ones((2, 3), numpy.dtype(dtype).newbyteorder("="))),
    ):
        made = enforce(array, _TENSOR)
        assert made.dtype.newbyteorder("=") == numpy.float32
        assert sparse.issparse(made) == sparse.issparse(array)
        assert made.sum() == 6


def test_a_sparse_matrix_stays_sparse() -> None:
    matrix = sparse.csr_matrix(numpy.ones((2, 3), "float32"))
    assert enforce(matrix, _TENSOR) is matrix


def test_named_tensors_come_by_name_and_further_ones_are_dropped() -> None:
    data = {"x": numpy.ones((2, 3), "uint8"), "y": numpy.array([1, 2]), "z": numpy.array([1])}
    assert list(enforce(data, _TENSORS)) == ["x", "y"]
    with pytest.raises(BadRequest, match=r"missing inputs: the tensors \['y'\]"):
        enforce({"x": data["x"]}, _TENSORS)
    with pytest.raises(BadRequest, match="Tensor 'y' must be an ndarray, not list"):
        enforce({"x": data["x"], "y": [1]}, _TENSORS)


def test_a_frame_of_lists_is_stacked_into_named_tensors() -> None:
    made = enforce(pandas.DataFrame({"x": [[1, 2, 3]], "y": [1]}), _TENSORS)
    assert made["x"].dtype == numpy.uint8
    assert made["x"].shape == (1, 3)


_PARAMS = ParamSchema(
    [ParamSpec("t", "double", 0.5), ParamSpec("n", "long", 1), ParamSpec("s", "string", ["a"], (-1,))]
)


def test_params_are_converted_and_completed_by_defaults() -> None:
    assert enforce_params({"t": 1}, _PARAMS) == {"t": 1.0, "n": 1, "s": ["a"]}
    assert enforce_params(None, _PARAMS) == {"t": 0.5, "n": 1, "s": ["a"]}


def test_all_params_that_do_not_fit_are_named() -> None:
    with pytest.raises(BadRequest, match=r"'t' must be of type double.*'n' must be of type long"):
        enforce_params({"t": "x", "n": 2**63}, _PARAMS)


def test_unknown_params_are_dropped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert enforce_params({"q": 1}, _PARAMS) == {"t": 0.5, "n": 1, "s": ["a"]}
        assert enforce_params({"q": 1}, None) == {}
    assert caplog.text.count("'q'") == 2


def test_params_that_are_no_dict_are_refused() -> None:
    with pytest.raises(BadRequest, match="params must be a dict"):
        enforce_params([1], _PARAMS)
