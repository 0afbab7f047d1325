"""Tells browsers that something they look at has changed, by server-sent events.

What changes through this process is told at once. What other processes write to the same database is noticed by
looking, and only while somebody watches; an idle server does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from typing import Any, NamedTuple

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NotFound, Unreachable
from headrace.schema import Call
from headrace.schema.call import Read
from headrace.schema.experiments import ExperimentCreated
from headrace.schema.runs import GetRun, RunFound, RunUpdated, SearchRuns
from headrace.server.crew import Crew
from headrace.server.http import SECURITY_HEADERS, Answer, Question
from headrace.server.routing import ROOTS, ByteRoute
from headrace.stores.port import Store
from headrace.wire import codec

#: Watchers at the same time, and events that wait for one that does not read, at most.
WATCHERS, WAITING = 256, 64
#: Seconds between signs of life, and between looks at what other processes wrote.
HEARTBEAT_SECONDS, LOOK_SECONDS = 15.0, 2.0
#: Runs of an experiment that are looked at: the newest ones.
_LOOKED_AT = 50

_HEADERS = (
    *SECURITY_HEADERS,
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Subject(NamedTuple):
    """A run or an experiment: one of the two is empty."""

    run_id: str
    experiment_id: str


class Events:
    """Who watches what, and what to tell them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watchers: dict[Subject, set[asyncio.Queue[Subject | None]]] = {}
        self._experiment_of: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None
        self._seen: dict[Subject, bytes] = {}
        self._crew = Crew(1, "headrace-events")

    def routes(self) -> list[ByteRoute]:
        """The routes under which pages watch."""
        return [
            ByteRoute(("GET",), f"{root}/2.0/headrace/events", Read.experiment("experiment_id"), self.watch)
            for root in ROOTS
        ]

    def changed(self, call: Call[Any], reply: Any) -> None:
        """Tell the watchers of what ``call`` changed. May be called from any thread; costs nothing without watchers."""
        if not self._watchers or self._loop is None:
            return
        run_id, experiment_id = getattr(call, "run_id", None) or "", getattr(call, "experiment_id", None) or ""
        match reply:
            case RunFound(run=run):
                run_id, experiment_id = run.info.run_id, run.info.experiment_id
            case RunUpdated(run_info=info):
                run_id, experiment_id = info.run_id, info.experiment_id
            case ExperimentCreated(experiment_id=created):
                experiment_id = created
        if run_id and not experiment_id:
            experiment_id = self._find_experiment(run_id)
        if run_id or experiment_id:
            self._loop.call_soon_threadsafe(self._tell, Subject(run_id, experiment_id))

    async def watch(self, question: Question, answer: Answer, rest: str) -> None:
        """Stream events about one run or one experiment until the page goes away."""
        said = dict(question.pairs())
        subject = Subject(said.get("run_id", ""), said.get("experiment_id", ""))
        if bool(subject.run_id) == bool(subject.experiment_id) or max(map(len, subject)) > 64:
            raise BadRequest("Give a run_id or an experiment_id to watch, and not both")
        if sum(map(len, self._watchers.values())) >= WATCHERS:
            raise Unreachable(f"{WATCHERS} pages are watching already")
        queue: asyncio.Queue[Subject | None] = asyncio.Queue(WAITING)
        self._loop = asyncio.get_running_loop()
        self._watchers.setdefault(subject, set()).add(queue)
        if self._looking is None or self._looking.done():
            self._looking = self._loop.create_task(self._look())
        gone = self._loop.create_task(question.gone())
        gone.add_done_callback(lambda _: _put(queue, None))
        try:
            if subject not in self._seen:
                self._seen[subject] = await self._crew.do(self._mark, subject)
            await answer.start(200, _HEADERS)
            await answer.piece(b": watching\n\n")
            await self._stream(queue, answer)
        finally:
            gone.cancel()
            self._watchers[subject].discard(queue)
            if not self._watchers[subject]:
                del self._watchers[subject]
                self._seen.pop(subject, None)

    def stop(self) -> None:
        """End all streams. Safe to call more than once."""
        for queues in list(self._watchers.values()):
            for queue in queues:
                _put(queue, None)
        if self._looking is not None:
            self._looking.cancel()

    async def close(self) -> None:
        """Finish looking."""
        await self._crew.close()

    async def _stream(self, queue: asyncio.Queue[Subject | None], answer: Answer) -> None:
        while True:
            try:
                about = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                await answer.piece(b": alive\n\n")
                continue
            if about is None:
                with contextlib.suppress(OSError):
                    await answer.piece(b"", last=True)
                return
            said = msgspec.json.encode({"run_id": about.run_id, "experiment_id": about.experiment_id})
            await answer.piece(b"event: changed\ndata: " + said + b"\n\n")

    def _tell(self, about: Subject) -> None:
        for subject in {Subject(about.run_id, ""), Subject("", about.experiment_id)}:
            for queue in self._watchers.get(subject, ()):
                waiting = queue._queue  # type: ignore[attr-defined]
                if about not in waiting:
                    _put(queue, about)

    def _find_experiment(self, run_id: str) -> str:
        """The experiment of a run, which never changes."""
        if run_id not in self._experiment_of:
            if len(self._experiment_of) >= 10_000:
                self._experiment_of.clear()
            self._experiment_of[run_id] = self._store.send(GetRun(run_id=run_id)).run.info.experiment_id
        return self._experiment_of[run_id]

    async def _look(self) -> None:
        """Notice what other processes wrote, while somebody watches."""
        while self._watchers:
            for subject in list(self._watchers):
                try:
                    now = await self._crew.do(self._mark, subject)
                except HeadraceError:
                    continue
                if subject in self._seen and self._seen[subject] != now:
                    self._seen[subject] = now
                    self._tell(subject)
            await asyncio.sleep(LOOK_SECONDS)

    def _mark(self, subject: Subject) -> bytes:
        """A digest of what a page about ``subject`` shows first."""
        if subject.run_id:
            try:
                said = codec.encode(self._store.send(GetRun(run_id=subject.run_id)))
            except NotFound:
                said = b""
        else:
            runs = SearchRuns(experiment_ids=[subject.experiment_id], run_view_type="ALL", max_results=_LOOKED_AT)
            said = codec.encode(self._store.send(runs))
        return hashlib.blake2b(said, digest_size=16).digest()


def _put(queue: asyncio.Queue[Subject | None], item: Subject | None) -> None:
    """Put ``item``; a watcher that reads too slowly is let go: its browser comes back and reads all anew."""
    try:
        queue.put_nowait(item)
    except asyncio.QueueFull:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
