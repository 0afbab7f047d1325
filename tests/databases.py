"""Real PostgreSQL and MariaDB servers for the tests: started once a session in scratch folders, stopped at its end."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

#: Seconds a server may take to answer its first connection, and to stop.
PATIENCE = 60


@dataclass(frozen=True)
class DatabaseServer:
    """A running server, by its URL without a database: ``postgresql://user@127.0.0.1:port``."""

    url: str

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = f"headrace_{uuid.uuid4().hex[:16]}"
        self.run(f"CREATE DATABASE {name}")
        return f"{self.url}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database made by ``create``, whoever is still connected to it."""
        name = urlsplit(url).path.strip("/")
        force = " WITH (FORCE)" if self.url.startswith("postgresql") else ""
        self.run(f"DROP DATABASE IF EXISTS {name}{force}")

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database that is there while the block runs."""
        url = self.create()
        try:
            yield url
        finally:
            self.drop(url)

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        connection = connected(self.url)
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()


def postgresql(scratch: Path) -> DatabaseServer:
    """The session's PostgreSQL: the one HEADRACE_TEST_POSTGRESQL names, or one of our own below ``scratch``."""
    return _once("postgresql", scratch, os.environ.get("HEADRACE_TEST_POSTGRESQL"), _start_postgresql)


def mariadb(scratch: Path) -> DatabaseServer:
    """The session's MariaDB: the one HEADRACE_TEST_MYSQL names, or one of our own below ``scratch``."""
    return _once("mariadb", scratch, os.environ.get("HEADRACE_TEST_MYSQL"), _start_mariadb)


def stop(scratch: Path) -> None:
    """Stop every server started below ``scratch`` and remove their files."""
    # Both remove their pid file at the end. PostgreSQL takes SIGINT as "now, in good order"; SIGTERM waits for clients.
    for found, sign in (
        (_pid_file("postgresql", scratch), signal.SIGINT),
        (_pid_file("mariadb", scratch), signal.SIGTERM),
    ):
        if found.exists():
            os.kill(int(found.read_text().split()[0]), sign)
            _wait_until(partial(_gone, found), f"{found.parent.parent.name} does not stop")
    shutil.rmtree(scratch, ignore_errors=True)


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _once(name: str, scratch: Path, given: str | None, start: Callable[[Path, int], str]) -> DatabaseServer:
    if given:
        return DatabaseServer(given.rstrip("/"))
    home = scratch / name
    with (scratch / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest-xdist's workers all come here; the first one starts it
        url = scratch / f"{name}.url"
        if not url.exists():
            home.mkdir(mode=0o755)
            server = DatabaseServer(start(home, free_port()))
            _wait_until(lambda: _answers(server.url), f"{name} does not answer", home / "log")
            url.write_text(server.url)
        return DatabaseServer(url.read_text())


def _start_postgresql(home: Path, port: int) -> str:
    initdb = _binary("initdb", "postgresql", "/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin")
    run = _as_user("postgres", home)
    data = str(home / "data")
    _finish(run, home, [initdb, "-D", data, "-U", "headrace", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"])
    quick = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "shared_buffers=32MB",
        "max_connections=200",
    ]
    options = [word for setting in quick for word in ("-c", setting)]
    command = [str(Path(initdb).with_name("postgres")), "-D", data, "-k", str(home), "-h", "127.0.0.1", "-p", str(port)]
    _launch(run, home, [*command, *options])
    return f"postgresql://headrace@127.0.0.1:{port}"


def _start_mariadb(home: Path, port: int) -> str:
    places = ("/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
    install = _binary("mariadb-install-db", "mariadb-server", *places)
    run = _as_user("mysql", home)
    data = f"--datadir={home / 'data'}"
    plain = ["--no-defaults", data, "--skip-name-resolve"]
    _finish(run, home, [install, *plain, "--auth-root-authentication-method=normal", "--skip-test-db"])
    where = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={home / 's'}", f"--tmpdir={home}"]
    quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-buffer-pool-size=64M"]
    pid_file = f"--pid-file={_pid_file('mariadb', home.parent)}"
    _launch(run, home, [_binary("mariadbd", "mariadb-server", *places), *plain, *where, *quick, pid_file])
    return f"mysql://root@127.0.0.1:{port}"


def _pid_file(name: str, scratch: Path) -> Path:
    return (
        scratch / name / "data" / "postmaster.pid" if name == "postgresql" else scratch / name / "data" / "server.pid"
    )


def _gone(path: Path) -> bool:
    return not path.exists()


def _binary(name: str, package: str, *places: str) -> str:
    folders = [str(found) for place in places for found in sorted(Path("/").glob(place.strip("/")), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if not found:
        variable = "HEADRACE_TEST_POSTGRESQL" if package == "postgresql" else "HEADRACE_TEST_MYSQL"
        raise RuntimeError(
            f"The tests need a real database server, and {name} is not on this machine. "
            f"Install it (Debian: apt-get install {package}), or name a running server in {variable}."
        )
    return found


def _as_user(name: str, home: Path) -> dict[str, Any]:
    """How to start a process in ``home``; as ``name`` when we are root, which database servers refuse to be."""
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(home), "TMPDIR": str(home)}
    if os.getuid() != 0:
        return {"cwd": home, "env": environment}
    shutil.chown(home, name, None)
    return {"cwd": home, "env": environment, "user": name, "group": name, "extra_groups": []}


def _finish(run: dict[str, Any], home: Path, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **run)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed in {home}:\n{done.stdout}{done.stderr}")


def _launch(run: dict[str, Any], home: Path, command: list[str]) -> None:
    """Start a server that outlives this worker, and a watch that ends it should the whole session be killed."""
    start = '"$@" >>log 2>&1 & echo $!'
    server = subprocess.run(
        ["/bin/sh", "-c", start, "sh", *command], stdout=subprocess.PIPE, check=True, start_new_session=True, **run
    ).stdout
    session = os.environ.get("HEADRACE_TEST_SESSION", str(os.getpid()))
    # Nobody waits for a server whose session was killed: it may end in its own time, and its files with it.
    watch = "(while kill -0 $0 && kill -0 $1; do sleep 5; done; kill $1; sleep 5; rm -rf $2) >/dev/null 2>&1 &"
    told = [session, server.decode().strip(), str(home)]
    subprocess.run(["/bin/sh", "-c", watch, *told], check=True, start_new_session=True)


def connected(url: str) -> Any:
    """A connection to a server or database, each statement a transaction of its own."""
    parts = urlsplit(url)
    database = parts.path.strip("/")
    if parts.scheme.startswith("postgresql"):
        import psycopg

        return psycopg.connect(f"{url}/postgres" if not database else url, autocommit=True, connect_timeout=5)
    import pymysql

    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=database or None,
        autocommit=True,
        connect_timeout=5,
    )


def _answers(url: str) -> bool:
    import psycopg
    import pymysql

    try:
        connected(url).close()
    except (psycopg.OperationalError, pymysql.err.OperationalError):
        return False
    return True


def _wait_until(holds: Callable[[], bool], fault: str, log: Path | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            told = f":\n{log.read_text(errors='replace')[-2000:]}" if log and log.exists() else ""
            raise RuntimeError(f"{fault} within {PATIENCE} s{told}")
        time.sleep(0.05)
