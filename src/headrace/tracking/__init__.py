"""Tracking: runs and what is logged to them, through a client or without one."""

from __future__ import annotations

import importlib
from typing import Any

from headrace import _doors

#: Public name -> the module that has it, imported when the name is first asked for.
_HAS = {
    "MlflowClient": "client",
    "get_registry_uri": "uri",
    "get_tracking_uri": "uri",
    "is_tracking_uri_set": "uri",
    "set_registry_uri": "uri",
    "set_tracking_uri": "uri",
    "_get_artifact_repo": "artifact_repository",
    "_get_store": "plugin_stores.view",
}

__all__ = sorted(name for name in _HAS if not name.startswith("_"))


def __getattr__(name: str) -> Any:
    if name not in _HAS:
        return _doors.submodule(__name__, name)
    return getattr(importlib.import_module(f"{__name__}.{_HAS[name]}"), name)
