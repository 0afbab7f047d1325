"""Folders of TensorBoard's event files: each folder that has some is a run."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from headrace.base.errors import BadRequest, HeadraceError
from headrace.moving.event_values import Blob, Event, Other, Scalar, Session, event_of, meaning_of
from headrace.moving.foreign_names import file_of, key_of, millis, run_id_of
from headrace.moving.framing import tf_records
from headrace.moving.port import Chosen, Entity, Lost, SourceFile, SourceFiles
from headrace.moving.trees import Parts, Tree
from headrace.schema.imports import ImportedExperiment, ImportedPoint, ImportedRun, ImportedSeries
from headrace.schema.runs import Param, RunTag
from headrace.schema.types import RunStatus

#: What the name of every event file has in it.
_MARK = ".tfevents."
#: Points kept until they are told.
_POINTS = 20_000
#: Seconds after its last change for which a file is held to be written to.
_LIVE = 600
#: How the hparams plugin says that a run ended.
_STATUS: dict[int, RunStatus] = {1: "FINISHED", 2: "FAILED", 3: "RUNNING"}


def has_event_files(folder: Path) -> bool:
    """Whether there is an event file in a folder or below it."""
    return any(_MARK in name for _, _, names in os.walk(folder) for name in names)


class _Run(msgspec.Struct):
    """What a first reading of a run's files finds out."""

    id: str
    start: float | None = None
    end: float | None = None
    params: dict[str, str] = {}
    status: RunStatus | None = None
    blobs: bool = False
    others: Counter[str] = msgspec.field(default_factory=Counter)
    lost: list[Lost] = []


