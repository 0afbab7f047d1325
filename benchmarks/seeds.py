"""Databases with much in them, made row by row in the schema of each program, which is faster than by calls.

Ours and genuine MLflow's get the same: runs with metrics, params and tags in one experiment among others, or one metric
with many points.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.measure import QUIET

TIME = 1_700_000_000_000
METRICS, PARAMS, TAGS = 20, 20, 5
#: The run whose metric ``loss`` has many points.
RUN = "a" * 32


def value(run: int, metric: int) -> float:
    """The value of a metric of a run: all are different, from 0 to 1."""
    return (run * 7919 + metric * 104_729) % 1_000_003 / 1_000_003


def run_ids(count: int) -> list[str]:
    """Ids without any order."""
    chance = random.Random(1)
    return [f"{chance.getrandbits(128):032x}" for _ in range(count)]


def loss(points: int) -> Iterator[tuple[int, int, float]]:
    """Time, step and value of the points of ``loss``."""
    return ((TIME + step, step, 1 / (1 + step)) for step in range(points))


def our_runs(file: Path, runs: int, experiments: int = 1000) -> None:
    """Make our database with so many runs in experiment 1."""
    with _ours(file) as database:
        _experiments(database, experiments, {"workspace": "default"}, _live=True)
        metrics, params, tags = (
            _names(database, [f"{noun}_{at:02d}" for at in range(count)])
            for noun, count in (("metric", METRICS), ("param", PARAMS), ("tag", TAGS))
        )
        ids = run_ids(runs)
        _insert(
            database,
            "runs",
            "id, run_id, experiment, name, user_id, status, start_time, end_time, deleted_time, artifact_uri",
            (
                (at + 1, ids[at], 1, f"run-{at}", "bench", "FINISHED", TIME + at * 1000, TIME + at * 1000 + 500, None,
                 f"mlflow-artifacts:/1/{ids[at]}/artifacts")
                for at in range(runs)
            ),
        )  # fmt: skip
        _insert(
            database,
            "summaries",
            "run, name, last_val, last_special, last_step, last_timestamp, first_val, first_special, first_step,"
            " first_timestamp, min_val, min_step, max_val, max_step, total, numbers, points",
            (
                (at + 1, name, v, 0, 10, TIME + at, v, 0, 10, TIME + at, v, 10, v, 10, v, 1, 1)
                for at in range(runs)
                for metric, name in enumerate(metrics)
                for v in (value(at, metric),)
            ),
        )
        _insert(
            database,
            "params",
            "run, name, value, number",
            (
                (at + 1, name, str((at + param) % 10), float((at + param) % 10))
                for at in range(runs)
                for param, name in enumerate(params)
            ),
        )
        _insert(
            database,
            "tags",
            "run, name, value",
            ((at + 1, name, f"value-{(at * 31 + tag) % 100}") for at in range(runs) for tag, name in enumerate(tags)),
        )


def genuine_runs(python: str, file: Path, runs: int, experiments: int = 1000) -> None:
    """Make the same in genuine MLflow's schema."""
    with _genuine(python, file, ("latest_metrics", "params", "tags")) as database:
        _experiments(database, experiments, {"lifecycle_stage": "active", "workspace": "default"})
        ids = run_ids(runs)
        _insert(
            database,
            "runs",
            "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,"
            " source_version, lifecycle_stage, artifact_uri, experiment_id",
            (
                (ids[at], f"run-{at}", "LOCAL", "x.py", "", "bench", "FINISHED", TIME + at * 1000,
                 TIME + at * 1000 + 500, "", "active", f"mlflow-artifacts:/1/{ids[at]}/artifacts", 1)
                for at in range(runs)
            ),
        )  # fmt: skip
        # Their keys begin with the name or end in the id: in this order the trees grow at their ends.
        order = sorted(range(runs), key=ids.__getitem__)
        _insert(
            database,
            "latest_metrics",
            "key, value, timestamp, step, is_nan, run_uuid",
            (
                (f"metric_{metric:02d}", value(at, metric), TIME + at, 10, 0, ids[at])
                for metric in range(METRICS)
                for at in order
            ),
        )
        _insert(
            database,
            "params",
            "key, value, run_uuid",
            ((f"param_{param:02d}", str((at + param) % 10), ids[at]) for param in range(PARAMS) for at in order),
        )
        _insert(
            database,
            "tags",
            "key, value, run_uuid",
            ((f"tag_{tag:02d}", f"value-{(at * 31 + tag) % 100}", ids[at]) for tag in range(TAGS) for at in order),
        )


