"""From a URI to a SQL store: which database, and a schema that is today's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from headrace.base import settings
from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, HeadraceError, Unreachable
from headrace.stores.sql.dialects import Dialect
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.store import Backend, Household, SqlStore
from headrace.stores.sql.tx import Tx

#: The file a directory store keeps its records in.
FILE = "headrace.db"
#: Where new artifacts go in a folder of MLflow's file store: ours among its own would look like damage to it.
BESIDE_FILE_STORE = "~/headrace"
DEFAULT_EXPERIMENT = "Default"
#: Held by whoever sets up a MySQL database; its names are the server's, so the database is in it.
_MYSQL_LOCK = "CONCAT('headrace ', MD5(DATABASE()))"
#: MySQL's words for: this table, column or index is there; this key is not.
_MADE_BEFORE = (1050, 1060, 1061, 1091)


def open_sql(uri: str, *, artifact_root: str | None = None) -> SqlStore:
    """The store at ``uri``: ``sqlite:///…``, ``postgresql://…``, ``mysql://…`` or a directory.

    New experiments keep artifacts below ``artifact_root``; without one, below the directory itself, or ``./mlruns``.
    """
    return _opened(*connected(uri, artifact_root=artifact_root))


def connected(uri: str, *, artifact_root: str | None = None) -> tuple[Backend, Household]:
    """The database at ``uri`` as it is, whatever is in it, and what all who use it share."""
    scheme, colon, _ = uri.partition("://")
    match scheme.partition("+")[0] if colon else "":
        case "sqlite":
            return _sqlite(_sqlite_file(uri), artifact_root or str(Path("mlruns").resolve()))
        case "postgresql" | "postgres":
            from headrace.stores.sql.pooled import PooledBackend, PostgresDriver

            return _shared(PooledBackend(PostgresDriver(uri)), artifact_root)
        case "mysql" | "mariadb":
            from headrace.stores.sql.pooled import MysqlDriver, PooledBackend

            return _shared(PooledBackend(MysqlDriver(uri)), artifact_root)
        case "" | "file":
            if folder := written_by_mlflow(uri):
                raise HeadraceError(f"{folder} was written by MLflow; `headrace import {folder} --to {folder}` first")
            folder = _folder(uri)
            assert folder
            folder.mkdir(parents=True, exist_ok=True)
            return _sqlite(folder / FILE, artifact_root or (BESIDE_FILE_STORE if _was_taken_over(folder) else None))
    raise BadRequest(
        f"No store has URIs that begin with {scheme}://. Give a directory, sqlite:///file.db, postgresql://…, "
        "mysql://… or http://…"
    )


def written_by_mlflow(uri: str) -> Path | None:
    """The folder at ``uri``, if it was written by MLflow's file store and has no store of ours in it yet."""
    folder = _folder(uri)
    return folder if folder and not (folder / FILE).exists() and is_file_store(folder) else None


def _folder(uri: str) -> Path | None:
    """The folder that a URI names, if it names one."""
    scheme, colon, rest = uri.partition("://")
    if colon and scheme != "file":
        return None
    return Path(unquote(rest.removeprefix("localhost")) if colon else uri.removeprefix("file:")).resolve()


def _was_taken_over(folder: Path) -> bool:
    """Whether a folder of ours was MLflow's, told by its default experiment: there may be many others to look at."""
    ours = folder / BESIDE_FILE_STORE.removeprefix("~/")
    return ours.is_dir() or any((folder / name / "meta.yaml").exists() for name in ("0", ".trash/0"))


def is_file_store(folder: Path) -> bool:
    """Whether a folder was written by MLflow's file store."""
    return any(folder.glob("*/meta.yaml")) or any(folder.glob(".trash/*/meta.yaml"))


def _sqlite(file: Path, artifact_root: str | None) -> tuple[Backend, Household]:
    from headrace.stores.sql.sqlite import SqliteBackend

    match settings.text("DURABILITY", "process"):
        case "process" | "full" as durability:
            backend = SqliteBackend(file, full_sync=durability == "full")
        case other:
            raise BadRequest(f"HEADRACE_DURABILITY must be 'process' or 'full', not {other!r}")
    return backend, Household(root=str(file.parent), artifact_root=artifact_root)


def _shared(backend: Backend, artifact_root: str | None) -> tuple[Backend, Household]:
    """A database without a folder of its own: what new experiments keep lies below ``./mlruns`` unless told."""
    folder = str(Path("mlruns").resolve())
    return backend, Household(root=folder, artifact_root=artifact_root or folder)


def _opened(backend: Backend, house: Household) -> SqlStore:
    if backend.read(_version, house) != len(STEPS):
        backend.write(_upgrade, house)
    house.secret = bytes.fromhex(backend.read(_secret, house))
    return SqlStore(backend, house)


