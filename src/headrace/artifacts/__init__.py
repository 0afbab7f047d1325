"""Artifact stores, one file per kind of place."""

from __future__ import annotations

import importlib
import re
from typing import Any

from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest

#: URI scheme -> the file that serves it.
SCHEMES = {
    "file": "local",
    "http": "http",
    "https": "http",
    "mlflow-artifacts": "proxied",
}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
#: The part of a URL that shows it to be a tracking server's artifacts, which can be listed and written.
_PROXY = "/mlflow-artifacts/artifacts"


def open_store(uri: str, *, tracking_uri: str | None = None) -> ArtifactStore:
    """The store that serves ``uri``, a path of this machine or a URI of a known scheme.

    ``mlflow-artifacts:`` goes through the server at ``tracking_uri``. The library a scheme needs is imported now.
    """
    found = _SCHEME.match(uri)
    scheme = found[1].lower() if found else "file"
    if scheme not in SCHEMES:
        from headrace.artifacts import plugins

        if scheme in plugins.served():
            return plugins.open_store(uri, scheme, tracking_uri)
        known = ", ".join(f"{name}:" for name in sorted(SCHEMES))
        raise BadRequest(f"No artifact store serves {scheme}: (in {uri!r}); headrace knows paths and {known}")
    if SCHEMES[scheme] == "http" and _PROXY in uri:
        scheme = "mlflow-artifacts"
    module = importlib.import_module(f"headrace.artifacts.{SCHEMES[scheme]}")
    if scheme == "mlflow-artifacts":
        return module.open_store(uri, tracking_uri)  # type: ignore[no-any-return]
    return module.open_store(uri)  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    # The functions users know as ``headrace.artifacts.download_artifacts`` and so on stand upstairs of this room.
    from headrace import _doors

    return _doors.artifact_function(name)
