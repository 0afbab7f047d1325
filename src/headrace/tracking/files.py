"""Files of a location: uploaded, downloaded and listed, wherever they are kept."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headrace.artifacts import open_store, transfer
from headrace.artifacts.local import LocalStore
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import NotFound
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo


def store_of(location: str, tracking_uri: str) -> ArtifactStore:
    """The artifact store at ``location``, which may lie behind the server at ``tracking_uri``."""
    return open_store(location, tracking_uri=tracking_uri)


def upload(location: str, source: str | Path, artifact_path: str | None, tracking_uri: str) -> None:
    """Store one file, or one folder under its own name, below ``artifact_path``."""
    path, folder = Path(source), ArtifactKey.parse(artifact_path or "", folder=True)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {str(path)!r} to log (looked for in {Path.cwd()})")
    store = store_of(location, tracking_uri)
    name = path.absolute().name
    if path.is_dir():
        transfer.upload_folder(store, path, folder.child(name))
    else:
        store.put(path, folder.child(name))


def upload_contents(location: str, source: str | Path, artifact_path: str | None, tracking_uri: str) -> None:
    """Store what is in a folder below ``artifact_path``."""
    path = Path(source)
    if not path.is_dir():
        what = "is a file; log_artifact takes a single file" if path.exists() else f"does not exist (in {Path.cwd()})"
        raise NotADirectoryError(f"log_artifacts takes a folder, but {str(path)!r} {what}")
    transfer.upload_folder(store_of(location, tracking_uri), path, artifact_path or "")


def download(location: str, artifact_path: str | None, dst_path: str | None, tracking_uri: str | None) -> str:
    """A local path with a file or folder of ``location``.

    What is on this machine already is not copied unless ``dst_path`` asks for it. Without ``dst_path`` the copy is in a
    fresh temporary folder, which is the caller's to remove.
    """
    store = open_store(location, tracking_uri=tracking_uri)
    key = ArtifactKey.parse(artifact_path or "", folder=True)
    if isinstance(store, LocalStore) and dst_path is None:
        if key:
            try:
                store.stat(key)
            except NotFound:
                raise NotFound(f"No artifact {str(key)!r} is stored at {location}") from None
        elif not store.root.exists():
            raise NotFound(f"No artifacts at {location}")
        return str(store.root / key)
    if dst_path is None:
        folder = Path(tempfile.mkdtemp(prefix="headrace-"))
    else:
        folder = Path(dst_path).absolute()
        folder.mkdir(parents=True, exist_ok=True)
    is_url = location.lower().startswith(("http://", "https://")) and "/mlflow-artifacts/artifacts" not in location
    try:
        if is_url and not key:
            return str(store.get("", folder / _name_in(location)))
        return str(transfer.download(store, key, folder))
    except BaseException:
        if dst_path is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def listing(location: str, artifact_path: str | None, tracking_uri: str | None) -> list[FileInfo]:
    """What is directly in a folder of ``location``."""
    return open_store(location, tracking_uri=tracking_uri).list(ArtifactKey.parse(artifact_path or "", folder=True))


def joined(location: str, artifact_path: str | None) -> str:
    """The location of something below ``location``."""
    key = ArtifactKey.parse(artifact_path or "", folder=True)
    return f"{location.rstrip('/')}/{key}" if key else location


def _name_in(url: str) -> str:
    return ArtifactKey.parse(unquote(urlsplit(url).path).rpartition("/")[2] or "download")
