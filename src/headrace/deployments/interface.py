"""The functions by which targets are asked, whatever they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from headrace.base import settings
from headrace.base.errors import BadRequest, NotSupported
from headrace.deployments.base import BaseDeploymentClient
from headrace.deployments.plugin_manager import DeploymentPlugins, client_of

#: The target that a user set; None for that of the environment.
_target: str | None = None


def get_deploy_client(target_uri: str | None = None) -> BaseDeploymentClient | None:
    """The client for a target such as ``sagemaker:/us-east-1``, or for the target that was set.

    Without a target, None is returned, as MLflow does. Raises ``NotFound`` for a target nobody knows.
    """
    target = target_uri or _target or settings.text("DEPLOYMENTS_TARGET")
    if not target:
        return None
    return client_of(DeploymentPlugins()[target])(target)


def run_local(
    target: str, name: str, model_uri: str, flavor: str | None = None, config: dict[str, Any] | None = None
) -> Any:
    """Run a model on this machine as ``target`` would."""
    module = DeploymentPlugins()[target]
    return module.run_local(name, model_uri, flavor, config)


def target_help(target: str) -> str:
    """What a target says of its URI and its options."""
    said: str = DeploymentPlugins()[target].target_help()
    return said


def set_deployments_target(target: str) -> None:
    """The target of clients that are asked for without one: ``databricks``, or the address of a server."""
    global _target
    parts = urlsplit(target)
    if target != "databricks" and not (parts.scheme and (parts.netloc or parts.path.strip("/"))):
        raise BadRequest(f"{target[:80]!r} is no target: give a URI, or 'databricks'")
    _target = target


def get_deployments_target() -> str:
    """The target that was set, or that ``HEADRACE_DEPLOYMENTS_TARGET`` names. Raises when there is none."""
    found = _target or settings.text("DEPLOYMENTS_TARGET")
    if not found:
        raise BadRequest("No target is set: call set_deployments_target(uri), or set HEADRACE_DEPLOYMENTS_TARGET")
    return found


def deploy_client(target_uri: str | None = None) -> BaseDeploymentClient:
    """The same as ``get_deploy_client``, for those who cannot go on without one."""
    found = get_deploy_client(target_uri)
    if found is None:
        raise NotSupported("Name a target: there is no default")
    return found
