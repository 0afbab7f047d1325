"""What is served: the name and the version that clients know a model by, and where this very version is."""

from __future__ import annotations

from typing import NamedTuple

#: The name of a model that is registered under none.
UNNAMED = "model"


class Served(NamedTuple):
    """A model at one moment: an alias may move, ``uri`` stays."""

    name: str
    version: str | None
    uri: str


def identify(model_uri: str) -> Served:
    """The model that ``model_uri`` names now. Raises ``NotFound`` when there is none of that name, version or alias."""
    if not model_uri.startswith("models:/"):
        return Served(UNNAMED, None, model_uri)
    from headrace.tracking.client import MlflowClient
    from headrace.tracking.locations import version_at
    from headrace.tracking.model_uris import ModelUri

    said = ModelUri.parse(model_uri)
    if said.model_id:
        return Served(UNNAMED, None, model_uri)
    found = version_at(said, MlflowClient())
    version = str(found.version)
    return Served(said.name, version, f"models:/{said.name}/{version}" + (f"/{said.path}" if said.path else ""))
