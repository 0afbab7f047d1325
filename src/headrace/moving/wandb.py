"""Folders of W&B that hold runs: what ``wandb`` writes offline, and what it leaves behind online.

Each run is a ``.wandb`` file of records (messages of wandb_internal.proto) beside a folder ``files``. Folders of one
run that was resumed are one run here.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError
from headrace.moving.foreign_names import key_of, millis, run_id_of
from headrace.moving.framing import wandb_records
from headrace.moving.port import Chosen, Entity, Lost, SourceFile, SourceFiles
from headrace.moving.trees import Parts, Tree
from headrace.moving.wandb_records import (
    ARTIFACT,
    CONFIG,
    EXIT,
    HISTORY,
    OUTPUT,
    RUN,
    STATS,
    SUMMARY,
    About,
    about_of,
    exit_of,
    history_of,
    items_of,
    name_of_artifact,
    output_of,
    put,
    sorted_out,
    stats_of,
)
from headrace.schema.imports import ImportedExperiment, ImportedPoint, ImportedRun, ImportedSeries
from headrace.schema.runs import Param, RunTag
from headrace.schema.types import RunStatus

_MARK = ".wandb"
#: Points kept until they are told, and seconds after its last change for which a file is held to be written to.
_POINTS, _LIVE = 20_000, 600
#: Files that are made of records where there are none beside them.
_OUTPUT, _REST = "output.log", "history-of-other-values.jsonl"


def has_wandb_runs(folder: Path) -> bool:
    """Whether a folder is W&B's, or has one of its in it."""
    return any(_files_in(folder))


def _files_in(folder: Path) -> Iterator[Path]:
    """Every file of records: in the folder itself, in its runs, or in those of its ``wandb``."""
    for pattern in (f"run-*{_MARK}", f"*run-*/run-*{_MARK}", f"wandb/*run-*/run-*{_MARK}"):
        # ``latest-run`` is a link to another one of them.
        yield from (path for path in sorted(folder.glob(pattern)) if not path.parent.is_symlink())


class _Run(msgspec.Struct):
    """A run, as a first reading of its files finds it."""

    about: About
    files: list[Parts]
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    measured: set[str] = set()
    last_step: int = 0
    end: float = 0.0
    exit_code: int | None = None
    has_output: bool = False
    has_rest: bool = False
    others: Counter[str] = msgspec.field(default_factory=Counter)
    lost: list[Lost] = []


class WandbFolder:
    """Tells the runs of a folder of W&B. Files that are links are read only below ``artifacts_from``."""

    def __init__(self, folder: Path, artifacts_from: Sequence[str] = ()) -> None:
        self._folder, self._tree = folder, Tree(folder)
        self._allowed = [Path(os.path.realpath(place)) for place in artifacts_from if "=" not in place]
        self._files = [path.relative_to(folder).parts for path in _files_in(folder)]

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    def runs(self, chosen: Chosen) -> int | None:
        """How many files of records there are."""
        return len(self._files)

    def close(self) -> None:
        """Nothing is kept open."""

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """An experiment for each project, and the runs in it."""
        runs: dict[str, _Run] = {}
        for file in self._files:
            lost: list[Lost] = []
            about = self._about(file, lost)
            if about is None:
                yield from lost
                yield Lost("run", "/".join(file), "Its file does not say which run it is")
                continue
            runs.setdefault(about.id, _Run(about, [])).files.append(file)
        told: set[str] = set()
        for id, run in runs.items():
            project = run.about.project or "uncategorized"
            home = f"wandb-{run_id_of(project)[:16]}"
            if not chosen.has(home, project):
                continue
            if home not in told:
                told.add(home)
                changed = millis(max((self._changed(file) for file in run.files), default=0.0))
                yield ImportedExperiment(experiment_id=home, name=project[:500], last_update_time=changed)
            self._look_at(run)
            yield self._told(id, home, run)
            yield from run.lost
            yield from (
                Lost("W&B artifact", name, "Artifacts of W&B are kept elsewhere and are not read", number)
                for name, number in sorted(run.others.items())
            )
            yield from self._series(id, run)
            yield SourceFiles("run", id, partial(self._artifacts, run))

    def _records(self, file: Parts, lost: list[Lost]) -> Iterator[tuple[int, bytes]]:
        """The records of a file by their kind, up to its end or to where it is damaged."""
        from headrace.wire.protobuf import fields

        try:
            for record in wandb_records(self._tree.pieces(file)):
                for kind, value in fields(record):
                    if isinstance(value, bytes):
                        yield kind, value
        except HeadraceError as error:
            lost.append(Lost("W&B file", "/".join(file), f"{error.message}; what comes after it is not read"))

    def _about(self, file: Parts, lost: list[Lost]) -> About | None:
        for kind, value in self._records(file, lost):
            if kind == RUN:
                return about_of(value)
        return None

    def _changed(self, file: Parts) -> float:
        return self._folder.joinpath(*file).lstat().st_mtime

    def _look_at(self, run: _Run) -> None:
        for file in run.files:
            for kind, value in self._records(file, run.lost):
                try:
                    _note(run, kind, value)
                except BadRequest as error:
                    run.lost.append(Lost("W&B record", "/".join(file), error.message))

    def _is_live(self, run: _Run) -> bool:
        return run.exit_code is None and time.time() - max(map(self._changed, run.files)) < _LIVE

    def _told(self, id: str, home: str, run: _Run) -> ImportedRun:
        about = run.about
        live = self._is_live(run)
        status: RunStatus = "RUNNING" if live else "FINISHED" if run.exit_code == 0 else "FAILED"
        name = about.name or about.run_id
        return ImportedRun(
            run_id=id,
            experiment_id=home,
            run_name=name[:500],
            status=status,
            start_time=millis(about.start),
            end_time=None if live else millis(max(run.end, about.start)),
            params=[Param(key_of(key), value) for key, value in _flat(run.config)],
            tags=[*about.tags(), *_summary_tags(run)],
        )

    def _series(self, id: str, run: _Run) -> Iterator[ImportedSeries]:
        points: dict[str, list[ImportedPoint]] = {}
        kept = samples = 0
        for file in run.files:
            for kind, value in self._records(file, []):
                found: list[tuple[str, ImportedPoint]] = []
                if kind == HISTORY:
                    found = _points_of(value)
                elif kind == STATS:
                    at, numbers = stats_of(value)
                    found = [(f"system/{key}", ImportedPoint(number, millis(at), samples)) for key, number in numbers]
                    samples += 1
                for key, point in found:
                    points.setdefault(key_of(key), []).append(point)
                kept += len(found)
                if kept >= _POINTS:
                    yield from (ImportedSeries(id, key, some) for key, some in points.items())
                    points, kept = {}, 0
        end = millis(max(run.end, run.about.start))
        for key, number in _summary_metrics(run):
            points.setdefault(key_of(key), []).append(ImportedPoint(number, end, run.last_step))
        yield from (ImportedSeries(id, key, some) for key, some in points.items())

    def _artifacts(self, run: _Run) -> Iterator[SourceFile | Lost]:
        # What grows with the run comes over when it has ended.
        live = self._is_live(run)
        seen = {_OUTPUT} if live else set[str]()
        for file in reversed(run.files):
            parts = (*file[:-1], "files")
            if not self._tree.has_folder(parts):
                continue
            for below, size in self._tree.files(parts):
                path = "/".join(below)
                if path in seen:
                    continue
                seen.add(path)
                if size is None:
                    yield self._linked(path, self._folder.joinpath(*parts, *below))
                else:
                    yield SourceFile(path, size, partial(self._tree.pieces, (*parts, *below)))
        for path, wanted, make in ((_OUTPUT, run.has_output, _output_in), (_REST, run.has_rest, _rest_in)):
            if wanted and path not in seen and not live:
                content = b"".join(piece for file in run.files for piece in make(self._records(file, [])))
                yield SourceFile(path, len(content), partial(_once, content))

    def _linked(self, path: str, link: Path) -> SourceFile | Lost:
        """A file that ``wandb.save`` linked to, if the user allows to read it."""
        target = Path(os.path.realpath(link))
        for root in self._allowed:
            if target.is_relative_to(root) and target.is_file():
                parts = target.relative_to(root).parts
                tree = Tree(root)
                return SourceFile(path, tree.size(parts), partial(tree.pieces, parts))
        return Lost("artifact", path, f"It is a link; say --artifacts-from {target.parent} to read what it leads to")


