"""Folders and whole locations moved in and out of artifact stores."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo

#: Files moved at the same time.
_ABREAST = 8

T = TypeVar("T")


def upload_folder(store: ArtifactStore, folder: Path, key: str = "") -> None:
    """Store every file below ``folder`` under ``key``. Names are checked before the first byte moves."""
    below = ArtifactKey.parse(key, folder=True)
    files = [(path, _key_below(below, folder, path)) for path in _files(folder)]
    _each(lambda pair: store.put(*pair), files)


def download(store: ArtifactStore, key: str, folder: Path) -> Path:
    """Copy the file or folder ``key`` into ``folder``, under its own name; the root's contents for the empty key."""
    key = ArtifactKey.parse(key, folder=True)
    target = folder / key.rpartition("/")[2] if key else folder
    found = store.list(key)
    if found or not key:
        target.mkdir(parents=True, exist_ok=True)
        _each(lambda info: store.get(info.path, _place(target, key, info)), _all_files(store, found))
        return target
    return store.get(key, target)


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder, onerror=_raise):
        for name in sorted(names):
            path = Path(place, name)
            if not stat.S_ISREG(path.stat().st_mode):
                raise BadRequest(f"{path} is a pipe or device and cannot be logged; remove it from the folder")
            yield path


def _key_below(key: ArtifactKey, folder: Path, path: Path) -> ArtifactKey:
    name = path.relative_to(folder).as_posix()
    return ArtifactKey.parse(f"{key}/{name}" if key else name)


def _all_files(store: ArtifactStore, infos: Iterable[FileInfo]) -> Iterator[FileInfo]:
    for info in infos:
        if info.is_dir:
            yield from _all_files(store, store.list(ArtifactKey.parse(info.path)))
        else:
            yield info


def _place(target: Path, key: str, info: FileInfo) -> Path:
    # The name came from the store: parsed again, so that no store can send a file out of the folder.
    name = ArtifactKey.parse(info.path.removeprefix(f"{key}/") if key else info.path)
    return target / name


def _each(act: Callable[[T], object], items: Iterable[T]) -> None:
    todo = list(items)
    if len(todo) < 2:
        for item in todo:
            act(item)
        return
    with ThreadPoolExecutor(min(_ABREAST, len(todo))) as pool:
        waiting = [pool.submit(act, item) for item in todo]
        try:
            for each in waiting:
                each.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _raise(error: OSError) -> None:
    raise error
