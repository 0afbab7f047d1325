"""Held against what MLflow 3.17.2 accepts and refuses, as ``assets/record.py`` wrote it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.base.errors import BadRequest
from headrace.search import ENTITIES, parse, parse_order

_RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "assets" / "genuine.json").read_text(encoding="utf-8"))

#: What MLflow takes and we refuse, on purpose: the meaning is a guess, or the call says it by a field of its own.
WE_REFUSE = {
    ("runs", "metrics.a > 1 AND"),
    ("runs", "AND metrics.a > 1"),
    ("runs", "metrics.a > 1 AND AND metrics.b > 1"),
    ("runs", "metrics.a > 1 metrics.b > 1"),
    ("runs", "metrics. > 1"),
    ("runs", "metrics.`` > 1"),
    ("runs", "metrics.a > 1e400"),
    ("runs", "params.a = 'it\\'s'"),
    ("experiments", '["name", "name"]'),
    ("logged models", "name = x"),
    ("logged models", "experiment_id = '1'"),
}

#: What MLflow refuses and so do we: mistakes, never a wish for more.
MISTAKES = {
    *("foo = 'x'", "attributes.foo = 'x'", "bogus.foo = 'x'", "experiment_id = '0'", "lifecycle_stage = 'active'"),
    *("metrics.a > '1'", "metrics.a > x", "metrics.a LIKE 'x'", "metrics.a > 1;", "metrics.a > 1; metrics.b > 1"),
    *("params.a = x", "params.a > 'x'", "status = FINISHED", "start_time > '1'", "start_time > 'x'"),
    *("run_id IN ()", "run_id IN (a)", "run_id IN (1)", "params.a = '' OR 1=1 --", "DROP TABLE runs", "1 = 1"),
    *("name = x", "version_number = 1.5x", "name > 'x'", "creation_time > '1'", "metrics.a = '1'"),
}


def _cases(what: str) -> list[Any]:
    told = _RECORDED[what]
    return [
        pytest.param(noun.replace("_", " "), text, said == "accepted", id=f"{noun}: {text}")
        for noun, texts in told.items()
        for text, said in texts.items()
    ]


@pytest.mark.parametrize(("noun", "text", "accepted"), _cases("filters"))
def test_a_filter_is_accepted_where_mlflow_accepts_it(noun: str, text: str, accepted: bool) -> None:
    refused = (noun, text) in WE_REFUSE
    if accepted and not refused:
        parse(text, ENTITIES[noun])
    elif text in MISTAKES or refused:
        with pytest.raises(BadRequest):
            parse(text, ENTITIES[noun])


@pytest.mark.parametrize(("noun", "text", "accepted"), _cases("orders"))
def test_an_order_is_accepted_where_mlflow_accepts_it(noun: str, text: str, accepted: bool) -> None:
    if (noun, text) in WE_REFUSE:
        with pytest.raises(BadRequest):
            parse_order(json.loads(text), ENTITIES[noun])
    elif accepted:
        parse_order(json.loads(text), ENTITIES[noun])


def test_the_record_is_of_the_release_we_follow() -> None:
    assert _RECORDED["version"] == "3.17.2"
    assert sum(map(len, _RECORDED["filters"].values())) > 150
