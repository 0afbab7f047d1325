"""The process that serves: its socket, its workers, and how it ends."""

from __future__ import annotations

import asyncio
import errno
import functools
import gc
import logging
import os
import signal
import socket
import sys
import typing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from types import FrameType
from typing import Any, cast

from uvicorn import Config, Server
from uvicorn._subprocess import subprocess_started
from uvicorn.supervisors import Multiprocess, multiprocess

import headrace
from headrace.base.connection import without_credentials
from headrace.base.errors import HeadraceError
from headrace.server.app import App
from headrace.server.build import build_app
from headrace.server.options import ServerOptions
from headrace.server.protocol import Protocol

#: Seconds a connection may be idle, and seconds that answers under way have when the server is told to stop.
KEEP_ALIVE_SECONDS, DRAIN_SECONDS = 75, 30
#: Seconds a worker may be too busy to say that it lives: it may be importing or computing.
SILENT_SECONDS = 120
#: Connections at the same time, at most.
CONNECTIONS = 8192
#: Objects made since the collector last looked at new ones.
GENERATION = 10_000


class PortTaken(HeadraceError):
    """The address to serve on cannot be had."""


def serve(options: ServerOptions) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; answers under way are finished first."""
    listener = listen(options.host, options.port)
    address = address_of(options.host, listener) + options.static_prefix
    kept = without_credentials(options.backend_store_uri)
    said = f"Headrace {headrace.__version__} serves {kept} at {address} (Ctrl-C stops it)"
    run(functools.partial(build_app, options), listener, workers=options.workers, said=said)


@typing.runtime_checkable
class Draining(typing.Protocol):
    """An application that wants to be seen as not ready for a while before it ends."""

    def drain(self) -> float:
        """Be ready no more; the seconds to go on answering."""


def run(
    build: Callable[[], Any],
    listener: socket.socket,
    *,
    workers: int,
    said: str,
    patience: int = DRAIN_SECONDS,
    forks: bool = False,
) -> None:
    """Serve the ASGI application that ``build`` makes, and print ``said`` when it is there.

    With more than one worker ``build`` is called once in each of them; it is pickled, unless the workers are to be
    forks of this process. ``patience`` is how many seconds answers under way have when the server is told to stop,
    where it is more than ``DRAIN_SECONDS``.
    """
    patience = max(patience, DRAIN_SECONDS)
    _raise_file_limit()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    if workers > 1:
        # The supervisor makes its workers by this name, and they are to end as the single server does.
        multiprocess.Process = _Worker  # type: ignore[misc]
        print(said, flush=True)
        start = _FirstStart(build, forks)
        _Supervisor(_config(start, workers, patience, factory=True), sockets=[listener]).run()
        if start.failed.value:
            raise HeadraceError("The workers could not start; the reason is above")
        return
    _Server(_config(build(), workers, patience), said).run(sockets=[listener])


class _FirstStart:
    """Makes a worker's application; when the very first cannot be made, the supervisor need not try for ever."""

    def __init__(self, build: Callable[[], Any], forks: bool) -> None:
        self._build, self.forks = build, forks
        # Bare flags: a worker that is ended while it holds the lock of an event would hold up everybody else.
        context = get_context("spawn")
        self.failed, self._succeeded = context.RawValue("b", 0), context.RawValue("b", 0)

    def __call__(self) -> Any:
        try:
            app = self._build()
        except BaseException as error:
            if not self._succeeded.value and not self.failed.value:
                self.failed.value = 1
                os.kill(os.getppid(), signal.SIGTERM)
            if isinstance(error, HeadraceError):
                sys.exit(f"Error: {error.message}")
            raise
        self._succeeded.value = 1
        return app


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or ``PortTaken`` saying what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio knows it for TCP and sends answers without waiting for acknowledgements.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} of {host} is taken: stop the program that has it, or choose another one with --port"
            ) from None
        why = error.strerror or error
        raise PortTaken(f"Cannot serve on {host} port {port}: {why}; choose others with --host and --port") from None
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """The URL under which ``listener`` is reached."""
    name = f"[{host.strip('[]')}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


class _Server(Server):
    """uvicorn's server, woken by events instead of ten times a second, and ending open streams before it drains."""

    def __init__(self, config: Config, said: str = "") -> None:
        super().__init__(config)
        self._said = said
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        # What is here now stays until the end, and one answer may be of ten thousand records, none of them in a cycle:
        # the collector need look neither at the one nor so often at the other.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GENERATION, 20, 20)
        if self._said:
            print(self._said, flush=True)

    async def main_loop(self) -> None:
        if not self.should_exit:
            await self._stop.wait()
        app = self.config.loaded_app
        if isinstance(app, Draining):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), app.drain())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.loaded_app
        if isinstance(app, App):
            app.stop_streams()
        await super().shutdown(sockets)
        # Told to stop, and stopped in good order: that is no death by signal.
        self._captured_signals.clear()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        event = self._hurry if self.should_exit else self._stop
        super().handle_exit(sig, frame)
        if self._loop:
            self._loop.call_soon_threadsafe(event.set)


class _Worker(multiprocess.Process):
    """One of several processes that serve the same socket."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        if cast(_FirstStart, config.app).forks:
            told = {"config": config, "target": self.target, "sockets": sockets}
            self.process = get_context("fork").Process(target=_forked, kwargs=told)  # type: ignore[assignment]

    @property
    def server(self) -> Server:
        if self._server is None:
            self._server = _Server(config=self.config)
        return self._server

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether the worker answers in time; one that has ended is not waited for."""
        with suppress(OSError, EOFError):
            self.parent_conn.send(b"ping")
            if self.parent_conn in wait([self.parent_conn, self.process.sentinel], timeout):
                self.parent_conn.recv()
                return True
        return False


def _forked(config: Config, target: Callable[..., None], sockets: list[socket.socket]) -> None:
    """Begin as a fork: without what the supervisor does when it is told to stop."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    subprocess_started(config, target, sockets, None)


class _Supervisor(Multiprocess):
    """Keeps the workers, but replaces none that ended because everything is to end."""

    def keep_subprocess_alive(self) -> None:
        """Replace workers that ended."""
        ended = [each for each in self.processes if not each.is_alive(self.config.timeout_worker_healthcheck)]
        if ended and not self.signal_queue:
            super().keep_subprocess_alive()


def _config(app: Any, workers: int, patience: int, *, factory: bool = False) -> Config:
    return Config(
        app,
        factory=factory,
        workers=workers,
        http=Protocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=patience,
        limit_concurrency=CONNECTIONS,
        timeout_worker_healthcheck=SILENT_SECONDS,
    )


def _raise_file_limit() -> None:
    """Let this process have as many connections as the system allows it."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(most, 65_536) if most != resource.RLIM_INFINITY else 65_536
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
