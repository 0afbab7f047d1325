"""Being told of modules when they are imported, whether that was before or comes later."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

#: Top-level package -> who is told of its modules.
_told: dict[str, list[Callable[[ModuleType], None]]] = {}


def tell_of(package: str, tell: Callable[[ModuleType], None]) -> None:
    """Call ``tell`` with each module of ``package``: those that are here now, and those that come, once executed."""
    _told.setdefault(package, []).append(tell)
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for name, module in list(sys.modules.items()):
        if module is not None and name.partition(".")[0] == package:
            tell(module)


def tell_no_more(package: str, tell: Callable[[ModuleType], None]) -> None:
    """Take back ``tell_of``."""
    told = _told.get(package, [])
    if tell in told:
        told.remove(tell)
    if not any(_told.values()):
        _told.clear()
        sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, _Finder)]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds what the others find, and has it told of."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _told:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = None if find is None else find(fullname, path, target)
            if spec is not None:
                _tell_after(spec.loader)
                return spec  # type: ignore[no-any-return]
        return None


def _tell_after(loader: object) -> None:
    # On the loader itself, which is of this module only: it stays the module's loader, for whoever asks it for source.
    if not hasattr(loader, "__dict__") or not hasattr(loader, "exec_module"):
        return
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        loader.__dict__.pop("exec_module", None)
        execute(module)
        for tell in list(_told.get(module.__name__.partition(".")[0], ())):
            tell(module)

    loader.__dict__["exec_module"] = exec_module
