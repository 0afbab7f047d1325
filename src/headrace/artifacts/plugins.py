"""Schemes that other packages serve: their artifact repositories, written for MLflow, as artifact stores.

Such a package names a class under the entry point group ``mlflow.artifact_repository``, by the scheme it serves.
"""

from __future__ import annotations

import functools
import importlib.metadata
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from headrace.artifacts.port import CHUNK, key_of
from headrace.base import files
from headrace.base.errors import NotFound
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo

GROUP = "mlflow.artifact_repository"


@functools.cache
def served() -> dict[str, importlib.metadata.EntryPoint]:
    """Scheme -> the entry point that serves it."""
    return {each.name.lower(): each for each in importlib.metadata.entry_points(group=GROUP)}


def open_store(uri: str, scheme: str, tracking_uri: str | None) -> RepositoryStore:
    """The store that a plugin's repository at ``uri`` makes."""
    kind = served()[scheme].load()
    return RepositoryStore(kind(uri, tracking_uri=tracking_uri) if tracking_uri else kind(uri))


class RepositoryStore:
    """Files of an artifact repository of MLflow's kind, which moves local files and knows no streams."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository

    def put(self, source: Path, key: str) -> None:
        """Store the bytes of the local file ``source``."""
        folder, _, name = key_of(key).rpartition("/")
        if source.name == name:
            self._repository.log_artifact(str(source), folder or None)
            return
        with tempfile.TemporaryDirectory(prefix="headrace-") as beside:
            named = Path(beside, name)
            named.symlink_to(source.absolute())
            self._repository.log_artifact(str(named), folder or None)

    def get(self, key: str, target: Path) -> Path:
        """Copy one stored file to the local path ``target``."""
        return files.save(self.read(key), target)

    def write(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store what ``chunks`` yields."""
        with tempfile.TemporaryDirectory(prefix="headrace-") as beside:
            self.put(files.save(chunks, Path(beside, key_of(key).rpartition("/")[2])), key)

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of one stored file from ``start`` on."""
        if self.stat(key).is_dir:
            raise NotFound(f"{key!r} is a folder, not a file")
        beside = tempfile.TemporaryDirectory(prefix="headrace-")
        try:
            path = self._repository.download_artifacts(str(key), beside.name)
        except BaseException:
            beside.cleanup()
            raise
        return _pieces(Path(path), start, beside)

    def list(self, key: str = "") -> list[FileInfo]:
        """The files and folders directly in the folder ``key``."""
        below = key_of(key, folder=True)
        found = self._repository.list_artifacts(str(below) or None)
        infos = [FileInfo(ArtifactKey.parse(each.path), each.is_dir, each.file_size) for each in found]
        # Some repositories tell a file as what is in it.
        return sorted((each for each in infos if each.path != below), key=lambda each: each.path)

    def stat(self, key: str) -> FileInfo:
        """The size of one stored file, or that it is a folder."""
        name = key_of(key)
        for info in self.list(name.rpartition("/")[0]):
            if info.path == name:
                return info
        raise NotFound(f"There is no artifact {key!r}")

    def delete(self, key: str) -> None:
        """Remove a file, or a folder and all in it."""
        self._repository.delete_artifacts(str(key_of(key, folder=True)) or None)


def _pieces(path: Path, start: int, beside: tempfile.TemporaryDirectory[str]) -> Iterator[bytes]:
    with beside, open(path, "rb") as file:
        file.seek(start)
        while piece := file.read(CHUNK):
            yield piece
