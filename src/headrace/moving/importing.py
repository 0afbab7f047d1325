"""Import: everything a source tells, taken into a store by its import calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from headrace.base.errors import (
    AlreadyExists,
    BadRequest,
    Forbidden,
    HeadraceError,
    NoSuchEndpoint,
    NotFound,
    Unreachable,
)
from headrace.moving.copying import Copier
from headrace.moving.new_places import NewPlaces, is_same_place
from headrace.moving.port import Chosen, Entity, Lost, Sink, Source, SourceFiles
from headrace.moving.reports import Report
from headrace.moving.salvage import salvaged
from headrace.schema import Call, Record
from headrace.schema.imports import (
    Imported,
    ImportedEvaluationDataset,
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRegistryEvent,
    ImportedRun,
    ImportedSeries,
    ImportEvaluationDatasets,
    ImportExperiments,
    ImportLoggedModels,
    ImportModelVersions,
    ImportOutcome,
    ImportPoints,
    ImportRegisteredModels,
    ImportRegistryEvents,
    ImportRuns,
)

T = TypeVar("T")
#: What belongs to an experiment.
B = TypeVar("B", ImportedRun, ImportedLoggedModel)

#: Kinds in the order in which they can be taken, and how much of each is taken together.
_TOGETHER: dict[type, int] = {
    ImportedExperiment: 100,
    ImportedRun: 200,
    ImportedLoggedModel: 100,
    ImportedSeries: 20_000,
    SourceFiles: 200,
    ImportedRegistryEvent: 200,
    ImportedRegisteredModel: 100,
    ImportedModelVersion: 200,
    ImportedEvaluationDataset: 10,
}
#: What a store says when one of the records it was given cannot be taken.
_REFUSALS = (BadRequest, NotFound, Forbidden, AlreadyExists)


class Importer:
    """Takes over what a source tells. ``watch`` is called with the report whenever something has been taken.

    With ``link`` artifacts stay where they are and records keep naming those places, as ``link`` spells them, but for
    experiments with ``homes_anew``, whose new runs go where the store has them. With ``verify`` artifacts that are here
    already are compared byte by byte. Without a ``sink`` everything is read and counted, and nothing is written.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink | None,
        *,
        chosen: Chosen | None = None,
        link: Callable[[str], str] | None = None,
        homes_anew: bool = False,
        verify: bool = False,
        watch: Callable[[Report], object] = lambda report: None,
    ) -> None:
        self._source, self._chosen = source, chosen or Chosen()
        self._link, self._homes_anew, self._watch = link, homes_anew, watch
        self._dry_run = sink is None
        self._to = sink
        self._copier = Copier(verify=verify)
        self._waiting: dict[type, list[Any]] = {kind: [] for kind in _TOGETHER}
        self._weights: dict[type, int] = dict.fromkeys(_TOGETHER, 0)
        #: Ids of experiments at the source, and here.
        self._experiments: dict[str, str] = {}
        #: Where artifacts of runs and logged models belong whose files are still to come, and whether they are new.
        self._places: dict[str, tuple[str, bool]] = {}
        self._refused: set[str] = set()
        self._pieces: set[str] = set()
        #: Runs and models whose artifacts are where the store would have them.
        self._in_place = 0
        #: Ids and names of experiments that the source has.
        self._seen: set[str] = set()
        self._places_of = NewPlaces(sink.store if sink else None, link)
        self.report = Report()

    @property
    def _sink(self) -> Sink:
        assert self._to is not None
        return self._to

    def run(self) -> Report:
        """Import everything. What is sent twice is taken once, so that a broken import is simply run again."""
        try:
            for entity in self._source.entities(self._chosen):
                self._take(entity)
            self._flush(list(_TOGETHER))
        except NoSuchEndpoint as error:
            raise HeadraceError(f"One of the two servers does not have a call that this needs: {error}") from error
        finally:
            self._copier.close()
        if self._in_place and not self._link:
            what = f"The artifacts of {self._in_place:,} runs and models"
            self.report.notes.append(f"{what} are where this store keeps them already, and stay there")
        for wanted in sorted(self._chosen.experiments - self._seen):
            self.report.lose("experiment", wanted, "The source has no experiment of this name or id")
        for scheme, number in sorted(self._places_of.left.items()):
            why = f"No artifact store here reads {scheme}: locations; they stay there, and records keep naming them"
            self.report.lose("artifacts", "", why, number)
        return self.report

    def _take(self, entity: Entity) -> None:
        if isinstance(entity, Lost):
            self.report.lost.append(entity)
            return
        if isinstance(entity, ImportedExperiment):
            self._seen |= {entity.experiment_id, entity.name}
        kind = type(entity)
        self._waiting[kind].append(entity)
        self._weights[kind] += len(entity.points) if isinstance(entity, ImportedSeries) else 1
        if self._weights[kind] >= _TOGETHER[kind]:
            kinds = list(_TOGETHER)
            self._flush(kinds[: kinds.index(kind) + 1])

    def _flush(self, kinds: Sequence[type]) -> None:
        """Take what waits, and before it what it may need."""
        for kind in kinds:
            items, self._waiting[kind], self._weights[kind] = self._waiting[kind], [], 0
            if not items:
                continue
            if self._dry_run:
                self._only_count(kind, items)
            else:
                _TAKERS[kind](self, items)
            self._watch(self.report)

    def _only_count(self, kind: type, items: list[Any]) -> None:
        if kind is ImportedSeries:
            self.report.new["point"] += sum(len(series.points) for series in items)
        elif kind is SourceFiles:
            self._look_at_files(items)
        else:
            self.report.new[_NAMES[kind]] += len(items)

    def _look_at_files(self, items: list[SourceFiles]) -> None:
        for owner in items:
            try:
                for file in () if self._link else owner.files():
                    if isinstance(file, Lost):
                        self.report.lose(file.kind, f"{owner.id}/{file.id}", file.why)
                    else:
                        self.report.new["artifact"] += 1
                        self.report.bytes += file.size
            except _DENIED as error:
                self.report.lose("artifacts", owner.id, error.message)

    def _take_experiments(self, items: list[ImportedExperiment]) -> None:
        told = []
        for each in items:
            home = None if self._homes_anew else self._places_of.kept(each.artifact_location)
            told.append(msgspec.structs.replace(each, artifact_location=home))
        for each, outcome in self._sent(told, lambda some: ImportExperiments(experiments=some)):
            if outcome.became != "refused":
                self._experiments[each.experiment_id] = outcome.now or each.experiment_id
            if outcome.now and each.experiment_id.isdigit():
                why = f"{each.experiment_id} is that of another one"
                self.report.notes.append(f"The experiment {each.name!r} has the id {outcome.now} here: {why}")

    def _take_runs(self, items: list[ImportedRun]) -> None:
        self._take_below(items, "run", lambda each: each.run_id, lambda some: ImportRuns(runs=some))

    def _take_logged_models(self, items: list[ImportedLoggedModel]) -> None:
        self._take_below(
            items, "logged model", lambda each: each.model_id, lambda some: ImportLoggedModels(models=some)
        )

    def _take_below(self, items: list[B], noun: str, id_of: Callable[[B], str], call: Callable[[list[B]], Any]) -> None:
        """Take what belongs to experiments, and note where its artifacts go."""
        told = []
        for each in items:
            if each.experiment_id not in self._experiments:
                self._refuse(noun, id_of(each), f"Its experiment {each.experiment_id} did not come over")
                continue
            place = self._places_of.kept(each.artifact_uri, count=True)
            home = self._experiments[each.experiment_id]
            told.append(msgspec.structs.replace(each, experiment_id=home, artifact_uri=place))
        before = {id_of(each): each.artifact_uri for each in items}
        for item, outcome in self._sent(told, call):
            self._note_place(id_of(item), item.artifact_uri, before[id_of(item)], outcome)

    def _note_place(self, id: str, kept: str | None, before: str | None, outcome: ImportOutcome) -> None:
        if outcome.became == "refused":
            self._refused.add(id)
        elif before and outcome.artifact_uri and is_same_place(before, outcome.artifact_uri):
            self._in_place += 1
        elif outcome.artifact_uri and not kept:
            self._places[id] = outcome.artifact_uri, outcome.became == "new"

    def _refuse(self, kind: str, id: str, why: str) -> None:
        self._refused.add(id)
        self.report.lose(kind, id, why)

    def _take_series(self, items: list[ImportedSeries]) -> None:
        items = [series for series in items if series.run_id not in self._refused]
        if not items:
            return
        try:
            reply = self._sink.store.send(ImportPoints(series=items))
        except _REFUSALS as error:
            self._take_less(items, error)
            return
        told = sum(len(series.points) for series in items)
        self.report.new["point"] += reply.new
        self.report.there["point"] += told - reply.new

    def _take_less(self, items: list[ImportedSeries], error: HeadraceError) -> None:
        """Find the series, and then the point, that is refused; the others are taken."""
        if len(items) > 1:
            half = len(items) // 2
            self._take_series(items[:half])
            self._take_series(items[half:])
            return
        (series,) = items
        if len(series.points) > 1 and not isinstance(error, NotFound):
            half = len(series.points) // 2
            self._take_series([ImportedSeries(series.run_id, series.key, series.points[:half])])
            self._take_series([ImportedSeries(series.run_id, series.key, series.points[half:])])
            return
        self.report.lose("point", f"{series.run_id}/{series.key}", error.message, len(series.points))

    def _take_files(self, items: list[SourceFiles]) -> None:
        for owner in items:
            place, fresh = self._places.pop(owner.id, ("", False))
            if not place:
                continue
            try:
                for copied in self._copier.copy(owner, self._sink.artifacts(place), fresh=fresh):
                    if isinstance(copied, Lost):
                        self.report.lost.append(copied)
                    elif copied is None:
                        self.report.there["artifact"] += 1
                    else:
                        self.report.new["artifact"] += 1
                        self.report.bytes += copied
                    self._watch(self.report)
            except Unreachable:
                raise
            except HeadraceError as error:
                self.report.lose("artifacts", owner.id, error.message)

    def _take_registry_events(self, items: list[ImportedRegistryEvent]) -> None:
        self._sent(items, lambda some: ImportRegistryEvents(events=some))

    def _take_registered_models(self, items: list[ImportedRegisteredModel]) -> None:
        for model, outcome in self._sent(items, lambda some: ImportRegisteredModels(models=some)):
            if outcome.became == "refused":
                self._refused.add(f"models:/{model.name}")

    def _take_versions(self, items: list[ImportedModelVersion]) -> None:
        told = []
        for each in items:
            if f"models:/{each.name}" in self._refused:
                self.report.lose(
                    "model version", f"{each.name}/{each.version}", "Its registered model did not come over"
                )
                continue
            place = self._places_of.moved(each.storage_location)
            told.append(
                msgspec.structs.replace(each, source=self._places_of.moved(each.source) or "", storage_location=place)
            )
        self._sent(told, lambda some: ImportModelVersions(versions=some))

    def _take_evaluation_datasets(self, items: list[ImportedEvaluationDataset]) -> None:
        told = []
        for each in items:
            homes = [self._experiments[id] for id in each.experiment_ids if id in self._experiments]
            if homes or not self._chosen.experiments:
                told.append(msgspec.structs.replace(each, experiment_ids=homes))
        self._sent(told, lambda some: ImportEvaluationDatasets(datasets=some))

    def _sent(self, items: list[T], call: Callable[[list[T]], Any]) -> list[tuple[T, ImportOutcome]]:
        """Send records and count what becomes of them; one that cannot be taken costs only what is wrong in it."""
        if not items:
            return []
        try:
            reply = self._asked(call(items))
        except _REFUSALS as error:
            if len(items) > 1:
                half = len(items) // 2
                return self._sent(items[:half], call) + self._sent(items[half:], call)
            return self._salvaged(items[0], call, error)
        told = list(zip(items, reply.outcomes, strict=True))
        for item, outcome in told:
            self._count(type(item), outcome)
        return told

    def _asked(self, call: Call[Imported]) -> Imported:
        try:
            return self._sink.store.send(call)
        except AlreadyExists:
            # Somebody imports the same at this moment: now it is there.
            return self._sink.store.send(call)

    def _salvaged(
        self, item: Any, call: Callable[[list[T]], Any], error: HeadraceError
    ) -> list[tuple[T, ImportOutcome]]:
        sound, lost = salvaged(item)
        if lost:
            try:
                reply: Imported = self._sink.store.send(call([sound]))
            except _REFUSALS as still:
                error = still
            else:
                self.report.lost += lost
                self._count(type(item), reply.outcomes[0])
                return [(item, reply.outcomes[0])]
        outcome = ImportOutcome(id=id_of(item), became="refused", why=error.message)
        self._count(type(item), outcome)
        return [(item, outcome)]

    def _count(self, kind: type, outcome: ImportOutcome) -> None:
        name = _NAMES[kind]
        if kind is ImportedEvaluationDataset and outcome.became != "refused":
            # One that has many records comes in several pieces.
            if outcome.id in self._pieces:
                return
            self._pieces.add(outcome.id)
        match outcome.became:
            case "new":
                self.report.new[name] += 1
            case "added":
                self.report.added[name] += 1
            case "there":
                self.report.there[name] += 1
            case "refused":
                self.report.lose(name, outcome.id, outcome.why or "The store refused it")
        if outcome.why and outcome.became != "refused":
            self.report.lose(f"part of a {name}", outcome.id, outcome.why)


