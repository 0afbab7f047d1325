"""The database of an MLflow of any version, read by what tables and columns it has; nothing in it is changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from headrace.moving.mlflow_datasets import evaluation_datasets
from headrace.moving.mlflow_rows import Reader
from headrace.moving.port import Chosen, Entity, Lost, SourceFiles
from headrace.moving.roots import Roots
from headrace.schema.datasets import Dataset, DatasetInput, InputTag, ModelInput
from headrace.schema.experiments import ExperimentTag
from headrace.schema.imports import (
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedPoint,
    ImportedRegisteredModel,
    ImportedRun,
    ImportedSeries,
)
from headrace.schema.logged_models import LoggedModelParameter, LoggedModelTag
from headrace.schema.registry import ModelVersionTag, RegisteredModelTag
from headrace.schema.runs import Metric, ModelOutput, Param, RunTag

#: Runs and models read together, and points.
_PAGE, _POINTS = 200, 20_000
#: What keeps a removed version's number from being given out again.
_REMOVED = "Deleted_Internal"
_MODEL_STATES = (
    "LOGGED_MODEL_STATUS_UNSPECIFIED",
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
)
#: Tables of parts of MLflow that do not come over, and what a row of each is.
_NOT_YET = {
    "trace_info": "trace",
    "webhooks": "webhook",
    "scorers": "scorer",
    "endpoints": "gateway endpoint",
    "secrets": "gateway secret",
    "review_queues": "review queue",
    "label_schemas": "label schema",
    "issues": "issue",
    "budget_policies": "budget policy",
    "guardrails": "guardrail",
    "mcp_servers": "MCP server",
}


def database_of(
    reader: Reader, artifacts_from: Sequence[str], artifacts_destination: str | None, workspace: str
) -> MlflowDatabase:
    """The database that is read by ``reader``."""
    folder = reader.folder
    proxied = Path(artifacts_destination).resolve() if artifacts_destination else folder / "mlartifacts"
    roots = Roots([folder / "mlruns", proxied], artifacts_from, base=folder, proxied=proxied)
    return MlflowDatabase(reader, roots, workspace)


class MlflowDatabase:
    """Tells what a database of MLflow keeps."""

    def __init__(self, reader: Reader, roots: Roots, workspace: str = "default") -> None:
        self._reader, self._roots, self._workspace = reader, roots, workspace

    @property
    def name(self) -> str:
        """Its URI, without credentials."""
        return self._reader.name

    def runs(self, chosen: Chosen) -> int | None:
        """How many runs there are."""
        return None if chosen.experiments else self._reader.count("runs")

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """Everything that was chosen."""
        experiments = list(self._experiments(chosen))
        yield from experiments
        ids = frozenset(each.experiment_id for each in experiments)
        yield from self._runs(ids)
        yield from self._logged_models(ids)
        if chosen.registry:
            yield from self._registered_models()
        yield from evaluation_datasets(self._reader, self._workspace)
        yield from self._not_yet()

    def _experiments(self, chosen: Chosen) -> Iterator[ImportedExperiment]:
        rows = self._reader.select(
            "experiments",
            "experiment_id name artifact_location lifecycle_stage creation_time last_update_time workspace",
            order="experiment_id",
        )
        tags = self._pairs("experiment_tags", "experiment_id", "key", "value")
        for number, name, place, stage, created, updated, workspace in rows:
            if (workspace or "default") != self._workspace or not chosen.has(str(number), name):
                continue
            yield ImportedExperiment(
                experiment_id=str(number),
                name=name,
                artifact_location=place,
                creation_time=created or 0,
                last_update_time=updated or created or 0,
                deleted_time=(updated or created or 0) if stage == "deleted" else None,
                tags=[ExperimentTag(key, value or "") for key, value in tags.get(number, [])],
            )

    def _pairs(self, table: str, owner: str, key: str, value: str) -> dict[Any, list[tuple[str, str]]]:
        found: dict[Any, list[tuple[str, str]]] = {}
        for each, name, text in self._reader.select(table, f"{owner} {key} {value}"):
            found.setdefault(each, []).append((name, text))
        return found

    def _runs(self, experiments: frozenset[str]) -> Iterator[Entity]:
        names = (
            "run_uuid experiment_id name user_id status start_time end_time lifecycle_stage deleted_time artifact_uri"
        )
        after = ""
        while page := self._after("runs", names, after):
            first, after = page[0][0], page[-1][0]
            wanted = [row for row in page if str(row[1]) in experiments]
            if wanted:
                yield from self._page_of_runs(wanted)
                ranges = [(first, after)] if len(wanted) == len(page) else [(row[0], row[0]) for row in wanted]
                ids = {row[0] for row in wanted}
                for low, high in ranges:
                    yield from (series for series in self._points(low, high) if series.run_id in ids)
                for row in wanted:
                    if row[9]:
                        yield SourceFiles("run", row[0], lambda place=row[9]: self._roots.files(place))  # type: ignore[misc]

    def _after(self, table: str, names: str, after: str) -> list[Any]:
        """The next page of a table, in the order of its first column."""
        key = names.split()[0]
        return self._reader.select(table, names, where=f"{key} > ?", params=[after], order=key, limit=_PAGE)

    def _page_of_runs(self, page: list[Any]) -> Iterator[ImportedRun]:
        ids = [row[0] for row in page]
        params, tags = self._of(ids, "params", "run_uuid key value"), self._of(ids, "tags", "run_uuid key value")
        datasets, inputs, outputs = self._datasets(ids), self._models_read(ids), self._models_made(ids)
        for run_id, experiment, name, user, status, start, end, stage, deleted, place in page:
            yield ImportedRun(
                run_id=run_id,
                experiment_id=str(experiment),
                run_name=name or "",
                user_id=user or "",
                status=status or "RUNNING",
                start_time=start or 0,
                end_time=end,
                deleted_time=(deleted or end or start or 0) if stage == "deleted" else None,
                artifact_uri=place and self._roots.now(place),
                params=[Param(key, value) for _, key, value in params.get(run_id, [])],
                tags=[RunTag(key, value or "") for _, key, value in tags.get(run_id, [])],
                datasets=datasets.get(run_id, []),
                model_inputs=[ModelInput(row[1]) for row in inputs.get(run_id, [])],
                model_outputs=[ModelOutput(row[1], row[2] or 0) for row in outputs.get(run_id, [])],
            )

    def _of(self, ids: Sequence[str], table: str, names: str, **more: Any) -> dict[str, list[Any]]:
        """Rows of a table, by their first column, which is one of ``ids``."""
        found: dict[str, list[Any]] = {}
        for row in self._reader.select_in(table, names, ids, **more):
            found.setdefault(row[0], []).append(row)
        return found

    def _datasets(self, ids: Sequence[str]) -> dict[str, list[DatasetInput]]:
        edges = self._of(ids, "inputs", "destination_id source_id input_uuid", also="source_type = 'DATASET'")
        if not edges:
            return {}
        flat = [row for rows in edges.values() for row in rows]
        kinds = "dataset_uuid name digest dataset_source_type dataset_source dataset_schema dataset_profile"
        datasets = {
            row[0]: Dataset(*row[1:]) for row in self._reader.select_in("datasets", kinds, sorted({r[1] for r in flat}))
        }
        tags = self._of([row[2] for row in flat], "input_tags", "input_uuid name value")
        return {
            run: [
                DatasetInput(
                    dataset=datasets[each[1]],
                    tags=[InputTag(name, value) for _, name, value in tags.get(each[2], [])],
                )
                for each in rows
                if each[1] in datasets
            ]
            for run, rows in edges.items()
        }

    def _models_read(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        return self._of(ids, "inputs", "source_id destination_id", also="destination_type = 'MODEL_INPUT'")

    def _models_made(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        return self._of(ids, "inputs", "source_id destination_id step", also="destination_type = 'MODEL_OUTPUT'")

    def _points(self, low: str, high: str) -> Iterator[ImportedSeries]:
        """The points of the runs from ``low`` to ``high``, in pieces of which each is read by itself."""
        for rows in self._reader.points(low, high, _POINTS):
            for (run_id, key), group in groupby(rows, itemgetter(0, 1)):
                points = [
                    ImportedPoint(math.nan if is_nan else value, timestamp, step or 0)
                    for _, _, step, timestamp, value, is_nan in group
                ]
                yield ImportedSeries(run_id, key, points)

    def _logged_models(self, experiments: frozenset[str]) -> Iterator[Entity]:
        names = (
            "model_id experiment_id name artifact_location creation_timestamp_ms last_updated_timestamp_ms status"
            " lifecycle_stage model_type source_run_id status_message"
        )
        after = ""
        while page := self._after("logged_models", names, after):
            after = page[-1][0]
            yield from self._page_of_models([row for row in page if str(row[1]) in experiments])

    def _page_of_models(self, page: list[Any]) -> Iterator[Entity]:
        ids = [row[0] for row in page]
        params = self._of(ids, "logged_model_params", "model_id param_key param_value")
        tags = self._of(ids, "logged_model_tags", "model_id tag_key tag_value")
        metrics = self._of(
            ids,
            "logged_model_metrics",
            "model_id metric_name metric_value metric_timestamp_ms metric_step dataset_name dataset_digest run_id",
        )
        for model_id, experiment, name, place, created, updated, status, stage, kind, run_id, message in page:
            told = ImportedLoggedModel(
                model_id=model_id,
                experiment_id=str(experiment),
                name=name,
                artifact_uri=self._roots.now(place),
                creation_timestamp_ms=created or 0,
                last_updated_timestamp_ms=updated or 0,
                deleted_time=updated or 0 if stage == "deleted" else None,
                status=_MODEL_STATES[status if status in range(4) else 0],  # type: ignore[arg-type]
                status_message=message,
                model_type=kind,
                source_run_id=run_id,
                params=[LoggedModelParameter(key, value) for _, key, value in params.get(model_id, [])],
                tags=[LoggedModelTag(key, value) for _, key, value in tags.get(model_id, [])],
                metrics=[
                    Metric(key, math.nan if value is None else value, at, step, model_id, data, digest, run)
                    for _, key, value, at, step, data, digest, run in metrics.get(model_id, [])
                ],
            )
            yield told
            yield SourceFiles("logged model", model_id, lambda place=place: self._roots.files(place))  # type: ignore[misc]

    def _registered_models(self) -> Iterator[Entity]:
        tags = self._pairs_of_models("registered_model_tags", "name key value")
        aliases = self._pairs_of_models("registered_model_aliases", "name alias version")
        for name, created, updated, description, workspace in self._reader.select(
            "registered_models", "name creation_time last_updated_time description workspace", order="name"
        ):
            if (workspace or "default") != self._workspace:
                continue
            versions = self._versions(name, aliases.get(name, []))
            yield ImportedRegisteredModel(
                name=name,
                creation_timestamp=created or 0,
                last_updated_timestamp=updated or 0,
                description=description,
                last_version=max((int(each.version) for each, _ in versions), default=0),
                tags=[RegisteredModelTag(key, value or "") for _, key, value, _ in tags.get(name, [])],
            )
            yield from (each for each, stage in versions if stage != _REMOVED)

    def _pairs_of_models(self, table: str, names: str) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for row in self._reader.select(table, f"{names} workspace"):
            if (row[3] or "default") == self._workspace:
                found.setdefault(row[0], []).append(row)
        return found

    def _versions(self, model: str, aliases: list[Any]) -> list[tuple[ImportedModelVersion, str]]:
        """The versions of a model and their stages, those that were removed with them."""
        tags: dict[int, list[ModelVersionTag]] = {}
        for version, key, value, workspace in self._reader.select(
            "model_version_tags", "version key value workspace", where="name = ?", params=[model]
        ):
            if (workspace or "default") == self._workspace:
                tags.setdefault(version, []).append(ModelVersionTag(key, value or ""))
        rows = self._reader.select(
            "model_versions",
            "version creation_time last_updated_time description user_id current_stage source run_id status"
            " status_message run_link storage_location workspace",
            where="name = ?",
            params=[model],
            order="version",
        )
        found = []
        for number, created, updated, about, user, stage, source, run_id, status, message, link, place, home in rows:
            if (home or "default") != self._workspace:
                continue
            model_id = (source or "").removeprefix("models:/")
            version = ImportedModelVersion(
                name=model,
                version=str(number),
                creation_timestamp=created or 0,
                last_updated_timestamp=updated or 0,
                user_id=user,
                current_stage="None" if stage in (None, _REMOVED) else stage,
                description=about,
                source=source or "",
                storage_location=place,
                run_id=run_id,
                run_link=link,
                model_id=model_id if model_id.startswith("m-") else None,
                status=status or "READY",
                status_message=message,
                tags=tags.get(number, []),
                aliases=[alias for _, alias, version, _ in aliases if version == number],
            )
            found.append((version, stage or "None"))
        return found

    def _not_yet(self) -> Iterator[Lost]:
        for table, kind in _NOT_YET.items():
            if number := self._reader.count(table):
                yield Lost(kind, "", f"Headrace does not take over any {kind} yet", number)
        for table, kind in (("experiments", "experiment"), ("registered_models", "registered model")):
            others = self._reader.count(table, where="workspace <> ?", params=[self._workspace])
            if others:
                yield Lost(kind, "", f"It is in another workspace than {self._workspace!r}; see --workspace", others)
