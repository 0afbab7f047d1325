"""A script that is to be a model is read before it runs, and its author is told what will go wrong elsewhere."""

from __future__ import annotations

import ast
import builtins
import logging
import re
import symtable
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from headrace.base import settings
from headrace.base.errors import BadRequest, NotFound
from headrace.models.imports import local_sources
from headrace.models.secrets import ALLOWED, Secret, secrets_in
from headrace.models.source import Imported, imports_in

_log = logging.getLogger(__name__)

#: What every script finds defined.
BUILTINS = {*dir(builtins), "__file__", "__builtins__", "__annotations__", "__class__", "__path__", "__cached__"}
_OURS = {"headrace", "mlflow"}
_WORD = re.compile(r"[A-Za-z_]\w*")
#: Texts that may be annotations or lists of names, and not prose.
_NAMING = re.compile(r"[\w.\[\], |]{1,200}")


class Remark(NamedTuple):
    """What an author should know of a line of a script."""

    line: int
    text: str


def read_script(script: Path, code_paths: Sequence[str | Path] | None = None) -> None:
    """Refuse a script with secrets in it or in its ``code_paths``, and tell of what else will go wrong elsewhere."""
    if not script.is_file():
        raise NotFound(f"There is no script {str(script)!r}")
    text = _text(script)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise BadRequest(f"The script {str(script)!r} is not Python: line {error.lineno}: {error.msg}") from error
    files = [script, *_sources(code_paths or [])]
    refuse_secrets((file.name, each) for file in files for each in _secrets(file))
    remarks = remarks_on(text, tree, code_paths or [])
    if remarks:
        lines = "\n".join(f"  line {each.line}: {each.text}" for each in remarks)
        _log.warning("The script %s may not load as it is elsewhere:\n%s", script.name, lines)


def remarks_on(text: str, tree: ast.Module, code_paths: Iterable[str | Path] = ()) -> list[Remark]:
    """Imports that are never used, local modules that do not travel with the model, and names that nobody defines."""
    imported = imports_in(tree)
    return sorted({*_unused(text, tree, imported), *left_behind(imported, code_paths), *undefined(text, tree)})


def _unused(text: str, tree: ast.Module, imported: list[Imported]) -> Iterator[Remark]:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAMING.fullmatch(node.value):
            used |= set(_WORD.findall(node.value))
    lines = text.splitlines()
    for each in imported:
        top = each.module.partition(".")[0]
        if each.typing or each.optional or not each.bound or top in _OURS | sys.stdlib_module_names:
            continue
        # Imports for what they do by themselves, and those that hand a name on.
        silent = each.name in ("*", each.bound) and f" as {each.bound}" in lines[each.line - 1]
        if each.name == "*" or silent or each.bound.startswith(("_", "enable_")) or "noqa" in lines[each.line - 1]:
            continue
        if each.bound not in used:
            yield Remark(
                each.line, f"{each.bound} is imported and never used; what it comes from becomes a requirement"
            )


def left_behind(imported: list[Imported], code_paths: Iterable[str | Path]) -> Iterator[Remark]:
    """Modules of the user's own that are imported and do not travel with the model."""
    travelling = {Path(each).resolve().name.removesuffix(".py") for each in code_paths}
    for each in imported:
        top = each.module.partition(".")[0]
        if each.typing:
            continue
        if each.level:
            yield Remark(each.line, "a relative import has no package to start from: import the module by its name")
            continue
        for name, place in sorted(local_sources([top]).items()):
            if name not in travelling:
                what = f"{top} is a file of yours that" if name == top else f"{top} imports {name}, which"
                yield Remark(each.line, f"{what} stays here: add {str(place)!r} to code_paths")


def undefined(text: str, tree: ast.Module) -> Iterator[Remark]:
    """Names that a script uses and nothing in it defines; one that imports ``*`` or calls ``exec`` may have any."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    if any(each.name == "*" for each in imports_in(tree)) or any(node.id in ("exec", "globals") for node in names):
        return
    tried = {id(node) for each in ast.walk(tree) if _expects_nothing(each) for node in ast.walk(each)}
    for name in wanted(text) - BUILTINS:
        uses = [node for node in names if node.id == name and isinstance(node.ctx, ast.Load)]
        if uses and not any(id(node) in tried for node in uses):
            yield Remark(min(node.lineno for node in uses), f"{name} is not defined: is an import missing?")


def wanted(text: str) -> set[str]:
    """Names that Python source uses, anywhere in it, and does not define; builtins are among them."""
    module = symtable.symtable(text, "script", "exec")
    tables = list(_tables(module))
    defined = bound(module)
    for table in tables:
        defined |= {each.get_name() for each in table.get_symbols() if each.is_declared_global() and each.is_assigned()}
    return {
        each.get_name()
        for table in tables
        for each in table.get_symbols()
        if each.is_referenced() and (table is module or _is_global(each))
    } - defined


def bound(module: symtable.SymbolTable) -> set[str]:
    """Names that a module, or a part of one, gives a value."""
    return {each.get_name() for each in module.get_symbols() if _is_bound(each)}


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _is_global(symbol: symtable.Symbol) -> bool:
    # In a function that is called top, symtable says of its own names that they are global as well.
    return symbol.is_global() and not symbol.is_local()


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace() or symbol.is_annotated()


def _expects_nothing(node: ast.AST) -> bool:
    """Whether this is a ``try`` that goes on when a name is not defined."""
    if not isinstance(node, ast.Try):
        return False
    kinds = [
        kind for each in node.handlers for kind in (each.type.elts if isinstance(each.type, ast.Tuple) else [each.type])
    ]
    return any(kind is None or getattr(kind, "id", None) in ("NameError", "Exception") for kind in kinds)


def refuse_secrets(said: Iterable[tuple[str, Secret]]) -> None:
    """Raise ``BadRequest`` when there are secrets, each with the name of where it was found."""
    if settings.flag("ALLOW_SECRETS_IN_CODE"):
        return
    if found := [f"{where}, line {each.line}: {each.rule}" for where, each in said]:
        raise BadRequest(
            f"The model's code has what looks like secrets, and everybody who may read the model could read them "
            f"({'; '.join(found)}). Read them from the environment or from artifacts; if one is none, write "
            f"'# {ALLOWED}' on its line, or set HEADRACE_ALLOW_SECRETS_IN_CODE=true"
        )


def _secrets(file: Path) -> list[Secret]:
    try:
        return secrets_in(_text(file))
    except SyntaxError:
        # A file that is no Python (of this version) is nobody's to import.
        return []


def _sources(code_paths: Iterable[str | Path]) -> Iterator[Path]:
    for each in map(Path, code_paths):
        yield from sorted(each.rglob("*.py")) if each.is_dir() else [each] if each.suffix == ".py" else []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The script {str(file)!r} is not written in UTF-8: {error}") from error
