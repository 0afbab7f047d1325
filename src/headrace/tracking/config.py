"""Switches of this process: ``mlflow.config`` is this module."""

from __future__ import annotations

import os

from headrace.tracking.uri import (
    get_registry_uri,
    get_tracking_uri,
    is_tracking_uri_set,
    set_registry_uri,
    set_tracking_uri,
)

__all__ = [
    "enable_async_logging",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]


def enable_async_logging(enable: bool = True) -> None:
    """Let logging calls that do not say ``synchronous`` themselves return before what they log has arrived.

    It arrives in the order it was logged, and before the program ends; ``flush_async_logging`` waits for it.
    """
    os.environ["MLFLOW_ENABLE_ASYNC_LOGGING"] = str(enable)
    if "HEADRACE_ENABLE_ASYNC_LOGGING" in os.environ:
        os.environ["HEADRACE_ENABLE_ASYNC_LOGGING"] = str(enable)
