"""The modules that know a deployment target, by the scheme of its URI: our own, and those of installed plugins."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.deployments.base import BaseDeploymentClient
from headrace.tracking import plugins

GROUP = "mlflow.deployments"
#: Scheme -> our own module.
_OURS = {"sagemaker": "headrace.deployments.sagemaker"}
#: Schemes of MLflow's own that are not here (yet), and why.
_ABSENT = {
    "databricks": "models are served there by Databricks itself",
    "http": "that is the address of a gateway, and Headrace has no gateway yet",
    "https": "that is the address of a gateway, and Headrace has no gateway yet",
    "openai": "that is a part of the gateway, which Headrace does not have yet",
}


class PluginManager:
    """The modules of one group of entry points, each imported when it is asked for."""

    def __init__(self, group_name: str) -> None:
        self.group_name = group_name
        self._registry: dict[str, EntryPoint | ModuleType] = {}
        self._read = False

    @property
    def registry(self) -> dict[str, EntryPoint | ModuleType]:
        """The modules and entry points that are registered, by name."""
        return self._registry

    @property
    def has_registered(self) -> bool:
        """Whether the entry points have been read."""
        return self._read

    def register(self, target_name: str, plugin_module: EntryPoint | ModuleType) -> None:
        """Let ``plugin_module`` answer for a name."""
        self._registry[target_name] = plugin_module

    def register_entrypoints(self) -> None:
        """Register what installed distributions offer. MLflow's own modules are not among it: ours stand for them."""
        for name, point in plugins.entry_points(self.group_name).items():
            if point.value.partition(":")[0].partition(".")[0] != "mlflow":
                self.register(name, point)
        self._read = True

    def __getitem__(self, item: str) -> ModuleType:
        raise NotImplementedError("Each kind of plugin says how its modules are found")


class DeploymentPlugins(PluginManager):
    """The modules of deployment targets."""

    def __init__(self) -> None:
        super().__init__(GROUP)
        self.register_entrypoints()

    def __getitem__(self, item: str) -> ModuleType:
        """The module for a target's URI, or for its scheme. Raises ``NotFound`` and says what is there."""
        name = item.partition(":")[0]
        found: Any = self._registry.get(name)
        if found is None and name in _OURS:
            return importlib.import_module(_OURS[name])
        if found is None and name in _ABSENT:
            raise NotSupported(f"Nothing can be deployed to {item!r} from here: {_ABSENT[name]}")
        if found is None:
            raise NotFound(
                f"Nothing is known of deploying to {name[:80]!r}; there is {list(self)}. Install a plugin that has an "
                f"entry point of that name in the group {GROUP!r}"
            )
        module = found.load() if isinstance(found, EntryPoint) else found
        _check(name, module)
        self._registry[name] = module
        assert isinstance(module, ModuleType)
        return module

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*_OURS, *self._registry}))


def client_of(module: ModuleType) -> type[BaseDeploymentClient]:
    """The one class of a plugin's module that is a client."""
    # A plugin may have imported other plugins' clients to build on; those defined in it come first.
    found: list[type[BaseDeploymentClient]] = [each for each in vars(module).values() if _is_client(each)]
    own = [each for each in found if each.__module__ == module.__name__] or found
    if len(own) != 1:
        raise BadRequest(
            f"The plugin {module.__name__} must have one subclass of BaseDeploymentClient, and it has {len(own)}"
        )
    return own[0]


def _is_client(each: Any) -> bool:
    return inspect.isclass(each) and issubclass(each, BaseDeploymentClient) and each is not BaseDeploymentClient


def _check(name: str, module: Any) -> None:
    if not isinstance(module, ModuleType):
        raise BadRequest(f"The entry point {name!r} of {GROUP!r} must name a module, not {type(module).__name__}")
    missing = [each for each in ("run_local", "target_help") if not hasattr(module, each)]
    if missing:
        raise BadRequest(f"The plugin {module.__name__} for {name!r} has no {' and no '.join(missing)}")
    client_of(module)
