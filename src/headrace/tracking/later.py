"""What is logged later: by threads of this process, in the order it was said, and before the program ends.

A lane is one such thread. Everything of one run goes through one lane, so that it arrives in order.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

import msgspec

from headrace.base import settings
from headrace.base.errors import HeadraceError, Unreachable
from headrace.schema.runs import Metric, Param, RunTag
from headrace.tracking.limits import MAX_ENTITIES_PER_BATCH, MAX_PARAMS_TAGS_PER_BATCH

_log = logging.getLogger(__name__)


class Logs(Protocol):
    """A client: what logs a batch at once."""

    @property
    def tracking_uri(self) -> str:
        """Where it tracks."""

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> object:
        """Log metrics, params and tags of a run."""


class Said(msgspec.Struct):
    """What one call said is to be logged, and where its fate is told."""

    client: Logs
    run_id: str
    metrics: list[Metric]
    params: list[Param]
    tags: list[RunTag]
    told: Future[None]

    def send(self) -> None:
        """Log it now."""
        self.client.log_batch(self.run_id, self.metrics, self.params, self.tags, synchronous=True)


class Act(msgspec.Struct):
    """Something to do in its turn."""

    act: Callable[[], object]
    told: Future[None]

    def send(self) -> None:
        """Do it now."""
        self.act()


class _Lane:
    """One thread, and what waits for it."""

    def __init__(self, number: int) -> None:
        self._waiting: deque[Said | Act] = deque()
        self._changed = threading.Condition()
        self._hurry = False
        self._thread = threading.Thread(target=self._run, name=f"headrace-later-{number}", daemon=True)
        self._thread.start()
        _flush_where_atexit_is_not_run()

    def put(self, item: Said | Act) -> None:
        """Take ``item`` in turn."""
        with self._changed:
            self._waiting.append(item)
            self._changed.notify()

    def flush(self) -> None:
        """Wait until everything that waits now has been dealt with; the lane's own thread waits for nothing."""
        if threading.current_thread() is self._thread:
            return
        last = Act(lambda: None, Future())
        with self._changed:
            self._waiting.append(last)
            self._hurry = True
            self._changed.notify()
        last.told.result()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                if pause := settings.fraction("ASYNC_LOGGING_BUFFERING_SECONDS", 0):
                    self._changed.wait_for(lambda: self._hurry, pause)
                self._hurry = False
                taken = list(self._waiting)
                self._waiting.clear()
            for batch in _batches(taken):
                _deal_with(batch)


def log(client: Logs, run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]) -> Future[None]:
    """Log these things of a run later; the future tells when they have arrived, or why not."""
    said = Said(client, run_id, metrics, params, tags, Future())
    _put(client.tracking_uri, run_id, said)
    return said.told


def act(client: Logs, run_id: str, do: Callable[[], object]) -> Future[None]:
    """Do something for a run later, after what was said of it before."""
    item = Act(do, Future())
    _put(client.tracking_uri, run_id, item)
    return item.told


def flush(run: tuple[str, str] | None = None) -> None:
    """Wait until what was said so far has arrived: of one run (tracking URI and id), or of all."""
    with _lock:
        if run is not None and not _waiting[run]:
            return  # Others' things may be in its lane.
        lanes = list(_lanes.values()) if run is None else [lane for lane in [_lanes.get(_number(*run))] if lane]
    for lane in lanes:
        lane.flush()


def _put(place: str, run_id: str, item: Said | Act) -> None:
    number = _number(place, run_id)
    with _lock:
        _waiting[place, run_id] += 1
        item.told.add_done_callback(lambda _: _arrived(place, run_id))
        try:
            lane = _lanes.get(number) or _lanes.setdefault(number, _Lane(number))
        except RuntimeError:  # No thread begins any more once the program is ending.
            _deal_with([item])
            return
    lane.put(item)


def _arrived(place: str, run_id: str) -> None:
    with _lock:
        _waiting[place, run_id] -= 1
        if _waiting[place, run_id] <= 0:
            del _waiting[place, run_id]


def _number(place: str, run_id: str) -> int:
    return hash((place, run_id)) % max(1, settings.number("ASYNC_LOGGING_THREADPOOL_SIZE", 10))


def _batches(items: list[Said | Act]) -> list[list[Said | Act]]:
    """The items in order, with neighbours of one run together as far as one request carries them."""
    found: list[list[Said | Act]] = []
    of, room = None, (0, 0, 0)
    for item in items:
        if not isinstance(item, Said):
            of = None
            found.append([item])
            continue
        run, size = (item.client.tracking_uri, item.run_id), (len(item.metrics), len(item.params), len(item.tags))
        both = (room[0] + size[0], room[1] + size[1], room[2] + size[2])
        if run == of and _fit(*both):
            found[-1].append(item)
            room = both
        else:
            found.append([item])
            of, room = run, size
    return found


def _fit(metrics: int, params: int, tags: int) -> bool:
    """Whether one request carries so many."""
    few = params <= MAX_PARAMS_TAGS_PER_BATCH and tags <= MAX_PARAMS_TAGS_PER_BATCH
    return few and metrics + params + tags <= MAX_ENTITIES_PER_BATCH


def _deal_with(batch: list[Said | Act]) -> None:
    """Send a batch; where it is refused, each item alone, so that only what is at fault is not logged."""
    try:
        _together(batch).send()
    except Exception as error:  # Told to whoever waits for it, whatever it is; the thread goes on.
        if len(batch) > 1 and isinstance(error, HeadraceError) and not isinstance(error, Unreachable):
            for item in batch:
                _deal_with([item])
            return
        for item in batch:
            _log.warning("Something was not logged: %s", error)
            item.told.set_exception(error)
    else:
        for item in batch:
            item.told.set_result(None)


def _together(batch: list[Said | Act]) -> Said | Act:
    first = batch[0]
    if len(batch) == 1 or not isinstance(first, Said):
        return first
    every = [each for each in batch if isinstance(each, Said)]
    return Said(
        first.client,
        first.run_id,
        [metric for each in every for metric in each.metrics],
        [param for each in every for param in each.params],
        [tag for each in every for tag in each.tags],
        Future(),
    )


def _flush_where_atexit_is_not_run() -> None:
    """Processes of multiprocessing leave without it; they have a list of their own."""
    util = sys.modules.get("multiprocessing.util")
    process = sys.modules.get("multiprocessing.process")
    if util is not None and process is not None and process.parent_process() is not None:
        util.Finalize(None, flush, exitpriority=10)


def _forget() -> None:
    # The threads, and what waits for them, are the parent's.
    global _lock
    _lock = threading.RLock()
    _lanes.clear()
    _waiting.clear()


#: Run -> how many things of it wait, or are being dealt with.
_waiting: Counter[tuple[str, str]] = Counter()
_lanes: dict[int, _Lane] = {}
_lock = threading.RLock()

atexit.register(flush)
os.register_at_fork(after_in_child=_forget)
