"""What MLflow puts around the methods of agents, taken off again.

A class of a notebook is pickled whole, and with it the functions that MLflow wraps its ``predict`` in: one that reads
dicts, which every agent here does by itself, and one that traces. They name what is in MLflow alone; the method of the
user's own is inside of them.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import names

#: Modules that the wrapping functions name.
_NAMED = ("mlflow.tracing", "mlflow.types.type_hints", "mlflow.entities.span", "mlflow.pyfunc.utils")
#: Files that they are written in.
_WRITTEN = ("/mlflow/tracing/", "/mlflow/pyfunc/")


class _Stand:
    """Stands for something that a wrapping function names, and is never asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> _Stand:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stand()

    def __setstate__(self, state: Any) -> None:
        pass


def find(module: str, name: str) -> Any:
    """What MLflow's ``module`` calls ``name``, or what stands for it in a wrapping function."""
    try:
        return names.find(module, name)
    except BadRequest:
        if not module.startswith(_NAMED):
            raise
        return _Stand


def import_module(module: str) -> Any:
    """The module ``module``, or what stands for it in a wrapping function."""
    try:
        return names.import_module(module)
    except BadRequest:
        if not module.startswith(_NAMED):
            raise
        return _Stand()


def take_off(model: Any) -> Any:
    """``model``, its class with the methods that its user wrote."""
    for kind in type(model).__mro__:
        for name in ("predict", "predict_stream"):
            method = vars(kind).get(name)
            bare = method
            while isinstance(bare, FunctionType) and _is_wrapping(bare):
                bare = vars(bare)["__wrapped__"]
            if bare is not method:
                setattr(kind, name, bare)
    return model


def _is_wrapping(function: FunctionType) -> bool:
    file = function.__code__.co_filename.replace("\\", "/")
    return hasattr(function, "__wrapped__") and any(place in file for place in _WRITTEN)
