"""Artifact stores as classes to derive from and to call: ``mlflow.store.artifact.artifact_repo`` is this module."""

from __future__ import annotations

import io
import posixpath
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from headrace.artifacts import SCHEMES
from headrace.artifacts.port import CHUNK
from headrace.base.errors import BadRequest, NotSupported
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo
from headrace.tracking import files, plugins, uri
from headrace.tracking.client import MlflowClient
from headrace.tracking.locations import place_of
from headrace.tracking.transfers import MultipartUploadPart

#: Files that one repository moves at the same time.
_ABREAST = 8
_GROUP = "mlflow.artifact_repository"


class ArtifactRepository(ABC):
    """Files below the location ``artifact_uri``. Entry points, by scheme: ``mlflow.artifact_repository``.

    Paths are relative to that location and joined by ``/``.
    """

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        self.artifact_uri, self.tracking_uri, self.registry_uri = artifact_uri, tracking_uri, registry_uri

    @property
    def max_workers(self) -> int:
        """Files that are moved at the same time."""
        return _ABREAST

    @cached_property
    def thread_pool(self) -> ThreadPoolExecutor:
        """Threads that move files."""
        return self._create_thread_pool()

    def _create_thread_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.max_workers, thread_name_prefix=f"headrace-{type(self).__name__}")

    @abstractmethod
    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Store a local file under its own name in the folder ``artifact_path``."""

    @abstractmethod
    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Store what is in a local folder in the folder ``artifact_path``."""

    @abstractmethod
    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """The files and folders directly in the folder ``path``, sorted; nothing for what is not a folder."""

    @abstractmethod
    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Copy one stored file to a local path."""

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Remove a file, or a folder with all in it."""
        raise NotSupported(f"{type(self).__name__} cannot delete artifacts")

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Copy a stored file or folder into a local folder, a temporary one unless told; the copy's path."""
        if dst_path is not None and not Path(dst_path).is_dir():
            raise BadRequest(f"{dst_path!r} is not a folder to download into; create it first")
        folder = Path(dst_path or tempfile.mkdtemp(prefix="headrace-")).absolute()
        key = ArtifactKey.parse(artifact_path or "", folder=True)
        if self._is_directory(key):
            (folder / key).mkdir(parents=True, exist_ok=True)
            waiting = [self.thread_pool.submit(self._fetch, path, folder) for path in self._files_below(key)]
            for each in waiting:
                each.result()
        else:
            self._fetch(key, folder)
        return str(folder / key)

    def get_local_path(self, artifact_path: str) -> str | None:
        """The local path of what is on this machine already; None for what has to be downloaded."""
        return None

    def flush_async_logging(self) -> None:  # noqa: B027
        """Wait until everything has arrived, which it has when a method of this class returns."""

    def _is_directory(self, artifact_path: str) -> bool:
        return not artifact_path or bool(self.list_artifacts(artifact_path))

    def _files_below(self, folder: str) -> list[str]:
        found: list[str] = []
        for info in self.list_artifacts(folder or None):
            found += self._files_below(info.path) if info.is_dir else [info.path]
        return found

    def _fetch(self, path: str, folder: Path) -> None:
        # Parsed, so that no name a store invents leads out of the folder.
        target = folder / ArtifactKey.parse(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._download_file(path, str(target))


class StreamUploadMixin:
    """A repository that takes a file as it is read."""

    def log_artifact_from_stream(
        self, stream: BinaryIO, artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        """Store what a stream has left under a name in the folder ``artifact_path``."""
        raise NotSupported(f"{type(self).__name__} takes no streams")

    async def log_artifact_from_async_stream(
        self, chunks: AsyncIterable[bytes], artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        """Store what an asynchronous stream yields, in one piece unless a repository knows better."""
        whole = b"".join([chunk async for chunk in chunks])
        self.log_artifact_from_stream(io.BytesIO(whole), artifact_file_name, artifact_path)


class MultipartUploadMixin:
    """A repository that takes a file in parts, which the client uploads by itself."""

    def create_multipart_upload(self, local_file: str, num_parts: int, artifact_path: str | None = None) -> Any:
        """Open an upload in so many parts."""
        raise NotSupported(f"{type(self).__name__} takes no uploads in parts")

    def complete_multipart_upload(
        self, local_file: str, upload_id: str, parts: list[MultipartUploadPart], artifact_path: str | None = None
    ) -> None:
        """Put the parts together."""
        raise NotSupported(f"{type(self).__name__} takes no uploads in parts")

    def abort_multipart_upload(self, local_file: str, upload_id: str, artifact_path: str | None = None) -> None:
        """Forget the parts."""
        raise NotSupported(f"{type(self).__name__} takes no uploads in parts")


class MultipartDownloadMixin:
    """A repository that gives out URLs to download from."""

    def get_download_presigned_url(self, artifact_path: str, expiration: int = 300) -> Any:
        """A URL that is good for ``expiration`` seconds."""
        raise NotSupported(f"{type(self).__name__} gives out no URLs")


class PresignedUploadMixin:
    """A repository that gives out URLs to upload to."""

    def create_presigned_upload_url(self, artifact_path: str, expiration: int = 900) -> Any:
        """A URL that is good for ``expiration`` seconds."""
        raise NotSupported(f"{type(self).__name__} gives out no URLs")


class HouseRepository(StreamUploadMixin, ArtifactRepository):
    """A store of this house, as a repository."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        place = place_of(artifact_uri)
        self._root = files.joined(place.root, place.key)
        self._behind = tracking_uri or place.tracking_uri

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Store a local file under its own name in the folder ``artifact_path``."""
        files.upload(self._root, local_file, artifact_path, self._behind)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Store what is in a local folder in the folder ``artifact_path``."""
        files.upload_contents(self._root, local_dir, artifact_path, self._behind)

    def log_artifact_from_stream(
        self, stream: BinaryIO, artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        """Store what a stream has left under a name in the folder ``artifact_path``."""
        key = ArtifactKey.parse(posixpath.join(artifact_path or "", artifact_file_name))
        files.store_of(self._root, self._behind).write(key, iter(lambda: stream.read(CHUNK), b""))

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """The files and folders directly in the folder ``path``."""
        return files.listing(self._root, path, self._behind)

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Copy a stored file or folder into a local folder; without one, what is on this machine stays where it is."""
        return files.download(self._root, artifact_path, dst_path, self._behind)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Remove a file, or a folder with all in it."""
        files.store_of(self._root, self._behind).delete(ArtifactKey.parse(artifact_path or "", folder=True))

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        files.store_of(self._root, self._behind).get(ArtifactKey.parse(remote_file_path), Path(local_path))


def verify_artifact_path(artifact_path: str | None) -> None:
    """Raise ``BadRequest`` when a path would leave its root."""
    ArtifactKey.parse(artifact_path or "", folder=True)


class ArtifactRepositoryRegistry:
    """Which class serves which scheme: what was registered, what plugins offer, and what this house has."""

    def __init__(self) -> None:
        self._registered: dict[str, Callable[..., Any]] = {}

    def register(self, scheme: str, repository: Callable[..., Any]) -> None:
        """Let ``repository`` serve a scheme in this process."""
        self._registered[scheme] = repository

    def register_entrypoints(self) -> None:
        """Register what plugins offer."""
        for scheme, point in plugins.entry_points(_GROUP).items():
            self._registered.setdefault(scheme, point.load())

    def get_artifact_repository(
        self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
    ) -> ArtifactRepository:
        """The repository at a location."""
        scheme = str(artifact_uri).partition(":")[0].lower() if ":" in str(artifact_uri) else ""
        if scheme not in self._registered and scheme in plugins.entry_points(_GROUP):
            self._registered[scheme] = plugins.entry_points(_GROUP)[scheme].load()
        kind = self._registered.get(scheme, HouseRepository)
        found: ArtifactRepository = kind(artifact_uri, tracking_uri, registry_uri)
        return found

    def get_registered_artifact_repositories(self) -> dict[str, Callable[..., Any]]:
        """Scheme -> class."""
        house = dict.fromkeys(["", "runs", "models", *SCHEMES], HouseRepository)
        return {**house, **self._registered}


_registry = ArtifactRepositoryRegistry()


def get_artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """The repository at a location: a path, a URI of a scheme, ``runs:/…`` or ``models:/…``."""
    return _registry.get_artifact_repository(str(artifact_uri), tracking_uri or uri.get_tracking_uri(), registry_uri)


def get_registered_artifact_repositories() -> dict[str, Callable[..., Any]]:
    """Scheme -> class, for every scheme that is served."""
    return _registry.get_registered_artifact_repositories()


def _get_artifact_repo(run_id: str) -> ArtifactRepository:
    """The repository of a run's artifacts."""
    return get_artifact_repository(MlflowClient().artifact_location(run_id))
