"""MLflow's names of what is ours, and the other way round: what pickles, MLmodel files and scripts go by."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from headrace import _doors
from headrace.base.errors import BadRequest, HeadraceError

#: What MLflow's own pickles name, and the name of its like here.
_RENAMED = {"_TypeHints": "TypeHints"}

#: Rooms that stand behind several doors, and the one that has all of their names in MLflow.
_MAIN_DOOR = {
    "models": "mlflow.models",
    "models.python_model": "mlflow.pyfunc.model",
    "models.types.items": "mlflow.types.responses",
    "models.types.response_items": "mlflow.types.responses_helpers",
    "models.validation": "mlflow.pyfunc.utils.data_validation",
    "tracking.entities": "mlflow.entities",
}

#: Rooms of types that are modules of their own in MLflow; the others are all one there.
_OWN_TYPES = {f"models.types.{name}" for name in ("agent", "chat", "llm", "responses", "responses_helpers")}


def is_mlflow(module: str) -> bool:
    """Whether a module is MLflow, or a part of it."""
    return module == "mlflow" or module.startswith("mlflow.")


def import_module(module: str) -> ModuleType:
    """The module ``module``, or the one here that answers for it when it is one of MLflow's."""
    ours = "headrace" + module.removeprefix("mlflow") if is_mlflow(module) else module
    try:
        return importlib.import_module(ours)
    except ModuleNotFoundError as error:
        if is_mlflow(module) and (error.name or "").startswith("headrace"):
            raise BadRequest(
                f"This model needs {module}, which headrace does not have (yet): load it with "
                f"mlflow=={_doors.MLFLOW_VERSION}"
            ) from error
        raise


def find(module: str, name: str) -> Any:
    """What MLflow's ``module`` calls ``name``, here. Raises ``BadRequest`` when there is no such thing."""
    found: Any = import_module(module)
    try:
        for part in _RENAMED.get(name, name).split("."):
            found = getattr(found, part)
    except AttributeError as error:
        raise BadRequest(f"This model needs {module}.{name}, which headrace does not have (yet)") from error
    return found


def module_of(module: str) -> str | None:
    """What MLflow calls one of our modules; None for anybody else's."""
    if module != "headrace" and not module.startswith("headrace."):
        return None
    ours = module.removeprefix("headrace").removeprefix(".")
    if ours.startswith("models.types") and ours not in _MAIN_DOOR:
        return f"mlflow.{ours.removeprefix('models.')}" if ours in _OWN_TYPES else "mlflow.types.schema"
    if ours in _MAIN_DOOR:
        return _MAIN_DOOR[ours]
    for theirs, here in _doors.MODULES.items():
        if here == ours:
            return f"mlflow.{theirs}"
    return f"mlflow.{ours.removeprefix('flavors.')}" if ours else "mlflow"


def name_of(value: Any) -> tuple[str, str | None] | None:
    """The module and name that MLflow has for a module, class or function of ours; None for anybody else's."""
    if isinstance(value, ModuleType):
        room = module_of(value.__name__)
        return (room, None) if room else None
    if isinstance(value, type) and issubclass(value, HeadraceError):
        return "mlflow.exceptions", "MlflowException"
    # A function made inside of another has no name that leads to it.
    if not isinstance(value, type | FunctionType) or not value.__qualname__.isidentifier():
        return None
    room = module_of(value.__module__ or "")
    theirs = {here: there for there, here in _RENAMED.items()}
    return (room, theirs.get(value.__qualname__, value.__qualname__)) if room else None


@contextmanager
def our_mlflow() -> Iterator[None]:
    """Let code that says ``import mlflow`` find headrace, though MLflow itself may be installed beside it.

    Where MLflow is not installed the name stays ours afterwards, for what a model imports only when it is asked.
    """
    from headrace import dropin

    if _is_ours():
        yield
        return
    if importlib.util.find_spec("mlflow") is None:
        dropin.install()
        yield
        return
    theirs = {name: sys.modules.pop(name) for name in list(sys.modules) if is_mlflow(name)}
    finders = list(sys.meta_path)
    dropin.install()
    try:
        yield
    finally:
        sys.meta_path[:] = finders
        for name in [each for each in sys.modules if is_mlflow(each)]:
            del sys.modules[name]
        sys.modules.update(theirs)


def _is_ours() -> bool:
    module = sys.modules.get("mlflow")
    if module is not None:
        return type(module).__module__ == "headrace.dropin"
    spec = importlib.util.find_spec("mlflow")
    # Headrace's own distribution of that name is one short file that says so.
    return bool(spec and spec.origin and "headrace.dropin" in Path(spec.origin).read_text(encoding="utf-8")[:500])
