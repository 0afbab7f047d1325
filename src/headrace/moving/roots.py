"""Where artifacts of a source may be copied from: below its own folders, and below what the user names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headrace.artifacts import SCHEMES
from headrace.artifacts import open_store as open_artifacts
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import BadRequest, Forbidden, NotFound, NotSupported
from headrace.base.paths import ArtifactKey
from headrace.moving.port import Lost, SourceFile
from headrace.moving.trees import Parts, Tree

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
#: The end of a location that belongs to one run or logged model.
_OF_ONE = re.compile(r"(/models)?/[^/]+/artifacts/?$")


class Roots:
    """Opens the locations that the records of a source name, as far as they are allowed.

    ``own`` are the source's folders; ``extra`` are prefixes, or ``OLD=NEW`` for what was moved since; ``proxied`` is
    the folder behind ``mlflow-artifacts:``, unless ``server`` is the address that has it. Relative paths begin at
    ``base``.
    """

    def __init__(
        self,
        own: Sequence[Path],
        extra: Sequence[str] = (),
        *,
        base: Path,
        proxied: Path | None = None,
        server: str | None = None,
    ) -> None:
        self._base, self._server = base, server
        self._moved: list[tuple[str, str]] = []
        self._folders = list(own)
        self._prefixes: list[str] = []
        self._proxied = Tree(proxied) if proxied else None
        for said in extra:
            old, moved, new = said.partition("=")
            if moved:
                self._moved.append((_plain(old).rstrip("/"), _plain(new).rstrip("/")))
            place = _plain(new if moved else old)
            if _SCHEME.match(place):
                self._prefixes.append(place.rstrip("/"))
            else:
                self._folders.append(Path(os.path.abspath(place)))

    def now(self, location: str) -> str:
        """Where a location is today: one that was moved at its new place, a relative path as an absolute one."""
        plain = _plain(location)
        place = self._moved_to(plain)
        if _SCHEME.match(place) or os.path.isabs(place):
            return location if place == plain else place
        return os.path.abspath(self._base / place)

    def files(self, location: str) -> Iterator[SourceFile | Lost]:
        """The files at a location. Raises ``Forbidden`` or ``NotSupported`` for one that is not opened."""
        place = self._moved_to(_plain(location))
        found = _SCHEME.match(place)
        if found and found[1].lower() == "mlflow-artifacts":
            return self._behind_proxy(place)
        if not found:
            return self._below_root(place)
        if not any(place == prefix or place.startswith(f"{prefix}/") for prefix in self._prefixes):
            if found[1].lower() not in SCHEMES:
                raise NotSupported(f"No artifact store here reads {found[1]}: locations; --link-artifacts keeps them")
            raise Forbidden(_denied(place))
        return _in_store(open_artifacts(place), "")

    def _moved_to(self, place: str) -> str:
        for old, new in self._moved:
            if place == old or place.startswith(f"{old}/"):
                return new + place[len(old) :]
        return place

    def _below_root(self, place: str) -> Iterator[SourceFile | Lost]:
        if any(part in (".", "..") for part in place.removeprefix("./").split("/")):
            raise Forbidden(f"The location {_short(place)} has a '.' or '..' in it")
        path = Path(os.path.abspath(self._base / place))
        for root in self._folders:
            if path.is_relative_to(root):
                return _in_tree(Tree(root), path.relative_to(root).parts)
        home = Path(_home(str(path)))
        if not home.is_dir():
            if home.parent.name == "mlruns" and home.parent.parent.is_dir():
                # The folder that MLflow makes by itself, where it ran, with the first artifact: there was none.
                return iter(())
            raise NotFound(
                f"There is no folder {_short(str(home))} on this machine; if it was moved, say where to with "
                f"--artifacts-from {home}=FOLDER"
            )
        if os.path.isdir(path):
            raise Forbidden(_denied(str(path)))
        return iter(())

    def _behind_proxy(self, place: str) -> Iterator[SourceFile | Lost]:
        path = urlsplit(place).path.strip("/")
        parts = tuple(part for part in path.split("/") if part)
        if ".." in parts or "." in parts:
            raise Forbidden(f"The location {_short(place)} has a '.' or '..' in it")
        if self._server:
            return _in_store(open_artifacts("mlflow-artifacts:/", tracking_uri=self._server), ArtifactKey(path))
        if self._proxied:
            return _in_tree(self._proxied, parts)
        raise Forbidden(
            f"{_short(place)} lies behind a tracking server. Name the folder it keeps artifacts in, with "
            "--artifacts-destination, or import from the server's address"
        )


def _in_tree(tree: Tree, parts: Parts) -> Iterator[SourceFile | Lost]:
    for below, size in tree.files(parts):
        name = "/".join(below)
        if size is None:
            yield Lost("artifact", name, "It is a link, a pipe or a device, and is not followed")
        else:
            yield SourceFile(name, size, partial(tree.pieces, (*parts, *below)))


def _in_store(store: ArtifactStore, base: str) -> Iterator[SourceFile | Lost]:
    start = len(base) + 1 if base else 0
    folders = [base]
    while folders:
        for info in store.list(ArtifactKey(folders.pop())):
            # Names come from another program, which may know more of them than keys of ours can be.
            if info.is_dir:
                folders.append(info.path)
            else:
                read = partial(store.read, ArtifactKey(info.path))
                yield SourceFile(info.path[start:], info.file_size or 0, read)


def _plain(location: str) -> str:
    """A location; a ``file:`` URI as the path it is."""
    if location[:5].lower() != "file:":
        return location
    parts = urlsplit(location)
    if parts.netloc not in ("", "localhost"):
        raise BadRequest(f"{_short(location)} is a folder of another machine")
    return unquote(parts.path)


def _home(location: str) -> str:
    """Where the artifacts of an experiment are, from the location of a run or logged model of it."""
    return _OF_ONE.sub("", location) or location


def _denied(location: str) -> str:
    home = _home(location)
    return (
        f"{_short(home)} lies outside of the source's own folders and is not read; if it is right to copy from there, "
        f"say --artifacts-from {home}"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")
