"""What every store is: something that answers calls."""

from __future__ import annotations

from typing import Protocol, TypeVar

from headrace.schema import Call

R = TypeVar("R")


class WouldWait(Exception):
    """Answering at once would have meant to wait for somebody; nothing was done."""


class Store(Protocol):
    """Answers calls. Safe to share between threads."""

    def send(self, call: Call[R], /) -> R:
        """Answer ``call``, or raise a ``HeadraceError``. A call that raises has changed nothing."""
        ...

    def close(self) -> None:
        """Let go of connections. Calls that are under way are finished first."""
        ...


class PromptStore(Store, Protocol):
    """A store that often need not wait: its data are on this machine, and nobody else is writing."""

    def attempt(self, call: Call[R], /) -> R:
        """Answer ``call`` without waiting for anybody, or raise ``WouldWait`` having done nothing."""
        ...
