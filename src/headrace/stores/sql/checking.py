"""What should hold in a database, and where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import _version
from headrace.stores.sql.points import NAN
from headrace.stores.sql.purge import CLAIMED
from headrace.stores.sql.store import Backend, Household
from headrace.stores.sql.tx import Tx
from headrace.stores.sql.upkeep import at_one_moment

#: Points whose summaries are compared in one reading, about: a reading may take ten seconds.
_POINTS = 500_000
#: Runs looked at in one reading, at most.
_RUNS = 1000
#: Faults of one kind that are told one by one.
TOLD = 20

_COUNTED = (
    f"SELECT run, name, COUNT(*), MIN(CASE WHEN special = {NAN} THEN NULL ELSE value END),"
    f" MAX(CASE WHEN special = {NAN} THEN NULL ELSE value END), MIN(step), MAX(step)"
    " FROM points WHERE run > ? AND run <= ? GROUP BY run, name"
)
_SUMMED = "SELECT run, name, points, min_val, max_val, first_step, last_step FROM summaries WHERE run > ? AND run <= ?"


class Fault(msgspec.Struct, frozen=True):
    """Something that should not be."""

    #: What does not hold: integrity, references, summaries, orphans, names.
    check: str
    message: str


class Checked(msgspec.Struct):
    """What was looked at, and what was found."""

    schema: int = 0
    runs: int = 0
    series: int = 0
    points: int = 0
    faults: list[Fault] = msgspec.field(default_factory=list)


def check(backend: Backend, house: Household) -> Checked:
    """Hold a database against what should be true of it. Reads everything once; writers are not held up."""
    found = Checked(schema=backend.read(_version, house))
    if found.schema != len(STEPS):
        found.faults.append(Fault("schema", f"The schema is {found.schema}, today's is {len(STEPS)}: run db upgrade"))
        return found
    if backend.dialect.name == "sqlite":
        for fault in _of_sqlite(backend, house):
            found.faults.append(fault)
    known = {row[0] for row in backend.read(lambda tx: tx.rows("SELECT id FROM names"), house)}
    last = 0
    while True:
        chunk = at_one_moment(backend, house, partial(_chunk, last=last))
        if chunk is None:
            break
        until, runs, claimed, counted, summed = chunk
        found.runs += len(runs)
        found.series += len(counted)
        found.points += sum(row[0] for row in counted.values())
        found.faults += _compared(set(runs), claimed, counted, summed, known)
        last = until
    return found


def _of_sqlite(backend: Backend, house: Household) -> Iterator[Fault]:
    # Each looks at every page of the file, however long that takes: the clock is that of the readings of a server.
    for (said,) in _patiently(backend, house, f"PRAGMA integrity_check({TOLD})"):
        if said != "ok":
            yield Fault("integrity", said)
    for table, row, parent, _ in _patiently(backend, house, "PRAGMA foreign_key_check")[:TOLD]:
        yield Fault("references", f"A row of {table} ({row}) refers to one of {parent} that is not there")


def _patiently(backend: Backend, house: Household, sql: str) -> list[Any]:
    import sqlite3

    file = backend.read(lambda tx: tx.row("PRAGMA database_list"), house)[2]
    connection = sqlite3.connect(f"{Path(file).as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.DatabaseError as error:
        return [(str(error),)] if "integrity" in sql else []
    finally:
        connection.close()


def _chunk(tx: Tx, *, last: int) -> tuple[int, dict[int, str], set[int], dict[Any, Any], dict[Any, Any]] | None:
    """Runs after a key, their summaries, and their points summed up; None at the end."""
    rows = tx.rows("SELECT id, run_id, deleted_time FROM runs WHERE id > ? ORDER BY id LIMIT ?", last, _RUNS)
    if not rows:
        beyond = tx.scalar("SELECT MAX(run) FROM points")
        if beyond is None or beyond <= last:
            return None
        return beyond, {}, set(), _grouped(tx.rows(_COUNTED, last, beyond)), {}
    sizes = dict(
        tx.rows("SELECT run, SUM(points) FROM summaries WHERE run > ? AND run <= ? GROUP BY run", last, rows[-1][0])
    )
    taken, total = 0, 0
    for row in rows:
        total += int(sizes.get(row[0], 0))
        if taken and total > _POINTS:
            break
        taken += 1
    rows = rows[:taken]
    until = rows[-1][0]
    runs = {row[0]: row[1] for row in rows}
    claimed = {row[0] for row in rows if row[2] == CLAIMED}
    return (
        until,
        runs,
        claimed,
        _grouped(tx.rows(_COUNTED, last, until)),
        _grouped(tx.rows(_SUMMED, last, until)),
    )


def _grouped(rows: list[Any]) -> dict[Any, Any]:
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _compared(
    runs: set[int], claimed: set[int], counted: dict[Any, Any], summed: dict[Any, Any], known: set[int]
) -> Iterator[Fault]:
    orphans = {run for run, _ in counted if run not in runs}
    if orphans:
        points = sum(row[0] for key, row in counted.items() if key[0] in orphans)
        yield Fault("orphans", f"{points} points belong to {len(orphans)} runs that are not there")
    wrong = [
        (run, name)
        for run, name in counted.keys() | summed.keys()
        if run not in orphans and run not in claimed and counted.get((run, name)) != summed.get((run, name))
    ]
    for run, name in sorted(wrong)[:TOLD]:
        yield Fault(
            "summaries",
            f"The summary of metric {name} of run {run} says {summed.get((run, name))},"
            f" its points {counted.get((run, name))} (points, least, greatest, first and last step)",
        )
    if len(wrong) > TOLD:
        yield Fault("summaries", f"{len(wrong) - TOLD} more summaries differ from their points")
    if nameless := {name for _, name in counted} - known:
        yield Fault("names", f"{len(nameless)} metrics have no name")
