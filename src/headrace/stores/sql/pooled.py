"""PostgreSQL and MySQL: a bounded pool of connections, one transaction each."""

from __future__ import annotations

import contextlib
import os
import queue
import random
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from headrace.base.errors import BadRequest, HeadraceError, Unreachable
from headrace.stores.port import WouldWait
from headrace.stores.sql.dialects import MYSQL, POSTGRESQL, Dialect, percent_style
from headrace.stores.sql.store import STATEMENT_SECONDS, Household, translated
from headrace.stores.sql.tx import Tx

R = TypeVar("R")

#: Connections of one process to the database, at most.
CONNECTIONS = 10
#: Seconds a call waits for a connection before it is refused as one too many.
PATIENCE = 5.0
#: Times a transaction is tried again that the database gave up for the sake of another.
ATTEMPTS = 8


class Driver(Protocol):
    """What the pool must know of one driver."""

    @property
    def dialect(self) -> Dialect: ...

    #: What all its own errors are.
    error: type[Exception]

    @property
    def spell(self) -> Callable[[str], str] | None:
        """From a statement with ``?`` to how the driver wants it, unless it takes it so."""
        ...

    def connect(self) -> Any:
        """A new connection, outside of any transaction."""
        ...

    def begin(self, connection: Any) -> None:
        """Begin a transaction that will write. What only reads may see each statement's own moment."""
        ...

    def is_alive(self, connection: Any) -> bool:
        """Whether the connection can still be used."""
        ...

    def is_transient(self, error: Exception) -> bool:
        """Whether the same transaction may succeed when it is tried again."""
        ...


class PooledBackend:
    """Runs jobs on a database server. Safe to share between threads and across a fork."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.dialect = driver.dialect
        self._open()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put(None)

    def read(self, job: Callable[[Tx], R], house: Household) -> R:
        """Run ``job``, which changes nothing."""
        return self._transact(job, house, writes=False)

    def write(self, job: Callable[[Tx], R], house: Household) -> R:
        """Run ``job``, committed when this returns; nothing of it stays when it raises."""
        return self._transact(job, house, writes=True)

    def read_now(self, job: Callable[[Tx], R], house: Household) -> R:
        """A database on the other side of a socket is always waited for."""
        raise WouldWait

    write_now = read_now

    def close(self) -> None:
        """Close every connection that nobody uses."""
        if self._pid != os.getpid():
            return
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                break
            if connection is not None:
                connection.close()
        self._open()

    def _transact(self, job: Callable[[Tx], R], house: Household, *, writes: bool) -> R:
        with translated(self._driver.error):
            for attempt in range(ATTEMPTS):
                try:
                    return self._try(job, house, writes)
                except self._driver.error as error:
                    if attempt + 1 == ATTEMPTS or not self._driver.is_transient(error):
                        raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("unreachable")

    def _try(self, job: Callable[[Tx], R], house: Household, writes: bool) -> R:
        idle, connection = self._borrow()
        try:
            if writes:
                self._driver.begin(connection)
            tx = Tx(connection.cursor(), self.dialect, house, self._driver.spell, writes=writes)
            try:
                result = job(tx)
                connection.commit()
            except BaseException:
                with contextlib.suppress(self._driver.error):
                    connection.rollback()
                raise
        finally:
            if not self._driver.is_alive(connection):
                with contextlib.suppress(self._driver.error):
                    connection.close()
                connection = None
            idle.put(connection)
        house.learn(tx.fresh)
        return result

    def _borrow(self) -> tuple[queue.LifoQueue[Any], Any]:
        if self._pid != os.getpid():
            _ABANDONED.append(self._idle)
            self._open()
        idle = self._idle
        try:
            connection = idle.get(timeout=PATIENCE)
        except queue.Empty:
            raise Unreachable("The database is busy with other calls; try again in a moment") from None
        if connection is None:
            try:
                connection = self._driver.connect()
            except self._driver.error as error:
                idle.put(None)
                raise Unreachable(f"Cannot reach the database: {_first_line(error)}") from error
            except BaseException:
                idle.put(None)
                raise
        return idle, connection


_ABANDONED: list[Any] = []


class PostgresDriver:
    """PostgreSQL through psycopg 3."""

    dialect = POSTGRESQL
    spell: Callable[[str], str] | None = None

    def __init__(self, uri: str) -> None:
        try:
            import psycopg

            from headrace.stores.sql.libpq import PgConnection
        except ImportError as error:
            raise HeadraceError("postgresql:// needs `pip install 'headrace[postgresql]'`") from error
        self._psycopg = psycopg
        self._connection = PgConnection
        self.error: type[Exception] = psycopg.Error
        self._uri = "postgresql" + uri[uri.index("://") :]

    def connect(self) -> Any:
        options = f"-c statement_timeout={STATEMENT_SECONDS}s -c default_transaction_isolation=read\\ committed"
        return self._connection(self._uri, connect_timeout=10, options=options)

    def begin(self, connection: Any) -> None:
        connection.begin()

    def is_alive(self, connection: Any) -> bool:
        return bool(connection.is_alive)

    def is_transient(self, error: Exception) -> bool:
        state = getattr(error, "sqlstate", None)
        # 40…: given up for another transaction. A connection lost while idle shows only when it is used again.
        return (state or "").startswith("40") or (
            isinstance(error, self._psycopg.OperationalError) and state in (None, "57P01", "57P02", "57P03")
        )


class MysqlDriver:
    """MySQL and MariaDB through PyMySQL."""

    dialect = MYSQL
    spell: Callable[[str], str] | None = staticmethod(percent_style)

    def __init__(self, uri: str) -> None:
        try:
            import pymysql
        except ImportError as error:
            raise HeadraceError("mysql:// needs `pip install 'headrace[mysql]'`") from error
        self._pymysql = pymysql
        self.error: type[Exception] = pymysql.Error
        parts = urlsplit(uri)
        if not parts.path.strip("/"):
            raise BadRequest(f"The store URI names no database: give mysql://user@{parts.hostname}/DATABASE")
        self._options: dict[str, Any] = {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or 3306,
            "user": unquote(parts.username or "root"),
            "password": unquote(parts.password or ""),
            "database": unquote(parts.path.strip("/")),
        }

    def connect(self) -> Any:
        connection = self._pymysql.connect(
            **self._options,
            charset="utf8mb4",
            connect_timeout=10,
            autocommit=False,
            client_flag=self._pymysql.constants.CLIENT.FOUND_ROWS,
            # Zero is the id of the default experiment; MySQL would count up instead.
            init_command="SET SESSION sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'",
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT VERSION()")
            if "mariadb" in str(cursor.fetchone()).lower():
                cursor.execute(f"SET SESSION max_statement_time = {STATEMENT_SECONDS}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}")
        return connection

    def begin(self, connection: Any) -> None:
        """Its first statement begins one."""

    def is_alive(self, connection: Any) -> bool:
        return bool(connection.open)

    def is_transient(self, error: Exception) -> bool:
        number = error.args[0] if error.args else None
        # 1205, 1213: given up for another transaction. 2006, 2013: the connection was lost.
        return number in (1205, 1213, 2006, 2013)


def backend_of(uri: str) -> PooledBackend:
    """The database server at ``postgresql://…`` or ``mysql://…``."""
    return PooledBackend(PostgresDriver(uri) if uri.startswith("postgres") else MysqlDriver(uri))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
