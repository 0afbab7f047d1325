"""Who wrote what: a write that was sent again, because nobody heard its answer, is done once."""

from __future__ import annotations

from headrace.base.clock import now_ms
from headrace.stores.sql.tx import Tx

#: Milliseconds after which a writer that is not heard of will not send anything again, and between two sweeps.
_GONE, _SWEEP = 24 * 3_600_000, 3_600_000


def is_new(tx: Tx, writer: str, sequence: int) -> bool:
    """Whether the write with this number is no resend; it is noted, so ask once, with the run it changes held.

    A writer sends one write after the other, so that whatever is not newer than its last one was done, or given up.
    """
    if not sequence:
        return True
    now = now_ms()
    newer = "UPDATE writers SET sequence = ?, seen = ? WHERE writer = ? AND sequence < ?"
    if not tx.run(newer, sequence, now, writer, sequence) and not tx.put_new(
        "writers", "writer, sequence, seen", [(writer, sequence, now)]
    ):
        return False
    if sweeps(tx, now):
        tx.house.swept = now
        tx.run("DELETE FROM writers WHERE seen < ?", now - _GONE)
    return True


def sweeps(tx: Tx, now: int) -> bool:
    """Whether it is time again to forget the writers that are gone."""
    return now - tx.house.swept > _SWEEP
