"""Artifacts from a source to an artifact store: each whole, and compared with what was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest, HeadraceError, NotFound, Unreachable
from headrace.base.paths import ArtifactKey
from headrace.moving.port import Lost, SourceFile, SourceFiles

#: Files moved at the same time, and files of one owner that wait their turn.
_ABREAST, _WAITING = 8, 64
#: What MLflow 2 called an image that was logged at a step; MLflow 3 writes ``+`` and ``~`` in it.
_IMAGE = re.compile(r"images/[^/]+%step%-?\d+%timestamp%\d+%[^/%]+(%compressed)?\.(png|webp)")

#: What became of a file: its bytes if it is new here, None if it was here, or why it did not come over.
Copied = int | None | Lost


class Copier:
    """Copies the artifacts of one owner after the other."""

    def __init__(self, *, verify: bool = False) -> None:
        self._verify = verify
        self._pool = ThreadPoolExecutor(_ABREAST)

    def close(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown(cancel_futures=True)

    def copy(self, files: SourceFiles, target: ArtifactStore, *, fresh: bool) -> Iterator[Copied]:
        """Copy what is not there yet. ``fresh`` says that nothing is."""
        there = {} if fresh else dict(_sizes(target, ""))
        waiting: list[SourceFile] = []
        for each in files.files():
            if isinstance(each, Lost):
                yield Lost(each.kind, f"{files.id}/{each.id}", each.why)
                continue
            waiting.append(each)
            if len(waiting) == _WAITING:
                yield from self._pool.map(lambda file: self._one(files.id, file, target, there), waiting)
                waiting = []
        yield from self._pool.map(lambda file: self._one(files.id, file, target, there), waiting)

    def _one(self, owner: str, file: SourceFile, target: ArtifactStore, there: dict[str, int]) -> Copied:
        try:
            key = key_here(file.path)
            if key not in there:
                return _copy(file, key, target)
            if there[key] == file.size and not (self._verify and _digest(target.read(key)) != _digest(file.read())):
                return None
            raise BadRequest("Another file is here under this name, and stays")
        except Unreachable:
            raise
        except HeadraceError as error:
            return Lost("artifact", f"{owner}/{file.path}", error.message)


def key_here(path: str) -> ArtifactKey:
    """The key that a file of a source has here. Raises ``BadRequest`` for a name that cannot be one."""
    if _IMAGE.fullmatch(path):
        path = path.replace("%", "+").replace("#", "~")
    return ArtifactKey.parse(path)


def _copy(file: SourceFile, key: ArtifactKey, target: ArtifactStore) -> int:
    sent, size = hashlib.sha256(), 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        for piece in file.read():
            sent.update(piece)
            size += len(piece)
            yield piece

    target.write(key, pieces())
    if size != file.size:
        target.delete(key)
        raise BadRequest(f"It had {file.size} bytes and then {size}: it changed while it was read. Import again")
    if _digest(target.read(key)) != sent.digest():
        target.delete(key)
        raise HeadraceError("It did not arrive as it was read; import again")
    return size


def _digest(pieces: Iterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _sizes(store: ArtifactStore, folder: str) -> Iterator[tuple[str, int]]:
    """Every file below a folder, and its bytes."""
    try:
        found = store.list(folder)
    except NotFound:
        return
    for info in found:
        if info.is_dir:
            yield from _sizes(store, info.path)
        else:
            yield info.path, info.file_size or 0
