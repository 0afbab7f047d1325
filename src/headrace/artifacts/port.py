"""What every artifact store can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo

#: Bytes read or sent at a time.
CHUNK = 1 << 20


class ArtifactStore(Protocol):
    """Files under one root, named by keys. Safe to share between threads.

    A file is whole or absent: readers see the old bytes until the new ones have all arrived. A name is a file or a
    folder, never both. Folders come into being with the first file in them. What breaks these rules is ``BadRequest``;
    what is not there is ``NotFound``. Keys may be given as text, which is then parsed as an ``ArtifactKey``.
    """

    def put(self, source: Path, key: str, /) -> None:
        """Store the bytes of the local file ``source``."""
        ...

    def get(self, key: str, target: Path, /) -> Path:
        """Copy one stored file to the local path ``target``, which is replaced only once all bytes are there."""
        ...

    def write(self, key: str, chunks: Iterable[bytes], /) -> None:
        """Store what ``chunks`` yields. When it raises, what was stored before stays."""
        ...

    def read(self, key: str, start: int = 0, /) -> Iterator[bytes]:
        """The bytes of one stored file from ``start`` on, in pieces. Raises before the first piece, not at it."""
        ...

    def list(self, key: str = "", /) -> list[FileInfo]:
        """The files and folders directly in the folder ``key``, sorted by path; paths are relative to the root.

        Empty for what is not a folder.
        """
        ...

    def stat(self, key: str, /) -> FileInfo:
        """The size of one stored file, or that it is a folder."""
        ...

    def delete(self, key: str, /) -> None:
        """Remove a file, or a folder and all in it. What is not there is deleted already. The root stays."""
        ...


def key_of(text: str, *, folder: bool = False) -> ArtifactKey:
    """``text`` as a key; what is one already is not parsed twice."""
    if isinstance(text, ArtifactKey) and (text or folder):
        return text
    return ArtifactKey.parse(text, folder=folder)
