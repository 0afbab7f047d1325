"""Answers that tell records as they are kept, for another store to take over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.base.errors import NotFound
from headrace.schema.experiments import ExperimentTag
from headrace.schema.exports import (
    ExperimentsExported,
    ExportExperiments,
    ExportLoggedModels,
    ExportModelVersions,
    ExportRegisteredModels,
    ExportRuns,
    LoggedModelsExported,
    ModelVersionsExported,
    RegisteredModelsExported,
    RunsExported,
)
from headrace.schema.imports import (
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRun,
)
from headrace.schema.registry import ModelVersionTag, RegisteredModelTag
from headrace.stores.sql import logged_model_records, run_records
from headrace.stores.sql.experiments import number_of
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.purge import CLAIMED
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

#: What is being removed for good is told no more.
_STAYS = "({0}.deleted_time IS NULL OR {0}.deleted_time <> " + str(CLAIMED) + ")"


@answers(ExportExperiments)
def export_experiments(tx: Tx, call: ExportExperiments) -> ExperimentsExported:
    page = Page(tx, call, (Term("e.id"),), call.max_results)
    rows = page.rows(
        tx,
        "SELECT e.name, e.artifact_location, e.creation_time, e.last_update_time, e.deleted_time",
        f"FROM experiments e WHERE e.workspace = ? AND {_STAYS.format('e')}",
        [tx.house.workspace],
    )
    tags = _pairs(tx, "experiment_tags", "experiment", "tag", [row[-1] for row in rows])
    return ExperimentsExported(
        experiments=[
            ImportedExperiment(
                experiment_id=str(key),
                name=name,
                artifact_location=tx.house.location(place),
                creation_time=created,
                last_update_time=updated,
                deleted_time=deleted,
                tags=[ExperimentTag(*pair) for pair in tags.get(key, [])],
            )
            for name, place, created, updated, deleted, key in rows
        ],
        next_page_token=page.next_token,
    )


@answers(ExportRuns)
def export_runs(tx: Tx, call: ExportRuns) -> RunsExported:
    where, params = _STAYS.format("runs"), list[Any]()
    if call.run_ids:
        where += f" AND runs.run_id IN {marks(call.run_ids)}"
        params += call.run_ids
    where += _of_experiments(tx, "runs", call.experiment_ids, params)
    page = Page(tx, call, (Term("runs.run_id"),), call.max_results)
    rows = page.rows(tx, f"SELECT {run_records.COLUMNS}", f"FROM runs WHERE {where}", params)
    deleted = {row[1]: row[8] for row in rows}
    told = run_records.records(tx, rows)
    return RunsExported(
        runs=[ImportedRun.of(run, deleted[run.info.run_id]) for run in told], next_page_token=page.next_token
    )


@answers(ExportLoggedModels)
def export_logged_models(tx: Tx, call: ExportLoggedModels) -> LoggedModelsExported:
    where, params = _STAYS.format("logged_models"), list[Any]()
    for column, wanted in (("model_id", call.model_ids), ("source_run_id", call.source_run_ids)):
        if wanted:
            where += f" AND logged_models.{column} IN {marks(wanted)}"
            params += wanted
    where += _of_experiments(tx, "logged_models", call.experiment_ids, params)
    page = Page(tx, call, (Term("logged_models.model_id"),), call.max_results)
    columns = f"{logged_model_records.COLUMNS}, logged_models.deleted_time"
    rows = page.rows(tx, f"SELECT {columns}", f"FROM logged_models WHERE {where}", params)
    deleted = {row[1]: row[-2] for row in rows}
    told = logged_model_records.records(tx, rows)
    models = [ImportedLoggedModel.of(model, deleted[model.model_id]) for model in told]
    return LoggedModelsExported(models=models, next_page_token=page.next_token)


@answers(ExportRegisteredModels)
def export_registered_models(tx: Tx, call: ExportRegisteredModels) -> RegisteredModelsExported:
    where, params = "m.workspace = ?", [tx.house.workspace]
    if call.names:
        where += f" AND m.name IN {marks(call.names)}"
        params += call.names
    page = Page(tx, call, (Term("m.name"),), call.max_results)
    columns = (
        "m.id, m.creation_time, m.last_update_time, m.description, m.deployment_job_id, m.last_version, h.history_id"
    )
    source = "FROM registered_models m LEFT JOIN registry_histories h ON h.model = m.id"
    rows = page.rows(tx, f"SELECT {columns}", f"{source} WHERE {where}", params)
    tags = _pairs(tx, "registered_model_tags", "model", "name", [row[0] for row in rows])
    return RegisteredModelsExported(
        models=[
            ImportedRegisteredModel(
                name=name,
                creation_timestamp=created,
                last_updated_timestamp=updated,
                description=description,
                deployment_job_id=job,
                last_version=last,
                tags=[RegisteredModelTag(*pair) for pair in tags.get(key, [])],
                history_id=history,
            )
            for key, created, updated, description, job, last, history, name in rows
        ],
        next_page_token=page.next_token,
    )


@answers(ExportModelVersions)
def export_model_versions(tx: Tx, call: ExportModelVersions) -> ModelVersionsExported:
    key = tx.scalar("SELECT id FROM registered_models WHERE workspace = ? AND name = ?", tx.house.workspace, call.name)
    if key is None:
        raise NotFound(f"No registered model has the name {call.name[:100]!r}")
    page = Page(tx, call, (Term("v.version"),), call.max_results)
    rows = page.rows(
        tx,
        "SELECT v.creation_time, v.last_update_time, v.user_id, v.stage, v.description, v.source, v.storage, v.run_id,"
        " v.run_link, v.model_id, v.status, v.status_message",
        "FROM model_versions v WHERE v.model = ?",
        [key],
    )
    tags: dict[int, list[ModelVersionTag]] = {}
    for version, *pair in tx.rows(
        "SELECT version, name, value FROM model_version_tags WHERE model = ? ORDER BY version, name", key
    ):
        tags.setdefault(version, []).append(ModelVersionTag(*pair))
    aliases: dict[int, list[str]] = {}
    for version, alias in tx.rows("SELECT version, alias FROM aliases WHERE model = ? ORDER BY version, alias", key):
        aliases.setdefault(version, []).append(alias)
    versions = [_version(tx, call.name, row, tags.get(row[-1], []), aliases.get(row[-1], [])) for row in rows]
    return ModelVersionsExported(versions=versions, next_page_token=page.next_token)


def _of_experiments(tx: Tx, table: str, experiment_ids: Sequence[str], params: list[Any]) -> str:
    if not experiment_ids:
        params.append(tx.house.workspace)
        return f" AND {table}.experiment IN (SELECT id FROM experiments WHERE workspace = ?)"
    params.extend([*map(number_of, experiment_ids), tx.house.workspace])
    chosen = f"SELECT id FROM experiments WHERE id IN {marks(experiment_ids)} AND workspace = ?"
    return f" AND {table}.experiment IN ({chosen})"


def _version(tx: Tx, name: str, row: Any, tags: list[ModelVersionTag], aliases: list[str]) -> ImportedModelVersion:
    created, updated, user, stage, description, source, storage, run_id, link, model_id, status, message, version = row
    place = tx.house.location(source)
    storage = tx.house.location(storage)
    return ImportedModelVersion(
        name=name,
        version=str(version),
        creation_timestamp=created,
        last_updated_timestamp=updated,
        user_id=user,
        current_stage=stage,
        description=description,
        source=place,
        storage_location=None if storage == place else storage,
        run_id=run_id,
        run_link=link,
        model_id=model_id,
        status=status,
        status_message=message,
        tags=tags,
        aliases=aliases,
    )


def _pairs(tx: Tx, table: str, owner: str, name: str, keys: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    for start in range(0, len(keys), 500):
        chunk = keys[start : start + 500]
        for key, *pair in tx.rows(
            f"SELECT {owner}, {name}, value FROM {table} WHERE {owner} IN {marks(chunk)} ORDER BY {owner}, {name}",
            *chunk,
        ):
            found.setdefault(key, []).append((pair[0], pair[1]))
    return found
