"""The answer that takes over points of metrics of another store."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.base.errors import NotFound
from headrace.schema.imports import ImportedSeries, ImportPoints, PointsImported
from headrace.stores.sql import names, points
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_CHUNK = 500


@answers(ImportPoints)
def import_points(tx: Tx, call: ImportPoints) -> PointsImported:
    keys = _keys(tx, sorted({series.run_id for series in call.series}))
    ids = names.numbers(tx, {series.key for series in call.series})
    of_run: dict[int, list[ImportedSeries]] = {}
    for series in call.series:
        of_run.setdefault(keys[series.run_id], []).append(series)
    new = 0
    for run, told in sorted(of_run.items()):
        new += points.put(tx, run, _rows(run, told, ids))
    return PointsImported(new=new)


def _rows(run: int, told: Sequence[ImportedSeries], ids: dict[str, int]) -> list[points.Point]:
    kept = points.kept
    return [
        (run, name, each.step, each.timestamp, *kept(each.value), each.copy)
        for series in told
        for name in (ids[series.key],)
        for each in series.points
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
