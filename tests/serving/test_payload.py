"""Bodies of requests, read into what a model takes."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy
import pandas
import pytest

from headrace.base.errors import BadRequest, TooLarge, UnknownMedia
from headrace.models import delimited
from headrace.models.payload import CSV, DEPTH, JSON, PARQUET, Reader
from headrace.models.types import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

_AB = Reader(Schema([ColSpec("double", "a"), ColSpec("long", "b")]))
_FREE = Reader(None)
#: One column that must be there, and one of the type under test that need not.
_OPTIONAL = {
    kind: Reader(Schema([ColSpec("long", "id"), ColSpec(kind, "x", False)]))
    for kind in ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
}


def _read(reader: Reader, said: Any) -> Any:
    return reader.read(json.dumps(said).encode(), JSON).data


@pytest.mark.parametrize(
    "said",
    [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, 1], [2, 3]]}},
        {"dataframe_split": {"columns": ["z", "b", "a"], "data": [["q", 1, 1.5], ["r", 3, 2]]}},
        {"dataframe_records": [{"a": 1.5, "b": 1}, {"b": 3, "a": 2}]},
        {"instances": [{"a": 1.5, "b": 1}, {"a": 2, "b": 3}]},
        {"instances": {"a": [1.5, 2], "b": [1, 3]}},
        {"inputs": {"a": [1.5, 2], "b": [1, 3]}},
        {"inputs": [{"a": 1.5, "b": 1}, {"a": 2, "b": 3}]},
        {"inputs": [{"a": "1.5", "b": "1"}, {"a": 2.0, "b": 3.0}]},
        {"signature_name": "serving_default", "inputs": {"a": [1.5, 2], "b": [1, 3], "z": [0, 0]}},
    ],
)
def test_every_json_format_makes_the_same_frame(said: Any) -> None:
    frame = _read(_AB, said)
    assert frame.to_dict("list") == {"a": [1.5, 2.0], "b": [1, 3]}
    assert [str(each) for each in frame.dtypes] == ["float64", "int64"]


def test_csv_makes_the_same_frame() -> None:
    for body in (b"b,a\n1,1.5\n3,2\n", b'\xef\xbb\xbfb,z,a\r\n1,"x,\ny",1.5\r\n\r\n3,,2\r\n'):
        frame = _AB.read(body, "text/csv; charset=utf-8").data
        assert frame.to_dict("list") == {"a": [1.5, 2.0], "b": [1, 3]}


def test_csv_columns_get_the_types_of_the_signature() -> None:
    names = ["boolean", "integer", "string", "binary", "datetime", "double"]
    reader = Reader(Schema([ColSpec(name, name, name == "string") for name in names]))
    body = b"boolean,integer,string,binary,datetime,double\nTrue,7,NA,eA==,2020-01-01,NaN\n,,,,,\n"
    frame = reader.read(body, CSV).data
    assert frame["string"][0] == "NA"
    assert frame["string"].isna().tolist() == [False, True]
    assert frame["binary"].tolist() == [b"x", None]
    assert frame["boolean"].isna().tolist() == frame["integer"].isna().tolist() == [False, True]
    assert frame["datetime"][0] == pandas.Timestamp("2020-01-01")
    assert frame["double"].isna().all()


def test_parquet_makes_the_frame_that_was_written() -> None:
    written = pandas.DataFrame({"a": [1.5, 2.0], "b": [1, 3]})
    file = io.BytesIO()
    written.to_parquet(file)
    pandas.testing.assert_frame_equal(_AB.read(file.getvalue(), PARQUET).data, written)


def test_parquet_without_pyarrow_is_refused_by_the_name_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UnknownMedia, match="pyarrow"):
        _AB.read(b"PAR1", PARQUET)


def test_a_parquet_file_that_would_unfold_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    pandas.DataFrame({"a": [0] * 100_000}).to_parquet(file)
    monkeypatch.setattr(delimited, "PARQUET_VALUES", 99_999)
    with pytest.raises(TooLarge, match="100000 values"):
        _AB.read(file.getvalue(), PARQUET)


def test_the_index_of_a_split_frame_is_kept() -> None:
    said = {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 1]], "index": ["row"]}}
    assert list(_read(_AB, said).index) == ["row"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", True, True),
        ("boolean", 0, False),
        ("integer", 2**31 - 1, 2**31 - 1),
        ("integer", "-7", -7),
        ("long", -(2**63), -(2**63)),
        ("long", "9223372036854775807", 2**63 - 1),
        ("long", 5.0, 5),
        ("long", "5e2", 500),
        ("float", 0.5, 0.5),
        ("double", 1, 1.0),
        ("double", "-1.5e3", -1500.0),
        ("double", 2**60, float(2**60)),
        ("string", "x", "x"),
        ("binary", "eA==\n", b"x"),
        ("datetime", "2020-01-01T10:00:00.123456789", pandas.Timestamp("2020-01-01T10:00:00.123456789")),
    ],
)
def test_values_arrive_as_they_were_sent(kind: str, value: Any, expected: Any) -> None:
    frame = _read(_OPTIONAL[kind], {"dataframe_split": {"columns": ["id", "x"], "data": [[1, value]]}})
    assert frame["x"].tolist() == [expected]
    if kind != "string":
        assert frame["x"].dtype == DataType[kind].to_pandas()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", "false"),
        ("boolean", 2),
        ("boolean", 0.0),
        ("integer", 2**31),
        ("integer", 1.5),
        ("long", 1.5),
        ("long", 2**63),
        ("long", 10**40),
        ("long", 1e300),
        ("long", True),
        ("long", "x"),
        ("long", "1_000"),
        ("long", "\u0663"),
        ("long", [1]),
        ("float", 1e300),
        ("float", 2**24 + 1),
        ("double", "x"),
        ("double", "1e999"),
        ("double", True),
        ("double", 2**53 + 1),
        ("double", 10**400),
        ("string", 1),
        ("string", {"a": 1}),
        ("binary", "!!!"),
        ("binary", 1),
        ("datetime", 5),
        ("datetime", "now"),
        ("datetime", "2020-13-01"),
        ("datetime", "9999-01-01"),
        ("datetime", "2020-01-01T00:00:00X"),
    ],
)
@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "instances", "inputs"])
def test_a_value_that_would_change_is_refused_with_its_column_and_row(kind: str, value: Any, form: str) -> None:
    rows = [{"id": 1, "x": None}, {"id": 2, "x": value}]
    split = {"columns": ["id", "x"], "data": [list(row.values()) for row in rows]}
    with pytest.raises(BadRequest, match=rf"column 'x' must be {kind}, and row 1 has") as caught:
        _read(_OPTIONAL[kind], {form: split if form == "dataframe_split" else rows})
    assert caught.value.error_code == "BAD_REQUEST"
    assert len(caught.value.message) < 400


def test_all_bad_columns_are_named_at_once() -> None:
    with pytest.raises(BadRequest, match=r"'a' must be double.*'x'; column 'b' must be long.*1\.5"):
        _read(_AB, {"inputs": [{"a": "x", "b": 1.5}]})


def test_missing_columns_are_named() -> None:
    with pytest.raises(BadRequest, match=r"columns \['b'\]") as caught:
        _read(_AB, {"inputs": {"a": [1]}})
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_gap_in_a_required_whole_number_is_refused_and_elsewhere_kept() -> None:
    with pytest.raises(BadRequest, match="column 'b' must be long, and row 1 has no value"):
        _read(_AB, {"dataframe_records": [{"a": 1, "b": 1}, {"a": 1}]})
    frame = _read(_AB, {"dataframe_records": [{"b": 1}, {"b": 1, "a": None}, {"b": 2, "a": 1}]})
    assert frame["a"].isna().tolist() == [True, True, False]


def test_nan_is_read_as_mlflow_writes_it() -> None:
    body = b'{"dataframe_split": {"columns": ["a", "b"], "data": [[NaN, 1], [-Infinity, 2]]}}'
    assert str(_AB.read(body, JSON).data["a"].tolist()) == "[nan, -inf]"


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"foo": 1}, "none of them"),
        ({}, "none of them"),
        ({"params": {}}, "none of them"),
        ({"inputs": [], "instances": []}, r"\['instances', 'inputs'\]"),
        ([1], "must be a JSON object"),
        (None, "must be a JSON object"),
        ("x", "must be a JSON object"),
        ({"inputs": [1], "params": [1]}, "'params' must be an object"),
        ({"dataframe_split": [1]}, "'dataframe_split' must be an object"),
        ({"dataframe_split": {}}, "with 'data'"),
        ({"dataframe_split": {"data": [], "zz": 1}}, "'zz'"),
        ({"dataframe_split": {"data": {"a": 1}}}, "'data' of 'dataframe_split' must be a list"),
        ({"dataframe_split": {"columns": "ab", "data": [[1, 2]]}}, "'columns' of 'dataframe_split' must be a list"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "distinct names"),
        ({"dataframe_split": {"columns": ["a", ["b"]], "data": [[1, 2]]}}, "distinct names"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}, "Row 1 has 1 values where 2"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2, 3]]}}, "Row 0 has 3 values where 2"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], 3]}}, "Row 1 must be a list"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [1, 2]}}, "index"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [[1]]}}, "index"),
        ({"dataframe_records": {"a": 1}}, "'dataframe_records' must be a list"),
        ({"dataframe_records": [1]}, "Row 0 of 'dataframe_records' must be an object"),
        ({"inputs": None}, "'inputs' must be an object or a list"),
        ({"inputs": {"a": [1, 2], "b": [1]}}, "one length"),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(said: Any, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        _read(_AB, said)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{bad", "not valid JSON"),
        (b'{"inputs": [1]', "not valid JSON"),
        (b'{"inputs": [1e400]}', "not valid JSON"),
        (b'{"inputs": [NaN, 1', "not valid JSON"),
        (b'{"inputs": ["\xff"]}', "UTF-8"),
        (b'{"inputs": ["\\ud800"]}', "not valid JSON"),
        (b'{"inputs": ["\\ud800", NaN]}', "lone surrogates"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b'{"inputs": ' + b"[" * DEPTH + b"]" * DEPTH + b"}", "nested"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        _FREE.read(body, JSON)


def test_brackets_in_text_are_no_depth() -> None:
    text = "[{" * 500
    assert _FREE.read(json.dumps({"inputs": [text, 'a"\\']}).encode(), JSON).data.tolist() == [text, 'a"\\']


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"a,a\n1,2\n", "distinct"),
        (b"a,b\n1,2,3\n", "Row 0 has 3 values"),
        (b"a,b\n1,2\n4\n", "Row 1 has 1 values"),
        (b'a,b\n1,"2\n', "CSV"),
        (b"a,b\n\xff,2\n", "UTF-8"),
        (b"a,b\nx,1.5\n", r"'a' must be double.*'b' must be long"),
    ],
)
def test_a_broken_csv_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        _AB.read(body, CSV)


def test_a_broken_parquet_is_refused() -> None:
    with pytest.raises(BadRequest, match="Parquet"):
        _AB.read(b"PAR1 and then nothing", PARQUET)


@pytest.mark.parametrize("content_type", [JSON, "Application/JSON; charset=UTF-8", 'application/json; charset="utf8"'])
def test_content_types_of_utf8_are_understood(content_type: str) -> None:
    assert _FREE.read(b'{"inputs": [1]}', content_type).data.tolist() == [1]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/json; charset=latin-1",
        "application/json; foo=1",
        "x" * 9000,
        "application/json\udc80",
    ],
)
def test_other_content_types_are_refused_as_such(content_type: str) -> None:
    with pytest.raises(UnknownMedia) as caught:
        _FREE.read(b"{}", content_type)
    assert caught.value.get_http_status_code() == 415


@pytest.mark.parametrize("content_type", [None, "", " "])
def test_a_missing_content_type_is_the_callers_mistake(content_type: str | None) -> None:
    with pytest.raises(BadRequest, match="no Content-Type") as caught:
        _FREE.read(b"{}", content_type)
    assert caught.value.get_http_status_code() == 400


def test_without_a_signature_data_keep_the_types_they_have() -> None:
    assert _read(_FREE, {"dataframe_split": {"data": [[1, "x"]]}}).to_dict("list") == {0: [1], 1: ["x"]}
    assert _read(_FREE, {"dataframe_records": [{"a": 1}, {"a": 2, "b": "x"}]})["a"].tolist() == [1, 2]
    assert _read(_FREE, {"instances": [[1, 2], [3, 4.5]]}).tolist() == [[1.0, 2.0], [3.0, 4.5]]
    assert _read(_FREE, {"instances": [{"a": 1}, {"a": 2}]})["a"].tolist() == [1, 2]
    assert _read(_FREE, {"inputs": {"a": [1], "b": ["x", "y"]}})["b"].tolist() == ["x", "y"]
    assert _read(_FREE, {"inputs": 10**30}).item() == 10**30
    assert _FREE.read(b"a,b\n1,x\n", CSV).data.to_dict("list") == {"a": [1], "b": ["x"]}
    with pytest.raises(BadRequest, match="different lengths"):
        _read(_FREE, {"inputs": [[1], [1, 2]]})


_TENSOR = Reader(Schema([TensorSpec(numpy.dtype("float32"), (-1, 2))]))
_TENSORS = Reader(
    Schema([TensorSpec(numpy.dtype("uint8"), (-1, 2), "x"), TensorSpec(numpy.dtype("int64"), (-1,), "y")])
)


@pytest.mark.parametrize(
    "said",
    [
        {"inputs": [[1, 2.5]]},
        {"instances": [[1, 2.5]]},
        {"dataframe_split": {"data": [[1, 2.5]]}},
        {"dataframe_records": [{"p": 1, "q": 2.5}]},
    ],
)
def test_a_tensor_comes_as_nested_lists(said: Any) -> None:
    made = _read(_TENSOR, said)
    assert made.dtype == numpy.float32
    assert made.tolist() == [[1.0, 2.5]]


def test_named_tensors_come_by_name() -> None:
    for said in ({"inputs": {"x": [[1, 2]], "y": [3], "z": 1}}, {"instances": [{"x": [1, 2], "y": 3.0}]}):
        made = _read(_TENSORS, said)
        assert {name: (str(each.dtype), each.tolist()) for name, each in made.items()} == {
            "x": ("uint8", [[1, 2]]),
            "y": ("int64", [3]),
        }


@pytest.mark.parametrize(
    ("reader", "value", "fault"),
    [
        (_TENSOR, [["a", "b"]], "no number"),
        (_TENSOR, [[1, 2], [3]], "inhomogeneous"),
        (_TENSOR, [[1e300, 1]], r"1e\+300"),
        (_TENSOR, {"x": 1}, "one tensor"),
        (_TENSORS, {"x": [[300, 1]], "y": [1]}, "300"),
        (_TENSORS, {"x": [[-1, 1]], "y": [1]}, "-1"),
        (_TENSORS, {"x": [[1.5, 1]], "y": [1]}, r"1\.5"),
        (_TENSORS, {"x": [[True, False]], "y": [1]}, "True"),
        (_TENSORS, {"x": [[1, 1]], "y": [2**63]}, "9223372036854775808"),
        (_TENSORS, {"x": [[1, 1]], "y": [10**30]}, "int64"),
        (_TENSORS, {"x": [[1, 1]], "y": [None]}, "int64"),
        (_TENSORS, [1], "name them"),
    ],
)
def test_a_tensor_whose_values_would_change_is_refused(reader: Reader, value: Any, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        _read(reader, {"inputs": value})


def test_a_missing_number_in_a_tensor_of_floats_is_nan() -> None:
    assert str(_read(_TENSOR, {"inputs": [[1, None]]}).tolist()) == "[[1.0, nan]]"


def test_a_list_for_an_array_column_is_one_row_and_a_list_of_lists_are_rows() -> None:
    reader = Reader(Schema([ColSpec(Array(DataType.long), "l")]))
    assert _read(reader, {"inputs": {"l": [1, 2]}})["l"].tolist() == [[1, 2]]
    assert _read(reader, {"inputs": {"l": [[1, 2], [3]]}})["l"].tolist() == [[1, 2], [3]]


@pytest.mark.parametrize("field", ["messages", "prompt", "input"])
def test_a_chat_request_is_passed_on_whole_with_its_params_apart(field: str) -> None:
    reader = Reader(None, ParamSchema([ParamSpec("temperature", "double", 0.5)]))
    payload = reader.read(json.dumps({field: "hi", "temperature": 0.9, "inputs": [1]}).encode(), JSON)
    assert payload.data == {field: "hi", "inputs": [1]}
    assert payload.params == {"temperature": 0.9}
    assert not payload.wrapped


def test_a_model_that_declares_its_input_by_a_type_hint_takes_it_as_it_came() -> None:
    reader = Reader(Schema([ColSpec("string")]), hinted=True)
    assert _read(reader, {"inputs": ["a", 1]}) == ["a", 1]
    with pytest.raises(BadRequest, match="not in 'instances'"):
        _read(reader, {"instances": ["a"]})


def test_a_body_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(TooLarge, match="1000000 lists and objects"):
        _FREE.read(b'{"inputs": [' + b"[]," * 1_000_000 + b"[]]}", JSON)
    text = "[" * 1_100_000
    assert _read(_FREE, {"inputs": text}).item() == text
