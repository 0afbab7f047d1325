"""The folder ``code`` that travels with a model: its modules are its own, though others may have the same names."""

from __future__ import annotations

import builtins
import importlib
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

#: Whoever changes which modules have the names of a model's own.
_lock = threading.RLock()
#: The models whose modules are in place now, the innermost last.
_active: list[OwnCode] = []
#: The model that is loaded now, here and not in another thread.
_loaded: ContextVar[OwnCode | None] = ContextVar("loaded", default=None)


class OwnCode:
    """The modules of one loaded model. Inside of ``with``, they are what their names mean to everybody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = {each.stem for each in folder.iterdir() if each.suffix == ".py" or each.is_dir()}
        self._tops = {name for name in found - sys.stdlib_module_names if not _is_installed(name)}
        self._modules: dict[str, ModuleType] = {}
        self._finder = _Finder(self)
        #: What code of the model has for builtins: its imports come here first, whenever they are made.
        self.builtins: dict[str, Any] = {**vars(builtins), "__import__": self._import}

    def has(self, module: str) -> bool:
        """Whether a module, whose name may have dots, is the model's own."""
        return module.partition(".")[0] in self._tops

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the names of the model's modules mean them; those of others step aside for that time."""
        with _lock:
            others = {name: module for name, module in list(sys.modules.items()) if self.has(name)}
            for name in others:
                del sys.modules[name]
            sys.modules.update(self._modules)
            sys.meta_path.insert(0, self._finder)
            _active.append(self)
            try:
                yield
            finally:
                _active.remove(self)
                sys.meta_path.remove(self._finder)
                self._modules = {name: module for name, module in list(sys.modules.items()) if self.has(name)}
                # Where nobody else has the name, it stays: what looks for a class by its module must find it.
                taken = {name.partition(".")[0] for name in others}
                for name in self._modules:
                    if name.partition(".")[0] in taken:
                        del sys.modules[name]
                sys.modules.update(others)

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        package = str((globals or {}).get("__package__") or "")
        # A thread that the model starts while it is loaded must not wait for the end of that.
        if not self.has(package if level else name) or self in _active:
            return builtins.__import__(name, globals, locals, fromlist, level)
        with self.in_place():
            return builtins.__import__(name, globals, locals, fromlist, level)


class _Finder:
    """Finds a model's own modules in its folder."""

    def __init__(self, own: OwnCode) -> None:
        self._own = own

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self._own.has(name):
            return None
        spec = PathFinder.find_spec(name, [str(self._own.folder)] if path is None else path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(name, spec.loader.path, self._own)
        return spec


class _Loader(SourceFileLoader):
    """Runs a module of a model as its source says: compiled files beside it are in no manifest, and none are left."""

    def __init__(self, name: str, path: str, own: OwnCode) -> None:
        super().__init__(name, path)
        self._own = own

    def get_code(self, fullname: str) -> CodeType:
        """The compiled source."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        module.__dict__["__builtins__"] = self._own.builtins
        super().exec_module(module)


@contextmanager
def own_code(folder: Path | None) -> Iterator[None]:
    """Let what is loaded inside import from a model's own ``folder`` first, then and whenever it is asked.

    One model is loaded at a time; modules of the same name that others imported are theirs again afterwards.
    """
    if folder is None or not folder.is_dir():
        yield
        return
    # It stays on the path, for what imports by other ways than the statement when the model is asked.
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    own = OwnCode(folder)
    with own.in_place():
        before = _loaded.set(own)
        try:
            yield
        finally:
            _loaded.reset(before)


def let_import_own(scope: dict[str, Any]) -> None:
    """Let functions that are made in ``scope`` import the modules of the model that is loaded now, if one is."""
    own = _loaded.get()
    if own is not None:
        scope["__builtins__"] = own.builtins


def _is_installed(name: str) -> bool:
    """Whether an imported module is of a distribution: a second copy of it would be a stranger to the first."""
    file = str(getattr(sys.modules.get(name), "__file__", None) or "")
    return "site-packages" in file or "dist-packages" in file
