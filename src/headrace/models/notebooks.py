"""The source of a class or function that was defined in a notebook, or in the program that runs: read, not run.

Such a class is pickled whole, as code that nobody can read. Beside it goes ``python_model.py``: its definition, and the
imports, constants, functions and classes of other cells that it refers to. What was computed stays in the pickle alone,
and the file says so. IPython is not imported: it leaves its cells in ``__main__`` and in ``linecache``.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from headrace.models.program_text import Cell, Piece, Text, is_plain
from headrace.models.reading import BUILTINS, left_behind, refuse_secrets, undefined, wanted
from headrace.models.secrets import secrets_in
from headrace.models.source import imports_in

_log = logging.getLogger(__name__)

SOURCE = "python_model.py"
_HOME = "__main__"
_DEFINED = (type, FunctionType, functools._lru_cache_wrapper)
#: How deep in a model's attributes a notebook's classes and functions are looked for.
_DEPTH = 5
#: How many parts of a list or dict are looked at.
_MOST_PARTS = 1000
_ANNOTATIONS_AS_TEXT = 0x1000000


class Captured(NamedTuple):
    """The source of a model."""

    text: str
    #: What the lines of the text were taken from: the cell and its line.
    lines: Mapping[int, tuple[str, int]]
    #: What the pickle has, and no cell that could be run again.
    kept: Iterable[str]

    def tell(self, code_paths: Sequence[str | Path] | None = None) -> None:
        """Tell of names that nothing defines, and of modules that do not travel with the model, by cells and lines."""
        tree = ast.parse(self.text)
        # What a program takes from its own package is found by the package's name.
        imported = [each for each in imports_in(tree) if not each.level]
        remarks = sorted({*undefined(self.text, tree), *left_behind(imported, code_paths or [])})
        told = [each for each in remarks if each.text.partition(" ")[0] not in self.kept]
        if told:
            places = [(*self.lines.get(each.line, (SOURCE, each.line)), each.text) for each in told]
            lines = "\n".join(f"  {where}, line {line}: {text}" for where, line, text in places)
            _log.warning("The model may not load as it is elsewhere:\n%s", lines)


def capture(model: Any) -> Captured | None:
    """The source of a model that was defined here; None for one of a module, or when nobody has its source.

    Raises ``BadRequest`` when there is what looks like a secret in it.
    """
    roots = list(_definitions_in(model, set()))
    if not roots:
        return None
    notebook = _Notebook(vars(sys.modules[_HOME]))
    found = [each for each in roots if notebook.define(each)]
    if roots[0] not in found:
        return None
    notebook.refuse_secrets()
    return notebook.written(model, roots[0])


def _definitions_in(value: Any, seen: set[int], depth: int = 0) -> Iterator[Any]:
    """The classes and functions of this program that a value is made of, its own first."""
    if id(value) in seen or depth > _DEPTH:
        return
    seen.add(id(value))
    parts: Iterable[Any] = ()
    if isinstance(value, _DEFINED):
        if value.__module__ == _HOME:
            yield value
            parts = [each.cell_contents for each in getattr(value, "__closure__", None) or () if _is_filled(each)]
    elif isinstance(value, MethodType):
        parts = [value.__self__, value.__func__]
    elif isinstance(value, functools.partial):
        parts = [value.func, *value.args, *value.keywords.values()]
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        parts = value
    elif type(value).__module__ == _HOME:
        yield from _definitions_in(type(value), seen, depth + 1)
        parts = getattr(value, "__dict__", {}).values()
    elif depth == 0:
        parts = getattr(value, "__dict__", {}).values()
    for each in list(islice(parts, _MOST_PARTS)):
        yield from _definitions_in(each, seen, depth + 1)


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (an empty one raises)
    except ValueError:
        return False
    return True


class _Notebook:
    """What a notebook, or the program that runs, defines: its source, and the values of now."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope
        self._files: dict[str, Text] = {}
        # The cells in the order they ran, which IPython keeps under this name.
        cells = scope.get("_ih")
        said = list(cells) if isinstance(cells, list) else []
        self._texts = [
            Text(Cell(f"cell [{at}]", text, at)) for at, text in enumerate(said) if at and isinstance(text, str)
        ]
        self._names: dict[str, bool] = {}
        self._pieces: dict[Piece, None] = {}
        self._kept: dict[str, str] = {}
        self._annotations_as_text = False

    def define(self, value: Any) -> bool:
        """Take the definition of a class or function, and of what it refers to; False when nobody has its source."""
        name = value.__qualname__.partition(".")[0]
        if self._scope.get(name) is value:
            return self._take(name) and name not in self._kept
        pieces = self._definition(value)
        self._add(pieces)
        return bool(pieces)

    def refuse_secrets(self) -> None:
        """Raise ``BadRequest`` when what was taken has secrets in it."""
        spans = [piece for piece in self._pieces if piece.cell]
        cells = {piece.cell: secrets_in(piece.cell.readable) for piece in spans if piece.cell}
        refuse_secrets(
            dict.fromkeys(
                (piece.cell.label, each)
                for piece in spans
                if piece.cell
                for each in cells[piece.cell]
                if piece.line <= each.line <= piece.last
            )
        )

    def written(self, model: Any, root: Any) -> Captured:
        """All that was taken, as one file."""
        named = "A function" if "<lambda>" in root.__qualname__ else root.__qualname__
        head = [f"# {named}, as it was defined when the model was saved: to be read."]
        head.append("# What is loaded is python_model.pkl.")
        head += [f"# There alone: {name} ({kind})" for name, kind in self._kept.items()]
        lines = [*head, ""]
        lines += ["from __future__ import annotations", ""] if self._annotations_as_text else []
        places: dict[int, tuple[str, int]] = {}
        imports = sorted((piece for piece in self._pieces if piece.is_import), key=lambda piece: piece.place)
        before: Piece | None = None
        for piece in [*imports, *(each for each in self._pieces if not each.is_import)]:
            if before and not (piece.is_import and before.is_import):
                lines += [""] if piece.is_short and before.is_short else ["", ""]
            if (
                piece.cell
                and not piece.is_import
                and not (before and before.cell == piece.cell and not before.is_import)
            ):
                lines.append(f"# {piece.cell.label}")
            said = piece.text.splitlines()
            if piece.cell:
                places |= {len(lines) + at: (piece.cell.label, piece.line + at - 1) for at in range(1, len(said) + 1)}
            lines += said
            before = piece
        text = "\n".join(lines) + "\n"
        if not self._kept and not list(undefined(text, ast.parse(text))) and (said_so := _expression(model, root)):
            text += (
                "\n\n# The pickle has nothing more. With these lines at its end, this file is a model from code:\n"
                f"# import mlflow\n# mlflow.models.set_model({said_so})\n"
            )
        return Captured(text, places, frozenset(self._kept))

    def _take(self, name: str) -> bool:
        """Take what gave ``name`` its value; False when that cannot be run again, and is in the pickle alone."""
        if name in self._names:
            return self._names[name]
        self._names[name] = True
        if name in self._scope:
            self._names[name] = self._find(name, self._scope[name])
        elif name not in BUILTINS:
            self._names[name] = False
        return self._names[name]

    def _find(self, name: str, value: Any) -> bool:
        here = isinstance(value, _DEFINED) and value.__module__ == _HOME and value.__qualname__ == name
        pieces = (self._definition(value) if here else []) or self._newest(name)
        if not pieces:
            if name in BUILTINS:
                return True
            if said := _import_of(name, value):
                self._pieces[Piece(None, 1, 1, said, is_import=True)] = None
                return True
        if pieces and (pieces[-1].is_definition or pieces[-1].is_import):
            self._add(pieces)
            return True
        if pieces and is_plain(value) and (len(pieces) > 1 or pieces[0].may_give(value)):
            before = dict(self._names), dict(self._pieces), dict(self._kept)
            needed = sorted({each for piece in pieces for each in wanted(piece.text)})
            if all(self._take(each) for each in needed):
                self._pieces |= dict.fromkeys(pieces)
                return True
            # It stays a comment, and what it was computed from is not needed.
            self._names, self._pieces, self._kept = before
        self._kept[name] = type(value).__name__
        for each in _definitions_in(value, set()):
            self.define(each)
        self._pieces |= dict.fromkeys(piece.as_comment() for piece in pieces)
        return False

    def _add(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            for each in sorted(wanted(piece.text)):
                self._take(each)
            self._pieces[piece] = None

    def _definition(self, value: Any) -> list[Piece]:
        """The statement that the code of a class or function was compiled from."""
        for code in _codes(value):
            text = self._text_of(code.co_filename)
            piece = text.piece_at(code.co_firstlineno, value.__qualname__.partition(".")[0]) if text else None
            if piece:
                self._annotations_as_text |= bool(code.co_flags & _ANNOTATIONS_AS_TEXT)
                return [piece]
        return self._newest(value.__qualname__) if value.__qualname__.isidentifier() else []

    def _newest(self, name: str) -> list[Piece]:
        """The statement that gave ``name`` its value last, and those that changed it since (``+=``)."""
        changes: list[Piece] = []
        for text in reversed([*self._files.values(), *self._texts]):
            for piece, is_change in text.giving(name):
                changes.insert(0, piece)
                if not is_change:
                    return changes
        return []

    def _text_of(self, filename: str) -> Text | None:
        lines = linecache.getlines(filename)
        if not lines:
            return None
        said = "".join(lines)
        for text in reversed(self._texts):
            if text.cell.text.rstrip() == said.rstrip():
                return text
        if filename not in self._files:
            label = Path(filename).name if Path(filename).is_file() else "a cell"
            self._files[filename] = Text(Cell(label, said, -len(self._files)))
        return self._files[filename]


def _codes(value: Any) -> Iterator[CodeType]:
    """The code of a function, or of the methods that a class was defined with."""
    if not isinstance(value, type):
        code = getattr(inspect.unwrap(value), "__code__", None)
        if code:
            yield code
        return
    for each in vars(value).values():
        method = inspect.unwrap(getattr(each, "fget", None) or getattr(each, "__func__", each))
        if isinstance(method, FunctionType) and method.__qualname__.startswith(f"{value.__qualname__}."):
            yield method.__code__


def _import_of(name: str, value: Any) -> str:
    """The import that finds a value again, if one does."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__}" if value.__name__ == name else f"import {value.__name__} as {name}"
    home = getattr(value, "__module__", None)
    if not isinstance(home, str) or home in (_HOME, "builtins") or home not in sys.modules:
        return ""
    return f"from {home} import {name}" if vars(sys.modules[home]).get(name) is value else ""


def _expression(model: Any, root: Any) -> str:
    """How a script would make a model that has no state; empty for one that has."""
    if not root.__qualname__.isidentifier():
        return ""
    if model is root:
        return str(root.__qualname__)
    if type(model) is not root or getattr(model, "__dict__", None):
        return ""
    try:
        inspect.signature(root).bind()
    except (TypeError, ValueError):
        return ""
    return f"{root.__qualname__}()"
