"""Input examples: the data and the request."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from headrace.base.errors import BadRequest
from headrace.models import convert_input_example_to_serving_input, examples, infer_signature
from headrace.models.examples import InputExample
from headrace.models.model import Model

SPLIT = {"type": "dataframe", "pandas_orient": "split"}
#: An example, what the MLmodel file says of it, and both files, as genuine MLflow writes them.
CASES: dict[str, tuple[Any, dict[str, str], str, dict[str, Any]]] = {
    "frame": (
        pd.DataFrame({"a": [1], "b": ["x"]}, index=[7]),
        SPLIT,
        '{"columns": ["a", "b"], "data": [[1, "x"]]}',
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"]]}},
    ),
    "frame without names": (
        pd.DataFrame([[1, 2]]),
        {"type": "dataframe", "pandas_orient": "values"},
        '{"data": [[1, 2]]}',
        {"dataframe_split": {"data": [[1, 2]]}},
    ),
    "bytes": (
        pd.DataFrame({"b": [b"x"]}),
        SPLIT,
        '{"columns": ["b"], "data": [["eA==\\n"]]}',
        {"dataframe_split": {"columns": ["b"], "data": [["eA==\n"]]}},
    ),
    "times": (
        pd.DataFrame({"d": [datetime.datetime(2020, 1, 1, 10)]}),
        SPLIT,
        '{"columns": ["d"], "data": [["2020-01-01T10:00:00"]]}',
        {"dataframe_split": {"columns": ["d"], "data": [["2020-01-01T10:00:00"]]}},
    ),
    "array": (np.array([[1.0, 2.0]]), {"type": "ndarray"}, "[[1.0, 2.0]]", {"inputs": [[1.0, 2.0]]}),
    "arrays": ({"x": np.array([1, 2])}, {"type": "ndarray"}, '{"x": [1, 2]}', {"inputs": {"x": [1, 2]}}),
    "sparse": (
        sparse.csr_matrix(np.eye(2)),
        {"type": "sparse_matrix_csr"},
        '{"data": [1.0, 1.0], "indices": [0, 1], "indptr": [0, 1, 2], "shape": [2, 2]}',
        {"inputs": [[1.0, 0.0], [0.0, 1.0]]},
    ),
    "dict": ({"a": "b"}, {"type": "json_object"}, '{"a": "b"}', {"inputs": {"a": "b"}}),
    "text": ("x", {"type": "json_object"}, '"x"', {"inputs": "x"}),
    "chat": (
        {"messages": [{"role": "user", "content": "hi"}]},
        {"type": "json_object"},
        '{"messages": [{"role": "user", "content": "hi"}]}',
        {"messages": [{"role": "user", "content": "hi"}]},
    ),
    "params": (
        (pd.DataFrame({"a": [1]}), {"t": 1}),
        {**SPLIT, "params": "true"},
        '{"inputs": {"columns": ["a"], "data": [[1]]}, "params": {"t": 1}}',
        {"dataframe_split": {"columns": ["a"], "data": [[1]]}, "params": {"t": 1}},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_example_is_written_as_mlflow_writes_it(name: str, tmp_path: Path) -> None:
    data, info, stored, request = CASES[name]
    example = InputExample(data)
    example.save(tmp_path)
    assert example.info == {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
        **info,
    }
    assert (tmp_path / "input_example.json").read_text() == stored
    assert json.loads((tmp_path / "serving_input_example.json").read_text()) == request
    text = convert_input_example_to_serving_input(data)
    assert text is not None
    assert json.loads(text) == request


@pytest.mark.parametrize("name", CASES)
def test_an_example_is_read_back_as_it_was_given(name: str, tmp_path: Path) -> None:
    data = CASES[name][0]
    example = InputExample(data)
    example.save(tmp_path)
    model = Model(saved_input_example_info=example.info, signature=infer_signature(example.data))
    back = examples.load(model, tmp_path)
    assert infer_signature(back) == infer_signature(example.data)
    assert convert_input_example_to_serving_input(back) == json.dumps(
        example._request, default=str, indent=2
    ) or name in (
        "bytes",
        "times",
    )
    assert examples.load_params(model, tmp_path) == example.params
    assert examples.serving_input(model, tmp_path) == (tmp_path / "serving_input_example.json").read_text()


def test_a_gap_in_a_frame_is_kept(tmp_path: Path) -> None:
    InputExample(pd.DataFrame({"a": [1.0, np.nan], "b": pd.array([1, None], "Int64")})).save(tmp_path)
    assert (tmp_path / "input_example.json").read_text() == '{"columns": ["a", "b"], "data": [[1.0, 1], [NaN, null]]}'


@pytest.mark.parametrize("data", [pd.Series([1]), object(), {"a": object()}])
def test_what_json_has_no_form_for_is_refused(data: Any, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="input example"):
        InputExample(data).save(tmp_path)


def test_a_model_without_example_has_none(tmp_path: Path) -> None:
    assert examples.load(Model(), tmp_path) is None
    assert convert_input_example_to_serving_input(None) is None
