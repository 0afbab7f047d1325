"""Environment variables: each is read as ``HEADRACE_X`` first, then under its MLflow name ``MLFLOW_X``."""

from __future__ import annotations

import math
import os

from headrace.base.errors import BadRequest


def text(name: str, default: str | None = None) -> str | None:
    """The setting ``name`` (without prefix), or ``default`` when neither spelling is set or both are empty."""
    return os.environ.get(f"HEADRACE_{name}") or os.environ.get(f"MLFLOW_{name}") or default


def number(name: str, default: int) -> int:
    """The setting ``name`` as a whole number. Raises ``BadRequest`` when it is not one."""
    said = text(name)
    try:
        return default if said is None else int(said)
    except ValueError:
        raise BadRequest(f"HEADRACE_{name} must be a whole number, not {said!r}") from None


def fraction(name: str, default: float) -> float:
    """The setting ``name`` as a number. Raises ``BadRequest`` when it is not a finite one."""
    said = text(name)
    try:
        found = default if said is None else float(said)
    except ValueError:
        found = float("nan")
    if not math.isfinite(found):
        raise BadRequest(f"HEADRACE_{name} must be a number, not {said!r}")
    return found


def flag(name: str, default: bool = False) -> bool:
    """The setting ``name`` as a yes or no. Raises ``BadRequest`` when it is neither."""
    said = text(name)
    if said is None:
        return default
    match said.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise BadRequest(f"HEADRACE_{name} must be true or false, not {said!r}")
