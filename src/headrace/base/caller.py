"""Who is asking: the name under which a change goes into the history."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

#: A caller that says no name.
UNKNOWN = "unknown"
#: The header in which a client without credentials says who uses it, percent-encoded.
HEADER = "X-Headrace-User"
#: Characters that are kept of a name.
LENGTH = 500

_caller: ContextVar[str | None] = ContextVar("caller", default=None)


def said() -> str | None:
    """The name of whoever this thread acts for at the moment; None where it acts for whoever runs the process."""
    return _caller.get()


@contextmanager
def acting_for(name: str) -> Iterator[None]:
    """What is done in this block is done for ``name``."""
    token = _caller.set(name[:LENGTH] or UNKNOWN)
    try:
        yield
    finally:
        _caller.reset(token)


@cache
def account() -> str:
    """The name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # An account without a name, as in some containers.
        return str(os.getuid())
