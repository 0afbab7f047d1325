"""Records of datasets are those of genuine MLflow, byte for byte: digests, sources, schemas and profiles."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import headrace.data
from tests.data import cases

RECORDED = json.loads((Path(__file__).parent / "assets" / "genuine.json").read_text(encoding="utf-8"))

#: Where our schema says more: MLflow gives up on the whole of it for one column that fits no type.
SCHEMA_IS_ANY = {
    *(f"pandas: {name}" for name in ("complex", "decimals", "interval", "objects", "period", "several kinds")),
    *(f"pandas: {name}" for name in ("timedelta", "u64")),
    *(f"polars: {name}" for name in ("decimal", "duration", "nothing known", "time", "uint64")),
}
#: Where our schema says what the values are, and not what they would be without their gaps.
GAPS = {
    "pandas: categories of numbers with gaps": ('"type": "long"', '"type": "double"'),
    "pandas: lists with gaps": ('"items": {"type": "long"}', '"items": {"type": "any"}'),
}
#: Where MLflow stumbles over what it was given, and we say what is wrong with it.
REFUSED = {"numpy: a list": "AttributeError"}


@cache
def _asked() -> dict[str, Callable[[], Any]]:
    return dict(cases.cases(headrace.data))


def test_the_same_is_asked_of_both() -> None:
    assert set(_asked()) == set(RECORDED["answers"])
    assert len(_asked()) > 200


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RECORDED["answers"])
def test_what_is_recorded_of_a_dataset_is_what_mlflow_records(name: str) -> None:
    ours, theirs = cases.answer(_asked()[name]), RECORDED["answers"][name]
    if name.startswith("polars") and version("polars") != RECORDED["polars"] and "digest" in theirs:
        ours, theirs = ({**each, "digest": ""} for each in (ours, theirs))  # Each polars has other hashes.
    if name in SCHEMA_IS_ANY:
        assert theirs["schema"] in (None, "null")
        theirs["schema"] = '{"mlflow_colspec": [{"type": "any", "name": "c", "required": true}]}'
    elif name in GAPS:
        theirs["schema"] = theirs["schema"].replace(*GAPS[name])
    elif name in REFUSED:
        assert theirs == {"error": REFUSED[name]}
        theirs = {"error": "INVALID_PARAMETER_VALUE"}
    assert ours == theirs
