"""Makes ``import mlflow`` mean headrace: for one script, or where the ``mlflow`` distribution of headrace is installed.

``mlflow`` itself is a thin module of its own, because other libraries read MLflow's version off it. Everything below it
(``mlflow.sklearn``, ``mlflow.entities`` …) is the same module object as below ``headrace``.
"""

from __future__ import annotations

import importlib.machinery
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import headrace
from headrace import _doors

#: The folder that, on the path of a process, makes ``import mlflow`` mean headrace there.
STAND_IN = Path(__file__).parent / "stand_in"


class _Mlflow(ModuleType):
    """The module ``mlflow``: whatever headrace has."""

    __version__ = _doors.MLFLOW_VERSION

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(headrace, name)
        except AttributeError as error:
            raise AttributeError(str(error).replace("module 'headrace'", "module 'mlflow'")) from None

    def __dir__(self) -> list[str]:
        return dir(headrace)


def install(folder: str | None = None) -> None:
    """Make ``mlflow`` and its public modules importable. ``folder`` holds what ``python -m mlflow`` runs."""
    if isinstance(sys.modules.get("mlflow"), _Mlflow):
        return
    module = _Mlflow("mlflow", headrace.__doc__)
    spec = importlib.machinery.ModuleSpec("mlflow", None, is_package=True)
    spec.submodule_search_locations = module.__path__ = [folder] if folder else []
    module.__spec__ = spec
    module.__all__ = headrace.__all__  # type: ignore[attr-defined]
    sys.modules["mlflow"] = module
    _doors.install("mlflow")
