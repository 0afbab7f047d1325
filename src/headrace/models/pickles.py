"""Pickles that both sides can read: what is ours is written, and read, under MLflow's names.

A class of a user's script is pickled whole, but the classes it is built on are named. A pickle that named them
``headrace…`` could be read only where headrace is; so they are named as MLflow names them, and such names are read as
ours.
"""

from __future__ import annotations

import builtins
import importlib
import io
import pickle
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace
from typing import IO, Any

from headrace.base.errors import BadRequest
from headrace.models import names, wrappings
from headrace.models.environment import PICKLES
from headrace.models.isolation import let_import_own


class _Named:
    """Stands in a pickle for something that the reader finds by its name."""

    def __init__(self, module: str, name: str | None = None) -> None:
        self.module, self.name = module, name

    def __reduce__(self) -> tuple[Any, ...]:
        if self.name is None:
            return importlib.import_module, (self.module,)
        return getattr, (_Named(self.module), self.name)


def dump(model: Any, file: IO[bytes]) -> None:
    """Write ``model`` with cloudpickle, under MLflow's names."""
    try:
        _pickler()(file).dump(model)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise BadRequest(
            f"This {type(model).__name__} cannot be pickled: {error}. Build what cannot be pickled in load_context, or "
            "save the model as code: a script that calls set_model"
        ) from error


def module() -> SimpleNamespace:
    """Both ways as libraries take them that are told a module to pickle with."""
    return SimpleNamespace(__name__=__name__, Pickler=_pickler(), Unpickler=_Unpickler, load=load, dump=dump)


def load(file: IO[bytes]) -> Any:
    """The model that ``dump``, cloudpickle or pickle wrote. Runs whatever the pickle says: audit it first."""
    try:
        return wrappings.take_off(_Unpickler(file).load())
    except (pickle.UnpicklingError, EOFError, ImportError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise BadRequest(
            f"The model's pickle cannot be read: {type(error).__name__}: {error}. Install what its requirements.txt "
            "names, at those versions"
        ) from error


def load_file(path: Path) -> Any:
    """The model in a pickle file, which must be named like one: others were not looked at when it was audited."""
    if path.suffix not in PICKLES:
        raise BadRequest(
            f"Malformed MLmodel: {path.name} is to be unpickled, and a pickle ends in {', '.join(PICKLES)}"
        )
    with path.open("rb") as file:
        return load(file)


def copy(model: Any) -> Any:
    """``model`` as it will be when it is loaded again."""
    kept = io.BytesIO()
    dump(model, kept)
    return load(io.BytesIO(kept.getvalue()))


@cache
def _pickler() -> type[Any]:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, value: Any) -> Any:
            named = names.name_of(value)
            return _Named(*named).__reduce__() if named else super().reducer_override(value)

    return Pickler


def _function(
    code: CodeType, scope: dict[str, Any], name: str, defaults: tuple[Any, ...] | None, closure: tuple[Any, ...] | None
) -> FunctionType:
    """As cloudpickle makes a function, but one that imports the model's own modules whenever it is called."""
    scope["__builtins__"] = builtins.__dict__
    let_import_own(scope)
    return FunctionType(code, scope, name, defaults, closure)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("cloudpickle.cloudpickle", "_make_function"):
            return _function
        if (module, name) in (("importlib", "import_module"), ("cloudpickle.cloudpickle", "subimport")):
            return wrappings.import_module
        return wrappings.find(module, name) if names.is_mlflow(module) else super().find_class(module, name)
