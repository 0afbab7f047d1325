"""A point of a metric, logged with as little ado as can be: what nearly every call to the store is.

It does what ``points.add`` does, for a number of ordinary size, of a metric whose name is known, that is not equal to
another to the last digit; the database itself merges it into the summary. Everything else goes the long way. PostgreSQL
does all of it in one statement, for each statement more is a way to the database and back; where others write the same
summary, ``ON CONFLICT`` merges with what they committed, and the run is held against batches and purges.
"""

from __future__ import annotations

from typing import Any

from headrace.base.clock import now_ms
from headrace.schema.runs import LogMetric
from headrace.stores.sql.tx import Tx
from headrace.stores.sql.writers import sweeps

#: Numbers whose sum with any total a database can keep.
_LARGE = 1e100

_POINT = "INTO points (run, name, step, timestamp, value, special, copy) SELECT id, ?, ?, ?, ?, 0, 0 FROM"
_SUMMARY = """INTO summaries AS s (run, name, last_val, last_special, last_step, last_timestamp, first_val,
    first_special, first_step, first_timestamp, min_val, min_step, max_val, max_step, total, numbers, points)
    SELECT run, name, value, 0, step, timestamp, value, 0, step, timestamp, value, step, value, step, value, 1, 1
    FROM"""
_AS_AN_END = ("step", "timestamp", "val", "special")


def _merged() -> str:
    """The columns of a summary with one more point, which ``excluded`` sums up."""
    sets = []
    for end, compared in {"last": ">", "first": "<"}.items():
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


_SUMMED = f"ON CONFLICT (run, name) DO UPDATE SET {_merged()}"
#: For SQLite: the point, unless an equal one is there, and the summary.
_KEEP = f"INSERT OR IGNORE {_POINT} runs WHERE run_id = ? AND deleted_time IS NULL"
_SUM_UP = (
    f"INSERT {_SUMMARY} (SELECT id run, ? name, ? step, ? timestamp, ? value FROM runs WHERE run_id = ?)"
    f" WHERE true {_SUMMED}"
)


def _at_once(*, numbered: bool) -> str:
    """For PostgreSQL: all of it. A write without a number passes over an equal point that is there."""
    held = "held AS (SELECT id FROM runs WHERE run_id = ? AND deleted_time IS NULL FOR UPDATE)"
    newer = """newer AS (
    INSERT INTO writers AS w (writer, sequence, seen) SELECT ?, ?, ? FROM held
    ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, seen = excluded.seen
    WHERE w.sequence < excluded.sequence RETURNING 1)"""
    into = "held, newer" if numbered else "held ON CONFLICT DO NOTHING"
    point = f"point AS (INSERT {_POINT} {into} RETURNING run, name, step, timestamp, value)"
    parts = [held, *([newer] if numbered else []), point, f"summed AS (INSERT {_SUMMARY} point {_SUMMED})"]
    return f"WITH {', '.join(parts)} SELECT count(*) FROM held"


_NUMBERED, _PLAIN = _at_once(numbered=True), _at_once(numbered=False)


def log_at_once(tx: Tx, call: LogMetric) -> bool:
    """PostgreSQL: log the point of ``call``, before anything else; False, with nothing done, if it is not so simple."""
    point = _simple(tx, call)
    if point is None:
        return False
    if not call.sequence:
        return bool(tx.alone(_PLAIN, call.run_id, *point))
    now = now_ms()
    if sweeps(tx, now):
        return False
    return bool(tx.alone(_NUMBERED, call.run_id, call.writer, call.sequence, now, *point))


def log(tx: Tx, call: LogMetric) -> bool:
    """SQLite: log the point of ``call``, which is no resend; False, with nothing done, if it is not so simple."""
    point = _simple(tx, call)
    if point is None or not tx.run(_KEEP, *point, call.run_id):
        return False
    tx.run(_SUM_UP, *point, call.run_id)
    return True


def _simple(tx: Tx, call: LogMetric) -> tuple[Any, ...] | None:
    name = tx.house.names.get(call.key)
    # Of zeros, one is negative. NaN is not smaller than anything.
    if name is None or call.model_id or not 0 < abs(call.value) < _LARGE:
        return None
    return name, call.step, call.timestamp, call.value
