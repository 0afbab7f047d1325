"""What the flavors of libraries have in common: how a raw object is asked, and classes that a model names."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from headrace.base.errors import BadRequest
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Flavor
from headrace.models.imports import distributions

O = TypeVar("O", bound=msgspec.Struct)


class Asked:
    """A library's own object, asked as a ``python_function`` by ``ask(raw, data, params)``."""

    def __init__(self, raw: Any, ask: Callable[[Any, Any, dict[str, Any]], Any]) -> None:
        self._raw, self._ask = raw, ask

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the object makes of ``data``."""
        return self._ask(self._raw, data, params or {})

    def get_raw_model(self) -> Any:
        """The library's own object."""
        return self._raw


class LibraryFlavor(Flavor[O]):
    """A flavor whose raw object is asked by one function, saved or not."""

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """What the library's own object makes of ``data``."""
        raise NotImplementedError

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Asked:
        return Asked(self.load(folder, saved.get(self.name, saved["python_function"])), self.ask)

    def asked(self, model: Any, options: O) -> Asked:
        return Asked(model, self.ask)


def accepted(function: Callable[..., Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``params`` that ``function`` takes by name."""
    takes = inspect.signature(function).parameters
    return {name: value for name, value in params.items() if name in takes}


def class_name(model: Any) -> str:
    """How the MLmodel file names the class of ``model``."""
    return f"{type(model).__module__}.{type(model).__qualname__}"


def class_named(said: Any, package: str, kinds: tuple[type, ...]) -> type[Any]:
    """The class that ``said`` names, which must be one of the package's own that derives from ``kinds``.

    A name is all that a native file needs of Python: any other class would be somebody's code.
    """
    module, _, name = str(said).rpartition(".")
    if module == package or module.startswith(f"{package}."):
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError as error:
            raise BadRequest(
                f"The model is a {said}, which the installed {package} does not have: {error}. Install what its "
                "requirements.txt names, at those versions"
            ) from error
        if isinstance(found, type) and issubclass(found, kinds):
            return found
    raise BadRequest(f"Malformed MLmodel: the model's class must be one of {package}, not {said!r}")


def check_class(model: Any, package: str, kinds: tuple[type, ...]) -> None:
    """Raise ``BadRequest`` unless ``model`` is of the package's own classes, which is what its files can hold."""
    if not isinstance(model, kinds):
        raise BadRequest(f"A {type(model).__name__} is no {package} model")
    if type(model).__module__.partition(".")[0] != package:
        raise BadRequest(
            f"{class_name(model)} is a class of your own, which a file of {package} cannot hold. Save it in a "
            "PythonModel, with pyfunc.save_model"
        )


def broken(name: str, error: Exception) -> BadRequest:
    """What to say of a file that its library cannot read."""
    return BadRequest(
        f"The model's file {name} cannot be read: {type(error).__name__}: {error}. Install what its requirements.txt "
        "names, at those versions"
    )


def defaults(*modules: str) -> tuple[Callable[[], list[str]], Callable[[], dict[str, Any]]]:
    """``get_default_pip_requirements`` and ``get_default_conda_env`` of a library that is imported as ``modules``."""

    def get_default_pip_requirements() -> list[str]:
        """What a model of this library needs at least."""
        return pinned(providers(*modules))

    def get_default_conda_env() -> dict[str, Any]:
        """The conda environment a model of this library needs at least."""
        return conda_env(get_default_pip_requirements())

    return get_default_pip_requirements, get_default_conda_env


def providers(*modules: str) -> set[str]:
    """The distributions that the modules come from here; a module that is not installed stands for its own."""
    return set().union(*(distributions([name]) or {name} for name in modules))
