"""From what a user names to the source that it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headrace.base.errors import BadRequest, NotFound
from headrace.moving.port import Source
from headrace.stores import open_store

_DATABASES = ("sqlite:", "postgresql", "postgres:", "mysql", "mariadb")
_SQLITE = b"SQLite format 3\0"


def open_source(
    said: str,
    *,
    artifacts_from: Sequence[str] = (),
    artifacts_destination: str | None = None,
    workspace: str = "default",
    into: Path | None = None,
) -> Source:
    """The source at an address of a server, a URI of a database, or a path. Raises ``BadRequest`` for anything else.

    A folder may have been MLflow's and be ours now: what MLflow wrote is meant where it is to come ``into`` that
    folder.
    """
    if said.startswith(("http://", "https://")):
        from headrace.moving.exporting import source_of

        return source_of(open_store(said), said, artifacts_from=artifacts_from)
    if said.startswith(_DATABASES):
        return _database(said, artifacts_from, artifacts_destination, workspace)
    path = Path(said.removeprefix("file://")).expanduser().absolute()
    if path.is_file() and _is_sqlite(path):
        return _database(f"sqlite:///{path}", artifacts_from, artifacts_destination, workspace)
    if path.is_dir():
        return _folder(path, artifacts_from, artifacts_destination, into)
    if not path.exists():
        raise NotFound(f"There is no {str(path)!r}")
    raise BadRequest(f"{said!r} is nothing that headrace can import from: give a folder, a database or a server")


def _database(uri: str, artifacts_from: Sequence[str], destination: str | None, workspace: str) -> Source:
    from headrace.moving.mlflow_database import database_of
    from headrace.moving.mlflow_rows import open_reader

    # Read only: a database of another program is not even asked in a way that changes its file.
    reader = open_reader(uri)
    if reader.is_ours:
        from headrace.moving.exporting import source_of

        reader.close()
        return source_of(open_store(uri), uri, artifacts_from=artifacts_from, destination=destination)
    return database_of(reader, artifacts_from, destination, workspace)


def _folder(path: Path, artifacts_from: Sequence[str], destination: str | None, into: Path | None) -> Source:
    from headrace.moving.archive import ArchiveSource, is_archive
    from headrace.stores.sql.opening import FILE, is_file_store

    if is_archive(path):
        return ArchiveSource(path)
    if (path / FILE).is_file() and path != into:
        from headrace.moving.exporting import source_of

        return source_of(open_store(str(path)), str(path), artifacts_from=artifacts_from, destination=destination)
    if is_file_store(path):
        from headrace.moving.mlflow_files import MlflowFiles

        return MlflowFiles(path, artifacts_from=artifacts_from, artifacts_destination=destination)
    from headrace.moving.tensorboard import TensorBoardFolder, has_event_files
    from headrace.moving.wandb import WandbFolder, has_wandb_runs

    if has_wandb_runs(path):
        return WandbFolder(path, artifacts_from)
    if has_event_files(path):
        return TensorBoardFolder(path)
    raise BadRequest(f"The folder {str(path)!r} has nothing in it that headrace can import")


def _is_sqlite(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
