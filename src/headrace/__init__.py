"""Headrace: a platform for the machine-learning lifecycle that speaks MLflow's protocol, formats and Python API."""

from __future__ import annotations

from typing import Any

from headrace import _doors

__version__ = "0.1.0"
__all__ = ["__version__", *sorted(_doors.FUNCTIONS)]

_doors.install("headrace")


def __getattr__(name: str) -> Any:
    value = _doors.open_door(name)
    if name in _doors.FUNCTIONS:
        # All of one room at once: what is first asked for while Python shuts down could not be imported any more.
        globals().update(_doors.neighbours(name))
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_doors.FUNCTIONS})
