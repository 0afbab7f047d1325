"""Looking after a database: which schema it has, and the steps to today's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import FILE, _sqlite_file, _upgrade, _version, connected
from headrace.stores.sql.store import Backend, Household
from headrace.stores.sql.tx import Tx

R = TypeVar("R")


class Step(msgspec.Struct, frozen=True):
    """One step of the schema, and what it is for."""

    number: int
    why: str


@contextmanager
def database(uri: str, *, new: bool = False) -> Iterator[tuple[Backend, Household]]:
    """A database as it is. Raises ``NotFound`` for a file that is not there, unless it may be ``new``."""
    if uri.startswith(("http://", "https://")):
        raise BadRequest(f"{uri} is a server; name the database behind it, on a machine that reaches it")
    file = file_of(uri)
    if file is not None and not new and not file.exists():
        raise NotFound(f"There is no database at {file}")
    backend, house = connected(uri)
    try:
        yield backend, house
    finally:
        backend.close()


def file_of(uri: str) -> Path | None:
    """The file of an SQLite database or directory store; None for a database server."""
    scheme, colon, rest = uri.partition("://")
    if colon and scheme.startswith("sqlite"):
        return _sqlite_file(uri)
    if not colon or scheme == "file":
        folder = unquote(rest.removeprefix("localhost")) if colon else uri.removeprefix("file:")
        return Path(folder).resolve() / FILE
    return None


def uri_of(file: Path) -> str:
    """The URI of the database in a file."""
    return f"sqlite:///{quote(str(file))}"


def pending(uri: str) -> list[Step]:
    """The steps a database has not taken. Raises ``HeadraceError`` for one of a newer Headrace, or of MLflow."""
    with database(uri) as (backend, house):
        return _pending(backend.read(_version, house))


def upgrade(uri: str) -> list[Step]:
    """Take the steps a database has not taken; those taken."""
    with database(uri) as (backend, house):
        steps = _pending(backend.read(_version, house))
        if steps:
            backend.write(_upgrade, house)
        return steps


def at_one_moment(backend: Backend, house: Household, job: Callable[[Tx], R]) -> R:
    """Run a job that only reads, on one moment of the database, whatever others write meanwhile."""
    if backend.dialect.name == "sqlite":
        return backend.read(job, house)

    def on_a_snapshot(tx: Tx) -> R:
        tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return job(tx)

    # What reads there is not one transaction; what writes is.
    return backend.write(on_a_snapshot, house)


def require_today(backend: Backend, house: Household) -> None:
    """Refuse a database whose schema is not today's."""
    if steps := _pending(backend.read(_version, house)):
        raise BadRequest(f"This database lacks {len(steps)} steps of the schema; run `headrace db upgrade` first")


def _pending(version: int) -> list[Step]:
    if version > len(STEPS):
        raise HeadraceError(
            f"This database has schema {version}, made by a newer Headrace; this one knows {len(STEPS)}."
            " Upgrade Headrace."
        )
    return [
        Step(number, " ".join((step.__doc__ or "").split("\n\n")[0].split()))
        for number, step in enumerate(STEPS[version:], version + 1)
    ]
