"""PostgreSQL's own client library, as psycopg hands it out: statements without the general machinery around them.

A call of ours is half a dozen small statements, and psycopg's cursor spends more on each than the database does. Values
are still turned into text, and rows into values, by psycopg; statements are prepared when they come again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from headrace.stores.sql.dialects import percent_style

#: Statements that one connection keeps prepared, how often one came by then, and the longest that is.
_KEPT, _OFTEN, _LONG = 200, 3, 4096
_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
#: Object ids of whole numbers: psycopg chooses by the size of each, and every choice would be prepared by itself.
_WHOLE, _INT8 = (21, 23), 20


class PgConnection:
    """A connection of psycopg's, outside of a transaction until ``begin``."""

    def __init__(self, uri: str, **options: Any) -> None:
        self.psycopg = psycopg.connect(uri, autocommit=True, **options)
        self.pg = self.psycopg.pgconn
        self.adapt = Transformer(self.psycopg)
        self.came: dict[tuple[str, tuple[int, ...]], int] = {}
        self.prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}

    def cursor(self) -> PgCursor:
        """What runs statements."""
        return PgCursor(self)

    def begin(self) -> None:
        """Begin a transaction."""
        self.checked(self.pg.exec_(b"BEGIN"))

    def commit(self) -> None:
        """End the transaction, if there is one."""
        if self.pg.transaction_status != TransactionStatus.IDLE:
            self.checked(self.pg.exec_(b"COMMIT"))

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        if self.pg.transaction_status != TransactionStatus.IDLE:
            self.checked(self.pg.exec_(b"ROLLBACK"))

    def close(self) -> None:
        """Let go of it."""
        self.psycopg.close()

    @property
    def is_alive(self) -> bool:
        """Whether it can still be used."""
        return self.pg.status == ConnStatus.OK

    def checked(self, result: Any) -> Any:
        """The result of a statement, or the error that it is."""
        if result.status in _GOOD:
            return result
        if self.pg.status != ConnStatus.OK:
            raise psycopg.OperationalError(self.pg.get_error_message() or "the connection was lost")
        raise error_from_result(result)


class PgCursor:
    """Runs statements, whose parameters are written ``?``, one after the other."""

    lastrowid = None

    def __init__(self, connection: PgConnection) -> None:
        self._connection = connection
        self._adapt = connection.adapt
        self._result: Any = None
        self._next = 0
        self.rowcount = -1

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run a statement."""
        values, types = self._dumped(params)
        name = self._prepared(sql, types)
        pg = self._connection.pg
        result = pg.exec_params(numbered(sql), values, types) if name is None else pg.exec_prepared(name, values)
        self._result, self._next = self._connection.checked(result), 0
        self.rowcount = _changed(result)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[int]:
        """Run a statement for each row of parameters; what each changed."""
        if len(rows) == 1:
            self.execute(sql, rows[0])
            return [self.rowcount]
        # psycopg sends them on one way. Its library would hold Python's lock while it waits for the answers.
        with self._connection.psycopg.cursor() as cursor:
            cursor.executemany(percent_style(sql).encode(), rows, returning=True)
            changed = [cursor.rowcount]
            while cursor.nextset():
                changed.append(cursor.rowcount)
        self.rowcount = sum(changed)
        return changed

    def fetchall(self) -> list[Any]:
        """All rows of the last statement."""
        result = self._result
        if not result.ntuples:
            return []
        self._adapt.set_pgresult(result)
        return self._adapt.load_rows(0, result.ntuples, tuple)

    def fetchone(self) -> Any:
        """The next row of the last statement, or None."""
        if self._next >= self._result.ntuples:
            return None
        self._adapt.set_pgresult(self._result)
        self._next += 1
        return self._adapt.load_row(self._next - 1, tuple)

    def copy(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows of numbers to a table."""
        types = ["float8" if isinstance(value, float) else "int8" for value in rows[0]]
        with self._connection.psycopg.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)

    def _dumped(self, params: Sequence[Any]) -> tuple[Sequence[Any] | None, tuple[int, ...]]:
        if not params:
            return None, ()
        values = self._adapt.dump_sequence(params, [PyFormat.TEXT] * len(params))
        return values, tuple(_INT8 if each in _WHOLE else each for each in self._adapt.types or ())

    def _prepared(self, sql: str, types: tuple[int, ...]) -> bytes | None:
        """The name under which a statement is prepared, if it comes often."""
        connection, key = self._connection, (sql, types)
        name = connection.prepared.get(key)
        if name is None and len(sql) <= _LONG and len(connection.prepared) < _KEPT:
            if len(connection.came) > 10 * _KEPT:
                connection.came.clear()
            connection.came[key] = times = connection.came.get(key, 0) + 1
            if times >= _OFTEN and not sql.startswith(_UNPREPARED):
                name = b"headrace_%d" % len(connection.prepared)
                connection.checked(connection.pg.prepare(name, numbered(sql), types))
                connection.prepared[key] = name
        return name


#: Statements about tables and settings.
_UNPREPARED = ("CREATE", "ALTER", "DROP", "SET")


def _changed(result: Any) -> int:
    count = result.command_tuples
    return -1 if count is None else int(count)


@lru_cache(maxsize=4096)
def numbered(sql: str) -> bytes:
    """``sql`` with its parameters written ``$1``, ``$2``, …"""
    first, *rest = sql.split("?")
    return (first + "".join(f"${at}{part}" for at, part in enumerate(rest, 1))).encode()