def _note(run: _Run, kind: int, value: bytes) -> None:
    """Take what a record says of a run as a whole."""
    match kind:
        case k if k == RUN:
            run.about = about_of(value).over(run.about)
            run.config |= run.about.config
        case k if k == CONFIG:
            _update(run.config, value)
        case k if k == SUMMARY:
            _update(run.summary, value)
        case k if k == HISTORY:
            row = history_of(value)
            run.last_step = max(run.last_step, row.step)
            run.end = max(run.end, row.timestamp)
            run.measured.update(key for key, _ in row.numbers)
            run.has_rest = run.has_rest or bool(row.others)
        case k if k == EXIT:
            run.exit_code, seconds = exit_of(value)
            run.end = max(run.end, run.about.start + seconds)
        case k if k in OUTPUT:
            run.has_output = True
        case k if k == ARTIFACT:
            run.others[name_of_artifact(value)] += 1


def _update(kept: dict[str, Any], value: bytes) -> None:
    """Bring a config or summary up to date; what is nested is within the value of its first key."""
    changed, removed = items_of(value)
    for path, item in changed:
        put(kept, path, item)
    for path in removed:
        kept.pop(path[0], None)


def _points_of(value: bytes) -> list[tuple[str, ImportedPoint]]:
    try:
        row = history_of(value)
    except BadRequest:
        return []
    at = millis(row.timestamp)
    return [(key, ImportedPoint(number, at, row.step)) for key, number in row.numbers]


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Params of a config: what is nested has its keys joined by dots, as W&B shows it."""
    for key, value in sorted(values.items()):
        if not prefix and key == "_wandb":
            continue
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else _spelled(value)


def _spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _summary_metrics(run: _Run) -> Iterator[tuple[str, float]]:
    """Numbers that stand in the summary alone."""
    return (pair for pair in sorted_out(run.summary)[0] if pair[0] not in run.measured)


def _summary_tags(run: _Run) -> Iterator[RunTag]:
    """What the summary says beyond numbers; not what only points at a file."""
    for key, value in sorted(sorted_out(run.summary)[1]):
        if not isinstance(value, dict):
            yield RunTag(f"wandb.summary.{key_of(key)}"[:250], value if isinstance(value, str) else _spelled(value))


def _output_in(records: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    return (output_of(value) for kind, value in records if kind in OUTPUT)


def _rest_in(records: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    """Lines of the values that are no numbers, with their step and time."""
    for kind, value in records:
        if kind == HISTORY:
            try:
                row = history_of(value)
            except BadRequest:
                continue
            if row.others:
                said = {"_step": row.step, "_timestamp": row.timestamp, **dict(row.others)}
                yield json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _once(content: bytes) -> Iterator[bytes]:
    return iter([content])
