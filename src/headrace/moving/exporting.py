"""A store of Headrace as a source that leaves nothing out, all of it or what somebody chose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from headrace.base import connection
from headrace.base.errors import BadRequest, NoSuchEndpoint, NotFound
from headrace.moving.locations import root_of
from headrace.moving.mlflow_datasets import in_pieces
from headrace.moving.port import Chosen, Entity, Owner, Source, SourceFiles
from headrace.moving.roots import Roots
from headrace.schema.exports import (
    ExportEvaluationDatasets,
    ExportEvaluationRecords,
    ExportExperiments,
    ExportLoggedModels,
    ExportModelVersions,
    ExportPoints,
    ExportRegisteredModels,
    ExportRegistryEvents,
    ExportRuns,
)
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedExperiment,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRegistryEvent,
    ImportedRun,
)
from headrace.schema.runs import SearchRuns
from headrace.stores.port import Store

T = TypeVar("T")

#: Ids in one call, and experiments that one search for runs may name.
_IDS, _SEARCHED = 500, 1000


class Selection(msgspec.Struct, frozen=True):
    """What of a store is wanted; everything unless something is named.

    Experiments by name or id, with their runs and logged models; runs by id, or by a filter among the chosen
    experiments, with the logged models they made; registered models by name, with the runs and logged models behind
    their versions.
    """

    experiments: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    filter: str = ""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is named."""
        return not (self.experiments or self.runs or self.models or self.filter)


def _is_exact(store: Store) -> bool:
    """Whether a server tells its records as they are kept. Those of MLflow do not."""
    try:
        store.send(ExportExperiments(max_results=1))
    except NoSuchEndpoint:
        return False
    return True


def source_of(
    store: Store,
    uri: str,
    selection: Selection | None = None,
    *,
    artifacts_from: Sequence[str] = (),
    destination: str | None = None,
) -> Source:
    """A store as a source: exactly, if it tells its records as they are kept, or else by the calls of any client."""
    far = uri.startswith(("http://", "https://"))
    called = connection.without_credentials(uri) if far else uri
    if far and not _is_exact(store):
        if selection and not selection.is_everything:
            raise BadRequest(f"{called} is no server of Headrace: it can be exported whole, not in part")
        from headrace.moving.server import StoreSource

        return StoreSource(store, uri, called=called, artifacts_from=artifacts_from)
    return ExportSource(store, uri, selection, called=called, artifacts_from=artifacts_from, destination=destination)


