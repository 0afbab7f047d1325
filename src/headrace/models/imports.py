"""Which modules a model needs, read off pickles, scripts and code without running any of them."""

from __future__ import annotations

import ast
import dis
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

from headrace.models import installed, pickled, source

_OURS = {"headrace", "mlflow", "__main__", "__mp_main__", "builtins"}


def globals_of_pickle(data: bytes) -> set[tuple[str, str]]:
    """Every ``(module, name)`` that reading the pickle would import; the name is empty for a module alone.

    What functions that are in the pickle as code import when they are called is among them.
    """
    return pickled.globals_of(data)


def modules_of_source(text: str) -> set[str]:
    """Every module that the Python source ``text`` imports, anywhere in it; what it takes from one may be one too.

    What is imported for type checkers alone is not among them.
    """
    return {name for each in source.imports_in(ast.parse(text)) if not each.typing for name in each.modules}


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
    """Every module that compiled code imports when it runs; what it takes from one may be one too."""
    module = ""
    for each in dis.get_instructions(code):
        if each.opname == "IMPORT_NAME":
            module = each.argval
            yield module
        elif each.opname == "IMPORT_FROM":
            yield f"{module}.{each.argval}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from modules_of_code(constant)


def local_sources(modules: Iterable[str]) -> dict[str, Path]:
    """Those top-level modules, and what they import in turn, that are somebody's own files and of no distribution."""
    found: dict[str, Path] = {}
    waiting = {each.partition(".")[0] for each in modules}
    while waiting:
        name = waiting.pop()
        place = None if name in found else _local_source(name)
        if place:
            found[name] = place
            for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
                waiting |= {each.partition(".")[0] for each in _imported(file)}
    return found


def distributions(modules: Iterable[str]) -> set[str]:
    """The installed distributions that the modules, and the local files they import, come from."""
    names = set(modules)
    for place in local_sources(names).values():
        for file in place.rglob("*.py") if place.is_dir() else [place]:
            names |= _imported(file)
    used = {name for name in names if name.partition(".")[0] not in _OURS | sys.stdlib_module_names}
    return installed.owners(used) - {"headrace", "mlflow", "mlflow-skinny", "mlflow-tracing"}


def _imported(file: Path) -> set[str]:
    try:
        return modules_of_source(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        # Not a module that could be imported, so it imports nothing.
        return set()


def _local_source(name: str) -> Path | None:
    if name in _OURS or name in sys.stdlib_module_names or installed.is_installed(name):
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
