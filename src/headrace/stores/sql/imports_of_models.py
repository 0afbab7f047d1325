"""Answers that take over logged models and the model registry of another store."""

from __future__ import annotations

from typing import Any

from headrace.schema.imports import (
    Became,
    Imported,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportLoggedModels,
    ImportModelVersions,
    ImportOutcome,
    ImportRegisteredModels,
)
from headrace.schema.registry_events import Change
from headrace.stores.sql import names, registry_histories, registry_past
from headrace.stores.sql.experiments import number_of
from headrace.stores.sql.logged_model_points import POINT_COLUMNS
from headrace.stores.sql.points import kept
from headrace.stores.sql.registry_events import appeared, note, tags_appeared
from headrace.stores.sql.registry_histories import Known
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_STAGES = {stage.lower(): stage for stage in ("None", "Staging", "Production", "Archived")}


@answers(ImportLoggedModels)
def import_logged_models(tx: Tx, call: ImportLoggedModels) -> Imported:
    return Imported(outcomes=[_logged_model(tx, told) for told in call.models])


@answers(ImportRegisteredModels)
def import_registered_models(tx: Tx, call: ImportRegisteredModels) -> Imported:
    return Imported(outcomes=[_registered_model(tx, told) for told in call.models])


@answers(ImportModelVersions)
def import_model_versions(tx: Tx, call: ImportModelVersions) -> Imported:
    stages: dict[int, dict[int, str]] = {}
    return Imported(outcomes=[_version(tx, told, stages) for told in call.versions])


def _logged_model(tx: Tx, told: ImportedLoggedModel) -> ImportOutcome:
    row = tx.row(f"SELECT id, artifact_uri FROM logged_models WHERE model_id = ?{tx.for_update}", told.model_id)
    new = row is None
    if row is None:
        place = tx.scalar("SELECT artifact_location FROM experiments WHERE id = ?", number_of(told.experiment_id))
        if place is None:
            no_home = f"No experiment has the id {told.experiment_id}"
            return ImportOutcome(id=told.model_id, became="refused", why=no_home)
        row = _insert_logged_model(tx, told, place)
    key, uri = row
    added = tx.put_new("logged_model_params", "model, name, value", [(key, *_pair(each)) for each in told.params])
    added += tx.put_new("logged_model_tags", "model, name, value", [(key, *_pair(each)) for each in told.tags])
    added_points, why = _add_model_points(tx, key, told)
    became = _became(new, added + added_points)
    return ImportOutcome(id=told.model_id, became=became, artifact_uri=tx.house.location(uri), why=why)


def _insert_logged_model(tx: Tx, told: ImportedLoggedModel, place: str) -> tuple[int, str]:
    uri = told.artifact_uri or f"{place.rstrip('/')}/models/{told.model_id}/artifacts"
    key = tx.insert(
        "logged_models",
        model_id=told.model_id,
        experiment=int(told.experiment_id),
        name=told.name,
        artifact_uri=uri,
        creation_time=told.creation_timestamp_ms,
        last_update_time=told.last_updated_timestamp_ms,
        status=told.status,
        status_message=told.status_message,
        model_type=told.model_type,
        source_run_id=told.source_run_id,
        deleted_time=told.deleted_time,
    )
    return key, uri


def _add_model_points(tx: Tx, key: int, told: ImportedLoggedModel) -> tuple[int, str | None]:
    """Add the points measured on a model; how many were new, and which could not be kept."""
    if not told.metrics:
        return 0, None
    wanted = sorted({each.run_id or told.source_run_id or "" for each in told.metrics})
    runs = dict(tx.rows(f"SELECT run_id, id FROM runs WHERE run_id IN {marks(wanted)}", *wanted))
    ids = names.numbers(tx, {each.key for each in told.metrics})
    rows = [
        (key, ids[each.key], runs[run_id], each.step, each.timestamp, *kept(each.value), each.dataset_name,
         each.dataset_digest)
        for each in told.metrics
        if (run_id := each.run_id or told.source_run_id or "") in runs
    ]  # fmt: skip
    homeless = len(told.metrics) - len(rows)
    why = f"{homeless} points were measured in runs that are not here" if homeless else None
    return tx.put_new("logged_model_points", POINT_COLUMNS, rows), why


def _became(new: bool, added: int) -> Became:
    return "new" if new else "added" if added else "there"


def _pair(pair: Any) -> tuple[str, str]:
    return pair.key, pair.value


def _registered_model(tx: Tx, told: ImportedRegisteredModel) -> ImportOutcome:
    history = registry_histories.known(tx, told.history_id) if told.history_id else None
    row = _model_row(tx, told.name)
    if why := _obstacle(tx, told, row, history):
        return ImportOutcome(id=told.name, became="refused", why=why)
    if row is None:
        key = tx.insert(
            "registered_models",
            **({"id": history.model} if history and not history.is_over else {}),
            workspace=tx.house.workspace,
            name=told.name,
            description=told.description,
            deployment_job_id=told.deployment_job_id,
            creation_time=told.creation_timestamp,
            last_update_time=told.last_updated_timestamp,
            last_version=told.last_version,
        )
    else:
        key = row[0]
        tx.run(
            "UPDATE registered_models SET last_version = ? WHERE id = ? AND last_version < ?",
            told.last_version,
            key,
            told.last_version,
        )
    added = tx.put_new("registered_model_tags", "model, name, value", [(key, *_pair(each)) for each in told.tags])
    if row is None:
        _note_model(tx, told, key, history)
    return ImportOutcome(id=told.name, became=_became(row is None, added))