def our_history(file: Path, points: int) -> None:
    """Make our database with one metric of so many points."""
    with _ours(file) as database:
        _experiments(database, 1, {"workspace": "default"}, _live=True)
        (name,) = _names(database, ["loss"])
        run = (1, RUN, 1, "h", "b", "FINISHED", TIME, TIME + 1, "mlflow-artifacts:/1/x/artifacts")
        _insert(
            database, "runs", "id, run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri", [run]
        )
        _insert(
            database,
            "points",
            "run, name, step, timestamp, value, special, copy",
            ((1, name, step, time, v, 0, 0) for time, step, v in loss(points)),
        )
        end, last = points - 1, 1 / points
        row = (1, name, last, 0, end, TIME + end, 1.0, 0, 0, TIME, last, end, 1.0, 0, 14.0, points, points)
        _insert(
            database,
            "summaries",
            "run, name, last_val, last_special, last_step, last_timestamp, first_val, first_special, first_step,"
            " first_timestamp, min_val, min_step, max_val, max_step, total, numbers, points",
            [row],
        )


def genuine_history(python: str, file: Path, points: int) -> None:
    """Make the same in genuine MLflow's schema."""
    with _genuine(python, file, ("metrics",)) as database:
        _experiments(database, 1, {"lifecycle_stage": "active", "workspace": "default"})
        _insert(
            database,
            "runs",
            "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,"
            " source_version, lifecycle_stage, artifact_uri, experiment_id",
            [(RUN, "h", "LOCAL", "", "", "b", "FINISHED", TIME, TIME + 1, "", "active", "mlflow-artifacts:/1/x", 1)],
        )
        _insert(
            database,
            "metrics",
            "key, value, timestamp, step, is_nan, run_uuid",
            (("loss", v, time, step, 0, RUN) for time, step, v in loss(points)),
        )
        end = points - 1
        last = ("loss", 1 / points, TIME + end, end, 0, RUN)
        _insert(database, "latest_metrics", "key, value, timestamp, step, is_nan, run_uuid", [last])


class _ours:
    """Our empty database, while it is filled."""

    def __init__(self, file: Path) -> None:
        from headrace.stores import open_store

        open_store(f"sqlite:///{file}").close()
        self._database = _opened(file)

    def __enter__(self) -> sqlite3.Connection:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.commit()
        self._database.close()


class _genuine:
    """Genuine MLflow's empty database, while some tables of it are filled, without their indexes."""

    def __init__(self, python: str, file: Path, tables: Sequence[str]) -> None:
        empty = file.with_name("empty-genuine.db")
        if not empty.exists():
            made = file.with_name("making-genuine.db")
            command = [python, "-m", "mlflow", "db", "upgrade", f"sqlite:///{made}"]
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, **QUIET})
            made.rename(empty)
        shutil.copyfile(empty, file)
        self._database = _opened(file)
        marks = ", ".join("?" * len(tables))
        indexes = self._database.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
            tables,
        ).fetchall()
        for name, _ in indexes:
            self._database.execute(f"DROP INDEX {name}")
        self._indexes = [sql for _, sql in indexes]

    def __enter__(self) -> sqlite3.Connection:
        return self._database

    def __exit__(self, *_: object) -> None:
        for sql in self._indexes:
            self._database.execute(sql)
        self._database.commit()
        self._database.close()


def _opened(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    for pragma in ("journal_mode = DELETE", "synchronous = OFF", "cache_size = -400000"):
        database.execute(f"PRAGMA {pragma}")
    return database


def _experiments(database: sqlite3.Connection, count: int, fixed: dict[str, str], *, _live: bool = False) -> None:
    there = {row[1] for row in database.execute("PRAGMA table_info(experiments)")}
    fixed = {name: text for name, text in fixed.items() if name in there}
    key = "id" if _live else "experiment_id"
    live = ["live_name"] if _live else []
    columns = [key, "name", *live, "artifact_location", "creation_time", "last_update_time", *fixed]
    _insert(
        database,
        "experiments",
        ", ".join(columns),
        (
            (at, f"exp-{at}", *([f"exp-{at}"] if _live else []), f"mlflow-artifacts:/{at}", TIME + at, TIME + at,
             *fixed.values())
            for at in range(1, count + 1)
        ),
    )  # fmt: skip
    tags = ((at, "team", f"t{at % 7}") for at in range(1, count + 1))
    _insert(database, "experiment_tags", "experiment, tag, value" if _live else "experiment_id, key, value", tags)


def _names(database: sqlite3.Connection, names: Iterable[str]) -> list[int]:
    found = []
    for name in names:
        database.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
        found.append(database.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()[0])
    return found


def _insert(database: sqlite3.Connection, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * (columns.count(",") + 1))
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", itertools.chain(rows))
