"""The text of a notebook's cell or of a program, statement by statement."""

from __future__ import annotations

import ast
import datetime
import decimal
import enum
import logging
import pathlib
import re
import symtable
import textwrap
import types
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from headrace.models.reading import bound

#: Magics that run the rest of their cell as Python, here.
_RUNNING = {"time", "capture"}
_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, range, type, types.FunctionType, types.ModuleType),
    *(datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, pathlib.PurePath, enum.Enum, re.Pattern),
    *(logging.Logger, typing.TypeVar, types.GenericAlias, types.UnionType, type(list[typing.Any]), type(typing.Any)),
    *(type(typing.Optional[int]), type(typing.List[int])),  # noqa: UP006, UP045  (the classes of these notations)
)
#: Parts that a constant may have.
_MOST_PARTS = 10_000


class Cell(NamedTuple):
    """A cell as it ran, or a file."""

    label: str
    text: str
    place: int

    @property
    def readable(self) -> str:
        """The Python in it; empty when it is none."""
        return _readable(self.text)


@lru_cache(1024)
def _readable(text: str) -> str:
    try:
        match ast.parse(text).body:
            # Where a magic runs the rest of the cell: that, on its lines.
            case [ast.Expr(value=ast.Call(func=ast.Attribute(attr="run_cell_magic"), args=[name, _, body]))]:
                said = [str(each.value) for each in (name, body) if isinstance(each, ast.Constant)]
                if len(said) == 2 and said[0] in _RUNNING:
                    ast.parse(said[1])
                    return f"\n{said[1]}"
    except SyntaxError:
        # It never ran.
        return ""
    return text


class Piece(NamedTuple):
    """A statement of a cell, from ``line`` to ``last``."""

    cell: Cell | None
    line: int
    last: int
    text: str
    is_import: bool = False
    is_definition: bool = False

    @property
    def is_short(self) -> bool:
        """Whether it is one line, and no function or class."""
        return "\n" not in self.text and not self.is_definition

    @property
    def place(self) -> tuple[float, int]:
        """Where it ran among others; what no cell has comes last."""
        return (self.cell.place if self.cell else float("inf")), self.line

    def as_comment(self) -> Piece:
        """The same, not to be run."""
        return self._replace(text=textwrap.indent(self.text, "# ", lambda line: True))

    def may_give(self, value: Any) -> bool:
        """Whether running it may give ``value``: a constant that is written out must be the same still."""
        match ast.parse(self.text).body:
            case [ast.Assign(targets=[ast.Name()], value=said)] | [ast.AnnAssign(target=ast.Name(), value=said)]:
                try:
                    return said is not None and bool(ast.literal_eval(said) == value)
                except (ValueError, TypeError):
                    return True
        return True


class Text:
    """The statements of a cell."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._found: list[ast.stmt] | None = None

    def piece_at(self, line: int, name: str) -> Piece | None:
        """The statement that defines ``name`` and has that line in it; of a lambda, the lambda."""
        for each in self._statements():
            if not _first(each) <= line <= (each.end_lineno or each.lineno):
                continue
            if name == "<lambda>" and not isinstance(each, ast.Assign):
                lambdas = [node for node in ast.walk(each) if isinstance(node, ast.Lambda) and node.lineno == line]
                return self._lambda(lambdas[0]) if len(lambdas) == 1 else None
            if name == "<lambda>" or name in _bound(self._said(each)):
                return self._piece(each, name)
        return None

    def giving(self, name: str) -> Iterator[tuple[Piece, bool]]:
        """The statements that give ``name`` a value, the last first; and whether each changes what it was before."""
        if name not in self.cell.text:
            return
        for each in reversed(self._statements()):
            said = self._said(each)
            takes = isinstance(each, ast.Delete) or getattr(each, "module", "") == "__future__"
            if name in said and not takes and name in _bound(said):
                yield self._piece(each, name), isinstance(each, ast.AugAssign)

    def _statements(self) -> list[ast.stmt]:
        if self._found is None:
            self._found = list(_flat(ast.parse(self.cell.readable).body))
        return self._found

    def _piece(self, node: ast.stmt, name: str) -> Piece:
        text, last = self._said(node), node.end_lineno or node.lineno
        if isinstance(node, ast.Import | ast.ImportFrom):
            # The others on the line are not this model's.
            chosen = [each for each in node.names if name == (each.asname or each.name.partition(".")[0])]
            narrowed: ast.stmt = ast.Import(chosen)
            if isinstance(node, ast.ImportFrom):
                narrowed = ast.ImportFrom(node.module, chosen, node.level)
            text = ast.unparse(narrowed)
            return Piece(self.cell, node.lineno, last, text, is_import=True)
        defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.Try)
        return Piece(self.cell, _first(node), last, text, is_definition=defines)

    def _lambda(self, node: ast.Lambda) -> Piece:
        said = ast.get_source_segment(self.cell.readable, node) or ast.unparse(node)
        text = f"python_model = ({said})" if "\n" in said else f"python_model = {said}"
        return Piece(self.cell, node.lineno, node.end_lineno or node.lineno, text)

    def _said(self, node: ast.stmt) -> str:
        lines = self.cell.readable.splitlines()
        whole = textwrap.dedent("\n".join(lines[_first(node) - 1 : node.end_lineno]))
        try:
            # With its comments, unless the lines have other statements on them.
            if len(ast.parse(whole).body) == 1:
                return whole
        except SyntaxError:
            pass
        return ast.unparse(node)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, with those in a ``with`` and of a program's ``__main__`` as if they were not in one."""
    for each in body:
        if isinstance(each, ast.With) or (isinstance(each, ast.If) and "__main__" in ast.unparse(each.test)):
            yield from _flat(each.body)
        else:
            yield each


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min(node.lineno, *(each.lineno for each in decorators)) if decorators else node.lineno


def _bound(text: str) -> set[str]:
    try:
        return bound(symtable.symtable(text, "cell", "exec"))
    except SyntaxError:
        # As await is outside of a function, which notebooks allow.
        return set()


def is_plain(value: Any) -> bool:
    """Whether a value is a constant that running its statement again gives again; not what was trained or opened."""
    waiting, seen = [value], 0
    while waiting:
        each = waiting.pop()
        seen += 1
        if seen > _MOST_PARTS:
            return False
        if type(each) in (list, tuple, set, frozenset):
            waiting += each
        elif type(each) is dict:
            waiting += [*each.keys(), *each.values()]
        elif not isinstance(each, _PLAIN):
            return False
    return True
