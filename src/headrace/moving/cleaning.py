"""Removes for good what is deleted: first the artifacts, then the records; and folders that no record names.

A run, model or experiment is claimed before its first artifact goes, so that it can no longer be restored. Whenever
this ends early, what was claimed is still told as deleted, and the next cleaning begins with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from headrace.base.errors import HeadraceError
from headrace.moving.locations import Locations, Spot, root_of
from headrace.schema.experiments import SearchExperiments
from headrace.schema.purge import ClaimDeleted, Deleted, FindDeleted, FindUnnamed, Kind, PurgeClaimed
from headrace.stores.port import Store

#: What is purged in this order, since experiments wait for what is in them.
KINDS: tuple[Kind, ...] = ("run", "logged_model", "experiment")
#: Things claimed, emptied and purged together.
_TOGETHER = 500
#: Artifact folders looked at or removed at the same time, where a server has them.
_ABREAST = 8
_RUN_ID, _MODEL_ID, _EXPERIMENT_ID = re.compile("[0-9a-f]{32}"), re.compile("m-[0-9a-f]{32}"), re.compile("[0-9]{1,18}")

T = TypeVar("T")
R = TypeVar("R")


class Wanted(msgspec.Struct, frozen=True):
    """What is to be purged: everything deleted, or only what is named."""

    run_ids: tuple[str, ...] = ()
    logged_model_ids: tuple[str, ...] = ()
    experiment_ids: tuple[str, ...] = ()
    #: Only what was deleted before this time, in ms.
    deleted_before: int | None = None
    #: Whether artifacts go that a model version is made of.
    needed_too: bool = False
    #: Whether artifacts stay.
    records_only: bool = False

    @property
    def names_some(self) -> bool:
        return bool(self.run_ids or self.logged_model_ids or self.experiment_ids)

    def ids(self, kind: Kind) -> tuple[str, ...]:
        """The ids of one kind that are named."""
        named = {"run": self.run_ids, "logged_model": self.logged_model_ids, "experiment": self.experiment_ids}
        return named[kind]


class Kept(msgspec.Struct, frozen=True):
    """Something deleted that stays, and why."""

    kind: Kind
    id: str
    why: str
    #: Whether its purge was begun, and will be taken up by the next cleaning.
    failed: bool = False


class Cleaned(msgspec.Struct):
    """What was purged, or would be: things by kind, artifact files and their bytes, and what stays."""

    runs: int = 0
    logged_models: int = 0
    experiments: int = 0
    files: int = 0
    bytes: int = 0
    kept: list[Kept] = msgspec.field(default_factory=list)

    def count(self, kind: Kind, items: int) -> None:
        """Add to the number of one kind."""
        name = f"{kind}s"
        setattr(self, name, getattr(self, name) + items)


class _Item(msgspec.Struct, frozen=True):
    """Something to purge, and where its artifacts are, if anywhere."""

    kind: Kind
    deleted: Deleted
    spot: Spot | None


class Cleaning:
    """One cleaning of a store. ``progress`` is told of every step in a sentence."""

    def __init__(
        self, store: Store, locations: Locations, wanted: Wanted, progress: Callable[[str], object] = lambda _: None
    ) -> None:
        self._store = store
        self._locations = locations
        self._wanted = wanted
        self._progress = progress
        #: Runs and models that go, by experiment.
        self._leaving: dict[str, int] = {}

    def run(self, *, dry: bool) -> Cleaned:
        """Purge what is wanted, or only count it. Nothing is changed before all of it was found and judged."""
        done = Cleaned()
        plan = {kind: self._judged(kind, done) for kind in KINDS}
        for kind in KINDS:
            for batch in _batches(plan[kind], _TOGETHER):
                if dry:
                    done.count(kind, len(batch))
                    self._measure(batch, done)
                else:
                    self._purge(kind, batch, done)
                    self._progress(f"{getattr(done, f'{kind}s')} of {len(plan[kind])} {kind.replace('_', ' ')}s purged")
        return done

    def _judged(self, kind: Kind, done: Cleaned) -> list[_Item]:
        """What of one kind can go; what cannot is noted."""
        going = []
        for deleted in self._found(kind):
            why, spot = self._fault_of(kind, deleted)
            if why:
                done.kept.append(Kept(kind, deleted.id, why))
                continue
            going.append(_Item(kind, deleted, spot))
            self._leaving[deleted.experiment_id] = self._leaving.get(deleted.experiment_id, 0) + 1
        return going

    def _found(self, kind: Kind) -> Iterator[Deleted]:
        wanted = self._wanted
        named = wanted.ids(kind)
        for batch in _batches(named, 1000):
            yield from self._pages(kind, ids=batch)
        if kind != "experiment" and wanted.experiment_ids:
            seen = set(named)
            for batch in _batches(wanted.experiment_ids, 1000):
                yield from (item for item in self._pages(kind, experiment_ids=batch) if item.id not in seen)
        elif not wanted.names_some:
            yield from self._pages(kind)

    def _pages(self, kind: Kind, **which: Any) -> Iterator[Deleted]:
        token = None
        while True:
            call = FindDeleted(
                kind=kind, deleted_before=self._wanted.deleted_before, max_results=5000, page_token=token, **which
            )
            page = self._store.send(call)
            yield from page.items
            token = page.next_page_token
            if token is None:
                return

    def _fault_of(self, kind: Kind, deleted: Deleted) -> tuple[str, Spot | None]:
        """Why something deleted stays, if it does, and where its artifacts are."""
        if deleted.alive:
            return f"{deleted.alive} of its runs are not deleted", None
        if kind == "experiment" and deleted.members > self._leaving.get(deleted.id, 0):
            return f"{deleted.members - self._leaving.get(deleted.id, 0)} of its runs and logged models stay", None
        if deleted.needed_by and not self._wanted.needed_too:
            return f"{deleted.needed_by} is made of its artifacts", None
        if self._wanted.records_only:
            return "", None
        try:
            return "", self._locations.spot_of(kind, deleted)
        except HeadraceError as error:
            return error.message, None

    def _measure(self, batch: Sequence[_Item], done: Cleaned) -> None:
        for files, size in self._each(batch, self._size):
            done.files += files
            done.bytes += size

    def _purge(self, kind: Kind, batch: Sequence[_Item], done: Cleaned) -> None:
        ids = [item.deleted.id for item in batch]
        claimed = set(self._store.send(ClaimDeleted(kind=kind, ids=ids, needed_too=self._wanted.needed_too)).ids)
        done.kept += [Kept(kind, id, "it was restored, or is needed, by now") for id in ids if id not in claimed]
        emptied = []
        for item, fault, (files, size) in self._each(
            [item for item in batch if item.deleted.id in claimed], self._empty
        ):
            done.files += files
            done.bytes += size
            if fault:
                done.kept.append(
                    Kept(kind, item.deleted.id, f"its artifacts could not be removed: {fault}", failed=True)
                )
            else:
                emptied.append(item.deleted.id)
        left = emptied
        while left:
            gone = set(self._store.send(PurgeClaimed(kind=kind, ids=left)).ids)
            left = [id for id in left if id not in gone]
        done.count(kind, len(emptied))

    def _empty(self, item: _Item) -> tuple[_Item, str, tuple[int, int]]:
        """Remove the artifacts of something claimed; why that failed, if it did, and the files and bytes that went."""
        files = size = 0
        try:
            for spot in self._spots(item):
                here = spot.size()
                spot.remove()
                files, size = files + here[0], size + here[1]
            if item.spot and item.kind == "experiment" and not item.spot.children():
                item.spot.remove()
        except HeadraceError as error:
            return item, error.message, (files, size)
        except OSError as error:
            return item, str(error), (files, size)
        return item, "", (files, size)

    def _size(self, item: _Item) -> tuple[int, int]:
        sizes = [spot.size() for spot in self._spots(item)]
        return sum(files for files, _ in sizes), sum(size for _, size in sizes)

    def _spots(self, item: _Item) -> list[Spot]:
        """The folders that go with something: its own, or what no other record names in that of an experiment."""
        if item.spot is None:
            return []
        if item.kind != "experiment":
            return [item.spot]
        models = item.spot.below("models")
        inside = [item.spot.below(name) for name in item.spot.children()]
        inside += [models.below(name) for name in models.children()]
        unnamed = _unnamed(self._store, inside)
        return [spot for spot in unnamed if not any(spot.location.startswith(f"{up.location}/") for up in unnamed)]

    def _each(self, items: Sequence[T], act: Callable[[T], R]) -> Iterable[R]:
        if not self._locations.is_far:
            return map(act, items)
        with ThreadPoolExecutor(_ABREAST) as pool:
            return list(pool.map(act, items))


def dangling(store: Store, locations: Locations) -> tuple[list[Spot], dict[str, str]]:
    """Folders below the artifact roots of a store that are named like a run, model or experiment, but by no record.

    The second are roots that could not be looked into, and why.
    """
    found: list[Spot] = []
    closed: dict[str, str] = {}
    homes: dict[str, list[str]] = {}
    for id, place in _experiments(store):
        root = root_of(place, id)
        homes.setdefault(root, []).append(id if place.rstrip("/").endswith(f"/{id}") else "")
    for root, ids in homes.items():
        try:
            top = locations.at(root)
            if any(ids):
                found += _unnamed(store, _named_like(top, _EXPERIMENT_ID))
            for id in ids:
                home = top.below(id) if id else top
                found += _unnamed(store, _named_like(home, _RUN_ID) + _named_like(home.below("models"), _MODEL_ID))
        except HeadraceError as error:
            closed[root] = error.message
    return found, closed


def remove_dangling(store: Store, spots: Sequence[Spot]) -> list[Spot]:
    """Remove folders unless a record names them by now; those that went."""
    gone = _unnamed(store, spots)
    for spot in gone:
        spot.remove()
    return gone


def _named_like(spot: Spot, pattern: re.Pattern[str]) -> list[Spot]:
    return [spot.below(name) for name in spot.folders() if pattern.fullmatch(name)]


def _unnamed(store: Store, spots: Sequence[Spot]) -> list[Spot]:
    found: list[Spot] = []
    for batch in _batches(spots, 1000):
        unnamed = set(store.send(FindUnnamed(folders=[spot.location for spot in batch])).folders)
        found += [spot for spot in batch if spot.location in unnamed]
    return found


def _experiments(store: Store) -> Iterator[tuple[str, str]]:
    token = None
    while True:
        page = store.send(SearchExperiments(max_results=1000, view_type="ALL", page_token=token))
        yield from ((each.experiment_id, each.artifact_location or "") for each in page.experiments)
        token = page.next_page_token
        if token is None:
            return


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
