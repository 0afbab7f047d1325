"""Pickles that both sides can read: what is ours is written, and read, under MLflow's names.

A class of a user's script is pickled whole, but the classes it is built on are named. A pickle that named them
``headrace…`` could be read only where headrace is; so they are named as MLflow names them, and such names are read as
ours.
"""

from __future__ import annotations

import importlib
import io
import pickle
from pathlib import Path
from types import FunctionType, ModuleType
from typing import IO, Any

from headrace.base.errors import BadRequest

#: MLflow's module and the room here where the same things are. The first that fits a name of ours speaks for it.
ROOMS = {
    "mlflow.pyfunc.model": "headrace.models.python_model",
    "mlflow.pyfunc.utils.data_validation": "headrace.models.validation",
    "mlflow.pyfunc": "headrace.flavors.pyfunc",
    "mlflow.sklearn": "headrace.flavors.sklearn",
    "mlflow.exceptions": "headrace.base.errors",
    "mlflow.models.signature": "headrace.models.signature",
    "mlflow.models.model": "headrace.models.model",
    "mlflow.models": "headrace.models",
    "mlflow.types.schema": "headrace.models.types.datatypes",
    "mlflow.types": "headrace.models.types",
    "mlflow": "headrace",
}
_ALSO = {"mlflow.types.schema": ("headrace.models.types", "headrace.models.types.schema")}
_RENAMED = {"MlflowException": "HeadraceError", "_TypeHints": "TypeHints"}


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
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, value: Any) -> Any:
            named = _spoken(value)
            return named.__reduce__() if named else super().reducer_override(value)

    try:
        Pickler(file).dump(model)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise BadRequest(
            f"This {type(model).__name__} cannot be pickled: {error}. Build what cannot be pickled in load_context, or "
            "save the model as code: a script that calls set_model"
        ) from error


def load(file: IO[bytes]) -> Any:
    """The model that ``dump``, cloudpickle or pickle wrote. Runs whatever the pickle says: audit it first."""
    return _Unpickler(file).load()


def load_file(path: Path) -> Any:
    """The model in a pickle file."""
    with path.open("rb") as file:
        return load(file)


def copy(model: Any) -> Any:
    """``model`` as it will be when it is loaded again."""
    kept = io.BytesIO()
    dump(model, kept)
    return load(io.BytesIO(kept.getvalue()))


def room_of(module: str) -> str | None:
    """The module here that answers for one of MLflow's, or None when ``module`` is none of those."""
    if module != "mlflow" and not module.startswith("mlflow."):
        return None
    return ROOMS.get(module, "headrace" + module.removeprefix("mlflow"))


def import_room(module: str) -> ModuleType:
    """The module ``module``, or the one here that answers for it when it is one of MLflow's."""
    ours = room_of(module)
    try:
        return importlib.import_module(ours or module)
    except ModuleNotFoundError as error:
        if ours and (error.name or "").startswith("headrace"):
            raise BadRequest(f"This model needs {module}, which headrace does not have (yet)") from error
        raise


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in (("importlib", "import_module"), ("cloudpickle.cloudpickle", "subimport")):
            return import_room
        if room_of(module) is None:
            return super().find_class(module, name)
        for room in (import_room(module), *map(importlib.import_module, _ALSO.get(module, ()))):
            found: Any = room
            for part in _RENAMED.get(name, name).split("."):
                found = getattr(found, part, None)
            if found is not None:
                return found
        raise BadRequest(f"This model needs {module}.{name}, which headrace does not have (yet)")


def _spoken(value: Any) -> _Named | None:
    """The name MLflow has for something of ours."""
    if isinstance(value, ModuleType):
        return _Named(name) if (name := _their_room(value.__name__)) else None
    if not isinstance(value, type | FunctionType) or not (value.__module__ or "").startswith("headrace"):
        return None
    if not value.__qualname__.isidentifier():
        return None
    room = _their_room(value.__module__)
    theirs = {ours: name for name, ours in _RENAMED.items()}
    return _Named(room, theirs.get(value.__qualname__, value.__qualname__)) if room else None


def _their_room(ours: str) -> str | None:
    if ours != "headrace" and not ours.startswith("headrace."):
        return None
    if ours.startswith("headrace.models.types"):
        return "mlflow.types.schema"
    rooms = {here: there for there, here in reversed(ROOMS.items())}
    return rooms.get(ours, "mlflow" + ours.removeprefix("headrace").replace(".flavors.", "."))
