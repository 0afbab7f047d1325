"""Our functions take what MLflow's take: the same names, in the same order, with the same defaults."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import headrace
from headrace import _doors
from headrace.tracking.client import MlflowClient
from headrace.tracking.client.absent import ABSENT

#: name, then the signature as MLflow 3.17.2 shows it.
RECORDED = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "assets" / "signatures.tsv").read_text(encoding="utf-8").splitlines()
]


def _ours(name: str) -> list[tuple[str, str, str | None]]:
    module, _, attribute = name.removeprefix("mlflow.").rpartition(".")
    if module == "MlflowClient":
        function = getattr(MlflowClient, attribute)
    else:
        function = getattr(importlib.import_module(f"headrace.{module}") if module else headrace, attribute)
    return [
        (each.name, each.kind.name, None if each.default is each.empty else repr(each.default))
        for each in inspect.signature(function).parameters.values()
    ]


def _theirs(signature: str) -> list[tuple[str, str, str | None]]:
    (function,) = ast.parse(f"def f{signature}: ...").body
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + [_value(each) for each in arguments.defaults]
    found = [
        (each.arg, "POSITIONAL_OR_KEYWORD", default) for each, default in zip(arguments.args, defaults, strict=True)
    ]
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append((each.arg, "KEYWORD_ONLY", None if default is None else _value(default)))
    return found


def _value(node: ast.expr) -> str:
    return repr(ast.literal_eval(node))


@pytest.mark.parametrize(("name", "signature"), RECORDED, ids=[row[0] for row in RECORDED])
def test_a_function_takes_what_mlflows_takes(name: str, signature: str) -> None:
    assert _ours(name) == _theirs(signature)


def test_every_public_function_of_the_client_is_compared_or_said_to_be_absent() -> None:
    compared = {name.rpartition(".")[2] for name, _ in RECORDED if name.startswith("mlflow.MlflowClient.")}
    offered = {name for name in dir(MlflowClient) if not name.startswith("_")}
    assert offered - compared == {"artifact_location", "registry_uri", "tracking_uri"}
    assert not offered & ABSENT


def test_every_function_at_the_front_door_is_compared() -> None:
    compared = {name.rpartition(".")[2] for name, _ in RECORDED if name.count(".") == 1}
    classes = {"ActiveModel", "ActiveRun", "Image", "MlflowClient", "MlflowException"}
    assert set(_doors.FUNCTIONS) - compared == classes
    assert not set(_doors.FUNCTIONS) & _doors.ABSENT


def test_records_that_scripts_make_take_what_mlflows_take() -> None:
    from headrace.entities import Dataset, DatasetInput, FileInfo, InputTag, LoggedModelOutput, Metric

    metric = Metric("k", 1.0, 2, 3, "m-1", "name", "digest", "run")
    assert (metric.model_id, metric.dataset_name, metric.dataset_digest, metric.run_id) == (
        "m-1",
        "name",
        "digest",
        "run",
    )
    used = DatasetInput(Dataset("name", "digest", "local", "{}", "schema", "profile"), [InputTag("k", "v")])
    assert (used.dataset.source_type, used.dataset.profile, used.tags[0].value) == ("local", "profile", "v")
    assert LoggedModelOutput("m-1", 5).step == 5
    assert FileInfo("a", False, 3).file_size == 3
