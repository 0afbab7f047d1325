"""The SQL store: finds the answer to a call and runs it in a transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, cast

from headrace.base import caller
from headrace.base.errors import AlreadyExists, HeadraceError, NotSupported, OutOfSpace, Unreachable
from headrace.schema import Call
from headrace.stores.sql.dialects import Dialect
from headrace.stores.sql.tx import Tx, Unfinished

_log = logging.getLogger("headrace.stores")

#: SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: no room for what processes share while they use a file.
_FULL_SQLITE = (13, 4874)

R = TypeVar("R")
C = TypeVar("C", bound=Call[Any])

#: Names remembered by a process, about.
REMEMBERED = 100_000
#: Seconds the statements of one reading may take before they are given up.
STATEMENT_SECONDS = 10
#: Times that a reading goes on after it had to stop.
TURNS = 20
Answer = Callable[[Tx, Any], Any]
#: How each call is answered.
ANSWERS: dict[type[Call[Any]], Answer] = {}


def answers(kind: type[C]) -> Callable[[Callable[[Tx, C], R]], Callable[[Tx, C], R]]:
    """Register the function that answers one kind of call."""

    def register(answer: Callable[[Tx, C], R]) -> Callable[[Tx, C], R]:
        ANSWERS[kind] = answer
        return answer

    return register


class Household:
    """What all transactions of one store share."""

    def __init__(self, *, root: str, artifact_root: str | None, workspace: str = "default") -> None:
        #: Known to this store alone; seals page tokens.
        self.secret = b""
        #: Where locations that were kept relative (``~/…``) begin.
        self.root = root
        #: Where new experiments keep their artifacts; None keeps them relative to ``root``.
        self.artifact_root = artifact_root
        self.workspace = workspace
        #: Names of metrics, params and tags, as far as this process met them: they never change.
        self.names: dict[str, int] = {}
        self.spelled: dict[int, str] = {}
        #: Counts messages put into the outbox of webhooks: as they are written, and when they are committed.
        self.written = self.announced = 0
        #: When writers that are gone were last forgotten, in milliseconds.
        self.swept = 0

    def learn(self, names: dict[str, int]) -> None:
        """Take note of committed names."""
        if len(self.names) > REMEMBERED:
            # A new dictionary: others may be reading the old one.
            self.names = {}
        self.names.update(names)

    def location(self, kept: str) -> str:
        """A location as callers see it."""
        return self.root + kept[1:] if kept.startswith("~/") else kept

    def new_location(self, below: str) -> str:
        """Where something new keeps its artifacts, as it is kept."""
        return f"{(self.artifact_root or '~').rstrip('/')}/{below}"


class Backend(Protocol):
    """A database that runs jobs in transactions."""

    @property
    def dialect(self) -> Dialect: ...

    def read(self, job: Callable[[Tx], R], house: Household) -> R: ...

    def write(self, job: Callable[[Tx], R], house: Household) -> R: ...

    def read_now(self, job: Callable[[Tx], R], house: Household) -> R: ...

    def write_now(self, job: Callable[[Tx], R], house: Household) -> R: ...

    def close(self) -> None: ...


class SqlStore:
    """Answers calls from a SQL database. The calls are taken to be valid; ``CheckedStore`` sees to that."""

    def __init__(self, backend: Backend, house: Household) -> None:
        self._backend = backend
        self._house = house

    @property
    def is_local(self) -> bool:
        """Whether the database is a file of this machine, read and written by this process itself."""
        return self._backend.dialect.name == "sqlite"

    @property
    def announced(self) -> int:
        """Grows when this process has put something into the outbox of webhooks, once it is there for all to see."""
        return self._house.announced

    @property
    def secret(self) -> bytes:
        """Known to the processes that share this database alone; they sign with it."""
        return self._house.secret

    def send(self, call: Call[R], /) -> R:
        answer = _answer_to(call)
        if call.route.writes:
            return cast(R, self._write(self._backend.write, answer, call))
        chores: list[Callable[[Tx], Any]] = []

        def job(tx: Tx) -> Any:
            chores.clear()
            tx.chores = chores
            return answer(tx, call)

        for left in reversed(range(TURNS)):
            try:
                reply = self._backend.read(job, self._house)
            except Unfinished:
                if not self._do(chores) or not left:
                    raise
            else:
                self._do(chores)
                return cast(R, reply)
        raise AssertionError("unreachable")

    def _do(self, chores: Iterable[Callable[[Tx], Any]]) -> bool:
        """Write what a reading left, which is good even if this fails; whether it did not."""
        try:
            for chore in chores:
                self._backend.write(chore, self._house)
        except HeadraceError as error:
            _log.warning("What a reading found could not be kept for the next one: %s", error.message)
            return False
        return True

    def attempt(self, call: Call[R], /) -> R:
        answer = _answer_to(call)
        if call.route.writes:
            return cast(R, self._write(self._backend.write_now, answer, call))
        return cast(R, self._backend.read_now(lambda tx: answer(tx, call), self._house))

    def _write(self, act: Callable[[_Asked, Household], Any], answer: Answer, call: Call[Any]) -> Any:
        asked = _Asked(answer, call)
        reply = act(asked, self._house)
        if asked.announces:
            # Not before it is committed: whoever is told so looks at once.
            self._house.announced += 1
        return reply

    def close(self) -> None:
        self._backend.close()


class _Asked:
    """The answering of a call for whoever asks in this thread; another thread may be the one to do it."""

    __slots__ = ("_answer", "_call", "_who", "announces")

    def __init__(self, answer: Answer, call: Call[Any]) -> None:
        self._answer, self._call, self._who = answer, call, caller.said()
        #: Whether something was put into the outbox, by this call or at the same time.
        self.announces = False

    def __call__(self, tx: Tx) -> Any:
        tx.caller = self._who
        before = tx.house.written
        reply = self._answer(tx, self._call)
        self.announces = tx.house.written != before
        return reply


def _answer_to(call: Call[Any]) -> Answer:
    try:
        return ANSWERS[type(call)]
    except KeyError:
        raise NotSupported(f"A database does not answer {type(call).__name__}") from None


class translated:  # Read as a phrase, and cheaper than a generator where every write passes.
    """Foreign errors of a ``with`` block become ours on leaving it, at the one edge to the driver."""

    __slots__ = ("_error",)

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, fault: BaseException | None, __: object) -> None:
        if isinstance(fault, self._error) and not isinstance(fault, HeadraceError):
            raise _ours(fault) from fault


def _ours(fault: Exception) -> HeadraceError:
    if "IntegrityError" in {kind.__name__ for kind in type(fault).__mro__}:
        return AlreadyExists("Somebody else made something with the same name or id at the same moment")
    if _is_full(fault):
        return OutOfSpace(
            "The disk of the database is full, and nothing of this was kept. Free some space (headrace gc removes"
            " what was deleted), then try again"
        )
    why = _first_line(fault)
    if any(word in why.lower() for word in ("interrupted", "timeout", "max_statement_time")):
        return Unreachable(f"This took the database more than {STATEMENT_SECONDS} s; ask for less")
    return Unreachable(f"The database could not do this: {why}")


def _is_full(fault: Exception) -> bool:
    """Whether there was no room on the disk: SQLite's, PostgreSQL's and MySQL's ways to say so."""
    code = getattr(fault, "sqlite_errorcode", 0)
    number = fault.args[0] if fault.args else None
    return code in _FULL_SQLITE or getattr(fault, "sqlstate", None) == "53100" or number in (1021, 1114)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
