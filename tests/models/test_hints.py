"""Type hints as schemas, and input held against them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional, Union

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest
from headrace.models.hints import schema_of_hint
from headrace.models.signature import ModelSignature
from headrace.models.types import ColSpec, Schema
from headrace.models.validation import pyfunc, validate


@dataclass
class Question:
    text: str
    weights: list[float]
    asked: Optional[datetime.datetime] = None  # noqa: UP045


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (list[str], '{"type": "string", "required": true}'),
        (list[dict[str, int]], '{"type": "map", "values": {"type": "long"}, "required": true}'),
        (list[list[float]], '{"type": "array", "items": {"type": "double"}, "required": true}'),
        (list[Any], '{"type": "any", "required": true}'),
        (list[Union[int, str]], '{"type": "any", "required": true}'),  # noqa: UP007
        (list[datetime.date], '{"type": "datetime", "required": true}'),
        (list[Annotated[str, "a name"]], '{"type": "string", "required": true}'),
        (list[Literal["a", 1]], '{"type": "any", "required": true}'),
        (list[int | None], '{"type": "long", "required": false}'),
        (list[Literal["a", "b"]], '{"type": "string", "required": true}'),
        (
            list[Question],
            '{"type": "object", "properties": {"asked": {"type": "datetime", "required": false}, "text": {"type": '
            '"string", "required": true}, "weights": {"type": "array", "items": {"type": "double"}, "required": true}}'
            ', "required": true}',
        ),
    ],
)
def test_a_hint_says_what_a_model_takes(hint: Any, text: str) -> None:
    assert schema_of_hint(hint).to_json() == f"[{text}]"


@pytest.mark.parametrize("hint", [str, list, dict, list[dict], list[dict[int, str]], list[object], pd.DataFrame, None])
def test_a_hint_that_says_too_little_is_refused(hint: Any) -> None:
    with pytest.raises(BadRequest, match="gives no schema"):
        schema_of_hint(hint)


def test_a_dataclass_can_stand_for_a_schema() -> None:
    @dataclass
    class Row:
        a: int
        b: str | None = None

    Row.__annotations__ = {"a": int, "b": str | None}
    assert ModelSignature(inputs=Row).inputs == Schema([ColSpec("long", "a"), ColSpec("string", "b", False)])


@pytest.mark.parametrize(
    ("data", "hint", "taken"),
    [
        ([1, 2], list[float], [1.0, 2.0]),
        (np.array([1, 2]), list[int], [1, 2]),
        (pd.DataFrame({"a": ["x"]}), list[str], ["x"]),
        (pd.DataFrame({"a": [1], "b": [2]}), list[dict[str, int]], [{"a": 1, "b": 2}]),
        ([None, 1], list[int | None], [None, 1]),
        (["2020-01-01"], list[datetime.datetime], [datetime.datetime(2020, 1, 1)]),
        ([{"text": "why", "weights": []}], list[Question], [Question("why", [])]),
        ([Question("why", [])], list[Question], [Question("why", [])]),
        ("as it is", str, "as it is"),
        ("as it is", None, "as it is"),
    ],
)
def test_input_that_fits_is_what_the_hint_promises(data: Any, hint: Any, taken: Any) -> None:
    assert validate(data, hint) == taken


@pytest.mark.parametrize(
    ("data", "hint", "why"),
    [
        ("x", list[str], "must be a list"),
        (["x", 1], list[str], r"\[1\]: it must be str"),
        ([True], list[int], "must be int"),
        ([1.5], list[int], "must be int"),
        ([["x", 2]], list[list[str]], r"\[0\]\[1\]"),
        ([{"a": "x"}], list[dict[str, int]], r"\[0\]\.a"),
        (["c"], list[Literal["a", "b"]], "one of"),
        (["x"], list[int | None], "int or NoneType"),
        (["yesterday"], list[datetime.datetime], "ISO 8601"),
        ([{"words": "why"}], list[Question], "words"),
    ],
)
def test_input_that_does_not_fit_is_refused_where_it_differs(data: Any, hint: Any, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        validate(data, hint)


def test_a_function_can_check_its_own_input() -> None:
    @pyfunc
    def shout(context: Any, model_input: "list[str]") -> Any:  # noqa: UP037
        return [each.upper() for each in model_input]

    assert shout(None, ["a"]) == ["A"]
    assert shout(None, model_input=pd.DataFrame({"a": ["b"]})) == ["B"]
    with pytest.raises(BadRequest):
        shout(None, [1])
