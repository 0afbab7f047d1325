"""Another store that answers calls: a server of MLflow or Headrace, or any other store of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, NotFound
from headrace.moving.mlflow_datasets import in_pieces
from headrace.moving.port import Chosen, Entity, Lost, SourceFiles
from headrace.moving.roots import Roots
from headrace.schema.evaluation_datasets import GetDatasetExperimentIds, GetDatasetRecords, SearchEvaluationDatasets
from headrace.schema.experiments import Experiment, ExperimentTag, SearchExperiments
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedEvaluationRecord,
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedPoint,
    ImportedRegisteredModel,
    ImportedRun,
    ImportedSeries,
)
from headrace.schema.logged_models import LoggedModel, SearchLoggedModels
from headrace.schema.registry import (
    ModelVersion,
    RegisteredModel,
    SearchModelVersions,
    SearchRegisteredModels,
)
from headrace.schema.runs import GetMetricHistory, Metric, Run, SearchRuns
from headrace.stores.port import Store

#: Experiments, runs, models and versions of one page, and points.
_PAGE, _POINTS = 200, 25_000
#: What a search for registered models has to ask for to be told of prompts.
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"
_WITHOUT = (NoSuchEndpoint, NotFound)


class StoreSource:
    """Tells what a store keeps, by the calls that any client makes."""

    def __init__(
        self, store: Store, uri: str, *, called: str | None = None, artifacts_from: Sequence[str] = ()
    ) -> None:
        self._store, self._name = store, called or uri
        server = uri if uri.startswith(("http://", "https://")) else None
        own = [] if server else [Path(uri)]
        self._roots = Roots(own, artifacts_from, base=Path.cwd(), server=server)

    @property
    def name(self) -> str:
        """Its address."""
        return self._name

    def runs(self, chosen: Chosen) -> int | None:
        """Nobody knows before all are told."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """Everything that was chosen."""
        wanted = []
        for each in self._pages(SearchExperiments(view_type="ALL", max_results=_PAGE), "experiments"):
            if chosen.has(each.experiment_id, each.name):
                yield _experiment(each)
                wanted.append(each.experiment_id)
        for experiment_id in wanted:
            search = SearchRuns(experiment_ids=[experiment_id], run_view_type="ALL", max_results=_PAGE)
            for run in self._pages(search, "runs"):
                yield from self._run(run)
        for experiment_id in wanted:
            yield from self._logged_models(experiment_id)
        if chosen.registry:
            yield from self._registry()
        yield from self._evaluation_datasets()

    def _pages(self, call: Any, name: str) -> Iterator[Any]:
        """Everything that a search finds, page after page."""
        while True:
            reply = self._store.send(call)
            yield from getattr(reply, name)
            if not reply.next_page_token:
                return
            call = msgspec.structs.replace(call, page_token=reply.next_page_token)

    def _run(self, run: Run) -> Iterator[Entity]:
        told = _run(run)
        yield told
        for metric in run.data.metric_list:
            try:
                yield from self._series(told.run_id, metric.key)
            except HeadraceError as error:
                if not isinstance(error, (BadRequest, NotFound)):
                    raise
                yield Lost("metric", f"{told.run_id}/{metric.key}", error.message)
        if told.artifact_uri:
            yield self._files("run", told.run_id, told.artifact_uri)

    def _files(self, owner: Any, id: str, location: str) -> SourceFiles:
        return SourceFiles(owner, id, lambda: self._roots.files(location))

    def _series(self, run_id: str, key: str) -> Iterator[ImportedSeries]:
        seen: dict[tuple[str, int, int], int] = {}
        points: list[ImportedPoint] = []
        for each in self._pages(GetMetricHistory(run_id=run_id, metric_key=key, max_results=_POINTS), "metrics"):
            # By their spelling NaNs are equal, and -0.0 is another than 0.0.
            same = (repr(each.value), each.timestamp, each.step)
            copy = seen[same] = seen.get(same, -1) + 1
            points.append(ImportedPoint(each.value, each.timestamp, each.step, copy))
            if len(points) == _POINTS:
                yield ImportedSeries(run_id, key, points)
                points = []
        if points:
            yield ImportedSeries(run_id, key, points)

    def _logged_models(self, experiment_id: str) -> Iterator[Entity]:
        search = SearchLoggedModels(experiment_ids=[experiment_id], max_results=50)
        try:
            for model in self._pages(search, "models"):
                yield _logged_model(model)
                yield self._files("logged model", model.model_id, model.artifact_location)
        except _WITHOUT:
            # A server of before MLflow 3 has no logged models.
            return

    def _registry(self) -> Iterator[Entity]:
        models = list(self._models(""))
        names = {model.name for model in models}
        models += [model for model in self._models(_PROMPTS) if model.name not in names]
        for model in models:
            found = list(self._versions(model))
            yield _registered_model(model, found)
            yield from (_version(version) for version in found)

    def _evaluation_datasets(self) -> Iterator[ImportedEvaluationDataset]:
        try:
            for each in self._pages(SearchEvaluationDatasets(max_results=_PAGE), "datasets"):
                homes = self._store.send(GetDatasetExperimentIds(dataset_id=each.dataset_id)).experiment_ids
                told = ImportedEvaluationDataset(
                    dataset_id=each.dataset_id,
                    name=each.name,
                    experiment_ids=homes,
                    schema=each.schema,
                    profile=each.profile,
                    digest=each.digest or "",
                    created_time=each.created_time or 0,
                    last_update_time=each.last_update_time or 0,
                    created_by=each.created_by,
                    last_updated_by=each.last_updated_by,
                    tags=[ExperimentTag(key, str(value)) for key, value in json.loads(each.tags or "{}").items()],
                )
                yield from in_pieces(told, self._evaluation_records(each.dataset_id))
        except _WITHOUT:
            # A server of before MLflow 3.4 has no evaluation datasets.
            return

    def _evaluation_records(self, dataset_id: str) -> Iterator[ImportedEvaluationRecord]:
        call = GetDatasetRecords(dataset_id=dataset_id, max_results=_PAGE)
        while True:
            reply = self._store.send(call)
            yield from map(_evaluation_record, json.loads(reply.records))
            if not reply.next_page_token:
                return
            call = msgspec.structs.replace(call, page_token=reply.next_page_token)

    def _models(self, filter: str) -> Iterator[RegisteredModel]:
        try:
            yield from self._pages(SearchRegisteredModels(filter=filter, max_results=100), "registered_models")
        except (*_WITHOUT, BadRequest):
            # An old server has no prompts to look for, a server of files no registry.
            return

    def _versions(self, model: RegisteredModel) -> Iterator[ModelVersion]:
        prompt = model.tags.get("mlflow.prompt.is_prompt") == "true"
        quoted = "'" + model.name.replace("'", "''") + "'" if '"' in model.name else f'"{model.name}"'
        asked = f"name = {quoted}" + (f" AND {_PROMPTS}" if prompt else "")
        aliases = {each.version: [] for each in model.alias_list}  # type: dict[str, list[str]]
        for each in model.alias_list:
            aliases[each.version].append(each.alias)
        for version in self._pages(SearchModelVersions(filter=asked, max_results=_PAGE), "model_versions"):
            yield msgspec.structs.replace(version, aliases=aliases.get(version.version, version.aliases))


def _evaluation_record(said: dict[str, Any]) -> ImportedEvaluationRecord:
    texts = {
        name: None if said.get(name) is None else json.dumps(said[name])
        for name in ("expectations", "tags", "source", "outputs")
    }
    return ImportedEvaluationRecord(
        dataset_record_id=str(said["dataset_record_id"]),
        inputs=json.dumps(said.get("inputs") or {}),
        **texts,
        source_id=said.get("source_id"),
        source_type=said.get("source_type"),
        created_time=said.get("created_time") or 0,
        last_update_time=said.get("last_update_time") or 0,
        created_by=said.get("created_by"),
        last_updated_by=said.get("last_updated_by"),
    )


def _experiment(each: Experiment) -> ImportedExperiment:
    updated = each.last_update_time or each.creation_time or 0
    return ImportedExperiment(
        experiment_id=each.experiment_id,
        name=each.name,
        artifact_location=each.artifact_location,
        creation_time=each.creation_time or 0,
        last_update_time=updated,
        deleted_time=updated if each.lifecycle_stage == "deleted" else None,
        tags=each.tag_list,
    )


def _run(run: Run) -> ImportedRun:
    # Servers of Headrace know no more than the state either, as they tell it.
    info = run.info
    deleted = info.lifecycle_stage == "deleted"
    return ImportedRun.of(run, (info.end_time or info.start_time or 0) if deleted else None)


def _logged_model(model: LoggedModel) -> ImportedLoggedModel:
    told = ImportedLoggedModel.of(model)
    return msgspec.structs.replace(told, metrics=[_of_model(metric, told.model_id) for metric in told.metrics])


def _of_model(metric: Metric, model_id: str) -> Metric:
    return Metric(
        metric.key,
        metric.value,
        metric.timestamp,
        metric.step,
        model_id,
        metric.dataset_name,
        metric.dataset_digest,
        metric.run_id,
    )


def _registered_model(model: RegisteredModel, versions: list[ModelVersion]) -> ImportedRegisteredModel:
    return ImportedRegisteredModel(
        name=model.name,
        creation_timestamp=model.creation_timestamp,
        last_updated_timestamp=model.last_updated_timestamp,
        description=model.description,
        deployment_job_id=model.deployment_job_id,
        last_version=max((int(each.version) for each in versions), default=0),
        tags=model.tag_list,
    )


def _version(version: ModelVersion) -> ImportedModelVersion:
    return ImportedModelVersion(
        name=version.name,
        version=version.version,
        creation_timestamp=version.creation_timestamp,
        last_updated_timestamp=version.last_updated_timestamp or version.creation_timestamp,
        user_id=version.user_id,
        current_stage=version.current_stage or "None",
        description=version.description,
        source=version.source or "",
        run_id=version.run_id,
        run_link=version.run_link,
        model_id=version.model_id,
        status=version.status,
        status_message=version.status_message,
        tags=version.tag_list,
        aliases=version.aliases,
    )
