"""Backups of databases: one file with a manifest and the database of one moment, whatever kind it came from.

The file is a zip of two members: ``headrace.db``, an SQLite database with today's schema, and ``manifest.json``, which
says how long that is and its SHA-256. Nothing is restored before both were verified.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

import headrace
from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, NotFound, Unreachable
from headrace.base.files import replacing
from headrace.stores.sql import copying, upkeep
from headrace.stores.sql.migrations import STEPS

_FORMAT, _VERSION = "headrace-backup", 1
_MANIFEST, _DATABASE = "manifest.json", "headrace.db"
_MANIFEST_BYTES = 1 << 16
_CHUNK = 1 << 20
#: How zip files and what is in them complain of damage.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    format: str
    version: int
    headrace: str
    created_ms: int
    #: The kind of database it was made of, its schema, and the folder at which relative locations begin.
    database: str
    schema: int
    root: str
    bytes: int
    sha256: str


def back_up(uri: str, file: Path, *, force: bool = False) -> Manifest:
    """Write the database at ``uri``, as it is at one moment, to ``file``, which is whole or absent."""
    file = Path(os.path.abspath(file))
    if file.exists() and not force:
        raise BadRequest(f"{file} is there already; name another file, or say --force to replace it")
    if not file.parent.is_dir():
        raise NotFound(f"There is no folder {file.parent}")
    with tempfile.TemporaryDirectory(prefix=".headrace-backup-", dir=file.parent) as scratch:
        copy = Path(scratch, _DATABASE)
        about = copying.write_copy(uri, copy)
        manifest = Manifest(
            format=_FORMAT,
            version=_VERSION,
            headrace=headrace.__version__,
            created_ms=now_ms(),
            bytes=copy.stat().st_size,
            sha256=_digest(copy),
            **about,
        )
        with replacing(file) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(copy, _DATABASE)
            archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def restore(file: Path, uri: str, *, force: bool = False) -> Manifest:
    """Make the database at ``uri`` what it was when ``file`` was made: all of it, or nothing changes.

    Raises ``BadRequest`` for a backup that is torn or damaged, and for a database with contents unless ``force``.
    """
    target = upkeep.file_of(uri)
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".headrace-restore-", dir=target.parent if target else None) as scratch:
        copy = Path(scratch, _DATABASE)
        with _opened(file) as (archive, manifest):
            _extract(archive, manifest, copy)
        if copying.inspect_copy(copy) != manifest.schema:
            raise BadRequest(f"{file} is damaged: its database has another schema than its manifest says")
        _must_be_free(uri, force)
        copying.read_copy(copy, uri, manifest.root)
    return manifest


def verify(file: Path) -> Manifest:
    """Read a whole backup and hold it against its manifest. Raises ``BadRequest`` where they differ."""
    with _opened(file) as (archive, manifest):
        _extract(archive, manifest, None)
    return manifest


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    if not file.is_file():
        raise NotFound(f"There is no backup at {file}")
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive, _manifest(archive, file)
    except (*_DAMAGE, OSError) as error:
        # EINVAL: a damaged archive sends its reader to before its beginning. Other complaints are of the disk.
        if isinstance(error, BadRequest) or (isinstance(error, OSError) and error.errno != errno.EINVAL):
            raise
        raise BadRequest(f"{file} is no backup of Headrace, or was cut short: {error}") from None


def _manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    if sorted(archive.namelist()) != [_DATABASE, _MANIFEST]:
        raise BadRequest(f"{file} is no backup of Headrace: it does not have {_MANIFEST} and {_DATABASE} alone")
    if archive.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
        raise BadRequest(f"{file} is no backup of Headrace: its manifest is too long")
    try:
        manifest = msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadRequest(f"{file} is no backup of Headrace: {error}") from None
    if manifest.format != _FORMAT or manifest.version > _VERSION or manifest.schema > len(STEPS):
        raise BadRequest(f"{file} was made by a newer Headrace ({manifest.headrace}); upgrade Headrace to restore it")
    if archive.getinfo(_DATABASE).file_size != manifest.bytes:
        raise BadRequest(f"{file} is damaged: its database is not as long as its manifest says")
    return manifest


def _extract(archive: zipfile.ZipFile, manifest: Manifest, target: Path | None) -> None:
    digest, left = hashlib.sha256(), manifest.bytes
    with archive.open(_DATABASE) as source, open(target or os.devnull, "wb") as out:
        while piece := source.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                break
            digest.update(piece)
            out.write(piece)
        if target:
            out.flush()
            os.fsync(out.fileno())
    if left or digest.hexdigest() != manifest.sha256:
        raise BadRequest("The backup is damaged: its database is not the one its manifest was written for")


def _must_be_free(uri: str, force: bool) -> None:
    try:
        free = copying.is_empty(uri)
    except Unreachable:
        # Damaged beyond reading, it may be what is to be restored.
        if not force:
            raise
        return
    if not free and not force:
        raise BadRequest("The database has contents, which restoring would replace; name another, or say --force")


def _digest(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
