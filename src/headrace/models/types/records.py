"""Pydantic, which agents' records are made with: an extra that is imported when the first of them is used."""

from __future__ import annotations

try:
    from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Agents need pydantic, which is not installed: pip install 'headrace[agents]'", name=error.name
    ) from error

__all__ = ["BaseModel", "ConfigDict", "Field", "ValidationError", "faults", "model_serializer", "model_validator"]

#: Faults that are told at most.
_TOLD = 3


def faults(error: ValidationError) -> str:
    """What does not fit, as ``field: what is wrong with it``, one after another."""
    found: dict[str, None] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        path = [str(part) for part in each["loc"] if _is_field(part)]
        said = each["msg"].removeprefix("Value error, ")
        found[f"{'.'.join(path)}: {said}" if path else said] = None
    told = list(found)[:_TOLD]
    more = len(found) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _is_field(part: int | str) -> bool:
    # Between the fields stand the names of the classes and checks that were tried.
    return isinstance(part, int) or (part.isidentifier() and part[:1].islower() and part not in ("str", "dict", "list"))