def _sqlite_file(uri: str) -> Path:
    path = re.sub(r"^sqlite(\+\w+)?:///?", "", uri).partition("?")[0]
    if path in ("", ":memory:"):
        raise BadRequest("A store needs a file: give sqlite:///relative.db or sqlite:////absolute/path.db")
    file = Path(unquote(path)).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _tables(tx: Tx) -> set[str]:
    match tx.dialect.name:
        case "sqlite":
            names = tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        case "postgresql":
            names = tx.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        case _:
            names = tx.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
    return {row[0] for row in names}


def _version(tx: Tx) -> int:
    """How many steps the schema has taken; 0 for a database that is new."""
    tables = _tables(tx)
    if "headrace_schema" in tables:
        return int(tx.scalar("SELECT version FROM headrace_schema") or 0)
    if tables & {"experiments", "alembic_version"}:
        raise HeadraceError(
            "This database was written by another program, MLflow it seems, and is left as it is. Headrace keeps a"
            " schema of its own: name another database or file, and bring over what is here with `headrace import`."
        )
    return 0


def _secret(tx: Tx) -> str:
    return str(tx.scalar("SELECT secret FROM headrace_schema"))


def _upgrade(tx: Tx) -> None:
    match tx.dialect.name:
        case "postgresql":
            tx.run("SET LOCAL statement_timeout = 0")
            tx.run("SELECT pg_advisory_xact_lock(7263541)")
            _take_steps(tx)
        case "mysql":
            if tx.scalar(f"SELECT GET_LOCK({_MYSQL_LOCK}, 9)") != 1:
                raise Unreachable("Another process is setting up this database; try again in a moment")
            try:
                _take_steps(tx)
            finally:
                tx.row(f"SELECT RELEASE_LOCK({_MYSQL_LOCK})")
        case _:
            _take_steps(tx)


def _take_steps(tx: Tx) -> None:
    version = _version(tx)
    if version > len(STEPS):
        raise HeadraceError(
            f"This database has schema {version}, made by a newer Headrace; this one knows {len(STEPS)}."
            " Upgrade Headrace."
        )
    if version == 0:
        _begin_schema(tx)
    mariadb = tx.dialect.name == "mysql" and "mariadb" in str(tx.scalar("SELECT VERSION()")).lower()
    for number, step in enumerate(STEPS[version:], version + 1):
        for statement in script(tx.dialect, step.UP, mariadb=mariadb):
            _step(tx, statement)
        if number == 1:
            _add_default_experiment(tx)
        tx.run("UPDATE headrace_schema SET version = ?", number)


def _step(tx: Tx, statement: str) -> None:
    """MySQL keeps every change of a table at once: what an upgrade did that was cut short is passed over."""
    if tx.dialect.name != "mysql":
        tx.run(statement)
        return
    from pymysql.err import MySQLError

    try:
        tx.run(statement)
    except MySQLError as error:
        if error.args[0] not in _MADE_BEFORE:
            raise


def _begin_schema(tx: Tx) -> None:
    """Mark the database as ours before anything else: MySQL shows every table to others as soon as it is made."""
    if tx.dialect.name == "mysql" and "headrace_schema" in _tables(tx):
        # Somebody was ended while setting up, so nobody has kept anything here yet.
        scripts = [statement for step in STEPS for statement in script(tx.dialect, step.UP)]
        made = re.findall(r"CREATE TABLE (\w+)", "\n".join(scripts))
        for table in [*reversed(made), "headrace_schema"]:
            tx.run(f"DROP TABLE IF EXISTS {table}")
    tx.run("CREATE TABLE headrace_schema (version INTEGER NOT NULL, secret CHAR(64) NOT NULL)")
    tx.run("INSERT INTO headrace_schema (version, secret) VALUES (0, ?)", secrets.token_hex(32))


def script(dialect: Dialect, step: str | Mapping[str, str], *, mariadb: bool = False) -> list[str]:
    """The statements of a step in one dialect."""
    neutral = step if isinstance(step, str) else step[dialect.name]
    # Text is compared byte by byte, trailing spaces included, as the other databases do.
    collation = "utf8mb4_nopad_bin" if mariadb else "utf8mb4_0900_bin"
    table = f"ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}"
    return [each.replace("{table}", table) for each in dialect.script(neutral)]


def _add_default_experiment(tx: Tx) -> None:
    now = now_ms()
    tx.run(
        "INSERT INTO experiments (id, workspace, name, live_name, artifact_location, creation_time, last_update_time)"
        " VALUES (0, ?, ?, ?, ?, ?, ?)",
        tx.house.workspace,
        DEFAULT_EXPERIMENT,
        DEFAULT_EXPERIMENT,
        tx.house.new_location("0"),
        now,
        now,
    )