def _obstacle(tx: Tx, told: ImportedRegisteredModel, row: Any, history: Known | None) -> str | None:
    """Why a registered model cannot be taken."""
    if row is not None and row[1] != told.creation_timestamp:
        return "Another registered model has this name; rename or delete one of the two"
    if row is None and history is not None:
        name = tx.scalar("SELECT name FROM registered_models WHERE id = ?", history.model)
        return name and f"The same registered model is here under the name {name!r}; rename one of the two"
    return None


def _note_model(tx: Tx, told: ImportedRegisteredModel, key: int, history: Known | None) -> None:
    """Note what came in, as of now, unless its history tells it already."""
    if history is None or history.is_over:
        registry_histories.begin(tx, key)
        changes = appeared(description=told.description, deployment_job_id=told.deployment_job_id)
        note(tx, key, told.name, "registered_model.created", [*changes, *tags_appeared(dict(map(_pair, told.tags)))])
    elif history.name != told.name:
        note(tx, key, told.name, "registered_model.renamed", [Change("name", history.name, told.name)])


def _model_row(tx: Tx, name: str) -> Any:
    return tx.row(
        f"SELECT id, creation_time FROM registered_models WHERE workspace = ? AND name = ?{tx.for_update}",
        tx.house.workspace,
        name,
    )


def _version(tx: Tx, told: ImportedModelVersion, stages: dict[int, dict[int, str]]) -> ImportOutcome:
    said = f"{told.name}/{told.version}"
    model, stage = _model_row(tx, told.name), _STAGES.get(told.current_stage.lower())
    number = int(told.version) if told.version.isascii() and told.version.isdigit() else 0
    if not 0 < number < 2**31 or stage is None:
        what = f"version {told.version!r}" if stage else f"stage {told.current_stage!r}"
        return ImportOutcome(id=said, became="refused", why=f"A model version has no {what}")
    if model is None:
        return ImportOutcome(id=said, became="refused", why=f"No registered model has the name {told.name!r}")
    key = model[0]
    created = tx.scalar("SELECT creation_time FROM model_versions WHERE model = ? AND version = ?", key, number)
    if created is not None and created != told.creation_timestamp:
        return ImportOutcome(id=said, became="refused", why="Another version has this number; it stays as it is")
    if created is None:
        _insert_version(tx, told, key, number, stage)
    added = tx.put_new(
        "model_version_tags", "model, version, name, value", [(key, number, *_pair(each)) for each in told.tags]
    )
    if created is None:
        if key not in stages:
            stages[key] = registry_past.last_stages(tx, key)
        _note_version(tx, told, key, number, stage, stages[key].get(number))
    for alias in told.aliases:
        if tx.put_new("aliases", "model, alias, version", [(key, alias, number)]):
            added += 1
            if registry_past.last_alias(tx, key, alias) == number:
                continue
            changes = [Change("version", None, str(number))]
            note(tx, key, told.name, "model_version_alias.set", changes, version=number, alias=alias)
    why = _aliases_elsewhere(tx, told, key, number)
    return ImportOutcome(id=said, became=_became(created is None, added), why=why)


def _insert_version(tx: Tx, told: ImportedModelVersion, model: int, number: int, stage: str) -> None:
    tx.run(
        "INSERT INTO model_versions (model, version, creation_time, last_update_time, user_id, stage, description,"
        " source, storage, run_id, run_link, model_id, status, status_message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        model,
        number,
        told.creation_timestamp,
        told.last_updated_timestamp,
        told.user_id,
        stage,
        told.description,
        told.source,
        told.storage_location or told.source,
        told.run_id,
        told.run_link,
        told.model_id,
        told.status,
        told.status_message,
    )
    tx.run("UPDATE registered_models SET last_version = ? WHERE id = ? AND last_version < ?", number, model, number)


def _note_version(tx: Tx, told: ImportedModelVersion, model: int, number: int, stage: str, said: str | None) -> None:
    """Note what came in, as of now, unless the history tells it already: ``said`` is the stage by that, if any."""
    if said is None:
        _note_new_version(tx, told, model, number)
        said = "None"
    if stage != said:
        changes = [Change("stage", said, stage)]
        note(tx, model, told.name, "model_version.transitioned", changes, version=number)


def _note_new_version(tx: Tx, told: ImportedModelVersion, model: int, number: int) -> None:
    changes = appeared(
        source=told.source,
        run_id=told.run_id,
        model_id=told.model_id,
        run_link=told.run_link,
        description=told.description,
    )
    changes += tags_appeared(dict(map(_pair, told.tags)))
    note(tx, model, told.name, "model_version.created", changes, version=number)


def _aliases_elsewhere(tx: Tx, told: ImportedModelVersion, model: int, number: int) -> str | None:
    """What to say of aliases that point at another version here."""
    if not told.aliases:
        return None
    rows = tx.rows(
        f"SELECT alias, version FROM aliases WHERE model = ? AND version <> ? AND alias IN {marks(told.aliases)}"
        " ORDER BY alias",
        model,
        number,
        *told.aliases,
    )
    return "; ".join(f"the alias {alias!r} points at version {version} here" for alias, version in rows) or None
