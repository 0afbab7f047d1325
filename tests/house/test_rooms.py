"""The house rules that no linter states."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import headrace
from headrace.schema import CALLS

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "headrace"
FILES = sorted(HOUSE.rglob("*.py"))
HEAVY = {
    "numpy",
    "pandas",
    "sklearn",
    "sqlite3",
    "yaml",
    "starlette",
    "uvicorn",
    "urllib3",
    "click",
    "mlflow",
    "asyncio",
}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(tree: ast.AST) -> list[Definition]:
    return [node for node in ast.walk(tree) if isinstance(node, Definition)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_rooms_stay_small(file: Path) -> None:
    source = file.read_text()
    assert source.count("\n") < 450, "look for the noun that wants a room of its own"
    long = {
        node.name: length
        for node in definitions(ast.parse(source))
        if not isinstance(node, ast.ClassDef) and (length := (node.end_lineno or 0) - node.lineno) >= 60
    }
    assert not long


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_modules_and_what_they_offer_say_what_they_are(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree), "the module has no docstring"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, Definition)
        and not node.name.startswith("_")
        and not node.decorator_list  # @answers(LogMetric) and @call(...) have said it
        and not ast.get_docstring(node)
    ]
    assert not silent


def test_no_room_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "common", "helpers", "manager", "misc"}
    assert not [file for file in FILES if drawers & {*file.relative_to(HOUSE).parts, file.stem}]


def test_every_call_says_what_it_does() -> None:
    for name, call in CALLS.items():
        said = inspect.getdoc(call) or ""
        assert said.endswith("."), f"{name} lacks a sentence"


def test_importing_headrace_is_cheap() -> None:
    code = "import headrace, sys; headrace.start_run, headrace.log_metric, headrace.MlflowClient; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not HEAVY & loaded
    assert len(loaded) <= 250


def test_the_front_door_is_cheap() -> None:
    code = "import headrace, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert len(loaded) <= 250
    assert not HEAVY & set(loaded)


def test_the_version_is_said_once() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project.get("version", headrace.__version__) == headrace.__version__
