"""Who this process is to a store: each of its threads numbers the points it writes."""

from __future__ import annotations

import os
import threading

from headrace.base.ids import new_id


class _Writer(threading.local):
    """One thread of one process."""

    process = 0
    name = ""
    sequence = 0


_here = _Writer()


def next_write() -> tuple[str, int]:
    """This thread's name as a writer, and the number of its next write: a store does each number once."""
    if _here.process != os.getpid():
        # A forked child has copies of its parent's numbers.
        _here.process, _here.name, _here.sequence = os.getpid(), new_id(), 0
    _here.sequence += 1
    return _here.name, _here.sequence