class ExportSource:
    """Tells what a store of Headrace keeps. ``destination`` is the folder behind ``mlflow-artifacts:`` locations."""

    def __init__(
        self,
        store: Store,
        uri: str,
        selection: Selection | None = None,
        *,
        called: str | None = None,
        artifacts_from: Sequence[str] = (),
        destination: str | None = None,
    ) -> None:
        self._store, self._uri, self._called = store, uri, called or uri
        self._selection = selection or Selection()
        self._server = uri if uri.startswith(("http://", "https://")) else None
        self._artifacts_from, self._destination = artifacts_from, destination
        self._roots: Roots | None = None

    @property
    def name(self) -> str:
        """Its address."""
        return self._called

    def runs(self, chosen: Chosen) -> int | None:
        """Nobody knows before all are told."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """Everything that was chosen, here and when the source was opened."""
        experiments = {each.experiment_id: each for each in self._pages(ExportExperiments(), "experiments")}
        self._roots = self._allowed(experiments.values())
        wanted = self._wanted(experiments)
        if not chosen.registry:
            wanted.registry = []
        elsewhere = {id for id, each in experiments.items() if not chosen.has(id, each.name)}
        for id, each in experiments.items():
            if id not in elsewhere and (wanted.experiments is None or id in wanted.experiments):
                yield each
        for page in self._run_pages(wanted):
            runs = [run for run in page if run.experiment_id not in elsewhere]
            yield from runs
            if runs:
                points = ExportPoints(run_ids=[run.run_id for run in runs])
                yield from self._pages(points, "series")
            for run in runs:
                yield self._files("run", run.run_id, run.artifact_uri)
        for model in self._logged_models(wanted):
            if model.experiment_id not in elsewhere:
                yield model
                yield self._files("logged model", model.model_id, model.artifact_uri)
        yield from self._history(wanted)
        for model in self._registered(wanted):
            yield model
            yield from self._pages(ExportModelVersions(name=model.name), "versions")
        yield from self._evaluation_datasets(wanted, elsewhere)

    def _evaluation_datasets(self, wanted: _Wanted, elsewhere: set[str]) -> Iterator[ImportedEvaluationDataset]:
        """All of them, or those of experiments that are wanted whole."""
        dataset: ImportedEvaluationDataset
        for dataset in self._pages(ExportEvaluationDatasets(), "datasets"):
            homes = set(dataset.experiment_ids) - elsewhere
            if homes & set(wanted.homes) or (wanted.experiments is None and (homes or not elsewhere)):
                records = self._pages(ExportEvaluationRecords(dataset_id=dataset.dataset_id), "records")
                yield from in_pieces(dataset, records)

    def _files(self, owner: Owner, id: str, location: str | None) -> SourceFiles:
        roots = self._roots
        assert roots is not None
        return SourceFiles(owner, id, lambda: roots.files(location) if location else iter(()))

    def _allowed(self, experiments: Iterable[ImportedExperiment]) -> Roots:
        """A server may not point at files of this machine; the records of our own database may."""
        own: list[Path] = []
        if self._server is None:
            places = {root_of(each.artifact_location or "", each.experiment_id) for each in experiments}
            own = [Path(place.removeprefix("file://")) for place in sorted(places) if place.startswith(("/", "file:"))]
        proxied = Path(self._destination).absolute() if self._destination else None
        return Roots(own, self._artifacts_from, base=Path.cwd(), proxied=proxied, server=self._server)

    def _wanted(self, experiments: dict[str, ImportedExperiment]) -> _Wanted:
        said = self._selection
        if said.is_everything:
            return _Wanted()
        homes = self._experiments_named(experiments)
        wanted = _Wanted(experiments=set(), runs=list(said.runs), logged_models=[], registry=[], homes=[])
        if said.filter:
            searched = homes or list(experiments)
            for start in range(0, len(searched), _SEARCHED):
                search = SearchRuns(
                    experiment_ids=searched[start : start + _SEARCHED], filter=said.filter, run_view_type="ALL"
                )
                wanted.runs += [run.info.run_id for run in self._pages(search, "runs")]
        elif homes:
            wanted.homes = homes
            wanted.experiments.update(homes)
        for name in said.models:
            self._want_model(name, wanted)
        self._complete(wanted)
        return wanted

    def _experiments_named(self, experiments: dict[str, ImportedExperiment]) -> list[str]:
        found = []
        for name in self._selection.experiments:
            ids = [id for id, each in experiments.items() if each.name == name and each.deleted_time is None]
            ids = ids or [id for id, each in experiments.items() if name in (id, each.name)]
            if not ids:
                raise NotFound(f"No experiment has the name or id {name!r}")
            found += ids
        return list(dict.fromkeys(found))

    def _want_model(self, name: str, wanted: _Wanted) -> None:
        if not self._store.send(ExportRegisteredModels(names=[name])).models:
            raise NotFound(f"No registered model has the name {name!r}")
        wanted.registry.append(name)
        version: ImportedModelVersion
        for version in self._pages(ExportModelVersions(name=name), "versions"):
            wanted.runs += [version.run_id] if version.run_id else []
            wanted.logged_models += [version.model_id] if version.model_id else []

    def _complete(self, wanted: _Wanted) -> None:
        """Add what goes with what is named: the runs in which models were measured, the models that runs made."""
        models = dict.fromkeys(wanted.logged_models)
        runs = dict.fromkeys(wanted.runs)
        for batch in _batches(list(runs)):
            models |= dict.fromkeys(
                model.model_id for model in self._pages(ExportLoggedModels(source_run_ids=batch), "models")
            )
        for batch in _batches(list(models)):
            for model in self._pages(ExportLoggedModels(model_ids=batch), "models"):
                wanted.experiments.add(model.experiment_id)
                runs |= dict.fromkeys([model.source_run_id] if model.source_run_id else [])
                runs |= dict.fromkeys(metric.run_id for metric in model.metrics if metric.run_id)
        there = set()
        for batch in _batches(list(runs)):
            for run in self._pages(ExportRuns(run_ids=batch), "runs"):
                wanted.experiments.add(run.experiment_id)
                there.add(run.run_id)
        if absent := [run_id for run_id in self._selection.runs if run_id not in there]:
            raise NotFound(f"No run has the id {absent[0]}")
        wanted.runs, wanted.logged_models = sorted(there), sorted(models)

    def _run_pages(self, wanted: _Wanted) -> Iterator[list[ImportedRun]]:
        if wanted.experiments is None:
            yield from self._replies(ExportRuns(), "runs")
            return
        if wanted.homes:
            for page in self._replies(ExportRuns(experiment_ids=wanted.homes), "runs"):
                yield page
        homes = set(wanted.homes)
        for batch in _batches(wanted.runs):
            for page in self._replies(ExportRuns(run_ids=batch), "runs"):
                yield [run for run in page if run.experiment_id not in homes]

    def _logged_models(self, wanted: _Wanted) -> Iterator[Any]:
        if wanted.experiments is None:
            yield from self._pages(ExportLoggedModels(), "models")
            return
        if wanted.homes:
            yield from self._pages(ExportLoggedModels(experiment_ids=wanted.homes), "models")
        homes = set(wanted.homes)
        for batch in _batches(wanted.logged_models):
            for model in self._pages(ExportLoggedModels(model_ids=batch), "models"):
                if model.experiment_id not in homes:
                    yield model

    def _history(self, wanted: _Wanted) -> Iterator[ImportedRegistryEvent]:
        """The events of the registry, with those of deleted models, or of the models that are wanted."""
        if wanted.registry is None:
            yield from self._pages(ExportRegistryEvents(), "events")
        for batch in _batches(sorted(wanted.registry or [])):
            yield from self._pages(ExportRegistryEvents(names=batch), "events")

    def _registered(self, wanted: _Wanted) -> Iterator[ImportedRegisteredModel]:
        if wanted.registry is None:
            yield from self._pages(ExportRegisteredModels(), "models")
        for batch in _batches(sorted(wanted.registry or [])):
            yield from self._pages(ExportRegisteredModels(names=batch), "models")

    def _pages(self, call: Any, name: str) -> Iterator[Any]:
        for page in self._replies(call, name):
            yield from page

    def _replies(self, call: Any, name: str) -> Iterator[Any]:
        while True:
            reply = self._store.send(call)
            yield getattr(reply, name)
            if not reply.next_page_token:
                return
            call = msgspec.structs.replace(call, page_token=reply.next_page_token)


class _Wanted(msgspec.Struct):
    """What a selection comes to; None stands for everything."""

    experiments: Any = None
    #: Experiments that are wanted whole.
    homes: list[str] = []
    runs: list[str] = []
    logged_models: list[str] = []
    registry: Any = None


def _batches(items: list[str]) -> Iterator[list[str]]:
    return (items[start : start + _IDS] for start in range(0, len(items), _IDS))
