"""The answer that takes over points of metrics of another store."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from headrace.base.errors import NotFound
from headrace.schema.imports import ImportedPoint, ImportPoints, PointsImported
from headrace.stores.sql import names, points
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_CHUNK = 500


@answers(ImportPoints)
def import_points(tx: Tx, call: ImportPoints) -> PointsImported:
    keys = _keys(tx, sorted({series.run_id for series in call.series}))
    ids = names.numbers(tx, {series.key for series in call.series})
    of_run: dict[int, dict[int, list[points.Point]]] = {}
    for series in call.series:
        run, name = keys[series.run_id], ids[series.key]
        if series.points:
            of_run.setdefault(run, {}).setdefault(name, []).extend(_rows(run, name, series.points))
    return PointsImported(new=sum(points.put(tx, run, of_run[run]) for run in sorted(of_run)))


def _rows(run: int, name: int, told: Sequence[ImportedPoint]) -> list[points.Point]:
    return [
        (run, name, each.step, each.timestamp, value, 0, each.copy)
        if (value := each.value) and isfinite(value)
        else (run, name, each.step, each.timestamp, *points.kept(value), each.copy)
        for each in told
    ]


def _keys(tx: Tx, run_ids: list[str]) -> dict[str, int]:
    """The keys of runs, which nobody else writes to until the end of the transaction."""
    found: dict[str, int] = {}
    for start in range(0, len(run_ids), _CHUNK):
        chunk = run_ids[start : start + _CHUNK]
        found.update(tx.rows(f"SELECT run_id, id FROM runs WHERE run_id IN {marks(chunk)}{tx.for_update}", *chunk))
    missing = [run_id for run_id in run_ids if run_id not in found]
    if missing:
        raise NotFound(f"No run has the id {missing[0]}; import the runs before their points")
    return found
