"""Answers that find what is deleted, claim it, and remove it for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, NotFound
from headrace.schema.purge import (
    ClaimDeleted,
    Claimed,
    Deleted,
    DeletedFound,
    FindDeleted,
    FindUnnamed,
    Kind,
    PurgeClaimed,
    Purged,
    Unnamed,
)
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

#: The ``deleted_time`` of what is being purged: no restoring call takes it back.
CLAIMED = -1
#: Rows that one transaction removes, about: it holds up other writers of SQLite for a tenth of a second.
ROWS = 50_000
#: Rows of a run besides its points and summaries, for the reckoning.
_OTHER_ROWS = 20
#: Locations read at a time when somebody must see them all.
_CHUNK = 10_000


class Noun(msgspec.Struct, frozen=True):
    """Where things of one kind are, and how they are told."""

    word: str
    table: str
    id: str
    location: str
    #: Tables with rows of such a thing, and the column that says whose.
    parts: tuple[tuple[str, str], ...]
    #: When it was deleted, if it was.
    deleted: str
    #: Rows of other things whose end this one must wait for.
    members: tuple[str, ...] = ()


NOUNS: dict[Kind, Noun] = {
    "run": Noun(
        "run",
        "runs",
        "t.run_id",
        "t.artifact_uri",
        (
            ("points", "run"),
            ("summaries", "run"),
            ("params", "run"),
            ("tags", "run"),
            ("run_datasets", "run"),
            ("run_models", "run"),
            ("logged_model_points", "run"),
        ),
        "t.deleted_time",
    ),
    "logged_model": Noun(
        "logged model",
        "logged_models",
        "t.model_id",
        "t.artifact_uri",
        (("logged_model_points", "model"), ("logged_model_params", "model"), ("logged_model_tags", "model")),
        "COALESCE(t.deleted_time, e.deleted_time)",
    ),
    "experiment": Noun(
        "experiment",
        "experiments",
        "t.id",
        "t.artifact_location",
        (("datasets", "experiment"), ("experiment_tags", "experiment")),
        "t.deleted_time",
        ("runs", "logged_models"),
    ),
}


@answers(FindDeleted)
def find_deleted(tx: Tx, call: FindDeleted) -> DeletedFound:
    noun = NOUNS[call.kind]
    if call.ids:
        _must_be_deleted(tx, call, noun)
    where = f"e.workspace = ? AND {noun.deleted} IS NOT NULL"
    params: list[Any] = [tx.house.workspace]
    if call.deleted_before is not None:
        where += f" AND {noun.deleted} < ?"
        params.append(call.deleted_before)
    for column, wanted in ((noun.id, _keys(call.kind, call.ids)), ("e.id", _keys("experiment", call.experiment_ids))):
        if wanted:
            where += f" AND {column} IN {marks(wanted)}"
            params += wanted
    begun = Term(f"CASE WHEN t.deleted_time = {CLAIMED} THEN 0 ELSE 1 END")
    page = Page(tx, call, (begun, Term("t.id")), call.max_results)
    rows = page.rows(
        tx,
        f"SELECT {noun.id}, e.id, {noun.location}, e.artifact_location, {noun.deleted}",
        f"FROM {_source(noun)} WHERE {where}",
        params,
    )
    return DeletedFound(items=_told(tx, call.kind, rows), next_page_token=page.next_token)


@answers(ClaimDeleted)
def claim_deleted(tx: Tx, call: ClaimDeleted) -> Claimed:
    noun = NOUNS[call.kind]
    rows = _deleted_rows(tx, call.kind, call.ids)
    free = [item for item in _told(tx, call.kind, rows) if not item.members and (call.needed_too or not item.needed_by)]
    ids = [item.id for item in free]
    column = noun.id.removeprefix("t.")
    for chunk in _chunks(_keys(call.kind, ids)):
        tx.run(f"UPDATE {noun.table} SET deleted_time = ? WHERE {column} IN {marks(chunk)}", CLAIMED, *chunk)
    return Claimed(ids=ids)


@answers(PurgeClaimed)
def purge_claimed(tx: Tx, call: PurgeClaimed) -> Purged:
    noun = NOUNS[call.kind]
    wanted = _keys(call.kind, call.ids)
    if not wanted:
        return Purged()
    found = tx.rows(
        f"SELECT t.id, {noun.id} FROM {_source(noun)} WHERE {noun.id} IN {marks(wanted)}"
        f" AND t.deleted_time = {CLAIMED} AND e.workspace = ? ORDER BY t.id",
        *wanted,
        tx.house.workspace,
    )
    keys = [row[0] for row in found]
    points = 0
    if call.kind == "run":
        keys, points = _runs_that_fit(tx, keys)
    for chunk in _chunks(keys):
        there = f"IN {marks(chunk)}"
        for table in noun.members:
            if tx.row(f"SELECT id FROM {table} WHERE experiment {there} LIMIT 1", *chunk):
                raise BadRequest("An experiment that still has runs or logged models is not purged; purge those first")
        for table, column in noun.parts:
            tx.run(f"DELETE FROM {table} WHERE {column} {there}", *chunk)
        tx.run(f"DELETE FROM {noun.table} WHERE id {there}", *chunk)
    gone = set(keys)
    return Purged(ids=[str(row[1]) for row in found if row[0] in gone], points=points)


@answers(FindUnnamed)
def find_unnamed(tx: Tx, call: FindUnnamed) -> Unnamed:
    left = {folder.rstrip("/"): folder for folder in call.folders}
    names = list({folder.rpartition("/")[2] for folder in left})
    for table, id in (("runs", "run_id"), ("logged_models", "model_id")):
        for chunk in _chunks(names):
            # Nearly every folder is that of what it is named after; one that is not costs a look at all of them.
            for (kept,) in tx.rows(f"SELECT artifact_uri FROM {table} WHERE {id} IN {marks(chunk)}", *chunk):
                _strike(left, tx.house.location(kept))
    for table, column in (
        ("experiments", "artifact_location"),
        ("runs", "artifact_uri"),
        ("logged_models", "artifact_uri"),
    ):
        _strike_named(tx, left, table, column)
    for (storage,) in tx.rows("SELECT storage FROM model_versions"):
        _strike(left, tx.house.location(storage))
    return Unnamed(folders=list(left.values()))


def _must_be_deleted(tx: Tx, call: FindDeleted, noun: Noun) -> None:
    """Refuse to find what is named and is not deleted, or not long enough ago."""
    wanted = _keys(call.kind, call.ids)
    rows = tx.rows(
        f"SELECT {noun.id}, {noun.deleted} FROM {_source(noun)} WHERE {noun.id} IN {marks(wanted)} AND e.workspace = ?",
        *wanted,
        tx.house.workspace,
    )
    found = {str(row[0]): row[1] for row in rows}
    for each in call.ids:
        if each not in found:
            raise NotFound(f"No {noun.word} has the id {each}")
        if found[each] is None:
            raise BadRequest(f"The {noun.word} {each} is not deleted; only what is deleted is purged. Delete it first")
        if call.deleted_before is not None and found[each] >= call.deleted_before:
            raise BadRequest(
                f"The {noun.word} {each} was not deleted as long ago as asked; leave it out, or ask for less"
            )


def _deleted_rows(tx: Tx, kind: Kind, ids: Sequence[str]) -> list[Any]:
    noun = NOUNS[kind]
    rows: list[Any] = []
    for chunk in _chunks(_keys(kind, ids)):
        rows += tx.rows(
            f"SELECT {noun.id}, e.id, {noun.location}, e.artifact_location, {noun.deleted} FROM {_source(noun)}"
            f" WHERE {noun.id} IN {marks(chunk)} AND e.workspace = ? AND {noun.deleted} IS NOT NULL{tx.for_update}",
            *chunk,
            tx.house.workspace,
        )
    return rows


def _source(noun: Noun) -> str:
    owner = "t.id" if noun.table == "experiments" else "t.experiment"
    return f"{noun.table} t JOIN experiments e ON e.id = {owner}"


def _told(tx: Tx, kind: Kind, rows: list[Any]) -> list[Deleted]:
    ids = [str(row[0]) for row in rows]
    needs = _needs(tx, kind, {str(row[0]): tx.house.location(row[2]) for row in rows})
    members = _members(tx, [row[1] for row in rows]) if kind == "experiment" else {}
    return [
        Deleted(
            id=id,
            experiment_id=str(row[1]),
            artifact_uri=tx.house.location(row[2]),
            experiment_location=tx.house.location(row[3]),
            deleted_time=None if row[4] == CLAIMED else row[4],
            needed_by=needs.get(id),
            members=members.get(row[1], (0, 0))[0],
            alive=members.get(row[1], (0, 0))[1],
        )
        for id, row in zip(ids, rows, strict=True)
    ]


def _needs(tx: Tx, kind: Kind, locations: dict[str, str]) -> dict[str, str]:
    """The model versions whose files are among the artifacts of some runs or logged models."""
    if kind == "experiment":
        return {}
    query = (
        "SELECT v.storage, m.name, v.version FROM model_versions v JOIN registered_models m ON m.id = v.model"
        " WHERE v.{} ORDER BY m.name, v.version"
    )
    column = "run_id" if kind == "run" else "model_id"
    # Who registered a plain path may not have said which run or model it is of.
    versions = tx.rows(query.format("run_id IS NULL AND v.model_id IS NULL"))
    for chunk in _chunks(list(locations)):
        versions += tx.rows(query.format(f"{column} IN {marks(chunk)}"), *chunk)
    owners = {location.rstrip("/"): id for id, location in locations.items()}
    scheme = "runs" if kind == "run" else "models"
    owners |= {f"{scheme}:/{id}": id for id in locations}
    found: dict[str, str] = {}
    for storage, name, version in versions:
        for place in _upwards(tx.house.location(storage)):
            if place in owners:
                found[owners[place]] = f"models:/{name}/{version}"
    return found


def _members(tx: Tx, keys: list[int]) -> dict[int, tuple[int, int]]:
    """How many runs and logged models some deleted experiments have, and how many of the runs are not deleted."""
    found: dict[int, tuple[int, int]] = {}
    for chunk in _chunks(keys):
        for table, alive in (("runs", "CASE WHEN deleted_time IS NULL THEN 1 ELSE 0 END"), ("logged_models", "0")):
            for key, count, living in tx.rows(
                f"SELECT experiment, COUNT(*), SUM({alive}) FROM {table} WHERE experiment IN {marks(chunk)}"
                " GROUP BY experiment",
                *chunk,
            ):
                before = found.get(key, (0, 0))
                found[key] = (before[0] + count, before[1] + int(living))
    return found


def _runs_that_fit(tx: Tx, keys: list[int]) -> tuple[list[int], int]:
    """The first runs whose rows are few enough for one transaction, and the points that go.

    Of a run that is too long by itself, a part of its points goes now.
    """
    sizes: dict[int, tuple[int, int]] = {}
    for chunk in _chunks(keys):
        for run, points, series in tx.rows(
            f"SELECT run, SUM(points), COUNT(*) FROM summaries WHERE run IN {marks(chunk)} GROUP BY run", *chunk
        ):
            sizes[run] = (int(points), int(series))
    left, total = ROWS, 0
    fitting: list[int] = []
    for key in keys:
        points, series = sizes.get(key, (0, 0))
        if points + series + _OTHER_ROWS > left:
            break
        fitting.append(key)
        left -= points + series + _OTHER_ROWS
        total += points
    if keys and not fitting:
        return [], _shorten(tx, keys[0])
    return fitting, total


def _shorten(tx: Tx, run: int) -> int:
    """Remove some points of a run whose purge is under way: whole series, or the beginning of one that is too long."""
    left = ROWS
    for name, points in tx.rows("SELECT name, points FROM summaries WHERE run = ? ORDER BY name", run):
        if points >= left:
            if left == ROWS:
                left -= _cut(tx, run, name)
            break
        tx.run("DELETE FROM points WHERE run = ? AND name = ?", run, name)
        tx.run("DELETE FROM summaries WHERE run = ? AND name = ?", run, name)
        left -= points
    return ROWS - left


def _cut(tx: Tx, run: int, name: int) -> int:
    """Remove the beginning of a series; how many points that were."""
    last = tx.row(
        f"SELECT step, timestamp FROM points WHERE run = ? AND name = ? ORDER BY step, timestamp LIMIT 1 OFFSET {ROWS}",
        run,
        name,
    )
    if last is None:
        removed = tx.run("DELETE FROM points WHERE run = ? AND name = ?", run, name)
        tx.run("DELETE FROM summaries WHERE run = ? AND name = ?", run, name)
        return removed
    step, timestamp = last
    removed = tx.run(
        "DELETE FROM points WHERE run = ? AND name = ? AND step <= ? AND (step < ? OR timestamp <= ?)",
        run,
        name,
        step,
        step,
        timestamp,
    )
    tx.run("UPDATE summaries SET points = points - ? WHERE run = ? AND name = ?", removed, run, name)
    return removed


def _strike_named(tx: Tx, left: dict[str, str], table: str, column: str) -> None:
    """Take from ``left`` every folder that is, or is above, a location in a table."""
    last = -1
    while left:
        rows = tx.rows(f"SELECT id, {column} FROM {table} WHERE id > ? ORDER BY id LIMIT {_CHUNK}", last)
        if not rows:
            return
        last = rows[-1][0]
        for _, kept in rows:
            _strike(left, tx.house.location(kept))


def _strike(left: dict[str, str], location: str) -> None:
    for place in _upwards(location):
        left.pop(place, None)


def _upwards(location: str) -> Iterator[str]:
    """A location, and the folders above it."""
    while location:
        yield location.rstrip("/")
        location = location.rpartition("/")[0]


def _keys(kind: Kind, ids: Sequence[str]) -> list[Any]:
    if kind != "experiment":
        return list(ids)
    return [int(each) if each.isascii() and each.isdigit() and len(each) <= 18 else -1 for each in ids]


def _chunks(items: Sequence[Any], size: int = 500) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
