"""What logging with ``synchronous=False`` returns."""

from __future__ import annotations

from headrace.base import settings


class RunOperations:
    """Things that were logged. They have arrived already, so that waiting for them takes no time."""

    def wait(self) -> None:
        """Wait until everything has arrived."""


def done(synchronous: bool | None) -> RunOperations | None:
    """The reply to somebody who said whether to wait; who said nothing gets what the settings say."""
    if synchronous is None:
        synchronous = not settings.flag("ENABLE_ASYNC_LOGGING")
    return None if synchronous else RunOperations()
