"""Genuine MLflow, which is in this environment too."""

from __future__ import annotations

import importlib
import inspect
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

#: What our side writes by itself.
_OWN_FILES = {"manifest.sha256"}


@contextmanager
def genuine() -> Iterator[Any]:
    """MLflow itself, as a module; what it warns of is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow

        assert not type(mlflow).__module__.startswith("headrace")
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        yield mlflow


def call(name: str, *args: Any, **told: Any) -> Any:
    """Call MLflow's function ``name``, such as ``keras.save_model``."""
    module, _, function = name.rpartition(".")
    with genuine():
        return getattr(importlib.import_module(f"mlflow.{module}"), function)(*args, **told)


def answer(folder: Path, data: Any) -> Any:
    """What MLflow's ``python_function`` makes of ``data`` with the model in ``folder``."""
    with genuine() as mlflow:
        return mlflow.pyfunc.load_model(str(folder)).predict(data)


def described(folder: Path) -> dict[str, Any]:
    """What the MLmodel file in ``folder`` says of the flavors and the signature."""
    said = yaml.safe_load((folder / "MLmodel").read_text())
    return {"flavors": said["flavors"], "signature": said.get("signature")}


def files(folder: Path, known: Callable[[str], str] = str) -> list[str]:
    """The files in ``folder``; ``known`` makes one name of those that are named by chance."""
    found = (str(each.relative_to(folder)) for each in folder.rglob("*"))
    return sorted(known(each) for each in found if Path(each).name not in _OWN_FILES)


def arguments(ours: Any, *functions: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names and defaults that functions of our flavor take, and those of MLflow's module of that name."""
    with genuine():
        theirs = importlib.import_module(f"mlflow.{ours.__name__.rpartition('.')[2]}")
    return _arguments(ours, functions), _arguments(theirs, functions)


def _arguments(module: Any, functions: tuple[str, ...]) -> dict[str, Any]:
    taken = {name: inspect.signature(getattr(module, name)).parameters.values() for name in functions}
    return {name: [(each.name, each.default) for each in found] for name, found in taken.items()}
