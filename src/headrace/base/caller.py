"""Who is asking: the name under which a change goes into the history."""

from __future__ import annotations

import getpass
import os
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


class acting_for:  # Read as a phrase, and cheaper than a generator where every call that writes passes.
    """What is done in a ``with`` block of this is done for the name given."""

    __slots__ = ("_name", "_token")

    def __init__(self, name: str) -> None:
        self._name = name[:LENGTH] or UNKNOWN

    def __enter__(self) -> None:
        self._token = _caller.set(self._name)

    def __exit__(self, *_: object) -> None:
        _caller.reset(self._token)


@cache
def account() -> str:
    """The name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # An account without a name, as in some containers.
        return str(os.getuid())
