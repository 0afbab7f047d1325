"""What a plugin for a deployment target provides: a client, and two functions beside it.

A plugin is a module named by an entry point of the group ``mlflow.deployments``; the name of the entry point is the
scheme of the target's URI. The module has one subclass of ``BaseDeploymentClient`` and the functions ``run_local`` and
``target_help``.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any


def run_local(
    target: str, name: str, model_uri: str, flavor: str | None = None, config: dict[str, Any] | None = None
) -> None:
    """Run a model on this machine as the target would. A plugin's own function takes all but ``target``."""
    raise NotImplementedError("This function is of each plugin")


def target_help() -> str:
    """What a target's URI looks like and which options its commands take. Each plugin has its own."""
    raise NotImplementedError("This function is of each plugin")


class BaseDeploymentClient(abc.ABC):
    """What is deployed at one target. A deployment is a model under a name; an endpoint may hold several."""

    def __init__(self, target_uri: str) -> None:
        self.target_uri = target_uri

    @abc.abstractmethod
    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Deploy a model under a name that is not taken; returns at least ``{"name": …, "flavor": …}``."""

    @abc.abstractmethod
    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Give a deployment another model or other options; returns at least ``{"flavor": …}``."""

    @abc.abstractmethod
    def delete_deployment(self, name: str, config: dict[str, Any] | None = None, endpoint: str | None = None) -> None:
        """Take a deployment away. One that is not there is no error."""

    @abc.abstractmethod
    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """Everything that is deployed, each with its ``name``."""

    @abc.abstractmethod
    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        """One deployment, with its ``name``. Raises when there is none of that name."""

    @abc.abstractmethod
    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        """The prediction of a deployment, or of an endpoint, for ``inputs``."""

    def predict_stream(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> Iterator[Any]:
        """The prediction for ``inputs``, part by part."""
        raise NotImplementedError(f"{type(self).__name__} has no predict_stream")

    def explain(self, deployment_name: str | None = None, df: Any = None, endpoint: str | None = None) -> Any:
        """What each feature of each row did to its prediction."""
        raise NotImplementedError(f"{type(self).__name__} has no explain")

    def create_endpoint(self, name: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make an endpoint; returns at least ``{"name": …}``."""
        raise NotImplementedError(f"{type(self).__name__} has no endpoints")

    def update_endpoint(self, endpoint: str, config: dict[str, Any] | None = None) -> Any:
        """Give an endpoint other options."""
        raise NotImplementedError(f"{type(self).__name__} has no endpoints")

    def delete_endpoint(self, endpoint: str) -> None:
        """Take an endpoint away. One that is not there is no error."""
        raise NotImplementedError(f"{type(self).__name__} has no endpoints")

    def list_endpoints(self) -> list[dict[str, Any]]:
        """Every endpoint, each with its ``name``."""
        raise NotImplementedError(f"{type(self).__name__} has no endpoints")

    def get_endpoint(self, endpoint: str) -> Any:
        """One endpoint, with its ``name``. Raises when there is none of that name."""
        raise NotImplementedError(f"{type(self).__name__} has no endpoints")
