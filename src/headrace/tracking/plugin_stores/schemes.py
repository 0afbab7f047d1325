"""Which store serves which scheme of a URI: ``mlflow.tracking.registry`` and the registries of both kinds of store."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from headrace.base.errors import HeadraceError
from headrace.tracking import plugins, uri
from headrace.tracking.plugin_stores.calls import REGISTRY, TRACKING


class UnsupportedModelRegistryStoreURIException(HeadraceError):
    """No registry serves the scheme of a URI."""

    def __init__(self, unsupported_uri: str, supported_uri_schemes: list[str]) -> None:
        known = ", ".join(supported_uri_schemes)
        super().__init__(f"No model registry serves {unsupported_uri!r}; there are those for {known}")
        self.supported_uri_schemes = supported_uri_schemes

    def __reduce__(self) -> tuple[object, ...]:
        return (HeadraceError, (self.message, self.error_code))


class StoreRegistry:
    """Scheme -> what builds a store of it, from the entry points of one group."""

    def __init__(self, group_name: str) -> None:
        self.group_name = group_name
        self._builders: dict[str, Callable[..., Any]] = {}

    def register(self, scheme: str, store_builder: Callable[..., Any]) -> None:
        """Let ``store_builder`` build stores of a scheme."""
        self._builders[scheme] = store_builder

    def register_entrypoints(self) -> None:
        """Register what plugins offer. One that cannot be imported is warned of."""
        for scheme, point in plugins.entry_points(self.group_name).items():
            try:
                self.register(scheme, point.load())
            except (AttributeError, ImportError) as error:
                warnings.warn(f"The plugin {point.value} for {scheme}: could not be loaded: {error}", stacklevel=2)

    def get_store_builder(self, store_uri: str) -> Callable[..., Any]:
        """What builds the store at a URI; for a scheme of this house, what opens it."""
        scheme = store_uri.partition(":")[0]
        return self._builders.get(scheme) or (lambda *_, **__: uri.store_at(uri.local_path(store_uri)))


class TrackingStoreRegistry(StoreRegistry):
    """Tracking stores by scheme."""

    def __init__(self) -> None:
        super().__init__(TRACKING)

    def get_store(self, store_uri: str | None = None, artifact_uri: str | None = None) -> Any:
        """The store at a URI, the current one unless told."""
        place = store_uri or uri.get_tracking_uri()
        return self.get_store_builder(place)(store_uri=place, artifact_uri=artifact_uri)


class ModelRegistryStoreRegistry(StoreRegistry):
    """Model registries by scheme."""

    def __init__(self) -> None:
        super().__init__(REGISTRY)

    def get_store(self, store_uri: str | None = None, tracking_uri: str | None = None) -> Any:
        """The registry at a URI, the current one unless told."""
        place = store_uri or uri.get_registry_uri()
        return self.get_store_builder(place)(store_uri=place, tracking_uri=tracking_uri)
