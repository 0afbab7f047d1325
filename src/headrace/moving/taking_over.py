"""A folder of MLflow's file store becomes a store of ours: its records are imported, its files stay as they are."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.base.errors import HeadraceError
from headrace.moving.importing import Importer
from headrace.moving.mlflow_files import MlflowFiles
from headrace.moving.port import Chosen, Sink
from headrace.moving.progress import Progress
from headrace.stores import open_store
from headrace.stores.sql.opening import BESIDE_FILE_STORE, FILE

#: The database while it is being filled, and a file that one process at a time holds meanwhile.
_PART, _LOCK = f"{FILE}.importing", f"{FILE}.lock"


def take_over(folder: Path) -> None:
    """Import a folder into a new database in it, which is whole or absent. Others that want the same wait for it."""
    with _alone(folder):
        if (folder / FILE).exists():
            return
        for left in folder.glob(f"{_PART}*"):
            left.unlink()
        _fill(folder, folder / _PART)
        (folder / _PART).replace(folder / FILE)
        (folder / _LOCK).unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder."""
    try:
        lock = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise HeadraceError(
            f"{folder} was written by MLflow and cannot be made a store of Headrace: {error.strerror}. "
            f"`headrace import {folder} --to ANOTHER` brings what is in it to another place"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def kept_below(folder: Path) -> Callable[[str], str]:
    """How locations are kept by a store in ``folder``: relative to it, so that it can be moved."""

    def kept(location: str) -> str:
        path = location.removeprefix("file://")
        return f"~{path.removeprefix(str(folder))}" if path.startswith(f"{folder}/") else location

    return kept


def _fill(folder: Path, file: Path) -> None:
    source = MlflowFiles(folder)
    sys.stderr.write(f"{folder} was written by MLflow. Headrace imports what is in it, and leaves it as it is.\n")
    progress = Progress(source.runs(Chosen()))
    store = open_store(f"sqlite:///{file}", artifact_root=BESIDE_FILE_STORE)
    try:
        sink = Sink(store, str(folder))
        report = Importer(source, sink, link=kept_below(folder), homes_anew=True, watch=progress.show).run()
    finally:
        progress.end()
        store.close()
    number = sum(each.count for each in report.lost)
    lost = f"; {number:,} things did not come over, and `headrace import {folder} --to {folder}` names them"
    runs, points = report.new["run"], report.new["point"]
    sys.stderr.write(f"Imported {runs:,} runs with {points:,} points{lost if number else ''}.\n")
