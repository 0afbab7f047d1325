"""The kinds of source that are known, those of plugins too."""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points
from typing import Any, ClassVar

from headrace.base.errors import NotFound
from headrace.data.artifact_dataset_sources import KINDS
from headrace.data.code_dataset_source import CodeDatasetSource
from headrace.data.dataset_source import DatasetSource
from headrace.data.delta_dataset_source import DeltaDatasetSource
from headrace.data.evaluation_dataset_source import EvaluationDatasetSource
from headrace.data.http_dataset_source import HTTPDatasetSource
from headrace.data.huggingface_dataset_source import HuggingFaceDatasetSource
from headrace.data.spark_dataset_source import SparkDatasetSource
from headrace.data.uc_volume_dataset_source import UCVolumeDatasetSource

#: Kinds as they are passed about: the classes, not objects of them.
Kind = type[DatasetSource]

_OWN: list[Kind] = [
    *KINDS,
    HTTPDatasetSource,
    HuggingFaceDatasetSource,
    SparkDatasetSource,
    DeltaDatasetSource,
    CodeDatasetSource,
    UCVolumeDatasetSource,
    EvaluationDatasetSource,
]


class DatasetSourceRegistry:
    """Kinds of source, in the order in which they were registered."""

    group: ClassVar[str] = "mlflow.dataset_source"

    def __init__(self) -> None:
        self.sources: list[Kind] = []

    def register(self, source: Kind) -> None:
        """Add a kind."""
        self.sources.append(source)

    def register_entrypoints(self) -> None:
        """Add the kinds of installed plugins; one that cannot be imported is passed over with a warning."""
        for point in entry_points(group=self.group):
            try:
                self.register(point.load())
            except (AttributeError, ImportError) as error:
                warnings.warn(f"The dataset source {point.name!r} could not be loaded: {error}", stacklevel=2)

    def resolve(self, raw_source: Any, candidate_sources: list[Kind] | None = None) -> DatasetSource:
        """The source that ``raw_source`` names, of the kind that was registered last among those that know it.

        Raises ``NotFound`` when none does.
        """
        among = tuple(candidate_sources) if candidate_sources else (DatasetSource,)
        known = [kind for kind in self.sources if issubclass(kind, among) and kind._can_resolve(raw_source)]
        if not known:
            raise NotFound(
                f"{raw_source!r} names no source that is known; give a path, a URL, or build the source: see"
                " headrace.data.sources"
            )
        if len(known) > 1:
            names = ", ".join(kind.__name__ for kind in known)
            warnings.warn(f"{raw_source!r} may be any of {names}; the last of them is taken", stacklevel=3)
        return known[-1]._resolve(raw_source)

    def get_source_from_json(self, source_json: str, source_type: str) -> DatasetSource:
        """The source that a record tells of. Raises ``NotFound`` for a type nobody registered."""
        for kind in reversed(self.sources):
            if kind._get_source_type() == source_type:
                return kind.from_json(source_json)
        raise NotFound(f"Nobody knows sources of the type {source_type!r}; is the plugin that does installed?")


def register_dataset_source(source: Kind) -> None:
    """Make a kind of source known."""
    _registry().register(source)


def resolve_dataset_source(raw_source: Any, candidate_sources: list[Kind] | None = None) -> DatasetSource:
    """The source that ``raw_source`` names, of one of the ``candidate_sources`` if any are given."""
    return _registry().resolve(raw_source, candidate_sources)


def get_dataset_source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """The source that a record tells of."""
    return _registry().get_source_from_json(source_json, source_type)


def get_registered_sources() -> list[Kind]:
    """All kinds of source that are known."""
    return _registry().sources


_known: list[DatasetSourceRegistry] = []


def _registry() -> DatasetSourceRegistry:
    # Plugins import this package, so they are looked for when it is first used, not while it is imported.
    if not _known:
        made = DatasetSourceRegistry()
        for kind in _OWN:
            made.register(kind)
        _known.append(made)
        made.register_entrypoints()
    return _known[0]
