"""Records as they are kept, to be taken over by another store: the counterpart of the import calls.

What other calls do not tell is told here: when something was deleted, deleted logged models, every copy of equal
points, the highest number that a version ever had. Each list is in an order that depends on nothing but what it lists.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from headrace.schema.call import Call, Manage, Record, call
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedEvaluationRecord,
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRegistryEvent,
    ImportedRun,
    ImportedSeries,
)
from headrace.schema.types import ExperimentId, ForeignId, LookupName, PageToken

_Page = Annotated[int, Meta(ge=1, le=1000)]
_Experiments = Annotated[list[ExperimentId], Meta(max_length=10_000)]
_Ids = Annotated[list[ForeignId], Meta(max_length=1000)]


class ExperimentsExported(Record, frozen=True, kw_only=True):
    """A page of experiments."""

    experiments: list[ImportedExperiment] = []
    next_page_token: str | None = None


class RunsExported(Record, frozen=True, kw_only=True):
    """A page of runs."""

    runs: list[ImportedRun] = []
    next_page_token: str | None = None


class PointsExported(Record, frozen=True, kw_only=True):
    """Some points of some series."""

    series: list[ImportedSeries] = []
    next_page_token: str | None = None


class LoggedModelsExported(Record, frozen=True, kw_only=True):
    """A page of logged models."""

    models: list[ImportedLoggedModel] = []
    next_page_token: str | None = None


class RegisteredModelsExported(Record, frozen=True, kw_only=True):
    """A page of registered models."""

    models: list[ImportedRegisteredModel] = []
    next_page_token: str | None = None


class ModelVersionsExported(Record, frozen=True, kw_only=True):
    """A page of versions of a registered model."""

    versions: list[ImportedModelVersion] = []
    next_page_token: str | None = None


class RegistryEventsExported(Record, frozen=True, kw_only=True):
    """A page of events of the registry."""

    events: list[ImportedRegistryEvent] = []
    next_page_token: str | None = None


class EvaluationDatasetsExported(Record, frozen=True, kw_only=True):
    """A page of evaluation datasets."""

    datasets: list[ImportedEvaluationDataset] = []
    next_page_token: str | None = None


class EvaluationRecordsExported(Record, frozen=True, kw_only=True):
    """A page of records of one evaluation dataset."""

    records: list[ImportedEvaluationRecord] = []
    next_page_token: str | None = None


@call("POST", "exports/experiments", since=3, needs=Manage.workspace())
class ExportExperiments(Call[ExperimentsExported], frozen=True, kw_only=True):
    """Tell experiments, deleted ones too, in the order of their ids."""

    max_results: _Page = 1000
    page_token: PageToken | None = None


@call("POST", "exports/runs", since=3, needs=Manage.workspace())
class ExportRuns(Call[RunsExported], frozen=True, kw_only=True):
    """Tell runs, deleted ones too, in the order of their ids: those named, or all of some experiments, or all."""

    run_ids: _Ids = []
    experiment_ids: _Experiments = []
    max_results: _Page = 200
    page_token: PageToken | None = None


@call("POST", "exports/points", since=3, needs=Manage.workspace())
class ExportPoints(Call[PointsExported], frozen=True, kw_only=True):
    """Tell every point of some runs: run after run as named, then by name, step, time and value."""

    run_ids: Annotated[list[ForeignId], Meta(min_length=1, max_length=1000)]
    max_results: Annotated[int, Meta(ge=1, le=100_000)] = 50_000
    page_token: PageToken | None = None


@call("POST", "exports/logged-models", since=3, needs=Manage.workspace())
class ExportLoggedModels(Call[LoggedModelsExported], frozen=True, kw_only=True):
    """Tell logged models, deleted ones too, in the order of their ids: those named, those of some runs, or others."""

    model_ids: _Ids = []
    source_run_ids: _Ids = []
    experiment_ids: _Experiments = []
    max_results: _Page = 200
    page_token: PageToken | None = None


@call("POST", "exports/registered-models", since=3, needs=Manage.workspace())
class ExportRegisteredModels(Call[RegisteredModelsExported], frozen=True, kw_only=True):
    """Tell registered models in the order of their names."""

    names: Annotated[list[LookupName], Meta(max_length=1000)] = []
    max_results: _Page = 200
    page_token: PageToken | None = None


@call("POST", "exports/model-versions", since=3, needs=Manage.workspace())
class ExportModelVersions(Call[ModelVersionsExported], frozen=True, kw_only=True):
    """Tell the versions of a registered model, and the aliases that point at them."""

    name: LookupName
    max_results: _Page = 1000
    page_token: PageToken | None = None


@call("POST", "exports/registry-events", since=3, needs=Manage.workspace())
class ExportRegistryEvents(Call[RegistryEventsExported], frozen=True, kw_only=True):
    """Tell the history of the registry, of deleted models too, or of the models that have some names.

    One history comes after the other, in the order of their ids, and each from its first event on.
    """

    names: Annotated[list[LookupName], Meta(max_length=1000)] = []
    max_results: _Page = 200
    page_token: PageToken | None = None


@call("POST", "exports/evaluation-datasets", since=3, needs=Manage.workspace())
class ExportEvaluationDatasets(Call[EvaluationDatasetsExported], frozen=True, kw_only=True):
    """Tell evaluation datasets in the order of their ids, without their records."""

    max_results: _Page = 200
    page_token: PageToken | None = None


@call("POST", "exports/evaluation-records", since=3, needs=Manage.workspace())
class ExportEvaluationRecords(Call[EvaluationRecordsExported], frozen=True, kw_only=True):
    """Tell the records of an evaluation dataset in the order in which they were added."""

    dataset_id: ForeignId
    max_results: _Page = 1000
    page_token: PageToken | None = None
