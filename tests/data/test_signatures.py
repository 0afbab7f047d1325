"""Every public name of MLflow's data modules is here: modules, classes, functions, what they take, and what is set."""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import headrace.data

#: name, kind, signature and bases, as MLflow 3.17.2 shows them.
RECORDED = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "assets" / "signatures.tsv").read_text(encoding="utf-8").splitlines()
]

#: Nothing of them is left out.
ABSENT: frozenset[str] = frozenset()


def _ours(name: str) -> Any:
    """What we call as MLflow calls it, as it stands in its class or module."""
    parts = name.replace("mlflow", "headrace", 1).split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = inspect.getattr_static(found, part) if isinstance(found, type) else getattr(found, part)
        return found
    raise AssertionError(f"there is no {name}")


def _params(function: Any) -> list[tuple[str, str, str | None]]:
    function = getattr(function, "__func__", function)
    return [
        (each.name, each.kind.name, None if each.default is each.empty else repr(each.default))
        for each in inspect.signature(function).parameters.values()
        if each.name not in ("self", "cls")
    ]


def _recorded(signature: str) -> list[tuple[str, str, str | None]]:
    (function,) = ast.parse(f"def f{signature.replace('~', '')}: ...").body
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    defaults = [None] * (len(given.args) - len(given.defaults)) + [ast.unparse(each) for each in given.defaults]
    found = [(each.arg, "POSITIONAL_OR_KEYWORD", said) for each, said in zip(given.args, defaults, strict=True)]
    for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        found.append((each.arg, "KEYWORD_ONLY", None if default is None else ast.unparse(default)))
    if given.kwarg:
        found.append((given.kwarg.arg, "VAR_KEYWORD", None))
    return [each for each in found if each[0] not in ("self", "cls")]


@pytest.mark.parametrize(("name", "kind", "signature", "bases"), RECORDED, ids=[row[0] for row in RECORDED])
def test_a_name_is_what_mlflows_is(name: str, kind: str, signature: str, bases: str) -> None:
    ours = _ours(name) if kind != "field" else None
    match kind:
        case "module":
            assert inspect.ismodule(ours)
        case "class" | "dataclass" | "typeddict":
            assert isinstance(ours, type)
            if signature:
                assert _params(ours) == _recorded(signature)
            assert {each for each in bases.split(",") if each} <= {each.__name__ for each in ours.__mro__}
        case "function" | "method" | "classmethod" if signature != "(?)":
            assert _params(ours) == _recorded(signature)
            assert isinstance(ours, classmethod) == (kind == "classmethod")
        case "property" | "method":
            assert isinstance(ours, property | cached_property)
        case "class constant":
            assert ours == int(signature)
        case "field":
            owner, _, field = name.rpartition(".")
            assert field in inspect.get_annotations(_ours(owner))
        case _:
            raise AssertionError(f"{name} is of the kind {kind}, which this test does not know")


def test_every_name_is_compared() -> None:
    assert not ABSENT & {row[0] for row in RECORDED}
    assert len(RECORDED) == 288


def test_what_is_offered_is_what_can_be_had() -> None:
    for name in headrace.data.__all__:
        assert callable(getattr(headrace.data, name))
