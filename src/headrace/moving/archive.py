"""The archive: a folder that holds a store, or a part of one, for another store to take over.

Records are lines of JSON, as the import calls take them; points are lines too, or a Parquet file; artifacts are blobs
named by their SHA-256. ``manifest.json`` is written last and says how long each file is and its SHA-256; without it the
folder is an export that did not end. The format is told in docs/reference/archive.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from headrace.base.errors import BadRequest, NotFound
from headrace.moving.plain_files import lines
from headrace.moving.point_files import NDJSON, PARQUET, read_points
from headrace.moving.port import Chosen, Entity, Owner, SourceFile, SourceFiles
from headrace.moving.trees import Tree
from headrace.schema import Record
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRegistryEvent,
    ImportedRun,
)
from headrace.wire import codec

T = TypeVar("T", bound=Record)

FORMAT, VERSION = "headrace-archive", 1
MANIFEST, FILES, BLOBS = "manifest.json", "files.ndjson", "blobs"
#: The file of each kind of record.
RECORDS: dict[type[Record], str] = {
    ImportedExperiment: "experiments.ndjson",
    ImportedRun: "runs.ndjson",
    ImportedLoggedModel: "logged_models.ndjson",
    ImportedRegistryEvent: "registry_events.ndjson",
    ImportedRegisteredModel: "registered_models.ndjson",
    ImportedModelVersion: "model_versions.ndjson",
    ImportedEvaluationDataset: "evaluation_datasets.ndjson",
}
_KNOWN = {*RECORDS.values(), FILES, NDJSON, PARQUET}
#: Where a version's files are, in an archive: below the artifacts of a run or logged model, wherever those come to lie.
INSIDE = "archive:/"
#: Bytes of a manifest, at most.
_MANIFEST_BYTES = 1 << 20
_SHA256 = re.compile("[0-9a-f]{64}")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an archive."""

    bytes: int
    sha256: str
    #: Lines of a file of records, points of a file of points.
    records: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself."""

    format: str
    version: int
    headrace: str
    created_ms: int
    source: str
    #: Whether the artifacts are in it.
    artifacts: bool
    files: dict[str, Part]
    blobs: int
    blob_bytes: int


class FileLine(Record, frozen=True, kw_only=True):
    """One artifact: whose it is, its path below the artifacts of that, and the blob with its bytes."""

    owner: Owner
    id: str
    path: str
    size: int
    sha256: str


def is_archive(folder: Path) -> bool:
    """Whether a folder is an archive, or an export that did not end."""
    try:
        return f'"{FORMAT}"'.encode() in Tree(folder).read((MANIFEST,), _MANIFEST_BYTES)
    except NotFound:
        return (folder / PROGRESS).is_file()
    except BadRequest:
        return False


#: Names the blobs that an export has written, until it ends.
PROGRESS = ".unfinished.ndjson"


class ArchiveSource:
    """Tells what an archive holds, once every file of it was found to be as the manifest says."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._tree = folder, Tree(folder)
        try:
            self._manifest = _manifest(self._tree)
        except NotFound:
            raise BadRequest(
                f"{folder} is an export that did not end; run the export again, which takes it up"
            ) from None

    @property
    def name(self) -> str:
        """Its folder."""
        return str(self._folder)

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""
        return self._manifest

    def runs(self, chosen: Chosen) -> int | None:
        """How many runs it holds."""
        if chosen.experiments:
            return None
        return self._manifest.files[RECORDS[ImportedRun]].records

    def close(self) -> None:
        """Nothing is kept open."""

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """Everything that was chosen."""
        self.verify()
        homes, owners = set(), set()
        for experiment in self._lines(ImportedExperiment):
            if chosen.has(experiment.experiment_id, experiment.name):
                homes.add(experiment.experiment_id)
                yield experiment
        for run in self._lines(ImportedRun):
            if run.experiment_id in homes:
                owners.add(run.run_id)
                yield run
        for series in read_points(self._folder, self._manifest.files):
            if series.run_id in owners:
                yield series
        for model in self._lines(ImportedLoggedModel):
            if model.experiment_id in homes:
                owners.add(model.model_id)
                yield model
        for files in self._files():
            if files.id in owners:
                yield files
        if chosen.registry:
            yield from self._lines(ImportedRegistryEvent)
            yield from self._lines(ImportedRegisteredModel)
            for version in self._lines(ImportedModelVersion):
                yield msgspec.structs.replace(
                    version, source=_outside(version.source) or "", storage_location=_outside(version.storage_location)
                )
        for dataset in self._lines(ImportedEvaluationDataset):
            if homes.intersection(dataset.experiment_ids) or not chosen.experiments:
                yield dataset

    def verify(self) -> None:
        """Hold every file of records against the manifest. Blobs are held against their names when they are read."""
        for name, part in self._manifest.files.items():
            digest, size = hashlib.sha256(), 0
            for piece in self._tree.pieces((name,), part.bytes + 1):
                digest.update(piece)
                size += len(piece)
            if (size, digest.hexdigest()) != (part.bytes, part.sha256):
                raise BadRequest(f"The archive {self._folder} is damaged: {name} is not the file its manifest names")

    def _lines(self, kind: type[T]) -> Iterator[T]:
        return self._read(RECORDS[kind], kind)

    def _read(self, name: str, kind: type[T]) -> Iterator[T]:
        if name not in self._manifest.files:
            return
        for number, line in enumerate(lines(self._folder / name), 1):
            try:
                yield codec.decode(line, kind)
            except BadRequest as error:
                raise BadRequest(f"Line {number} of {name} cannot be read: {error.message}") from None

    def _files(self) -> Iterator[SourceFiles]:
        listed = self._read(FILES, FileLine)
        for (owner, id), found in groupby(listed, key=lambda each: (each.owner, each.id)):
            yield SourceFiles(owner, id, partial(self._opened, list(found)))

    def _opened(self, found: list[FileLine]) -> Iterator[SourceFile]:
        for each in found:
            yield SourceFile(each.path, each.size, partial(self._blob, each))

    def _blob(self, line: FileLine) -> Iterator[bytes]:
        """The bytes of a blob; the last of them only if they are those it is named after."""
        if not _SHA256.fullmatch(line.sha256):
            raise BadRequest(f"The archive names a blob {line.sha256[:80]!r}, which is no SHA-256")
        digest = hashlib.sha256()
        try:
            for piece in self._tree.pieces((BLOBS, line.sha256[:2], line.sha256), line.size + 1):
                digest.update(piece)
                yield piece
        except NotFound:
            raise NotFound(f"The archive lacks the blob {line.sha256}") from None
        if digest.hexdigest() != line.sha256:
            raise BadRequest(f"The blob {line.sha256} is damaged")


def _manifest(tree: Tree) -> Manifest:
    said = tree.read((MANIFEST,), _MANIFEST_BYTES)
    try:
        about: Any = msgspec.json.decode(said)
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise BadRequest(f"{tree.root} is no archive of Headrace")
        if not isinstance(about.get("version"), int) or about["version"] > VERSION:
            raise BadRequest(f"{tree.root} was made by a newer Headrace; upgrade Headrace to import it")
        manifest = msgspec.convert(about, Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequest(f"The manifest of {tree.root} cannot be read: {error}") from None
    if unknown := sorted(set(manifest.files) - _KNOWN):
        raise BadRequest(f"The manifest of {tree.root} names {unknown[0]!r}, which is no file of an archive")
    needed = {*RECORDS.values(), FILES} - {RECORDS[ImportedRegistryEvent]}  # Early archives have no events.
    if missing := sorted(needed - set(manifest.files)):
        raise BadRequest(f"The manifest of {tree.root} does not name {missing[0]!r}")
    return manifest


def _outside(location: str | None) -> str | None:
    """A location inside an archive, spelled as any location of a run's or model's artifacts is."""
    return f"/{location.removeprefix(INSIDE)}" if location and location.startswith(INSIDE) else location
