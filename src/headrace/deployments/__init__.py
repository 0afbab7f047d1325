"""Models given to what runs them elsewhere: a client per target, found by its scheme, and plugins for more."""

from __future__ import annotations

from typing import Any

from headrace import _doors
from headrace.deployments.base import BaseDeploymentClient
from headrace.deployments.interface import (
    get_deploy_client,
    get_deployments_target,
    run_local,
    set_deployments_target,
)
from headrace.deployments.responses import PredictionsResponse

__all__ = [
    "BaseDeploymentClient",
    "PredictionsResponse",
    "get_deploy_client",
    "get_deployments_target",
    "run_local",
    "set_deployments_target",
]


def __getattr__(name: str) -> Any:
    return _doors.submodule(__name__, name)
