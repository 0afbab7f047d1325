"""Where artifacts really are: locations that records name, as stores this server may open."""

from __future__ import annotations

import re
import threading
from typing import NamedTuple

from headrace.artifacts import open_store as open_artifacts
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.base.paths import ArtifactKey, ArtifactUri
from headrace.schema.artifacts import FileInfo
from headrace.schema.logged_models import GetLoggedModel
from headrace.schema.registry import GetModelVersionByAlias, GetModelVersionDownloadUri
from headrace.schema.runs import GetRun
from headrace.server.options import ServerOptions
from headrace.stores.port import Store

#: Schemes this server opens on behalf of callers. It fetches nothing from addresses that callers name.
_OPENED = frozenset(("file", "s3", "gs", "abfss", "wasbs"))
_MODEL_ID = re.compile("m-[0-9a-f]{32}")
#: ``models:/`` URIs that may point at one another, at most.
_HOPS = 4


class Place(NamedTuple):
    """A folder of an artifact store."""

    store: ArtifactStore
    base: str
    #: Whether it is below what callers send through this server.
    is_proxied: bool = False

    def key(self, path: str) -> ArtifactKey:
        """The key of ``path`` below this place, which must not be the place itself."""
        below = ArtifactKey.parse(path)
        return ArtifactKey(f"{self.base}/{below}" if self.base else below)

    def list(self, path: str) -> list[FileInfo]:
        """The files and folders in the folder ``path``; their paths are relative to this place."""
        below = ArtifactKey.parse(path, folder=True)
        start = len(self.base) + 1 if self.base else 0
        folder = "/".join(part for part in (self.base, below) if part)
        found = self.store.list(ArtifactKey(folder))
        return [FileInfo(info.path[start:], info.is_dir, info.file_size) for info in found]


class Places:
    """Finds the place of a run's, a model's or a version's artifacts."""

    def __init__(self, store: Store, options: ServerOptions) -> None:
        self._store = store
        self._destination = options.artifacts_destination if options.serve_artifacts else None
        self._opened: dict[str, ArtifactStore] = {}
        self._lock = threading.Lock()

    @property
    def proxied(self) -> Place:
        """Everything that callers send through this server."""
        if self._destination is None:
            raise NotSupported("This server does not serve artifacts; it was started with --no-serve-artifacts")
        return Place(self._open(self._destination), "", is_proxied=True)

    def of_run(self, run_id: str) -> tuple[str, Place]:
        """The location of a run's artifacts, and its place."""
        uri = self._store.send(GetRun(run_id=run_id)).run.info.artifact_uri
        if not uri:
            raise NotFound(f"The run {run_id} has no artifacts")
        return uri, self.at(uri)

    def of_logged_model(self, model_id: str) -> tuple[str, Place]:
        """The location of a logged model's artifacts, and its place."""
        uri = self._store.send(GetLoggedModel(model_id=model_id)).model.info.artifact_uri
        return uri, self.at(uri)

    def of_version(self, name: str, version: str) -> Place:
        """The place of the artifacts of a version of a registered model."""
        return self.at(self._store.send(GetModelVersionDownloadUri(name=name, version=version)).artifact_uri)

    def at(self, uri: str, hops: int = 0) -> Place:
        """The place that ``uri``, the location in some record, stands for."""
        parsed = ArtifactUri.parse(uri)
        match parsed.scheme:
            case "mlflow-artifacts":
                return self.proxied._replace(base=ArtifactKey.parse(parsed.path.strip("/"), folder=True))
            case "runs":
                run_id, _, path = parsed.path.strip("/").partition("/")
                return _below(self.of_run(run_id)[1], path)
            case "models":
                return self._model(parsed.path.strip("/"), hops)
            case scheme if scheme in _OPENED:
                return Place(self._open(uri), "")
        raise NotSupported(f"This server does not open artifacts at {parsed.scheme}: locations")

    def _model(self, path: str, hops: int) -> Place:
        if hops >= _HOPS:
            raise BadRequest("The source of this model version goes round in a circle, or through too many others")
        name, _, rest = path.partition("/")
        if _MODEL_ID.fullmatch(name):
            return _below(self.of_logged_model(name)[1], rest)
        if "@" in name:
            name, _, alias = name.partition("@")
            found = self._store.send(GetModelVersionByAlias(name=name, alias=alias)).model_version
            name, version = found.name, found.version
        else:
            version, _, rest = rest.partition("/")
        said = self._store.send(GetModelVersionDownloadUri(name=name, version=version)).artifact_uri
        return _below(self.at(said, hops + 1), rest)

    def _open(self, uri: str) -> ArtifactStore:
        with self._lock:
            if uri not in self._opened:
                if len(self._opened) >= 1000:
                    self._opened.clear()
                self._opened[uri] = open_artifacts(uri)
            return self._opened[uri]


def _below(place: Place, path: str) -> Place:
    return place._replace(base=place.key(path)) if path else place
