"""A SQLite database of MLflow as it would be on a database server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.databases import connected

_POSTGRESQL = {"INTEGER": "BIGINT", "BIGINT": "BIGINT", "FLOAT": "DOUBLE PRECISION", "BOOLEAN": "BOOLEAN"}
_MYSQL = {"INTEGER": "BIGINT", "BIGINT": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN"}


def copied(file: Path, url: str) -> None:
    """Copy every table of a SQLite file into an empty database of a server."""
    there = sqlite3.connect(file)
    here = connected(url)
    mark, types = ('"', _POSTGRESQL) if url.startswith("postgresql") else ("`", _MYSQL)
    cursor = here.cursor()
    for (table,) in there.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [(row[1], types.get(row[2], "TEXT")) for row in there.execute(f'PRAGMA table_info("{table}")')]
        cursor.execute(f"CREATE TABLE {table} ({', '.join(f'{mark}{name}{mark} {kind}' for name, kind in columns)})")
        marks = ", ".join(["%s"] * len(columns))
        for row in there.execute(f'SELECT * FROM "{table}"').fetchall():
            values = [
                bool(value) if kind == "BOOLEAN" else value for value, (_, kind) in zip(row, columns, strict=True)
            ]
            cursor.execute(f"INSERT INTO {table} VALUES ({marks})", values)
    here.close()
    there.close()
