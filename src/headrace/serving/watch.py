"""Follows an alias: when it moves, the model that it names now takes over from the one that is served."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable

from headrace.base.errors import BadRequest, HeadraceError
from headrace.serving.app import Scorer
from headrace.serving.deployed import Deployed
from headrace.serving.served import Served, identify


class Watch:
    """Looks at an alias every some seconds, in a thread of its own."""

    def __init__(
        self, scorer: Scorer, model_uri: str, served: Served, build: Callable[[Served], Deployed], *, seconds: float
    ) -> None:
        """``build`` loads a model, and raises what it likes."""
        self._scorer, self._uri, self._build, self._seconds = scorer, model_uri, build, seconds
        self._served = served
        self._stop = threading.Event()
        self._fault = ""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to look, for a server that answers in ``loop``."""
        # Loading a model may take long, and must not keep the process from ending.
        threading.Thread(target=self._run, args=(loop,), name="watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        moved = False
        while not self._stop.wait(self._seconds):
            if moved:
                # The model before was put out of the collector's sight, as one that stays until the end.
                gc.unfreeze()
                gc.collect()
                gc.freeze()
            deployed = self.look()
            moved = deployed is not None
            if deployed is not None and not self._stop.is_set():
                loop.call_soon_threadsafe(self._scorer.swap, deployed)
            del deployed

    def look(self) -> Deployed | None:
        """The model that takes over, loaded; None when the alias did not move, or what it names cannot be served."""
        try:
            found = identify(self._uri)
            if found.version == self._served.version:
                self._fault = ""
                return None
            deployed = self._build(found)
        except (Exception, SystemExit) as error:
            # The registry may be away, and a model's code may raise anything: what is served goes on, and it is said.
            self._tell(error)
            return None
        before, self._served, self._fault = self._served, found, ""
        _say(f"{self._uri} moved from version {before.version} to {found.version}, which is served from now on")
        return deployed

    def _tell(self, error: BaseException) -> None:
        why = error.message if isinstance(error, HeadraceError) else f"{type(error).__name__}: {error}"
        # Once is enough, as long as it is the same.
        if why != self._fault:
            self._fault = why
            _say(f"Version {self._served.version} is served on, for what {self._uri} names cannot be: {why}")


def check(model_uri: str) -> None:
    """Raise ``BadRequest`` for a model that no alias or stage names, for it never moves."""
    from headrace.tracking.model_uris import ModelUri

    said = ModelUri.parse(model_uri) if model_uri.startswith("models:/") else ModelUri()
    if not (said.alias or said.stage) or said.at is not None:
        raise BadRequest(f"{model_uri!r} never moves; --watch goes with models:/name@alias or models:/name/latest")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
