"""PostgreSQL's own client library, as psycopg hands it out: statements without the general machinery around them.

A call of ours is half a dozen small statements, and psycopg's cursor spends more on each than the database does. Values
are still turned into text, and rows into values, by psycopg; statements are prepared when they come again. What nobody
waits for (that a transaction began, or a row was written) travels with the next statement, or with the commit.
"""

from __future__ import annotations

import selectors
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import UniqueViolation, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from headrace.stores.sql.dialects import percent_style

#: Statements that one connection keeps prepared, how often one came by then, and the longest that is.
_KEPT, _OFTEN, _LONG = 200, 3, 4096
_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
#: Object ids of whole numbers: psycopg chooses by the size of each, and every choice would be prepared by itself.
_WHOLE, _INT8 = (21, 23), 20


#: SQL, the name under which it is prepared, if it is, and the values and types of its parameters.
Statement = tuple[bytes, bytes | None, Sequence[Any] | None, tuple[int, ...]]
_BEGIN: Statement = (b"BEGIN", None, None, ())
_COMMIT: Statement = (b"COMMIT", None, None, ())
_ROLLBACK: Statement = (b"ROLLBACK", None, None, ())
#: Statements sent before their answers are read: few enough that neither side waits for the other to read.
_TOGETHER = 100
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class PgConnection:
    """A connection of psycopg's, outside of a transaction until ``begin``."""

    def __init__(self, uri: str, **options: Any) -> None:
        self.psycopg = psycopg.connect(uri, autocommit=True, **options)
        self.pg = self.psycopg.pgconn
        self.adapt = Transformer(self.psycopg)
        self.came: dict[tuple[str, tuple[int, ...]], int] = {}
        self.prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self.waiting: list[Statement] = []
        self._arriving = _Selector()
        self._arriving.register(self.pg.socket, selectors.EVENT_READ)

    def cursor(self) -> PgCursor:
        """What runs statements."""
        return PgCursor(self)

    def begin(self) -> None:
        """Begin a transaction, with the next statement."""
        self.waiting = [_BEGIN]

    def commit(self) -> None:
        """End the transaction, if there is one."""
        if self.waiting == [_BEGIN]:
            self.waiting = []
        elif self.waiting or self.pg.transaction_status != TransactionStatus.IDLE:
            self.exchange(_COMMIT)

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        self.waiting = []
        if self.pg.transaction_status != TransactionStatus.IDLE:
            self.exchange(_ROLLBACK)

    def later(self, statement: Statement) -> None:
        """Send a statement with the next one; whatever is wrong with it shows then."""
        if len(self.waiting) >= _TOGETHER:
            self.flush()
        self.waiting.append(statement)

    def flush(self) -> None:
        """Send what waits."""
        if self.waiting:
            self.exchange(self.waiting.pop())

    def exchange(self, last: Statement) -> Any:
        """The result of a statement; what waits goes before it, on the same way."""
        pg, (sql, name, values, types) = self.pg, last
        if not self.waiting:
            # These wait for the database without Python's lock.
            return self.checked(pg.exec_prepared(name, values) if name else pg.exec_params(sql, values, types))
        statements, self.waiting = [*self.waiting, last], []
        pg.enter_pipeline_mode()
        for sql, name, values, types in statements:
            if name:
                pg.send_query_prepared(name, values)
            else:
                pg.send_query_params(sql, values, types)
        pg.pipeline_sync()
        while pg.flush():
            with _Selector() as full:
                full.register(pg.socket, selectors.EVENT_WRITE)
                full.select()
        results = [self._result() for _ in statements for _ in range(2)][::2]
        self._result()  # the end of the pipeline
        pg.exit_pipeline_mode()
        for result in results:
            self.checked(result)
        return results[-1]

    def _result(self) -> Any:
        """The next result, or None at the end of those of a statement."""
        while self.pg.is_busy():
            self._arriving.select()
            self.pg.consume_input()
        return self.pg.get_result()

    def close(self) -> None:
        """Let go of it."""
        self._arriving.close()
        self.psycopg.close()

    @property
    def is_alive(self) -> bool:
        """Whether it can still be used."""
        return self.pg.status == ConnStatus.OK

    def checked(self, result: Any) -> Any:
        """The result of a statement, or the error that it is."""
        if result is not None and result.status in _GOOD:
            return result
        if result is None or self.pg.status != ConnStatus.OK:
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
        self._result, self._next = self._connection.exchange(self._statement(sql, params)), 0
        self.rowcount = _changed(self._result)

    def alone(self, sql: str, params: Sequence[Any]) -> Any:
        """The first value that a statement finds, before the transaction begins; None where a key was taken."""
        connection = self._connection
        begins, connection.waiting = connection.waiting, []
        try:
            self.execute(sql, params)
        except UniqueViolation:
            return None
        finally:
            connection.waiting = begins
        return self.fetchone()[0]

    def later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of parameters, soon enough; nobody asks what it changed."""
        for row in rows:
            self._connection.later(self._statement(sql, row))

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[int]:
        """Run a statement for each row of parameters; what each changed."""
        if len(rows) == 1:
            self.execute(sql, rows[0])
            return [self.rowcount]
        self._connection.flush()
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
        self._connection.flush()
        types = ["float8" if isinstance(value, float) else "int8" for value in rows[0]]
        with self._connection.psycopg.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)

    def _statement(self, sql: str, params: Sequence[Any]) -> Statement:
        if not params:
            return numbered(sql), self._prepared(sql, ()), None, ()
        values = self._adapt.dump_sequence(params, [PyFormat.TEXT] * len(params))
        types = tuple(_INT8 if each in _WHOLE else each for each in self._adapt.types or ())
        return numbered(sql), self._prepared(sql, types), values, types

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
