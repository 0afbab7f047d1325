"""Artifacts in a folder of this machine.

Below the root everything is opened segment by segment, relative to the folder above it, and links are never followed:
whoever can write into the root still cannot make this store read or write outside of it.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headrace.artifacts.port import CHUNK, key_of
from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.base.files import UNFINISHED, replacing, unfinished_name
from headrace.base.paths import CONTROL, ArtifactKey
from headrace.schema.artifacts import FileInfo

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK the opening of a pipe would wait for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def open_store(uri: str) -> LocalStore:
    """The store in the folder that a path or a ``file:`` URI names."""
    return LocalStore(root_of(uri))


def root_of(uri: str) -> Path:
    """The folder that a path or a ``file:`` URI names."""
    path = uri
    if uri[:5].lower() == "file:":
        parts = urlsplit(uri)
        if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
            raise BadRequest(f"{uri!r} is not a folder of this machine; give file:///path, without host, '?' or '#'")
        path = unquote(parts.path)
    if CONTROL.search(path) or not path:
        raise BadRequest(f"{uri!r} is not a folder: it is empty or has a control character")
    return Path(os.path.abspath(os.path.expanduser(path)))


class LocalStore:
    """Files under ``root``, which is made when the first file is stored."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: Path, key: str) -> None:
        """Store the bytes of the local file ``source``."""
        with open(source, "rb") as file:
            self._store(key_of(key), lambda out: _copy(file.fileno(), out))

    def write(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store what ``chunks`` yields."""

        def fill(out: int) -> None:
            for chunk in chunks:
                _write_all(out, chunk)

        self._store(key_of(key), fill)

    def get(self, key: str, target: Path) -> Path:
        """Copy one stored file to ``target``."""
        source = self._open(key_of(key))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as file:
                _copy(source, file.fileno())
        finally:
            os.close(source)
        return target

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of one stored file from ``start`` on."""
        file = self._open(key_of(key))
        os.lseek(file, start, os.SEEK_SET)
        return _Pieces(file)

    def list(self, key: str = "") -> list[FileInfo]:
        """The files and folders directly in the folder ``key``. Links, pipes and devices are not among them."""
        key = key_of(key, folder=True)
        try:
            with self._folder(key) as folder, os.scandir(folder) as entries:
                found = [info for entry in entries if (info := _info_of(key, entry))]
        except NotFound:
            return []
        except BadRequest:
            if self._is_file(key):
                return []
            raise
        return sorted(found, key=lambda info: info.path)

    def stat(self, key: str) -> FileInfo:
        """The size of one stored file, or that it is a folder."""
        key = key_of(key, folder=True)
        if not key:
            return FileInfo("", True)
        parent, name = _split(key)
        with self._folder(parent) as folder:
            found = _lstat(name, folder, key)
        if stat.S_ISDIR(found.st_mode):
            return FileInfo(key, True)
        _require_regular(found, key)
        return FileInfo(key, False, found.st_size)

    def delete(self, key: str) -> None:
        """Remove a file, or a folder and all in it."""
        key = key_of(key)
        parent, name = _split(key)
        try:
            with self._folder(parent) as folder:
                if stat.S_ISDIR(_lstat(name, folder, key).st_mode):
                    shutil.rmtree(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
        except (NotFound, FileNotFoundError):
            return

    def _is_file(self, key: str) -> bool:
        try:
            return not self.stat(key).is_dir
        except HeadraceError:
            return False

    def _store(self, key: ArtifactKey, fill: Callable[[int], None]) -> None:
        parent, name = _split(key)
        with self._folder(parent, make=True) as folder:
            part = unfinished_name()
            file = os.open(part, _NEW, 0o666, dir_fd=folder)
            try:
                try:
                    fill(file)
                    os.fsync(file)
                finally:
                    os.close(file)
                _move(part, name, folder, key)
                os.fsync(folder)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=folder)
                raise

    def _open(self, key: ArtifactKey) -> int:
        parent, name = _split(key)
        with self._folder(parent) as folder:
            try:
                file = os.open(name, _FILE, dir_fd=folder)
            except OSError as error:
                raise _told(error, key) from None
        try:
            _require_regular(os.fstat(file), key)
        except BaseException:
            os.close(file)
            raise
        return file

    @contextmanager
    def _folder(self, key: str, *, make: bool = False) -> Iterator[int]:
        if make:
            self.root.mkdir(parents=True, exist_ok=True)
        try:
            # The root itself is the operator's word, and may be a link.
            folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise _absent(key) from None
        except NotADirectoryError:
            raise BadRequest(f"The artifact root {self.root} is a file; give a folder") from None
        try:
            for name in key.split("/") if key else ():
                below = _enter(name, folder, key, make)
                os.close(folder)
                folder = below
            yield folder
        finally:
            os.close(folder)


class _Pieces(Iterator[bytes]):
    """The rest of an open file in pieces; closed at its end, or with the last reference to this."""

    def __init__(self, file: int) -> None:
        self._file: int | None = file

    def __next__(self) -> bytes:
        piece = os.read(self._file, CHUNK) if self._file is not None else b""
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    __del__ = close


def _enter(name: str, folder: int, key: str, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise _absent(key) from None
    except OSError as error:
        raise _told(error, key) from None
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except OSError as error:
        raise _told(error, key) from None


def _move(part: str, name: str, folder: int, key: str) -> None:
    try:
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except IsADirectoryError:
        raise BadRequest(f"Cannot store the artifact {key!r}: there is a folder of that name") from None


def _lstat(name: str, folder: int, key: str) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        raise _absent(key) from None


def _info_of(folder: str, entry: os.DirEntry[str]) -> FileInfo | None:
    if UNFINISHED.fullmatch(entry.name) or not _is_text(entry.name):
        return None
    path = f"{folder}/{entry.name}" if folder else entry.name
    if entry.is_dir(follow_symlinks=False):
        return FileInfo(path, True)
    if not entry.is_file(follow_symlinks=False):
        return None
    try:
        return FileInfo(path, False, entry.stat(follow_symlinks=False).st_size)
    except FileNotFoundError:  # Deleted since the folder was read.
        return None


def _is_text(name: str) -> bool:
    # A name that is not UTF-8 arrives as lone surrogates, which no message can carry.
    return not CONTROL.search(name)


def _split(key: str) -> tuple[str, str]:
    parent, _, name = key.rpartition("/")
    if any(UNFINISHED.fullmatch(segment) for segment in key.split("/")):
        raise BadRequest(f"Invalid artifact path {key!r}: such names are kept for files that are still being written")
    return parent, name


def _require_regular(found: os.stat_result, key: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise BadRequest(f"The artifact {key!r} is a folder; name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise BadRequest(f"The artifact {key!r} is a link, pipe or device, which are never opened")


def _told(error: OSError, key: str) -> Exception:
    """What an operating system's complaint means for an artifact."""
    match error.errno:
        case errno.ENOENT:
            return _absent(key)
        case errno.ELOOP | errno.ENXIO:
            return BadRequest(f"The artifact {key!r} lies behind a link, pipe or device, which are never opened")
        case errno.ENOTDIR | errno.EISDIR:
            return BadRequest(f"The artifact {key!r} cannot be: part of that path is a file, not a folder")
    return error


def _absent(key: str) -> NotFound:
    return NotFound(f"No artifact at {key!r}" if key else "No artifacts are stored here yet")


def _copy(source: int, target: int) -> None:
    while piece := os.read(source, CHUNK):
        _write_all(target, piece)


def _write_all(file: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(file, view) :]
