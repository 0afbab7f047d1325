"""Real processes for the tests: started, waited for, and ended by their own id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

#: Seconds a process may take to answer, and to end.
PATIENCE = 120


@dataclass(frozen=True)
class Running:
    """A process that serves, its address, and the file its output goes to."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def said(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def serving(
    command: Sequence[str], url: str, log: Path, *, health: str = "/health", env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run ``command`` while the block runs, from its first good answer at ``url`` on."""
    with log.open("wb") as output:
        # A group of its own, so that a server's workers end with it.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    running = Running(process, url, log)
    try:
        _wait_for(running, url + health)
        yield running
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> int:
    """End a process and its group as Ctrl-C would, or harder if it will not; its exit code."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=PATIENCE / 6)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _wait_for(running: Running, address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        while True:
            try:
                if pool.request("GET", address).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass  # not listening yet
            if running.process.poll() is not None:
                raise RuntimeError(f"{running.process.args!r} ended by itself:\n{running.said()[-4000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{address} does not answer within {PATIENCE} s:\n{running.said()[-4000:]}")
            time.sleep(0.05)
