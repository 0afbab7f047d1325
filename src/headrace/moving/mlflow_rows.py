"""Rows of tables that a database may or may not have, read in small pieces so that nobody waits for the reader."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from headrace.base import connection
from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.stores.sql.pooled import backend_of
from headrace.stores.sql.store import Household
from headrace.stores.sql.tx import Tx, marks

_CHUNK = 500
#: The columns of a point, in the order in which they are read.
_POINT = ("run_uuid", "key", "step", "timestamp", "value", "is_nan")
#: Stands for a column that is not there; a bare 0 would be the number of a column to order by.
_ZERO = "0 + 0"


def open_reader(uri: str) -> Reader:
    """The database of MLflow or Headrace at a URI. Raises ``BadRequest`` for any other."""
    reader: Reader = SqliteReader(uri) if uri.startswith("sqlite") else ServerReader(uri)
    if not reader.is_ours and not {"experiments", "runs", "metrics"} <= set(reader.tables):
        reader.close()
        raise BadRequest(f"{reader.name} is no database of MLflow: it has no tables of experiments, runs and metrics")
    return reader


class Reader(ABC):
    """Selects from the tables there are; a table that is missing is empty, a column that is missing is NULL."""

    #: What it is called in reports, and the folder in which relative locations begin.
    name: str
    folder: Path
    #: Table -> its columns.
    tables: dict[str, set[str]]
    _mark = '"'

    @property
    def is_ours(self) -> bool:
        """Whether the database is one of Headrace."""
        return "headrace_schema" in self.tables

    @abstractmethod
    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, read in a transaction of its own."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""

    def points(self, low: str, high: str, size: int) -> Iterator[list[Any]]:
        """The points of runs from ``low`` to ``high``, ``size`` at a time, with the columns of ``_POINT``."""
        names = ", ".join(self._column("metrics", name, _ZERO) for name in _POINT)
        where = f"{self._name('run_uuid')} >= ? AND {self._name('run_uuid')} <= ?"
        params: list[Any] = [low, high]
        while True:
            rows = self.query(f"SELECT {names} FROM metrics WHERE {where} ORDER BY {names} LIMIT {size}", params)
            if rows:
                yield rows
            if len(rows) < size:
                return
            where = f"({names}) > {marks(rows[-1])} AND {self._name('run_uuid')} <= ?"
            params = [*rows[-1], high]

    def select(
        self,
        table: str,
        names: str,
        *,
        where: str = "",
        params: Sequence[Any] = (),
        order: str = "",
        limit: int | None = None,
    ) -> list[Any]:
        """Columns of the rows of a table."""
        if table not in self.tables:
            return []
        columns = ", ".join(self._column(table, name) for name in names.split())
        sql = f"SELECT {columns} FROM {table}"
        sql += f" WHERE {where}" if where else ""
        sql += f" ORDER BY {self._name(order)}" if order else ""
        sql += f" LIMIT {limit}" if limit else ""
        return self.query(sql, params)

    def select_in(self, table: str, names: str, values: Sequence[Any], *, also: str = "") -> list[Any]:
        """Columns of the rows whose first column named is one of ``values``."""
        found = []
        first = self._name(names.split()[0])
        more = f" AND {also}" if also else ""
        for start in range(0, len(values), _CHUNK):
            chunk = values[start : start + _CHUNK]
            found += self.select(table, names, where=f"{first} IN {marks(chunk)}{more}", params=chunk)
        return found

    def count(self, table: str, where: str = "", params: Sequence[Any] = ()) -> int:
        """How many rows a table has; 0 for a table or a column in ``where`` that is not there."""
        if table not in self.tables or (where and where.split()[0] not in self.tables[table]):
            return 0
        return int(self.query(f"SELECT COUNT(*) FROM {table}" + (f" WHERE {where}" if where else ""), params)[0][0])

    def _name(self, name: str) -> str:
        return f"{self._mark}{name}{self._mark}"

    def _column(self, table: str, name: str, otherwise: str = "NULL") -> str:
        return self._name(name) if name in self.tables[table] else otherwise


class SqliteReader(Reader):
    """A file of SQLite, opened so that it cannot be written."""

    def __init__(self, uri: str) -> None:
        self.name = uri
        text = uri.partition("://")[2].partition("?")[0]
        file = Path(unquote(text.removeprefix("/"))).resolve()
        if not file.is_file():
            raise NotFound(f"There is no file {str(file)!r}")
        self.folder = file.parent
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(file))}?{_how(file)}", uri=True, timeout=60, isolation_level=None
            )
            self._connection.text_factory = lambda raw: raw.decode(errors="replace")
            tables = [row[0] for row in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
            self.tables = {each: {row[1] for row in self.query(f'PRAGMA table_info("{each}")')} for each in tables}
            self._ordered = any(
                [row[2] for row in self.query(f'PRAGMA index_info("{index[1]}")')][:3] == ["run_uuid", "key", "step"]
                for index in self.query('PRAGMA index_list("metrics")')
            )
        except HeadraceError as error:
            raise BadRequest(f"{str(file)!r} cannot be read as a database: {error.message}") from error

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise HeadraceError(f"The database {self.name} cannot be read: {error}") from error

    def points(self, low: str, high: str, size: int) -> Iterator[list[Any]]:
        """Where no index has the points in order they are sorted once, not once for every piece."""
        if self._ordered:
            yield from super().points(low, high, size)
            return
        names = ", ".join(self._column("metrics", name, _ZERO) for name in _POINT)
        try:
            cursor = self._connection.execute(
                f"SELECT {names} FROM metrics WHERE run_uuid >= ? AND run_uuid <= ? ORDER BY {names}", (low, high)
            )
            while rows := cursor.fetchmany(size):
                yield rows
        except sqlite3.Error as error:
            raise HeadraceError(f"The database {self.name} cannot be read: {error}") from error

    def close(self) -> None:
        self._connection.close()


def _how(file: Path) -> str:
    """How to open a file so that nothing is written, beside it neither.

    SQLite reads a database with a write-ahead log by files of its own beside it. Where nobody has made them nobody uses
    the database, which can then be read as it is.
    """
    with open(file, "rb") as opened:
        header = opened.read(20)
    logged = header[18:20] == b"\x02\x02"
    in_use = any(file.with_name(f"{file.name}{end}").exists() for end in ("-wal", "-shm"))
    return "mode=ro&immutable=1" if logged and not in_use else "mode=ro"


class ServerReader(Reader):
    """A database of PostgreSQL or MySQL, read in transactions that cannot write."""

    def __init__(self, uri: str) -> None:
        self.name = connection.without_credentials(uri)
        self.folder = Path.cwd()
        self._backend = backend_of(uri)
        self._house = Household(root="", artifact_root=None)
        self._mysql = self._backend.dialect.name == "mysql"
        self._mark = "`" if self._mysql else '"'
        schema = "DATABASE()" if self._mysql else "current_schema()"
        self.tables = {}
        for table, column in self.query(
            f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = {schema}"
        ):
            self.tables.setdefault(table, set()).add(column)

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        return self._backend.read(lambda tx: self._rows(tx, sql, params), self._house)

    def _rows(self, tx: Tx, sql: str, params: Sequence[Any]) -> list[Any]:
        tx.run("START TRANSACTION READ ONLY" if self._mysql else "SET TRANSACTION READ ONLY")
        return tx.rows(sql, *params)

    def close(self) -> None:
        self._backend.close()
