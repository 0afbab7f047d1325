"""A library whose calls are watched: its options, and when they are in force."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from headrace.autologging.engine import importing
from headrace.autologging.engine.recording import began
from headrace.autologging.engine.watching import Patch
from headrace.base.errors import Unreachable
from headrace.tracking import active
from headrace.tracking.uri import get_tracking_uri

#: How long a server that was not there is left alone.
_PAUSE_SECONDS = 10
_log = logging.getLogger("headrace.autologging")
_lock = threading.RLock()
#: Libraries that have a room here.
LIBRARIES = ("sklearn",)
#: Every library that was asked about, by its name.
INTEGRATIONS: dict[str, Integration] = {}
#: Libraries, or ``*`` for all, that are not watched at this moment.
paused: ContextVar[frozenset[str]] = ContextVar("paused", default=frozenset())


class Integration:
    """One library: ``patches`` says, for each of its modules, what is to be watched there."""

    def __init__(
        self,
        name: str,
        package: str,
        distribution: str,
        versions: tuple[str, str],
        patches: Callable[[ModuleType], Iterable[Patch]],
    ) -> None:
        self.name, self.package = name, package
        self._distribution, self._versions, self._patches = distribution, versions, patches
        #: What ``autolog`` was last told; empty before the first time.
        self.options: dict[str, Any] = {}
        #: Whether that was said of all libraries at once.
        self.by_front_door = False
        self._made: list[Patch] = []
        self._seen: set[str] = set()
        self._on = False
        #: A tracking URI whose server was not there, and the moment until which it is not asked again.
        self._unreachable: tuple[str, float] | None = None
        INTEGRATIONS[name] = self

    def option(self, name: str, default: Any = None) -> Any:
        """One option of ``autolog``."""
        return self.options.get(name, default)

    def configure(self, options: dict[str, Any], front_door: bool = False) -> None:
        """Take these options, and watch the library or leave it alone. What was said of it alone wins."""
        with _lock:
            if front_door and self.options and not self.by_front_door:
                return
            self.options, self.by_front_door = dict(options), front_door
            wanted = not options.get("disable") and self._fits(options)
            if wanted and not self._on:
                self._on = True
                importing.tell_of(self.package, self._look_at)
            elif not wanted and self._on:
                self._on = False
                self._restore()

    def is_disabled(self) -> bool:
        """Whether calls of this library are not watched now."""
        return not self._on or bool(paused.get() & {self.name, "*"})

    def listens(self) -> bool:
        """Whether a call of this moment is to be watched: with ``exclusive``, none while the user has a run open."""
        if self.is_disabled() or self._waits_for_server():
            return False
        if not self.option("exclusive"):
            return True
        run = active.current()
        return run is None or began(run.info.run_id)

    def fails(self, name: str, error: Exception) -> None:
        """Tell that a call of ``name`` could not be recorded."""
        rest = ""
        if isinstance(error, Unreachable):
            self._unreachable = get_tracking_uri(), time.monotonic() + _PAUSE_SECONDS
            rest = f"; for {_PAUSE_SECONDS} seconds no call is recorded there"
        self.warn(f"A call of {name} was not recorded: {type(error).__name__}: {error}{rest}")

    def warn(self, message: str) -> None:
        """Tell the user, unless told to be silent."""
        if not self.option("silent"):
            _log.warning("Autologging of %s: %s", self.name, message)

    def _waits_for_server(self) -> bool:
        """Whether the server was not there a moment ago: each call that asks it anew would wait for it in vain."""
        if self._unreachable is None:
            return False
        place, until = self._unreachable
        if time.monotonic() < until and place == get_tracking_uri():
            return True
        self._unreachable = None
        return False

    def _look_at(self, module: ModuleType) -> None:
        with _lock:
            if self._on and module.__name__ not in self._seen:
                self._seen.add(module.__name__)
                try:
                    self._made.extend(self._patches(module))
                except Exception as error:  # The import of a library must not fail for its being watched.
                    self.warn(f"{module.__name__} is not watched: {type(error).__name__}: {error}")

    def _restore(self) -> None:
        importing.tell_no_more(self.package, self._look_at)
        for patch in reversed(self._made):
            patch.restore()
        self._made.clear()
        self._seen.clear()

    def _fits(self, options: dict[str, Any]) -> bool:
        """Whether the version that is installed may be watched; says so when nobody has tried it."""
        try:
            version = importlib.metadata.version(self._distribution)
        except importlib.metadata.PackageNotFoundError:
            return True  # Not here yet: there is nothing to watch until it is.
        oldest, newest = self._versions
        if _number(oldest) <= _number(version)[:2] <= _number(newest):
            return True
        if options.get("disable_for_unsupported_versions"):
            return False
        self.warn(
            f"{self._distribution} {version} is outside of {oldest} to {newest}, which were tried; it may not work"
        )
        return True


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version)[:2])


def _begin_anew() -> None:
    # Another thread of the parent may have held it.
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_begin_anew)
