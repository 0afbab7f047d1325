"""The answer that tells all points of some runs, for another store to take over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from headrace.schema.exports import ExportPoints, PointsExported
from headrace.schema.imports import ImportedPoint, ImportedSeries
from headrace.stores.sql import names
from headrace.stores.sql.paging import Page, Term, following
from headrace.stores.sql.points import told
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_ORDER = "step, timestamp, value, special, copy"
_TERMS = tuple(Term(column) for column in _ORDER.split(", "))


@answers(ExportPoints)
def export_points(tx: Tx, call: ExportPoints) -> PointsExported:
    page = Page(tx, call, (), call.max_results)
    # Where the page before ended: the run by its place in the call, then the series and point within a long run.
    at, key, *after = page.after or [0, ""]
    keys = dict(tx.rows(f"SELECT run_id, id FROM runs WHERE run_id IN {marks(call.run_ids)}", *call.run_ids))
    runs = [(run_id, keys[run_id]) for run_id in call.run_ids if run_id in keys]
    sizes = _sizes(tx, [run for _, run in runs[at:]])
    taken, total = [], 0
    if not key:
        for run_id, run in runs[at:]:
            if total + sizes.get(run, 0) > call.max_results:
                break
            taken.append((run_id, run))
            total += sizes.get(run, 0)
    if taken or at >= len(runs):
        at += len(taken)
        if at < len(runs):
            page.end_at([at, ""])
        return PointsExported(series=list(_whole(tx, taken)), next_page_token=page.next_token)
    run_id, run = runs[at]
    series, end = _part(tx, run_id, run, key, after, call.max_results)
    if end is not None:
        page.end_at([at, *end])
    elif at + 1 < len(runs):
        page.end_at([at + 1, ""])
    return PointsExported(series=series, next_page_token=page.next_token)


def _sizes(tx: Tx, runs: Sequence[int]) -> dict[int, int]:
    if not runs:
        return {}
    found = tx.rows(f"SELECT run, SUM(points) FROM summaries WHERE run IN {marks(runs)} GROUP BY run", *runs)
    return {run: int(points) for run, points in found}


def _whole(tx: Tx, runs: Sequence[tuple[str, int]]) -> Iterator[ImportedSeries]:
    """All points of some runs that are short enough together."""
    if not runs:
        return
    keys = [run for _, run in runs]
    rows = tx.rows(
        f"SELECT run, name, {_ORDER} FROM points WHERE run IN {marks(keys)} ORDER BY run, name, {_ORDER}", *keys
    )
    word = names.spelled(tx, {row[1] for row in rows})
    of_run: dict[int, list[tuple[str, list[Any]]]] = {}
    for (run, name), points in groupby(rows, key=itemgetter(0, 1)):
        of_run.setdefault(run, []).append((word[name], [row[2:] for row in points]))
    for run_id, run in runs:
        for key, found in sorted(of_run.get(run, []), key=itemgetter(0)):
            yield ImportedSeries(run_id, key, _points(found))


def _part(
    tx: Tx, run_id: str, run: int, key: str, after: list[Any], most: int
) -> tuple[list[ImportedSeries], list[Any] | None]:
    """Some points of a long run from a series and a point on, and where they end; None for the end of the run."""
    ids = [row[0] for row in tx.rows("SELECT name FROM summaries WHERE run = ?", run)]
    word = names.spelled(tx, ids)
    found: list[ImportedSeries] = []
    left = most
    for name in sorted(ids, key=lambda each: word[each]):
        if word[name] < key:
            continue
        start = after if word[name] == key and after else None
        rows = _following(tx, run, name, start, left)
        if rows:
            found.append(ImportedSeries(run_id, word[name], _points(rows)))
        left -= len(rows)
        if left == 0:
            return found, [word[name], *rows[-1]]
    return found, None


def _following(tx: Tx, run: int, name: int, after: list[Any] | None, most: int) -> list[Any]:
    source = "FROM points WHERE run = ? AND name = ?"
    if tx.dialect.name == "mysql" or after is None:
        # MySQL finds no row by a comparison of rows, but by one of columns.
        return following(tx, "SELECT", source, (run, name), _TERMS, after, most)
    sql = f"SELECT {_ORDER} {source} AND ({_ORDER}) > {marks(after)} ORDER BY {_ORDER} LIMIT {most}"
    return tx.rows(sql, run, name, *after)


def _points(rows: Iterable[Any]) -> list[ImportedPoint]:
    return [
        ImportedPoint(told(value, special) if special else value, timestamp, step, copy)
        for step, timestamp, value, special, copy in rows
    ]
