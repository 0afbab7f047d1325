"""CPU time and memory of importing a SQLite database of MLflow.

python -m benchmarks.importing [--points 1000000] [--over-http]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Server, our_server

#: Points per second of CPU time, at least, and megabytes of memory, at most.
BUDGET, MEGABYTES = 100_000, 150
_RUNS_HAVE = 10
_TIME = 1_700_000_000_000

#: The tables of MLflow 3.17 that runs are in, with its keys and indexes.
_SCHEMA = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('dc11669786a5');
CREATE TABLE experiments (experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) NOT NULL,
    artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT,
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL);
CREATE TABLE experiment_tags ("key" VARCHAR(250) NOT NULL, value TEXT, experiment_id INTEGER NOT NULL,
    PRIMARY KEY ("key", experiment_id));
CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250), source_type VARCHAR(20),
    source_name VARCHAR(500), entry_point_name VARCHAR(50), user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT,
    end_time BIGINT, source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200),
    experiment_id INTEGER, deleted_time BIGINT);
CREATE TABLE params ("key" VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL,
    PRIMARY KEY ("key", run_uuid));
CREATE INDEX index_params_run_uuid ON params (run_uuid);
CREATE TABLE tags ("key" VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL,
    PRIMARY KEY ("key", run_uuid));
CREATE INDEX index_tags_run_uuid ON tags (run_uuid);
CREATE TABLE metrics ("key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL,
    run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL,
    PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan));
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE INDEX index_metrics_run_uuid_key_step ON metrics (run_uuid, "key", step);
"""


def database(file: Path, points: int) -> None:
    """Write a database as MLflow would have: every run has 10 metrics of 1,000 points, 10 params and 5 tags."""
    chance = random.Random(7)
    connection = sqlite3.connect(file)
    connection.executescript(f"PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; {_SCHEMA}")
    connection.execute(
        "INSERT INTO experiments VALUES (1, 'one', '/nowhere/1', 'active', ?, ?, 'default')", (_TIME, _TIME)
    )
    for number in range(max(1, points // (_RUNS_HAVE * 1000))):
        run = f"{number:08x}{chance.getrandbits(96):024x}"
        connection.execute(
            "INSERT INTO runs VALUES (?, ?, 'LOCAL', '', '', 'me', 'FINISHED', ?, ?, '', 'active', ?, 1, NULL)",
            (run, f"run {number}", _TIME, _TIME + 1, f"/nowhere/1/{run}/artifacts"),
        )
        for table, count in (("params", 10), ("tags", 5)):
            rows = [(f"{table}.{key}", str(chance.random()), run) for key in range(count)]
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
        connection.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)",
            (
                (f"metric.{key}", chance.random(), _TIME + step * 10, run, step, 0)
                for step in range(1000)
                for key in range(_RUNS_HAVE)
            ),
        )
        if number % 20 == 19:
            connection.commit()
    connection.commit()
    connection.close()


def imported(file: Path, to: str) -> tuple[float, float]:
    """Import a database in a process of its own: seconds of CPU time, and megabytes of memory at most."""
    # What a process has when it is forked counts as its own, so one that is small starts the import.
    program = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'headrace', 'import', *sys.argv[1:], '--link-artifacts'],"
        " check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    command = [sys.executable, "-c", program, str(file), "--to", to]
    seconds, memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(memory)


def imported_over_http(file: Path) -> tuple[float, float]:
    """Import into a server of ours: seconds of CPU time of the import, and of the server."""
    with Server("headrace", our_server("--allowed-artifact-roots", "/nowhere")) as server:
        before = server.cpu()
        seconds, _ = imported(file, f"http://127.0.0.1:{server.port}")
        return seconds, server.cpu() - before


def main() -> int:
    """Show the figures; 1 if a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--over-http", action="store_true", help="import into a server of Headrace as well")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mlflow.db")
        database(file, said.points)
        seconds, memory = imported(file, f"sqlite:///{folder}/target.db")
        again, _ = imported(file, f"sqlite:///{folder}/target.db")
        rate = said.points / seconds
        print(f"{said.points:,} points: {seconds:.1f} s of CPU, {rate:,.0f} points/s, {memory:.0f} MB at most")
        print(f"again, all there already: {again:.1f} s of CPU, {said.points / again:,.0f} points/s")
        if said.over_http:
            client, server = imported_over_http(file)
            both = said.points / (client + server)
            print(f"over HTTP: {client:.1f} s of CPU and {server:.1f} s of the server's, {both:,.0f} points/s")
    if rate < BUDGET or memory > MEGABYTES:
        print(f"BROKEN: the budget is {BUDGET:,} points/s in {MEGABYTES} MB")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
