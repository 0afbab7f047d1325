"""``autolog`` of the front door: every library at once, as far as it is imported now or later."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from headrace.autologging.engine import LIBRARIES


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: dict[str, str] | None = None,
    exclude_flavors: list[str] | None = None,
) -> None:
    """Record what is trained with any library that has autologging, imported before or after.

    A library whose own ``autolog`` was called keeps what it was told. ``exclude_flavors`` leaves libraries alone.
    ``log_traces`` is accepted and has no effect yet.
    """
    said = dict(locals())
    for name in LIBRARIES:
        if name not in (exclude_flavors or ()):
            _configure(name, said)


def _configure(name: str, said: dict[str, Any]) -> None:
    room = importlib.import_module(f"headrace.autologging.{name}")
    takes = inspect.signature(room.autolog).parameters
    room.configure({each: said.get(each, takes[each].default) for each in takes}, front_door=True)
