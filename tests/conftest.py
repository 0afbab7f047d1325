"""What every test may ask for: real database servers, started when the first test needs one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import databases

#: Folder of this session's database servers, and the process that owns them; pytest-xdist's workers inherit both.
_SCRATCH, _SESSION = "HEADRACE_TEST_SCRATCH", "HEADRACE_TEST_SESSION"
#: Fixtures, and values of parameters, that stand for a database server.
_SERVERS = {"postgresql_server", "mariadb_server", "postgresql", "mysql", "mariadb"}

#: A busy machine is no fault, and what lands must not depend on luck; who develops looks further each time.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the session's scratch folder, before any worker starts."""
    if not hasattr(config, "workerinput"):
        scratch = tempfile.mkdtemp(prefix="headrace-tests-")
        os.chmod(scratch, 0o755)  # the database servers run as users of their own when we are root
        os.environ[_SCRATCH], os.environ[_SESSION] = scratch, str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the session started, after the last worker ended."""
    if not hasattr(config, "workerinput") and _SCRATCH in os.environ:
        databases.stop(Path(os.environ.pop(_SCRATCH)))


#: Folders whose tests stay together.
_TOGETHER = ("tests/conformance/", "tests/browser/")


class Together(LoadScopeScheduling):
    """Gives each test to the worker that is free, but all that share a pair of servers, or a browser, to the same one.

    pytest-xdist's own groups do the same by a mark, which it writes into ids that pytest no longer lets it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((each for each in _TOGETHER if nodeid.startswith(each)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """How tests are shared out among the workers."""
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a database server is slow; the same tests on SQLite and on a folder are not."""
    for item in items:
        chosen = getattr(getattr(item, "callspec", None), "params", {}).values()
        needs = {*getattr(item, "fixturenames", ()), *(each for each in chosen if isinstance(each, str))}
        if needs & _SERVERS:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgresql_server() -> databases.DatabaseServer:
    """A real PostgreSQL, shared by the session."""
    return databases.postgresql(Path(os.environ[_SCRATCH]))


@pytest.fixture(scope="session")
def mariadb_server() -> databases.DatabaseServer:
    """A real MariaDB, shared by the session."""
    return databases.mariadb(Path(os.environ[_SCRATCH]))


@pytest.fixture
def postgresql_url(postgresql_server: databases.DatabaseServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def mysql_url(mariadb_server: databases.DatabaseServer) -> Iterator[str]:
    """The URL of an empty MariaDB database of this test's own."""
    with mariadb_server.database() as url:
        yield url