class TensorBoardFolder:
    """Tells the runs of a folder of event files. What is still being written may be imported again later."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._tree = folder, Tree(folder)
        runs: dict[Parts, list[Parts]] = {}
        for parts, size in self._tree.files():
            if _MARK in parts[-1] and size is not None:
                runs.setdefault(parts[:-1], []).append(parts)
        # The names begin with the time at which each was begun.
        #: Records of a file that were found to be whole when it was first read to its end.
        self._sound: dict[Parts, int] = {}
        self._runs = {parts: sorted(files) for parts, files in sorted(runs.items())}

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    def runs(self, chosen: Chosen) -> int | None:
        """How many folders have event files."""
        return len(self._runs)

    def close(self) -> None:
        """Nothing is kept open."""

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """One experiment, named after the folder, and its runs."""
        experiment = self._folder.name or "tensorboard"
        home = f"tensorboard-{run_id_of(experiment)[:16]}"
        if not chosen.has(home, experiment):
            return
        yield ImportedExperiment(experiment_id=home, name=experiment[:500], last_update_time=self._changed())
        ids = {parts: self._id(parts, files) for parts, files in self._runs.items()}
        for parts, files in self._runs.items():
            found = self._looked_at(ids[parts], files)
            parent = next((ids[parts[:depth]] for depth in reversed(range(len(parts))) if parts[:depth] in ids), None)
            yield self._told(home, parts, files, found, parent)
            yield from found.lost
            yield from (Lost("summary", f"{found.id}/{name}", "Values of this plugin are not read", number)
                        for name, number in sorted(found.others.items()))  # fmt: skip
            yield from self._series(found.id, files)
            if found.blobs:
                yield SourceFiles("run", found.id, lambda files=files: self._blobs(files))  # type: ignore[misc]

    def _id(self, parts: Parts, files: list[Parts]) -> str:
        """The same for the same run, wherever its folder is moved to, and however long its files become."""
        first = next(self._events(files[0], []), None)
        began = repr(first.wall_time) if first else ""
        return run_id_of("tensorboard", parts[-1] if parts else self._folder.name, files[0][-1], began)

    def _changed(self) -> int:
        stamps = [(self._folder.joinpath(*file)).lstat().st_mtime for files in self._runs.values() for file in files]
        return millis(max(stamps, default=0.0))

    def _is_live(self, files: list[Parts]) -> bool:
        newest = max(self._folder.joinpath(*file).lstat().st_mtime for file in files)
        return time.time() - newest < _LIVE

    def _looked_at(self, id: str, files: list[Parts]) -> _Run:
        found = _Run(id)
        for file in files:
            for event in self._events(file, found.lost):
                if event.wall_time > 0:
                    found.start = event.wall_time if found.start is None else min(found.start, event.wall_time)
                    found.end = event.wall_time if found.end is None else max(found.end, event.wall_time)
                found.blobs = found.blobs or event.graph is not None
                for meaning in self._meanings(event, file, found.lost):
                    match meaning:
                        case Session(params, status):
                            found.params |= params
                            found.status = _STATUS.get(status or 0, found.status)
                        case Blob():
                            found.blobs = True
                        case Other(plugin):
                            found.others[plugin] += 1
        return found

    def _told(self, home: str, parts: Parts, files: list[Parts], found: _Run, parent: str | None) -> ImportedRun:
        name = "/".join(parts) or self._folder.name
        live = self._is_live(files)
        status = found.status or ("RUNNING" if live else "FINISHED")
        tags = [RunTag("mlflow.runName", name), RunTag("tensorboard.folder", name)]
        if parent:
            tags.append(RunTag("mlflow.parentRunId", parent))
        return ImportedRun(
            run_id=found.id,
            experiment_id=home,
            run_name=name[:500],
            status=status,
            start_time=millis(found.start or 0.0),
            end_time=None if live or found.end is None else millis(found.end),
            params=[Param(key_of(key), value) for key, value in sorted(found.params.items())],
            tags=tags,
        )

    def _series(self, id: str, files: list[Parts]) -> Iterator[ImportedSeries]:
        points: dict[str, list[ImportedPoint]] = {}
        kept = 0
        for file in files:
            for event in self._events(file, []):
                at = millis(event.wall_time)
                for meaning in self._meanings(event, file, []):
                    if isinstance(meaning, Scalar):
                        points.setdefault(key_of(meaning.tag), []).append(ImportedPoint(meaning.number, at, event.step))
                        kept += 1
                if kept >= _POINTS:
                    yield from (ImportedSeries(id, key, some) for key, some in points.items())
                    points, kept = {}, 0
        yield from (ImportedSeries(id, key, some) for key, some in points.items())

    def _blobs(self, files: list[Parts]) -> Iterator[SourceFile | Lost]:
        seen: set[str] = set()
        for file in files:
            for event in self._events(file, []):
                blobs = [each for each in self._meanings(event, file, []) if isinstance(each, Blob)]
                if event.graph is not None:
                    blobs.append(Blob("graphs", "graph", event.graph, "pb"))
                for blob in blobs:
                    path = _path(blob, event)
                    if path not in seen:
                        seen.add(path)
                        yield SourceFile(path, len(blob.content), lambda content=blob.content: iter([content]))  # type: ignore[misc]

    def _events(self, file: Parts, lost: list[Lost]) -> Iterator[Event]:
        """The events of a file up to its end, or to where it is damaged."""
        if file in self._sound:
            for record in islice(tf_records(self._tree.pieces(file), check=False), self._sound[file]):
                yield event_of(record)
            return
        sound = 0
        try:
            for record in tf_records(self._tree.pieces(file)):
                yield event_of(record)
                sound += 1
        except HeadraceError as error:
            lost.append(Lost("event file", "/".join(file), f"{error.message}; what comes after it is not read"))
        self._sound[file] = sound

    @staticmethod
    def _meanings(event: Event, file: Parts, lost: list[Lost]) -> Iterator[Scalar | Blob | Session | Other]:
        for value in event.values:
            try:
                yield from meaning_of(value)
            except BadRequest as error:
                lost.append(Lost("summary", "/".join(file), error.message))


def _path(blob: Blob, event: Event) -> str:
    """Where a file is among the artifacts of its run; pictures as ``log_image`` names those of a step."""
    at = millis(event.wall_time)
    if blob.kind == "images":
        number = uuid.UUID(bytes=hashlib.sha256(blob.content).digest()[:16])
        key = file_of(blob.tag).replace("/", "~")
        return f"images/{key}+step+{event.step}+timestamp+{at}+{number}.{blob.ending}"
    return f"{blob.kind}/{file_of(blob.tag)}/step-{event.step}-{at}.{blob.ending}"
