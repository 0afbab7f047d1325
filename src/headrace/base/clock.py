"""Time, in the one unit the protocol uses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headrace.base.errors import BadRequest

if TYPE_CHECKING:
    from datetime import datetime


def now_ms() -> int:
    """Milliseconds since the epoch, now."""
    return time.time_ns() // 1_000_000


def moment(said: str | int | float | datetime) -> int:
    """Milliseconds since the epoch of a moment: as such a number, as ISO 8601 text, or as a ``datetime``.

    A date or time without an offset is in UTC. Raises ``BadRequest`` for anything else.
    """
    from datetime import UTC, datetime

    if isinstance(said, str):
        text = said.strip()
        if text.isascii() and text.isdigit() and len(text) <= 18 and len(text) != 8:
            return int(text)
        try:
            said = datetime.fromisoformat(text)
        except ValueError:
            raise BadRequest(
                f"{text!r} is no moment; write ISO 8601 such as 2026-01-31T12:00:00Z, or milliseconds since the epoch"
            ) from None
    if isinstance(said, datetime):
        aware = said if said.tzinfo else said.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1000)
    return int(said)
