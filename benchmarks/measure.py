"""Starts servers, sends them requests, and reads how much CPU time their process trees spent.

CPU time and not wall time: on a machine that others use too, the clock on the wall measures the neighbours.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]

#: Settings that keep a genuine server from doing anything but answering.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "DO_NOT_TRACK": "true"}
_START_SECONDS, _STOP_SECONDS = 60, 20


class Server:
    """A server in a process group of its own, with a folder that it may write to."""

    def __init__(self, name: str, command: Sequence[str], health: str = "/health") -> None:
        """Start ``command``, in which ``{port}`` and ``{folder}`` are filled in, and wait until it answers."""
        self.name, self.port, self._health = name, free_port(), health
        self._folder = tempfile.TemporaryDirectory(prefix="headrace-bench-")
        folder = Path(self._folder.name)
        words = [word.format(port=self.port, folder=folder) for word in command]
        # A genuine server looks for the programs of its own environment.
        path = os.pathsep.join([str(Path(words[0]).parent), os.environ.get("PATH", os.defpath)])
        self._log = folder / "server.log"
        started = time.monotonic()
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                words,
                cwd=folder,
                env={**os.environ, **QUIET, "PATH": path},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._await(started + _START_SECONDS)
        except BaseException:
            self.stop()
            raise
        self.ready_seconds = time.monotonic() - started

    def _await(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with suppress(OSError):
                if Client(self.port).ask("GET", self._health)[0] == 200:
                    return
            time.sleep(0.05)
        raise SystemExit(f"The {self.name} server did not start:\n{self._log.read_text(errors='replace')[-3000:]}")

    @property
    def pid(self) -> int:
        """The first process of the tree."""
        return self._process.pid

    def tree(self) -> list[psutil.Process]:
        """The processes of this server that live now."""
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds of CPU that the tree has spent, with those of children that ended."""
        times = [process.cpu_times() for process in self.tree()]
        total: float = (
            sum(each.user + each.system for each in times) + times[0].children_user + times[0].children_system
        )
        return total

    def stop(self) -> None:
        """End the whole process group and remove the folder."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, number)
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                pass
            break
        self._folder.cleanup()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Client:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, verb: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        self._connection.request(verb, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def call(self, verb: str, path: str, body: object = None) -> dict[str, object]:
        """The answer to a call of the REST API, which must be a good one."""
        status, said = self.ask(verb, path, None if body is None else msgspec.json.encode(body))
        if status != 200:
            raise SystemExit(f"{verb} {path} was answered with {status}: {said[:500].decode(errors='replace')}")
        found: dict[str, object] = msgspec.json.decode(said)
        return found


#: The verb, the path and the body of the n-th request.
Request = Callable[[int], tuple[str, str, bytes | None]]


def cpu_per_request(server: Server, request: Request, first: int, count: int, connections: int) -> float:
    """Milliseconds of the server's CPU for each of ``count`` requests, sent over some connections at once."""
    numbers, lock, failures = iter(range(first, first + count)), threading.Lock(), list[str]()

    def work() -> None:
        client = Client(server.port)
        while not failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            status, said = client.ask(*request(number))
            if status != 200:
                failures.append(f"{server.name} answered {status}: {said[:300]!r}")

    before = server.cpu()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])
    return (server.cpu() - before) * 1000 / count


def cpu_of_program(command: Sequence[str], repeats: int = 5) -> float:
    """Seconds of CPU that a program takes, children and all: the median of some runs, after one that warms up."""
    return statistics.median([_run(command) for _ in range(repeats + 1)][1:])


def _run(command: Sequence[str]) -> float:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


#: A SQLite file of the server's own.
SQLITE = "sqlite:///{folder}/kept.db"


def our_server(*options: str, database: str = SQLITE) -> list[str]:
    """The command of our own server."""
    return _command([sys.executable, "-m", "headrace"], database, *options)


def genuine_server(python: str, database: str = SQLITE) -> list[str]:
    """The command of a genuine MLflow server with one worker."""
    # The driver that its environment is given for these measurements.
    database = database.replace("postgresql://", "postgresql+psycopg://")
    return _command([python, "-m", "mlflow"], database, "--workers", "1")


def floor_server() -> list[str]:
    """The command of a server that does the least that could be called the same work."""
    bare = ["--no-access-log", "--log-level", "error", "--host", "127.0.0.1", "--port", "{port}"]
    return [sys.executable, "-m", "uvicorn", "floor:app", "--app-dir", str(Path(__file__).parent), *bare]


def _command(start: list[str], database: str, *options: str) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", "{port}", "--backend-store-uri", database]
    return [*start, "server", *where, "--artifacts-destination", "{folder}/artifacts", *options]


def arguments(about: str) -> argparse.ArgumentParser:
    """The options that every benchmark has. From here on, a benchmark that is told to end stops its servers first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--genuine",
        metavar="PYTHON",
        default=os.environ.get("HEADRACE_GENUINE_PYTHON"),
        help="the Python of an environment with mlflow==3.17.2, to compare with (or HEADRACE_GENUINE_PYTHON)",
    )
    return parser


def verdict(kept: bool) -> str:
    """How a line of a table ends."""
    return "kept" if kept else "BROKEN"
