"""Libraries that only some functions need, imported when one of those is called."""

from __future__ import annotations

import importlib
from typing import Any


def need(module: str, what: str, package: str | None = None) -> Any:
    """The module, or an error that says what needs it and how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, module.partition(".")[0]):
            raise  # It is there, and something it needs itself is not.
        name = package or module
        raise ModuleNotFoundError(
            f"{what} needs {name}, which is not installed: pip install {name}", name=name
        ) from None
