"""Logged models as this process knows them: the active one, the last one, and which step each run made its own at."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable

from headrace.base import settings
from headrace.schema.runs import ModelOutput

_ACTIVE = ("HEADRACE_ACTIVE_MODEL_ID", "MLFLOW_ACTIVE_MODEL_ID")

_active: str | None = None
_last: str | None = None
#: Run id -> the models it made while this process watched, and at which step.
_made: dict[str, list[ModelOutput]] = defaultdict(list)


def note_made(run_id: str, models: Iterable[ModelOutput]) -> None:
    """Remember which models a run made."""
    _made[run_id] += models


def note_last(model_id: str) -> None:
    """Remember the model that was opened last."""
    global _last
    _last = model_id


def last() -> str | None:
    """The model that was opened last."""
    return _last


def activate(model_id: str | None) -> None:
    """Link what is measured from now on with this model; None with none."""
    global _active
    _active = model_id
    if model_id is None:
        for name in _ACTIVE:
            os.environ.pop(name, None)


def active() -> str | None:
    """The model that what is measured is linked with."""
    return _active or settings.text("ACTIVE_MODEL_ID")


def ids_for_metric(run_id: str, step: int) -> list[str | None]:
    """The models a metric of a run at a step is about; None alone when it is about none."""
    if found := active():
        return [found]
    return [each.model_id for each in _made.get(run_id, ()) if each.step == step] or [None]
