"""Which modules a model needs, read off pickles, scripts and code without running any of them."""

from __future__ import annotations

import ast
import dis
import importlib.metadata
import importlib.util
import pickletools
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

#: Functions by which a pickle imports a module that it names as text.
_IMPORTERS = {("cloudpickle.cloudpickle", "subimport"), ("importlib", "import_module"), ("builtins", "__import__")}
_OURS = {"headrace", "mlflow", "__main__", "__mp_main__", "builtins"}


def globals_of_pickle(data: bytes) -> set[tuple[str, str]]:
    """Every ``(module, name)`` that reading the pickle would import; the name is empty for a module alone."""
    found: set[tuple[str, str]] = set()
    memo: dict[int, Any] = {}
    stack: list[Any] = []
    for opcode, said, _ in pickletools.genops(data):
        argument: Any = said
        match opcode.name:
            case "GLOBAL":
                module, _, name = argument.partition(" ")
                stack.append((module, name))
                found.add((module, name))
            case "STACK_GLOBAL":
                names = [each for each in stack[-2:] if isinstance(each, str)]
                pair = (names[0], names[1]) if len(names) == 2 else ("?", "?")
                stack.append(pair)
                found.add(pair)
            case "MEMOIZE":
                memo[len(memo)] = stack[-1] if stack else None
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[int(argument)] = stack[-1] if stack else None
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(memo.get(int(argument)))
            case _:
                if opcode.stack_after:
                    stack.append(argument if isinstance(argument, str) else None)
        if len(stack) > 1 and isinstance(stack[-1], str) and stack[-2] in _IMPORTERS:
            found.add((stack[-1], ""))
    return found


def modules_of_source(text: str) -> set[str]:
    """Every module that the Python source ``text`` imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def modules_of_functions(kind: type) -> set[str]:
    """Every module that methods of a user's class import when they run."""
    found: set[str] = set()
    for owner in kind.__mro__:
        if owner.__module__.partition(".")[0] in _OURS - {"__main__"}:
            continue
        for each in vars(owner).values():
            function = getattr(each, "__func__", each)
            if isinstance(function, FunctionType):
                found |= set(modules_of_code(function.__code__))
    return found


def modules_of_code(code: CodeType) -> Iterator[str]:
    """Every module that compiled code imports when it runs."""
    yield from (each.argval for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from modules_of_code(constant)


def local_sources(modules: Iterable[str]) -> dict[str, Path]:
    """Those top-level modules, and what they import in turn, that are somebody's own files and of no distribution."""
    found: dict[str, Path] = {}
    waiting = {each.partition(".")[0] for each in modules}
    while waiting:
        name = waiting.pop()
        source = None if name in found else _local_source(name)
        if source:
            found[name] = source
            for file in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
                waiting |= {each.partition(".")[0] for each in _imported(file)}
    return found


def distributions(modules: Iterable[str]) -> set[str]:
    """The installed distributions that the modules, and the local files they import, come from."""
    names = {each.partition(".")[0] for each in modules}
    for source in local_sources(names).values():
        for file in source.rglob("*.py") if source.is_dir() else [source]:
            names |= {each.partition(".")[0] for each in _imported(file)}
    known = _distributions()
    found = {owner for name in names - _OURS - sys.stdlib_module_names for owner in known.get(name, [])[:1]}
    return found - {"headrace", "mlflow", "mlflow-skinny", "mlflow-tracing"}


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _imported(file: Path) -> set[str]:
    try:
        return modules_of_source(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        # Not a module that could be imported, so it imports nothing.
        return set()


def _local_source(name: str) -> Path | None:
    if name in _OURS or name in sys.stdlib_module_names or name in _distributions():
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    file = Path(spec.origin or "")
    return file if file.suffix == ".py" and file.is_file() else None
