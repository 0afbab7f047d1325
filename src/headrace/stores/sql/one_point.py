"""A point that PostgreSQL logs in one statement: each statement more is a way to the database and back.

It does what ``logging.log_metric`` does, for the point that nearly every one is: a number of ordinary size, of a metric
whose name is known, and not equal to another to the last digit. Everything else goes the long way. Where others write
the same summary, ``ON CONFLICT`` merges with what they committed; the run is held against batches and purges.
"""

from __future__ import annotations

from typing import Any

from headrace.base.clock import now_ms
from headrace.schema.runs import LogMetric
from headrace.stores.sql.tx import Tx
from headrace.stores.sql.writers import sweeps

#: Numbers whose sum with any total a database can keep.
_LARGE = 1e100
_HELD = "held AS (SELECT id FROM runs WHERE run_id = ? AND deleted_time IS NULL FOR UPDATE)"
_NEWER = """newer AS (
    INSERT INTO writers AS w (writer, sequence, seen) SELECT ?, ?, ? FROM held
    ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, seen = excluded.seen
    WHERE w.sequence < excluded.sequence RETURNING 1)"""
#: Whether a column of the summary there is replaced: its name, without the end, and the comparison.
_ENDS = {"last": ">", "first": "<"}
_AS_AN_END = ("step", "timestamp", "val", "special")


def _merged() -> str:
    """The columns of a summary with one more point, which ``excluded`` sums up."""
    sets = []
    for end, compared in _ENDS.items():
        columns = [f"{end}_{each}" for each in _AS_AN_END]
        theirs, ours = (", ".join(f"{of}.{column}" for column in columns) for of in ("excluded", "s"))
        sets += [
            f"{each} = CASE WHEN ({theirs}) {compared} ({ours}) THEN excluded.{each} ELSE s.{each} END"
            for each in columns
        ]
    for name, compared in {"min": "<", "max": ">"}.items():
        further = f"s.{name}_val IS NULL OR excluded.{name}_val {compared} s.{name}_val"
        sets += [
            f"{each} = CASE WHEN {further} THEN excluded.{each} ELSE s.{each} END"
            for each in (f"{name}_val", f"{name}_step")
        ]
    # A total beyond this takes no number of ordinary size any more, and must not be added to the largest there is.
    sets.append("total = CASE WHEN abs(s.total) < 1e300 THEN s.total + excluded.total ELSE s.total END")
    return ", ".join([*sets, "numbers = s.numbers + 1", "points = s.points + 1"])


def _statement(*, numbered: bool) -> str:
    """For a write with a number; without one, an equal point that is there is passed over."""
    point = f"""point AS (
    INSERT INTO points (run, name, step, timestamp, value, special, copy)
    SELECT id, ?, ?, ?, ?, 0, 0 FROM held{", newer" if numbered else ""} {"" if numbered else "ON CONFLICT DO NOTHING"}
    RETURNING run, name, step, timestamp, value)"""
    summed = f"""summed AS (
    INSERT INTO summaries AS s (run, name, last_val, last_special, last_step, last_timestamp, first_val, first_special,
        first_step, first_timestamp, min_val, min_step, max_val, max_step, total, numbers, points)
    SELECT run, name, value, 0, step, timestamp, value, 0, step, timestamp, value, step, value, step, value, 1, 1
    FROM point ON CONFLICT (run, name) DO UPDATE SET {_merged()})"""
    parts = [_HELD, *([_NEWER] if numbered else []), point, summed]
    return f"WITH {', '.join(parts)} SELECT count(*) FROM held"


_NUMBERED, _PLAIN = _statement(numbered=True), _statement(numbered=False)


def log(tx: Tx, call: LogMetric) -> bool:
    """Log the point of ``call`` in a transaction of its own; False, with nothing done, where it is not so simple."""
    name = tx.house.names.get(call.key)
    # Of zeros, one is negative. NaN is not smaller than anything.
    if name is None or call.model_id or not 0 < abs(call.value) < _LARGE:
        return False
    point: tuple[Any, ...] = (name, call.step, call.timestamp, call.value)
    if not call.sequence:
        return bool(tx.alone(_PLAIN, call.run_id, *point))
    now = now_ms()
    if sweeps(tx, now):
        return False
    return bool(tx.alone(_NUMBERED, call.run_id, call.writer, call.sequence, now, *point))
