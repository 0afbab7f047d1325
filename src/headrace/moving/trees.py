"""Folders that somebody else wrote: read below a root, and never through a link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.base.errors import BadRequest, Forbidden, HeadraceError, NotFound

#: Bytes read at a time.
_CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK the opening of a pipe would wait for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Parts = tuple[str, ...]


class Tree:
    """Files below ``root``, which is trusted itself; named by their parts. Links below it lead nowhere.

    What is not there is empty, or ``NotFound``; what is there and cannot be read is ``Forbidden``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folders(self, parts: Parts = ()) -> list[str]:
        """The names of the folders in a folder, sorted; none where there is no such folder."""
        return [name for name, kind in self._entries(parts) if stat.S_ISDIR(kind)]

    def others(self, parts: Parts = ()) -> list[str]:
        """The names in a folder that are neither files nor folders: links, pipes and devices."""
        return [name for name, kind in self._entries(parts) if not stat.S_ISDIR(kind) and not stat.S_ISREG(kind)]

    def files(self, parts: Parts = ()) -> Iterator[tuple[Parts, int | None]]:
        """Every file below a folder, by its parts below that folder, with its size; None for what is no plain file."""
        for name, kind in self._entries(parts):
            here = (*parts, name)
            if stat.S_ISDIR(kind):
                yield from (((name, *below), size) for below, size in self.files(here))
            else:
                yield (name,), self.size(here) if stat.S_ISREG(kind) else None

    def size(self, parts: Parts) -> int:
        """Bytes of a file."""
        with self._folder(parts[:-1]) as folder:
            return os.stat(parts[-1], dir_fd=folder, follow_symlinks=False).st_size

    def has_folder(self, parts: Parts) -> bool:
        """Whether there is such a folder, reached without a link."""
        try:
            with self._folder(parts):
                return True
        except (NotFound, Forbidden):
            return False

    def read(self, parts: Parts, limit: int) -> bytes:
        """A file of at most ``limit`` bytes. Raises ``NotFound``, or ``BadRequest`` for a larger one."""
        found = b"".join(self.pieces(parts, limit + 1))
        if len(found) > limit:
            raise BadRequest(f"{'/'.join(parts)} is larger than {limit} bytes")
        return found

    def pieces(self, parts: Parts, limit: int | None = None) -> Iterator[bytes]:
        """The bytes of a file. Raises ``NotFound`` for what is no plain file."""
        with self._folder(parts[:-1]) as folder:
            try:
                file = os.open(parts[-1], _FILE, dir_fd=folder)
            except OSError as error:
                raise _unreadable(parts, error) from None
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise NotFound(f"{'/'.join(parts)} is no plain file")
            left = limit
            while left is None or left > 0:
                piece = opened.read(_CHUNK if left is None else min(_CHUNK, left))
                if not piece:
                    return
                left = None if left is None else left - len(piece)
                yield piece

    def _entries(self, parts: Parts) -> list[tuple[str, int]]:
        try:
            with self._folder(parts) as folder, os.scandir(folder) as found:
                return sorted((entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in found)
        except NotFound:
            return []

    @contextmanager
    def _folder(self, parts: Parts) -> Iterator[int]:
        try:
            here = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable((str(self.root),), error) from None
        try:
            for name in parts:
                if name in ("", ".", "..") or "/" in name or "\0" in name:
                    raise NotFound(f"{name!r} is no name of a file")
                try:
                    below = os.open(name, _FOLDER, dir_fd=here)
                except OSError as error:
                    raise _unreadable(parts, error) from None
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)


def _unreadable(parts: Parts, error: OSError) -> HeadraceError:
    where = "/".join(parts)
    if error.errno == errno.ENOENT:
        return NotFound(f"There is no {where}")
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Forbidden(f"{where} is a link, or not the folder it should be, and is not followed")
    return Forbidden(f"{where} cannot be read: {error.strerror}")
