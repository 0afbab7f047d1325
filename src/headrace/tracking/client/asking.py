"""What every part of the client stands on: a place to track, a place for registered models, and calls to both."""

from __future__ import annotations

from typing import Any, TypeVar

from headrace.schema import Call
from headrace.tracking import uri

R = TypeVar("R")


class Asking:
    """Sends calls to the tracking store and the registry's."""

    def __init__(self, tracking_uri: str | None, registry_uri: str | None) -> None:
        self._tracking_uri = uri.local_path(str(tracking_uri)) if tracking_uri else uri.get_tracking_uri()
        said = uri.local_path(str(registry_uri)) if registry_uri else None
        self._registry_uri = said or uri.registry_beside(self._tracking_uri)

    @property
    def tracking_uri(self) -> str:
        """Where this client tracks."""
        return self._tracking_uri

    @property
    def registry_uri(self) -> str:
        """Where this client looks for registered models."""
        return self._registry_uri

    def _send(self, call: Call[R]) -> R:
        return uri.store_at(self._tracking_uri).send(call)

    def _ask_registry(self, call: Call[R]) -> R:
        return uri.registry_at(self._registry_uri).send(call)


def tag_texts(tags: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Keys and values of tags, as text."""
    return [(str(key), str(value)) for key, value in (tags or {}).items()]
