"""From what users write (``runs:/…``, ``models:/…``, a path, a URI) to where the files are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from headrace.artifacts import open_store
from headrace.base.errors import BadRequest, NotFound
from headrace.base.paths import ArtifactKey
from headrace.schema.logged_models import LoggedModel
from headrace.schema.registry import ModelVersion
from headrace.tracking import files, later
from headrace.tracking.client import MlflowClient
from headrace.tracking.model_uris import ModelUri

#: ``models:/a`` may stand for ``models:/b``, and so on, this often.
_DEPTH = 5

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


class Place(NamedTuple):
    """Where files are: the root of a store, and the key of a file or folder below it."""

    root: str
    key: str
    tracking_uri: str

    def below(self, path: str | None) -> Place:
        """The place of something below this one."""
        if not path:
            return self
        key = ArtifactKey.parse(path, folder=True)
        return self._replace(key=f"{self.key}/{key}" if self.key and key else key or self.key)


def place_of(uri: str | Path, client: MlflowClient | None = None) -> Place:
    """Where the files are that ``uri`` names. Raises ``NotFound`` when the run, model or version does not exist."""
    return _place(str(uri), client or MlflowClient(), _DEPTH)


def version_at(uri: ModelUri, client: MlflowClient) -> ModelVersion:
    """The version of a registered model that a URI names."""
    if uri.at is not None:
        return client.get_model_version_at(uri.name, uri.at, uri.alias or None, uri.stage or None)
    if uri.version:
        return client.get_model_version(uri.name, uri.version)
    if uri.alias:
        return client.get_model_version_by_alias(uri.name, uri.alias)
    newest = uri.stage.lower() == "latest"
    found = client.get_latest_versions(uri.name, None if newest else [uri.stage])
    if not found:
        raise NotFound(f"The registered model {uri.name!r} has no version in the stage {uri.stage!r}")
    return max(found, key=lambda version: int(version.version))


def _place(uri: str, client: MlflowClient, depth: int) -> Place:
    if depth == 0:
        raise BadRequest(f"{uri!r} leads from one model to another too often; register the files themselves")
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").strip("/").partition("/")
        if not run_id:
            raise BadRequest(f"{uri!r} names no run; write runs:/run_id/path")
        return of_run(run_id, path, client)
    if uri.startswith("models:"):
        said = ModelUri.parse(uri)
        return _of_model(said, client, depth).below(said.path)
    return _plain(uri, client.tracking_uri)


def of_run(run_id: str, path: str | None, client: MlflowClient) -> Place:
    """Where a run's files are: among its artifacts, or else in the model of that name which it logged."""
    later.flush((client.tracking_uri, run_id))
    root = Place(client.artifact_location(run_id), "", client.tracking_uri)
    asked = root.below(path)
    if not asked.key or _is_there(asked):
        return asked
    name, _, rest = asked.key.partition("/")
    model = model_of_run(run_id, name, client)
    return Place(model.artifact_location, "", client.tracking_uri).below(rest) if model else asked


def model_of_run(run_id: str, name: str, client: MlflowClient) -> LoggedModel | None:
    """The newest model of a name that a run logged."""
    if "'" in name:  # No logged model has such a name, and the filter would end at it.
        return None
    experiment = client.get_run(run_id).info.experiment_id
    found = client.search_logged_models([experiment], f"name = '{name}' AND source_run_id = '{run_id}'", max_results=1)
    return found[0] if found else None


def _of_model(uri: ModelUri, client: MlflowClient, depth: int) -> Place:
    if uri.model_id:
        return Place(client.get_logged_model(uri.model_id).artifact_location, "", client.tracking_uri)
    found = version_at(uri, client)
    place = _place(client.get_model_version_download_uri(found.name, found.version), client, depth - 1)
    # A model is a folder, and paths are told relative to it; behind a server, it is the one that has the registry.
    behind = client.registry_uri if place.root.startswith("mlflow-artifacts:") else client.tracking_uri
    return Place(files.joined(place.root, place.key), "", behind)


def _plain(uri: str, tracking_uri: str) -> Place:
    """A path or URI that says itself where the files are."""
    if uri.lower().startswith(("http://", "https://")):
        return Place(uri, "", tracking_uri)
    if not _SCHEME.match(uri):
        path = Path(os.path.realpath(uri))
        return Place(str(path), "", tracking_uri) if path.is_dir() else Place(str(path.parent), path.name, tracking_uri)
    if uri.lower().startswith("file:"):
        from headrace.artifacts.local import root_of

        return _plain(str(root_of(uri)), tracking_uri)
    root, slash, name = uri.rstrip("/").rpartition("/")
    if not slash or root.endswith((":", "/")):
        return Place(uri, "", tracking_uri)
    return Place(root, name, tracking_uri)


def _is_there(place: Place) -> bool:
    try:
        open_store(place.root, tracking_uri=place.tracking_uri).stat(place.key)
    except NotFound:
        return False
    return True
