"""The functions that make datasets, those of plugins too."""

from __future__ import annotations

import importlib
import inspect
import typing
import warnings
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, ClassVar

from headrace.base.errors import BadRequest
from headrace.data.dataset import Dataset

#: Our own, by the module that has them; each is imported when it is first asked for.
OWN = {
    "from_pandas": "pandas_dataset",
    "from_numpy": "numpy_dataset",
    "from_huggingface": "huggingface_dataset",
    "from_tensorflow": "tensorflow_dataset",
    "load_delta": "spark_dataset",
    "from_spark": "spark_dataset",
    "from_polars": "polars_dataset",
}


class DatasetRegistry:
    """Functions that make datasets, by their names."""

    group: ClassVar[str] = "mlflow.dataset_constructor"

    def __init__(self) -> None:
        self.constructors: dict[str, Callable[..., Dataset]] = {}

    def register_constructor(
        self, constructor_fn: Callable[[str | None, str | None], Dataset], constructor_name: str | None = None
    ) -> str:
        """Add a function and say under which name: its own, unless another is given.

        Raises ``BadRequest`` unless the name begins with ``from_`` or ``load_``, and the function has optional params
        ``name`` and ``digest`` and is annotated to return a ``Dataset``.
        """
        name = constructor_name or constructor_fn.__name__
        _check(name, constructor_fn)
        self.constructors[name] = constructor_fn
        return name

    def register_entrypoints(self) -> None:
        """Add the functions of installed plugins; one that cannot be imported is passed over with a warning."""
        for point in entry_points(group=self.group):
            try:
                self.register_constructor(point.load(), point.name)
            except (AttributeError, ImportError, BadRequest) as error:
                warnings.warn(f"The dataset constructor {point.name!r} could not be loaded: {error}", stacklevel=2)


def register_constructor(
    constructor_fn: Callable[[str | None, str | None], Dataset], constructor_name: str | None = None
) -> str:
    """Offer a function as ``headrace.data.<its name>``, and say under which name."""
    return _registry().register_constructor(constructor_fn, constructor_name)


def get_registered_constructors() -> dict[str, Callable[..., Dataset]]:
    """The functions that make datasets, by their names."""
    known = _registry().constructors
    for name, module in OWN.items():
        if name not in known:
            known[name] = getattr(importlib.import_module(f"headrace.data.{module}"), name)
    return known


def constructor(name: str) -> Callable[..., Dataset] | None:
    """The function of a name; None when there is none."""
    known = _registry().constructors
    if name in OWN and name not in known:
        known[name] = getattr(importlib.import_module(f"headrace.data.{OWN[name]}"), name)
    return known.get(name)


def names() -> list[str]:
    """The names of all functions that make datasets."""
    return [*OWN, *(name for name in _registry().constructors if name not in OWN)]


def _check(name: str, function: Callable[..., Any]) -> None:
    if not name.startswith(("from_", "load_")):
        raise BadRequest(f"A function that makes datasets is called from_… or load_…, not {name!r}")
    params = inspect.signature(function).parameters
    for needed in ("name", "digest"):
        if needed not in params:
            raise BadRequest(f"{name} needs an optional param {needed!r}")
    returns = typing.get_type_hints(function).get("return") if _told(function) else None
    if not (isinstance(returns, type) and issubclass(returns, Dataset)):
        raise BadRequest(f"{name} must be annotated to return a headrace.data.dataset.Dataset, or a subclass of it")


def _told(function: Callable[..., Any]) -> bool:
    return "return" in getattr(function, "__annotations__", {})


_known: list[DatasetRegistry] = []


def _registry() -> DatasetRegistry:
    # Plugins import this package, so they are looked for when it is first used, not while it is imported.
    if not _known:
        _known.append(DatasetRegistry())
        _known[0].register_entrypoints()
    return _known[0]
