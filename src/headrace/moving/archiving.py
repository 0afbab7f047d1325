"""Writes an archive from what a source tells, and takes up one that did not end."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

import headrace
from headrace.artifacts import SCHEMES
from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, HeadraceError, Unreachable
from headrace.base.files import replacing, unfinished_name
from headrace.moving.archive import BLOBS, FILES, FORMAT, INSIDE, MANIFEST, PROGRESS, RECORDS, VERSION, FileLine, Part
from headrace.moving.archive import Manifest as Contents
from headrace.moving.new_places import BELOW, SCHEME
from headrace.moving.plain_files import lines
from headrace.moving.point_files import NDJSON, PARQUET, PointWriter, writer_of
from headrace.moving.port import Chosen, Entity, Lost, Source, SourceFile, SourceFiles
from headrace.schema import Record
from headrace.schema.imports import (
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRun,
    ImportedSeries,
)
from headrace.wire import codec

#: Artifacts copied at the same time.
_ABREAST = 8


class Archiver:
    """Writes what a source tells to a folder. ``watch`` is called with the number of runs, points and blobs so far."""

    def __init__(
        self,
        folder: Path,
        *,
        parquet: bool,
        artifacts: bool = True,
        watch: Callable[[int, int, int], object] = lambda runs, points, blobs: None,
    ) -> None:
        self._folder = folder
        self._artifacts = artifacts
        self._watch = watch
        self._points_name = PARQUET if parquet else NDJSON
        self._counts = dict.fromkeys([*RECORDS.values(), FILES], 0)
        #: Blobs that earlier attempts wrote: whose they are, their path and size, and their name.
        self._known: dict[tuple[str, str, str, int], str] = {}
        self._blobs: dict[str, int] = {}
        self._out: dict[str, BinaryIO] = {}
        self._points: PointWriter
        self.lost: list[Lost] = []

    def write(self, source: Source, chosen: Chosen | None = None) -> Contents:
        """Write everything. Whenever this ends early, doing it again takes up what was written."""
        self._begin()
        with ExitStack() as stack:
            progress = stack.enter_context(open(self._folder / PROGRESS, "ab"))
            try:
                fcntl.flock(progress, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadRequest(f"Another export is writing to {self._folder}") from None
            self._recall()
            for name in (*self._counts, self._points_name):
                self._out[name] = stack.enter_context(open(self._folder / name, "wb", buffering=1 << 20))
            self._points = writer_of(self._points_name, self._out[self._points_name])
            stack.callback(self._points.close)
            pool = stack.enter_context(ThreadPoolExecutor(_ABREAST))
            for entity in source.entities(chosen or Chosen()):
                self._take(entity, pool, progress)
            self._points.close()
            for file in self._out.values():
                file.flush()
                os.fsync(file.fileno())
            return self._end(source.name)

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if (self._folder / MANIFEST).exists():
            raise BadRequest(f"{self._folder} is an archive already; name another folder")
        if not (self._folder / PROGRESS).exists() and any(self._folder.iterdir()):
            raise BadRequest(f"{self._folder} is not empty; name a new folder")

    def _recall(self) -> None:
        """What earlier attempts wrote; their last line may be torn."""
        for line in lines(self._folder / PROGRESS):
            try:
                done = codec.decode(line, FileLine)
            except BadRequest:
                continue
            if self._blob(done.sha256).is_file():
                self._known[done.owner, done.id, done.path, done.size] = done.sha256

    def _take(self, entity: Entity, pool: ThreadPoolExecutor, progress: BinaryIO) -> None:
        if isinstance(entity, Lost):
            self.lost.append(entity)
        elif isinstance(entity, ImportedSeries):
            self._points.add(entity)
        elif isinstance(entity, SourceFiles):
            if self._artifacts:
                self._take_files(entity, pool, progress)
        else:
            name = RECORDS[type(entity)]
            # Read back once: which defaults are left out depends on where a value came from.
            record = codec.decode(codec.encode(self._portable(entity)), type(entity))
            self._out[name].write(codec.encode(record) + b"\n")
            self._counts[name] += 1
        self._watch(self._counts[RECORDS[ImportedRun]], self._points.points, len(self._blobs))

    def _portable(self, entity: Any) -> Record:
        """A record without the places of this store: artifacts that are in the archive find a new one."""
        record: Record = entity
        if not self._artifacts:
            return record
        match entity:
            case ImportedExperiment(artifact_location=place) if _is_ours(place):
                return msgspec.structs.replace(entity, artifact_location=None)
            case ImportedRun(artifact_uri=place) | ImportedLoggedModel(artifact_uri=place) if _is_ours(place):
                return msgspec.structs.replace(entity, artifact_uri=None)
            case ImportedModelVersion(source=source, storage_location=storage):
                return msgspec.structs.replace(entity, source=_inside(source) or "", storage_location=_inside(storage))
        return record

    def _take_files(self, owner: SourceFiles, pool: ThreadPoolExecutor, progress: BinaryIO) -> None:
        try:
            found = list(owner.files())
        except Unreachable:
            raise
        except HeadraceError as error:
            self.lost.append(Lost("artifacts", owner.id, error.message))
            return
        for each in found:
            if isinstance(each, Lost):
                self.lost.append(Lost(each.kind, f"{owner.id}/{each.id}", each.why))
        files = sorted((each for each in found if isinstance(each, SourceFile)), key=lambda each: each.path)
        for done in pool.map(lambda file: self._copied(owner, file), files):
            if isinstance(done, Lost):
                self.lost.append(done)
                continue
            line = codec.encode(done) + b"\n"
            if (done.owner, done.id, done.path, done.size) not in self._known:
                progress.write(line)
                progress.flush()
            self._out[FILES].write(line)
            self._counts[FILES] += 1
            self._blobs[done.sha256] = done.size

    def _copied(self, owner: SourceFiles, file: SourceFile) -> FileLine | Lost:
        known = self._known.get((owner.owner, owner.id, file.path, file.size))
        try:
            sha256, size = (known, file.size) if known else self._store(file)
        except Unreachable:
            raise
        except HeadraceError as error:
            return Lost("artifact", f"{owner.id}/{file.path}", error.message)
        return FileLine(owner=owner.owner, id=owner.id, path=file.path, size=size, sha256=sha256)

    def _store(self, file: SourceFile) -> tuple[str, int]:
        """Write the bytes of an artifact to the blob that is named after them."""
        part = self._folder / BLOBS / unfinished_name()
        part.parent.mkdir(exist_ok=True)
        digest, size = hashlib.sha256(), 0
        try:
            with open(part, "xb") as out:
                for piece in file.read():
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            target = self._blob(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def _blob(self, sha256: str) -> Path:
        return self._folder / BLOBS / sha256[:2] / sha256

    def _end(self, source: str) -> Contents:
        records = {**self._counts, self._points_name: self._points.points}
        contents = Contents(
            format=FORMAT,
            version=VERSION,
            headrace=headrace.__version__,
            created_ms=now_ms(),
            source=source,
            artifacts=self._artifacts,
            files={name: _part(self._folder / name, number) for name, number in sorted(records.items())},
            blobs=len(self._blobs),
            blob_bytes=sum(self._blobs.values()),
        )
        for stray in self._strays():
            stray.unlink()
        with replacing(self._folder / MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(contents)))
        (self._folder / PROGRESS).unlink()
        return contents

    def _strays(self) -> Iterator[Path]:
        """Blobs and points of earlier attempts that this one did not need."""
        yield from (
            path for path in (self._folder / BLOBS).glob("**/*") if path.is_file() and path.name not in self._blobs
        )
        other = self._folder / (NDJSON if self._points_name == PARQUET else PARQUET)
        if other.exists():
            yield other


def _part(file: Path, records: int) -> Part:
    with open(file, "rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Part(bytes=file.stat().st_size, sha256=digest, records=records)


def _is_ours(location: str | None) -> bool:
    """Whether the artifacts at a location are in the archive, and not in a place that only records name."""
    found = SCHEME.match(location or "")
    return (found[1].lower() if found else "file") in SCHEMES


def _inside(location: str | None) -> str | None:
    found = BELOW.fullmatch(location or "")
    return f"{INSIDE}{found[1]}/artifacts{found[2] or ''}" if found else location
