"""One transaction, as answers see it: SQL with ``?``, rows as tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from headrace.base.errors import Unreachable
from headrace.stores.sql.dialects import Dialect

if TYPE_CHECKING:
    from headrace.stores.sql.store import Household

Params = Sequence[Any]
#: Rows that one statement of SQLite inserts: each of them is cheaper so.
_TOGETHER = 100


class Unfinished(Unreachable):
    """A reading did what may be done at a time, and left it to be written; when that is done it can go on."""


class Cursor(Protocol):
    """What drivers of the Python database API give for a statement."""

    @property
    def rowcount(self) -> int: ...
    @property
    def lastrowid(self) -> int | None: ...
    def execute(self, sql: str, params: Any = ..., /) -> Any: ...
    def executemany(self, sql: str, rows: Any, /) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def fetchone(self) -> Any: ...


class Tx:
    """A transaction on one connection.

    ``house`` is what all transactions of a store share; ``fresh`` are names this transaction added to the dictionary,
    which everybody learns of when it is committed.
    """

    __slots__ = ("_cursor", "_spell", "caller", "chores", "dialect", "for_update", "fresh", "house", "writes")

    def __init__(
        self, cursor: Cursor, dialect: Dialect, house: Household, spell: Any = None, *, writes: bool = True
    ) -> None:
        self._cursor = cursor
        self._spell = spell
        self.dialect = dialect
        self.writes = writes
        #: Ends a SELECT of rows that must not change until the end of a transaction that writes.
        self.for_update = dialect.for_update if writes else ""
        self.house = house
        #: For whom this is done; None for whoever runs the process.
        self.caller: str | None = None
        self.fresh: dict[str, int] = {}
        #: What a reading leaves to be written when it is over.
        self.chores: list[Callable[[Tx], Any]] = []

    def later(self, chore: Callable[[Tx], Any]) -> None:
        """Leave something to be written once this reading is over. It may get lost, and should only save time."""
        self.chores.append(chore)

    def run(self, sql: str, *params: Any) -> int:
        """Execute a statement; the number of rows it changed."""
        self._cursor.execute(self._spell(sql) if self._spell else sql, params)
        return self._cursor.rowcount

    def alone(self, sql: str, *params: Any) -> Any:
        """PostgreSQL: the one value that a statement finds, which is a transaction of its own, before anything else.

        None where its key was taken by another, and nothing of it was done.
        """
        cursor: Any = self._cursor
        return cursor.alone(sql, params)

    def many(self, sql: str, rows: Iterable[Params]) -> int:
        """Execute a statement for every row of parameters; the number of rows changed."""
        listed = rows if isinstance(rows, list) else list(rows)
        if not listed:
            return 0
        self._cursor.executemany(self._spell(sql) if self._spell else sql, listed)
        return self._cursor.rowcount

    def each(self, sql: str, rows: Sequence[Params]) -> list[int]:
        """Execute a statement for every row of parameters; the number of rows that each of them changed."""
        if self.dialect.name != "postgresql" or len(rows) < 2:
            return [self.run(sql, *row) for row in rows]
        # All of them in one go, where each by itself would wait for its answer.
        cursor: Any = self._cursor
        changed: list[int] = cursor.executemany(sql, rows)
        return changed

    def rows(self, sql: str, *params: Any) -> list[Any]:
        """All rows of a query."""
        self._cursor.execute(self._spell(sql) if self._spell else sql, params)
        return self._cursor.fetchall()

    def row(self, sql: str, *params: Any) -> Any:
        """The first row of a query, or None."""
        self._cursor.execute(self._spell(sql) if self._spell else sql, params)
        return self._cursor.fetchone()

    def scalar(self, sql: str, *params: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, *params)
        return row[0] if row else None

    def insert(self, table: str, **values: Any) -> int:
        """Insert a row into a table with a self-counting ``id``, and return that."""
        sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
        if self.dialect.name == "postgresql":
            return int(self.scalar(sql + " RETURNING id", *values.values()))
        self.run(sql, *values.values())
        assert self._cursor.lastrowid is not None
        return self._cursor.lastrowid

    def append(self, table: str, columns: str, rows: Sequence[Params]) -> None:
        """Insert rows of numbers, whose keys are free."""
        if not rows:
            return
        start = 0
        if self.dialect.name == "postgresql" and len(rows) == 1:
            self._later(self.dialect.insert(table, columns), rows)
            return
        if self.dialect.name == "postgresql":
            cursor: Any = self._cursor
            cursor.copy(table, columns, rows)
            return
        if self.dialect.name == "sqlite":
            many = self.dialect.insert(table, columns, _TOGETHER)
            for start in range(_TOGETHER, len(rows) + 1, _TOGETHER):
                self.run(many, *chain.from_iterable(rows[start - _TOGETHER : start]))
        self.many(self.dialect.insert(table, columns), rows[start:] if start else rows)

    def put_new(self, table: str, columns: str, rows: Sequence[Params]) -> int:
        """Insert rows, leaving those whose key is taken as they are; how many were new."""
        return self.many(self.dialect.insert_ignore(table, columns), rows)

    def put(self, table: str, key: str, columns: str, rows: Sequence[Params]) -> None:
        """Insert rows, overwriting ``columns`` of those whose ``key`` is taken."""
        if self.dialect.name == "postgresql":
            self._later(self.dialect.upsert(table, key, columns), rows)
        else:
            self.many(self.dialect.upsert(table, key, columns), rows)

    def _later(self, sql: str, rows: Sequence[Params]) -> None:
        """Have PostgreSQL run a statement for every row of parameters on the way to the next one."""
        cursor: Any = self._cursor
        cursor.later(sql, rows)


def marks(values: Sized) -> str:
    """``(?, ?, …)``, one for each of ``values``."""
    return "(" + ", ".join("?" * len(values)) + ")"
