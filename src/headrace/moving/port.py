"""What everything that can be moved from says, and what everything that can be moved to takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

import msgspec

from headrace.artifacts import open_store as open_artifacts
from headrace.artifacts.port import ArtifactStore
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRegistryEvent,
    ImportedRun,
    ImportedSeries,
)
from headrace.stores.port import Store

#: What has artifacts of its own.
Owner = Literal["run", "logged model"]


class SourceFile(msgspec.Struct, frozen=True):
    """One artifact at a source: its path below the artifacts of its owner, its size in bytes, and its bytes."""

    path: str
    size: int
    read: Callable[[], Iterator[bytes]]


class Lost(msgspec.Struct, frozen=True):
    """Something at a source that cannot come over, and why."""

    kind: str
    id: str
    why: str
    #: How many there are, where they are not named one by one.
    count: int = 1


class SourceFiles(msgspec.Struct, frozen=True):
    """The artifacts of a run or logged model at a source. ``files`` raises ``HeadraceError`` where they are denied."""

    owner: Owner
    id: str
    files: Callable[[], Iterator[SourceFile | Lost]]


Entity = (
    ImportedExperiment
    | ImportedRun
    | ImportedSeries
    | ImportedLoggedModel
    | ImportedRegistryEvent
    | ImportedRegisteredModel
    | ImportedModelVersion
    | ImportedEvaluationDataset
    | SourceFiles
    | Lost
)


class Chosen(msgspec.Struct, frozen=True):
    """Which part of a source is wanted."""

    #: Names or ids of experiments; empty for all of them.
    experiments: frozenset[str] = frozenset()
    #: Whether registered models are wanted too.
    registry: bool = True

    def has(self, experiment_id: str, name: str) -> bool:
        """Whether an experiment is wanted."""
        return not self.experiments or experiment_id in self.experiments or name in self.experiments


class Source(Protocol):
    """Tells what it keeps, and changes nothing of it."""

    @property
    def name(self) -> str:
        """What it is called in reports: a path, or a location without credentials."""
        ...

    def runs(self, chosen: Chosen) -> int | None:
        """How many runs it will tell, about, if that is easily known."""
        ...

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """Everything that was chosen, in an order in which it can be taken.

        An experiment comes before its runs, a run before its series, its files and the logged models that were measured
        in it, the events of a registered model before the model, each history in its order, and a registered model
        before its versions, experiments before their evaluation datasets. Ids and locations are the source's own.
        Points of one series, and records of one dataset, may come in several pieces. What is damaged costs that item
        only, and is told as ``Lost``.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class Sink:
    """What is moved to: a store of any kind, and the artifact stores that its records name."""

    def __init__(self, store: Store, uri: str) -> None:
        self.store = store
        self.uri = uri
        self._opened: dict[str, ArtifactStore] = {}

    def artifacts(self, location: str) -> ArtifactStore:
        """The artifact store at a location that the store told."""
        if location not in self._opened:
            if len(self._opened) >= 1000:
                self._opened.clear()
            self._opened[location] = open_artifacts(location, tracking_uri=self.uri)
        return self._opened[location]
