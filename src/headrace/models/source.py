"""A script as it is written: what it imports, and where; read, not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_DYNAMIC = {"import_module", "__import__"}


class Imported(NamedTuple):
    """One import: ``import module``, or ``from module import name``, each name for itself."""

    module: str
    #: What is taken from the module; empty for the module itself.
    name: str
    #: What the script calls it.
    bound: str
    line: int
    #: Dots in front of the module's name.
    level: int
    #: Whether type checkers alone see it.
    typing: bool
    #: Whether the script goes on without it.
    optional: bool
    #: Whether it is at the top of the script, not in a function or class.
    top: bool

    @property
    def modules(self) -> list[str]:
        """The modules that this may load; none for one of the script's own package."""
        if self.level:
            return []
        return [self.module, f"{self.module}.{self.name}"] if self.name not in ("", "*") else [self.module]


def imports_in(tree: ast.AST) -> list[Imported]:
    """Every import in a parsed script."""
    return list(_imports([tree], typing=False, optional=False, top=True))


def _imports(nodes: Sequence[ast.AST], typing: bool, optional: bool, top: bool) -> Iterator[Imported]:
    for node in nodes:
        match node:
            case ast.Import():
                for each in node.names:
                    bound = each.asname or each.name.partition(".")[0]
                    yield Imported(each.name, "", bound, node.lineno, 0, typing, optional, top)
            case ast.ImportFrom():
                for each in node.names:
                    bound, level = each.asname or each.name, node.level
                    yield Imported(node.module or "", each.name, bound, node.lineno, level, typing, optional, top)
            case ast.If() if _is_type_checking(node.test):
                yield from _imports(node.body, True, optional, top)
                yield from _imports(node.orelse, typing, optional, top)
            case ast.Try() if any(_catches_missing(each) for each in node.handlers):
                yield from _imports([*node.body, *node.handlers], typing, True, top)
                yield from _imports([*node.orelse, *node.finalbody], typing, optional, top)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                yield from _imports(list(ast.iter_child_nodes(node)), typing, optional, False)
            case _:
                if module := _dynamic(node):
                    yield Imported(module, "", "", getattr(node, "lineno", 0), 0, typing, optional, top)
                yield from _imports(list(ast.iter_child_nodes(node)), typing, optional, top)


def _dynamic(node: ast.AST) -> str | None:
    """The module that a call such as ``import_module("a")`` names."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return None
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    said = node.args[0].value
    named = name in _DYNAMIC and isinstance(said, str) and all(part.isidentifier() for part in said.split("."))
    return said if named and isinstance(said, str) else None


def _is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def _catches_missing(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", getattr(kind, "attr", None)) in _MISSING for kind in kinds)
