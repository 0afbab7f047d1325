"""Whole databases as SQLite files: one moment of any database written to a file, and a file read into any database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError
from headrace.stores.sql.dialects import SQLITE
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import _version, script
from headrace.stores.sql.store import Backend, Household
from headrace.stores.sql.tx import Tx, marks
from headrace.stores.sql.upkeep import at_one_moment, database, file_of, require_today, upgrade, uri_of

#: Rows moved at a time.
_ROWS = 10_000
#: Seconds that those who were told to let go of a database may take.
_PATIENCE = 3.0
#: Where somebody has kept something.
_CONTENTS = (
    "experiments WHERE id <> 0",
    "runs",
    "logged_models",
    "registered_models",
    "registry_events",
    "evaluation_datasets",
    "webhooks",
)
#: Tables that are not contents: the mark of the schema, and what readers make for themselves.
_ASIDE = frozenset({"headrace_schema", "outlines"})
#: Columns that may hold a location relative to the folder of a store.
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage"),
)


def write_copy(uri: str, target: Path) -> dict[str, Any]:
    """Write the database at ``uri``, as it is at one moment, to the new file ``target``; its schema and its root.

    Others may write to it all the while.
    """
    with database(uri) as (backend, house):
        require_today(backend, house)
        about = {"schema": len(STEPS), "database": backend.dialect.name, "root": house.root}
        file = file_of(uri)
        if file is not None:
            _copy_pages(file, target)
        else:
            _copy_rows(backend, house, target)
    return about


def inspect_copy(file: Path) -> int:
    """The schema of a database file. Raises ``BadRequest`` for one that is damaged, or has what ours never have."""
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        if odd := _active(connection) - _own_triggers():
            names = ", ".join(sorted(name for name, _ in odd))
            raise BadRequest(f"The backup has views, triggers or virtual tables that no Headrace makes: {names}")
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise BadRequest(f"The database in the backup is damaged: {said}")
        return int(connection.execute("SELECT version FROM headrace_schema").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise BadRequest(f"What is in the backup is no database of Headrace: {error}") from None
    finally:
        connection.close()


def _active(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """What of a database is more than rows."""
    return set(
        connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
        ).fetchall()
    )


def _own_triggers() -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        for step in STEPS:
            for statement in script(SQLITE, step.UP):
                fresh.execute(statement)
        return _active(fresh)


def is_empty(uri: str) -> bool:
    """Whether nobody has kept anything in a database yet."""
    file = file_of(uri)
    if file is not None and not file.exists():
        return True
    with database(uri) as (backend, house):
        if backend.read(_version, house) == 0:
            return True
        require_today(backend, house)
        return not any(backend.read(lambda tx: [tx.row(f"SELECT 1 FROM {each} LIMIT 1") for each in _CONTENTS], house))


def read_copy(source: Path, uri: str, root: str) -> None:
    """Make the database at ``uri`` hold what the file ``source`` does, and nothing else: all of it, or nothing changes.

    ``source`` is used up. Locations that are relative to the folder of the store it came from stay so in a store with a
    folder, and begin at ``root`` elsewhere.
    """
    upgrade(uri_of(source))
    file = file_of(uri)
    if file is not None:
        _replace(source, file)
        return
    with database(uri, new=True) as (backend, house):
        from headrace.stores.sql.opening import _upgrade

        if backend.read(_version, house) != len(STEPS):
            backend.write(_upgrade, house)
        _require_alone(backend, house)
        copy = sqlite3.connect(source)
        try:
            _make_absolute(copy, root)
            backend.write(lambda tx: _fill(tx, copy), house)
            _count_on(backend, house, copy)
        finally:
            copy.close()


def _copy_pages(file: Path, target: Path) -> None:
    source, copy = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=60), sqlite3.connect(target)
    try:
        # In one go: a copy in steps would begin again with every commit of somebody else. Readers hold up no writer.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
        pages, free = (copy.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        if free > pages // 10:
            copy.execute("VACUUM")
    finally:
        copy.close()
        source.close()


def _copy_rows(backend: Backend, house: Household, target: Path) -> None:
    with database(uri_of(target), new=True) as (fresh, own):
        from headrace.stores.sql.opening import _upgrade

        fresh.write(_upgrade, own)
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        copy.execute("PRAGMA journal_mode=DELETE")
        at_one_moment(backend, house, lambda tx: _collect(tx, copy))
        copy.execute("COMMIT")
    finally:
        copy.close()


def _collect(tx: Tx, copy: sqlite3.Connection) -> None:
    if copy.in_transaction:  # The database gave up, and begins again.
        copy.execute("ROLLBACK")
    copy.execute("BEGIN")
    copy.execute("DELETE FROM experiments")
    for table, columns, key in _tables(copy):
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks(columns)}"
        for rows in _pages(tx, table, columns, key):
            copy.executemany(insert, rows)
    (secret,) = tx.row("SELECT secret FROM headrace_schema")
    copy.execute("UPDATE headrace_schema SET secret = ?", (secret,))
    for table in _counted(copy):
        copy.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        copy.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, _counter(tx, table)))


def _pages(tx: Tx, table: str, columns: list[str], key: list[str]) -> Iterator[list[Any]]:
    """The rows of a table in the order of its key, so many at a time that no statement takes long."""
    listed, order = ", ".join(columns), ", ".join(key)
    where, after = "", ()
    while True:
        rows = tx.rows(f"SELECT {listed} FROM {table}{where} ORDER BY {order} LIMIT {_ROWS}", *after)
        if rows:
            yield rows
        if len(rows) < _ROWS:
            return
        last = dict(zip(columns, rows[-1], strict=True))
        where, values = _beyond(key, last)
        after = tuple(values)


def _beyond(key: list[str], last: dict[str, Any]) -> tuple[str, list[Any]]:
    # Spelled out: MySQL does not use an index for a comparison of rows.
    parts, values = [], []
    for depth, column in enumerate(key):
        parts.append("(" + "".join(f"{each} = ? AND " for each in key[:depth]) + f"{column} > ?)")
        values += [last[each] for each in key[: depth + 1]]
    return f" WHERE {key[0]} >= ? AND ({' OR '.join(parts)})", [last[key[0]], *values]


def _fill(tx: Tx, copy: sqlite3.Connection) -> None:
    """Replace the contents of a database, in one transaction."""
    tables = list(_tables(copy))
    tx.run("SET LOCAL statement_timeout = 0" if tx.dialect.name == "postgresql" else _unhurried(tx))
    try:
        emptied = ["outlines", *(table for table, _, _ in reversed(tables))]
        if tx.dialect.name == "postgresql":
            tx.run(f"TRUNCATE {', '.join(emptied)}")
        else:
            for table in emptied:
                tx.run(f"DELETE FROM {table}")
        for table, columns, _ in tables:
            insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks(columns)}"
            rows = copy.execute(f"SELECT {', '.join(columns)} FROM {table}")
            while page := rows.fetchmany(_ROWS):
                tx.many(insert, page)
        (secret,) = copy.execute("SELECT secret FROM headrace_schema").fetchone()
        tx.run("UPDATE headrace_schema SET secret = ?", secret)
    finally:
        if tx.dialect.name == "mysql":
            from headrace.stores.sql.store import STATEMENT_SECONDS

            tx.run(_unhurried(tx).replace("= 0", f"= {STATEMENT_SECONDS}"))


def _unhurried(tx: Tx) -> str:
    mariadb = "mariadb" in str(tx.scalar("SELECT VERSION()")).lower()
    return f"SET SESSION {'max_statement_time' if mariadb else 'max_execution_time'} = 0"


def _require_alone(backend: Backend, house: Household) -> None:
    """Refuse to replace what others have open: they remember what was there before."""
    others = {
        "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    }[backend.dialect.name]
    until = time.monotonic() + _PATIENCE
    while backend.read(lambda tx: tx.scalar(others), house):
        if time.monotonic() > until:
            raise BadRequest("The database is in use; stop the servers and programs that have it open")
        time.sleep(0.05)


def _count_on(backend: Backend, house: Household, copy: sqlite3.Connection) -> None:
    """Let new ids begin after the highest that was ever given, not after the highest that is there."""
    for table in _counted(copy):
        row = copy.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        after = int(row[0]) + 1 if row else 1
        if backend.dialect.name == "postgresql":
            sql = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {after}, false)"
            backend.write(lambda tx, sql=sql: tx.rows(sql), house)  # type: ignore[misc]
        else:
            sql = f"ALTER TABLE {table} AUTO_INCREMENT = {after}"
            backend.write(lambda tx, sql=sql: tx.run(sql), house)  # type: ignore[misc]


def _counter(tx: Tx, table: str) -> int:
    if tx.dialect.name == "postgresql":
        name = tx.scalar("SELECT pg_get_serial_sequence(?, 'id')", table)
        last, called = tx.row(f"SELECT last_value, is_called FROM {name}")
        return int(last) if called else int(last) - 1
    there = tx.scalar(
        "SELECT AUTO_INCREMENT FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?", table
    )
    return max(int(there or 1) - 1, int(tx.scalar(f"SELECT MAX(id) FROM {table}") or 0))


def _tables(copy: sqlite3.Connection) -> Iterator[tuple[str, list[str], list[str]]]:
    """Every table with contents, its columns and its key; what others refer to comes before them."""
    names = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    left = [name for name in names if name not in _ASIDE and not name.startswith("sqlite_")]
    parents = {name: {row[2] for row in copy.execute(f"PRAGMA foreign_key_list({name})")} - {name} for name in left}
    done: set[str] = set()
    while left:
        ready = [name for name in left if parents[name] <= done]
        if not ready:
            raise HeadraceError(f"Tables refer to one another in a circle: {', '.join(left)}")
        for name in ready:
            info = copy.execute(f"PRAGMA table_info({name})").fetchall()
            yield name, [row[1] for row in info], [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
        done.update(ready)
        left = [name for name in left if name not in done]


def _counted(copy: sqlite3.Connection) -> list[str]:
    """Tables that give ids by counting."""
    found = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    return sorted(row[0] for row in found)


def _make_absolute(copy: sqlite3.Connection, root: str) -> None:
    for table, column in _LOCATIONS:
        copy.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, 2) WHERE {column} LIKE '~/%'", (root.rstrip("/"),)
        )
    copy.commit()


def _replace(source: Path, file: Path) -> None:
    """Move a database file to the place of another, which nobody may be using."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        old = sqlite3.connect(file, timeout=0)
        try:
            # Succeeds for the only user of a file, and leaves no log behind that would be read into the new one.
            old.execute("PRAGMA journal_mode=DELETE")
            old.execute("BEGIN EXCLUSIVE")
            old.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise BadRequest(f"{file} is in use ({error}); stop the servers and programs that have it open") from None
        except sqlite3.DatabaseError:
            pass  # What is there is no database, or damaged, which may be why it is restored.
        finally:
            old.close()
        for end in ("-wal", "-shm", "-journal"):
            file.with_name(file.name + end).unlink(missing_ok=True)
    source.replace(file)
