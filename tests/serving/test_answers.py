"""Predictions, written as JSON."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import json
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest
from scipy import sparse

from headrace.base.errors import HeadraceError
from headrace.serving import answers


@dataclasses.dataclass
class Point:
    """What a model may answer with."""

    x: int
    y: Any


_NAN = float("nan")
_DAY = "2020-01-01T00:00:00"


@pytest.mark.parametrize(
    ("prediction", "written"),
    [
        (numpy.array([[1.5, 2]]), [[1.5, 2.0]]),
        (numpy.array([0.1], "float32"), [0.10000000149011612]),
        (numpy.array([None, "x", numpy.float32(0.5)], dtype=object), [None, "x", 0.5]),
        (numpy.array(["a"]), ["a"]),
        (numpy.array([True]), [True]),
        (numpy.array(5), 5),
        (numpy.array([b"x"]), ["eA==\n"]),
        (numpy.array(["2020-01-01"], "datetime64[ns]"), [_DAY]),
        (numpy.array(["2020-01-01", "NaT"], "datetime64[s]"), [_DAY, None]),
        (numpy.float64(1), 1.0),
        (pandas.DataFrame({"a": [1, 2], "b": ["x", None]}), [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
        (pandas.DataFrame([[1, 2]]), [{"0": 1, "1": 2}]),
        (pandas.DataFrame({"a": []}), []),
        (pandas.DataFrame({"a": pandas.array([1, None], "Int64")}), [{"a": 1}, {"a": None}]),
        (pandas.DataFrame({"a": pandas.Categorical(["x"])}), [{"a": "x"}]),
        (pandas.DataFrame({"t": [pandas.Timestamp(_DAY), pandas.NaT]}), [{"t": _DAY}, {"t": None}]),
        (pandas.DataFrame({"y": [b"x"], "n": [numpy.array([1])]}), [{"y": "eA==\n", "n": [1]}]),
        (pandas.Series([1, 2]), [{"0": 1}, {"0": 2}]),
        (pandas.Series([1], name="score"), [{"score": 1}]),
        (pandas.Index([1, 2]), [1, 2]),
        (sparse.csr_matrix(numpy.eye(2)), [[1.0, 0.0], [0.0, 1.0]]),
        ({"x": numpy.array([1, 2]), "y": {"z": pandas.Series([1])}}, {"x": [1, 2], "y": {"z": [{"0": 1}]}}),
        ({numpy.int64(1): 2, (1, 2): 3}, {"1": 2, "(1, 2)": 3}),
        ([numpy.float32(0.5), numpy.array([1])], [0.5, [1]]),
        ([{"a": numpy.int64(1)}], [{"a": 1}]),
        ((1, "a", None, True), [1, "a", None, True]),
        ({1}, [1]),
        (decimal.Decimal("1.10"), "1.10"),
        (datetime.timedelta(seconds=1.5), 1.5),
        ([datetime.datetime(2020, 1, 1), datetime.date(2020, 1, 1)], [_DAY, "2020-01-01"]),
        (pandas.NaT, None),
        ([pandas.NA], [None]),
        (polars.DataFrame({"a": [1], "t": [datetime.date(2020, 1, 1)]}), [{"a": 1, "t": "2020-01-01"}]),
        (polars.Series([1, None]), [1, None]),
        (pyarrow.table({"a": [1]}), [{"a": 1}]),
        (Point(1, numpy.array([2])), {"x": 1, "y": [2]}),
        (b"x", "eA==\n"),
        ("h\u00e9\u2028", "h\u00e9\u2028"),
        (2**70, 2**70),
        (None, None),
    ],
)
def test_a_prediction_is_written_as_plain_json(prediction: Any, written: Any) -> None:
    assert json.loads(answers.encode(prediction)) == {"predictions": written}
    assert json.loads(answers.encode(prediction, wrapped=False)) == written


@pytest.mark.parametrize(
    "prediction",
    [
        numpy.array([_NAN, float("inf"), -float("inf")]),
        numpy.array([_NAN, float("inf"), -float("inf")], "float32"),
        [_NAN, float("inf"), -float("inf")],
        (numpy.float64(_NAN), float("inf"), -float("inf")),
    ],
)
def test_a_missing_number_is_written_as_mlflow_writes_it(prediction: Any) -> None:
    assert answers.encode(prediction) == b'{"predictions": [NaN, Infinity, -Infinity]}'


def test_a_missing_number_in_a_table_is_nan_and_missing_text_is_null() -> None:
    frame = pandas.DataFrame({"a": [_NAN], "b": pandas.Series([None], dtype="str")})
    assert answers.encode(frame) == b'{"predictions": [{"a": NaN, "b": null}]}'


def _nested() -> list[Any]:
    found: list[Any] = []
    for _ in range(100_000):
        found = [found]
    return found


@pytest.mark.parametrize("prediction", [object(), [1j], numpy.array([1j]), iter([1]), _nested()])
def test_what_json_cannot_say_is_named(prediction: Any) -> None:
    with pytest.raises(HeadraceError, match=f"JSON cannot carry, in a {type(prediction).__name__}"):
        answers.encode(prediction)
