"""What we promise others is made from the calls, and is what the repository holds."""

from __future__ import annotations

from pathlib import Path

from headrace.schema import CALLS
from headrace.wire import openapi, typescript
from headrace.wire.__main__ import main

ROOT = Path(__file__).parents[2]


def test_the_generated_files_are_up_to_date() -> None:
    assert main(["--check", str(ROOT)]) == 0


def test_every_call_has_an_operation_under_each_of_its_verbs() -> None:
    said = openapi.document()["paths"]
    for kind in CALLS.values():
        path = f"/api/{kind.route.since}.0/mlflow/{kind.route.path}"
        assert {verb.lower() for verb in (kind.route.verb, *kind.route.also)} <= set(said[path])


def test_typescript_speaks_the_names_of_the_wire() -> None:
    said = typescript.source()
    assert "param_list" not in said
    assert "metrics?: Array<Metric>;" in said
    assert 'GetRun: { verb: "GET", path: "/2.0/mlflow/runs/get", writes: false } as Route<GetRun, RunFound>' in said