def id_of(item: Record) -> str:
    """What a record is called in reports."""
    match item:
        case ImportedModelVersion():
            return f"{item.name}/{item.version}"
        case ImportedRegistryEvent():
            return f"{item.history_id}/{item.number}"
    return str(getattr(item, type(item).__struct_fields__[0]))


#: What becomes of the artifacts of one owner when they are not to be read.
_DENIED = (BadRequest, Forbidden, NotFound, HeadraceError)
_NAMES: dict[type, str] = {
    ImportedExperiment: "experiment",
    ImportedRun: "run",
    ImportedLoggedModel: "logged model",
    ImportedRegistryEvent: "registry event",
    ImportedRegisteredModel: "registered model",
    ImportedModelVersion: "model version",
    ImportedEvaluationDataset: "evaluation dataset",
}
_TAKERS: dict[type, Callable[[Importer, list[Any]], None]] = {
    ImportedExperiment: Importer._take_experiments,
    ImportedRun: Importer._take_runs,
    ImportedLoggedModel: Importer._take_logged_models,
    ImportedSeries: Importer._take_series,
    SourceFiles: Importer._take_files,
    ImportedRegistryEvent: Importer._take_registry_events,
    ImportedRegisteredModel: Importer._take_registered_models,
    ImportedModelVersion: Importer._take_versions,
    ImportedEvaluationDataset: Importer._take_evaluation_datasets,
}
