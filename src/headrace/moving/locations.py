"""Where the artifacts of records are, for whoever removes or checks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from headrace.artifacts import open_store
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest, NotFound
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo
from headrace.schema.purge import Deleted, Kind

_PROXIED = "mlflow-artifacts:"


class Spot(msgspec.Struct, frozen=True):
    """A folder of an artifact store, and the location that records give it."""

    store: ArtifactStore
    key: ArtifactKey
    location: str

    def folders(self) -> list[str]:
        """The names of the folders in this one."""
        return [info.path.rpartition("/")[2] for info in self._list() if info.is_dir]

    def children(self) -> list[str]:
        """The names of everything in this folder."""
        return [info.path.rpartition("/")[2] for info in self._list()]

    def below(self, name: str) -> Spot:
        """Something in this folder."""
        return Spot(self.store, self.key.child(name), f"{self.location.rstrip('/')}/{name}")

    def size(self) -> tuple[int, int]:
        """The files here and below, and their bytes."""
        files = size = 0
        for info in walk(self.store, self.key):
            files += 1
            size += info.file_size or 0
        return files, size

    def remove(self) -> None:
        """Remove this folder and all in it."""
        self.store.delete(self.key)

    def _list(self) -> list[FileInfo]:
        return self.store.list(self.key)


class Locations:
    """Opens the artifact stores that records name.

    What lies behind a server is reached through ``tracking_uri``, or directly in ``destination``, where it is kept.
    """

    def __init__(self, tracking_uri: str | None = None, destination: str | None = None) -> None:
        self._server = tracking_uri if tracking_uri and tracking_uri.startswith(("http://", "https://")) else None
        self._destination = destination
        self._opened: dict[str, ArtifactStore] = {}

    @property
    def is_far(self) -> bool:
        """Whether a server is asked for every folder."""
        return self._server is not None and self._destination is None

    def spot_of(self, kind: Kind, deleted: Deleted) -> Spot | None:
        """The folder that goes with something deleted; none for an experiment whose location is not its own alone.

        Raises ``BadRequest`` for artifacts that are not in a folder named after what they belong to.
        """
        location = deleted.artifact_uri.rstrip("/")
        root = root_of(deleted.experiment_location, deleted.experiment_id)
        if kind == "experiment":
            return self._spot(root, location) if location.endswith(f"/{deleted.id}") else None
        folder = location.removesuffix("/artifacts")
        if not folder.endswith(f"/{deleted.id}"):
            raise BadRequest(f"its artifacts are at {location}, which is not a folder of its own")
        return self._spot(root if folder.startswith(f"{root}/") else folder.rpartition("/")[0], folder)

    def at(self, root: str) -> Spot:
        """The folder at a location, all of it."""
        return Spot(self.open(root), ArtifactKey(""), root)

    def open(self, root: str) -> ArtifactStore:
        """The artifact store at a location."""
        if root not in self._opened:
            self._opened[root] = self._open(root)
        return self._opened[root]

    def _spot(self, root: str, folder: str) -> Spot:
        # What is between a root and a folder is never followed where it is a link; the root is the operator's word.
        return Spot(self.open(root), ArtifactKey.parse(folder[len(root) + 1 :]), folder)

    def _open(self, root: str) -> ArtifactStore:
        if root.startswith(_PROXIED):
            below = root.removeprefix(_PROXIED).strip("/")
            if self._destination:
                return open_store(f"{self._destination.rstrip('/')}/{below}" if below else self._destination)
            if not self._server:
                raise BadRequest(
                    "its artifacts lie behind a server: name the folder where it keeps them, --artifacts-destination,"
                    " or the server itself, --tracking-uri"
                )
            return open_store(f"{_PROXIED}/{below}", tracking_uri=self._server)
        if self._server and root.startswith(("/", "file:")) and not Path(root.removeprefix("file://")).exists():
            raise BadRequest(
                f"its artifacts are at {root} on the machine of the server; clean up there, with --backend-store-uri"
            )
        return open_store(root or "/")


def root_of(experiment_location: str, experiment_id: str) -> str:
    """The artifact root that an experiment's location shows: the folder above it, where it is named after its id."""
    return experiment_location.rstrip("/").removesuffix(f"/{experiment_id}")


def walk(store: ArtifactStore, key: ArtifactKey) -> Iterator[FileInfo]:
    """Every file at ``key``, or in the folder there and below it; nothing where there is neither."""
    try:
        found = store.list(key)
        if not found and key:
            info = store.stat(key)
            found = [] if info.is_dir else [info]
    except (NotFound, BadRequest):  # Absent, or a link, which is removed without a look behind it.
        return
    for info in found:
        if info.is_dir:
            yield from walk(store, ArtifactKey.parse(info.path))
        else:
            yield info
