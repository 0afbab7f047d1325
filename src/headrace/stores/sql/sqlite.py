"""SQLite: one writer that commits for everybody who waits, and readers that never wait for it."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from headrace.base.errors import HeadraceError, Unreachable
from headrace.search.patterns import pattern
from headrace.stores.port import WouldWait
from headrace.stores.sql.dialects import SQLITE
from headrace.stores.sql.filters import number_spelled
from headrace.stores.sql.store import STATEMENT_SECONDS, Household, translated
from headrace.stores.sql.tx import Tx

R = TypeVar("R")
Job = Callable[[Tx], Any]

#: Jobs that share one commit, at most.
GROUP = 64
#: Seconds a writer waits for writers of other processes before it gives up.
PATIENCE = 60.0
#: Commits of one process after which the statistics of the tables are first taken, then after twice as many, and so on.
_FIRST_LOOK = 128
#: Seconds that a fork waits for what other threads have under way.
_FORK_PATIENCE = 10.0
#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 100_000


class Ticket:
    """A job that waits to be done, and then its outcome."""

    __slots__ = ("done", "error", "job", "result")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False


class SqliteBackend:
    """Runs jobs on a SQLite file. Safe to share between threads and across a fork."""

    dialect = SQLITE

    def __init__(self, file: Path, *, full_sync: bool = False) -> None:
        self._file = file
        self._full_sync = full_sync
        self._open()
        _EVERY.add(self)

    def _open(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        #: Held for a moment by what begins, and while the process forks.
        self._gate = threading.Lock()
        #: The threads that read or write, or wait for their turn to.
        self._at_work: set[int] = set()
        self._waiting: deque[Ticket] = deque()
        self._writer: sqlite3.Connection | None = None
        self._readers = threading.local()
        self._every_reader: list[sqlite3.Connection] = []
        self._commits, self._next_look = 0, _FIRST_LOOK
        #: How often statistics were taken: a reader that is older does not know them.
        self._looks = 0

    def read(self, job: Callable[[Tx], R], house: Household) -> R:
        """Run ``job`` on one snapshot, without waiting for writers."""
        if self._pid != os.getpid():
            self._forked()
        me = threading.get_ident()
        with self._gate:
            self._at_work.add(me)
        try:
            return self._read(job, house)
        finally:
            self._at_work.discard(me)

    def _read(self, job: Callable[[Tx], R], house: Household) -> R:
        mine = self._readers
        if getattr(mine, "looks", None) != self._looks:
            if hasattr(mine, "connection"):
                self._every_reader.remove(mine.connection)
                mine.connection.close()
            mine.looks = self._looks
            mine.connection = self._connect("PRAGMA query_only=ON")
            mine.connection.set_progress_handler(lambda: time.monotonic() > mine.until, _STEPS)
            # What filters ask that SQL cannot say.
            mine.connection.create_function("MATCHES", 2, lambda wanted, text: _matches(mine, wanted, text))
            mine.connection.create_function("NUMBER", 1, number_spelled, deterministic=True)
            self._every_reader.append(mine.connection)
        cursor = mine.connection.cursor()
        mine.until = time.monotonic() + STATEMENT_SECONDS
        with translated(sqlite3.Error):
            cursor.execute("BEGIN")
            try:
                return job(Tx(cursor, SQLITE, house, writes=False))
            finally:
                cursor.execute("COMMIT")

    def write(self, job: Callable[[Tx], R], house: Household) -> R:
        """Run ``job``, committed when this returns; nothing of it stays when it raises.

        Whoever holds the lock does the work of all who wait, each job in a savepoint of its own, and commits once.
        """
        if self._pid != os.getpid():
            self._forked()
        ticket, me = Ticket(job), threading.get_ident()
        with self._gate:
            self._at_work.add(me)
        try:
            self._waiting.append(ticket)
            with self._lock:
                while not ticket.done:
                    if not self._waiting:
                        # Whoever had taken it was interrupted before it began.
                        self._waiting.append(ticket)
                    self._serve(house)
        finally:
            self._at_work.discard(me)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[no-any-return]

    def read_now(self, job: Callable[[Tx], R], house: Household) -> R:
        """Run ``job`` on one snapshot; a reader waits for nobody."""
        return self.read(job, house)

    def write_now(self, job: Callable[[Tx], R], house: Household) -> R:
        """Run and commit ``job``, or raise ``WouldWait`` when another thread or process is writing."""
        if self._pid != os.getpid() or self._waiting or not self._lock.acquire(blocking=False):
            raise WouldWait
        ticket = Ticket(job)
        try:
            with translated(sqlite3.Error):
                self._commit_together([ticket], house, patience=0)
        finally:
            self._lock.release()
        return ticket.result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close every connection."""
        if self._pid != os.getpid():
            return
        with self._lock:
            if self._writer and self._commits:
                self._look(self._writer)
            self._close_all()

    def _close_all(self) -> None:
        for connection in [*self._every_reader, *([self._writer] if self._writer else [])]:
            connection.close()
        self._every_reader.clear()
        self._writer = None
        self._readers = threading.local()

    def hold(self) -> bool:
        """Wait for what is under way, close every connection, and let nothing begin until ``go_on``.

        SQLite keeps a table of the locks of its process. A child inherits it while the locks stay the parent's: it
        would wait for ever for a lock that is written there, or believe that it holds one. False if others took too
        long, and nothing is held.
        """
        if self._pid != os.getpid() or not self._gate.acquire(timeout=_FORK_PATIENCE):
            return False
        until = time.monotonic() + _FORK_PATIENCE
        while self._at_work or not self._lock.acquire(blocking=False):
            if time.monotonic() > until:
                self._gate.release()
                return False
            time.sleep(0.0005)
        self._close_all()
        return True

    def go_on(self) -> None:
        """Let what waits begin."""
        self._lock.release()
        self._gate.release()

    def _serve(self, house: Household) -> None:
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        try:
            with translated(sqlite3.Error):
                self._commit_together(group, house)
        except BaseException as error:
            # An interruption is meant for the thread it reached; of the others nothing was kept either.
            told = error if isinstance(error, HeadraceError) else Unreachable("The writing was broken off; try again")
            for ticket in group:
                ticket.error = ticket.error or told
            if not isinstance(error, HeadraceError):
                raise
        finally:
            for ticket in group:
                ticket.done = True

    def _commit_together(self, group: list[Ticket], house: Household, patience: float = PATIENCE) -> None:
        if self._writer is None:
            # Whoever writes takes its turn in ``_begin``; within a transaction there is nobody to wait for.
            self._writer = self._connect("PRAGMA busy_timeout=0")
        cursor = self._writer.cursor()
        self._begin(cursor, patience)
        try:
            tx = Tx(cursor, SQLITE, house)
            if len(group) == 1:
                group[0].result = group[0].job(tx)
            else:
                for ticket in group:
                    self._in_savepoint(tx, ticket)
            cursor.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                cursor.execute("ROLLBACK")
            raise
        house.learn(tx.fresh)
        self._commits += 1
        if self._commits >= self._next_look:
            self._next_look *= 2
            self._look(self._writer)

    def _look(self, writer: sqlite3.Connection) -> None:
        """Take the statistics by which queries are planned, from some rows of each table: less than a millisecond."""
        if sqlite3.sqlite_version_info < (3, 32):
            return  # it would read every row
        # What was asked for is committed: whatever hinders this, another process that writes say, it can wait.
        with contextlib.suppress(sqlite3.OperationalError):
            writer.execute("PRAGMA analysis_limit=1000")
            writer.execute("ANALYZE")
            self._looks += 1

    def _in_savepoint(self, tx: Tx, ticket: Ticket) -> None:
        before = dict(tx.fresh)
        tx.run("SAVEPOINT job")
        try:
            with translated(sqlite3.IntegrityError):
                ticket.result = ticket.job(tx)
        except Exception as error:
            if self._writer and not self._writer.in_transaction:
                raise  # the disk is full: SQLite has undone everything
            # Whatever it is, it belongs to whoever asked for this job; the others' work goes on.
            tx.run("ROLLBACK TO job")
            tx.fresh = before
            ticket.error = error
        tx.run("RELEASE job")

    @staticmethod
    def _begin(cursor: sqlite3.Cursor, patience: float) -> None:
        """Take the one write lock of the file, however many processes want it."""
        until, pause = time.monotonic() + patience, 0.0005
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                if not patience:
                    raise WouldWait from None
                if time.monotonic() > until:
                    raise Unreachable(f"Another process kept the database locked for {PATIENCE:.0f} s") from error
            time.sleep(random.uniform(pause / 2, pause))
            pause = min(pause * 2, 0.05)

    def _forked(self) -> None:
        # Connections of the parent must be neither used nor closed here: keep them out of reach of the collector.
        _ABANDONED.append((self._writer, self._every_reader, self._readers))
        self._open()

    def _connect(self, *pragmas: str) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._file, timeout=5, isolation_level=None, check_same_thread=False, cached_statements=512
            )
        except sqlite3.OperationalError as error:
            raise Unreachable(f"Cannot open the database {self._file.name}: {error}. Does its folder exist?") from error
        connection.create_function("FOLD", 1, _fold, deterministic=True)
        sync = "FULL" if self._full_sync else "NORMAL"
        with translated(sqlite3.Error):
            for pragma in (f"PRAGMA synchronous={sync}", "PRAGMA foreign_keys=ON", "PRAGMA case_sensitive_like=ON"):
                connection.execute(pragma)
            self._use_wal(connection)
            for pragma in pragmas:
                connection.execute(pragma)
        return connection

    @staticmethod
    def _use_wal(connection: sqlite3.Connection) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.001, 0.02))


_ABANDONED: list[Any] = []
_EVERY: weakref.WeakSet[SqliteBackend] = weakref.WeakSet()
_held: list[SqliteBackend] = []


def _hold() -> None:
    _held.extend(each for each in list(_EVERY) if each.hold())


def _go_on() -> None:
    while _held:
        _held.pop().go_on()


# A child begins with locks of its own, in ``_forked``.
os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_held.clear)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _matches(mine: Any, wanted: str, text: str | None) -> bool | None:
    """Whether a pattern is found in a text; a statement that takes too long ends here, in the middle of its work."""
    if time.monotonic() > mine.until:
        mine.connection.interrupt()
    return None if text is None else pattern(wanted).matches(text)


def _fold(text: str | None) -> str | None:
    return None if text is None else text.lower()
