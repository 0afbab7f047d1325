"""Answers about versions of registered models."""

from __future__ import annotations

from typing import Any

from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, NotFound
from headrace.schema import Empty
from headrace.schema.registry import (
    CreateModelVersion,
    DeleteModelVersion,
    DeleteModelVersionTag,
    DownloadUri,
    GetLatestVersions,
    GetModelVersion,
    GetModelVersionByAlias,
    GetModelVersionDownloadUri,
    ModelVersion,
    ModelVersionFound,
    ModelVersionsFound,
    SearchModelVersions,
    SetModelVersionTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
)
from headrace.schema.registry_events import Change
from headrace.search import MODEL_VERSIONS, Compare
from headrace.stores.sql import logged_models, registry_events, runs, webhook_outbox
from headrace.stores.sql.filters import Sql, TextPairs, compared, condition
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.registered_models import (
    is_no_prompt,
    key_of,
    no_version,
    note_alias_gone,
    note_version,
    touch,
    version_number,
    without_prompts,
)
from headrace.stores.sql.registry_records import VERSION_COLUMNS, VERSION_SOURCE, versions
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_STAGES = {stage.lower(): stage for stage in ("None", "Staging", "Production", "Archived")}
#: What clients say is the source of a prompt's version.
_OF_PROMPTS = ("dummy-source", "prompt-template")
_COLUMNS = {
    "name": "m.name",
    "version_number": "v.version",
    "run_id": "v.run_id",
    "source_path": "v.source",
    "creation_timestamp": "v.creation_time",
    "last_updated_timestamp": "v.last_update_time",
}


@answers(CreateModelVersion)
def create_model_version(tx: Tx, call: CreateModelVersion) -> ModelVersionFound:
    model = key_of(tx, call.name)
    tags = {tag.key: tag.value for tag in call.tags}
    if webhook_outbox.is_marked(tags) and call.source not in _OF_PROMPTS:
        raise BadRequest("Invalid value for 'source': a prompt has no files; MLflow's clients say 'dummy-source'")
    storage, model_id, run_id = _origin(tx, call)
    tx.run("UPDATE registered_models SET last_version = last_version + 1 WHERE id = ?", model)
    version = int(tx.scalar("SELECT last_version FROM registered_models WHERE id = ?", model))
    now = now_ms()
    tx.run(
        "INSERT INTO model_versions (model, version, creation_time, last_update_time, stage, description, source,"
        " storage, run_id, run_link, model_id, status) VALUES (?, ?, ?, ?, 'None', ?, ?, ?, ?, ?, ?, 'READY')",
        model,
        version,
        now,
        now,
        call.description,
        call.source,
        storage,
        run_id,
        call.run_link or None,
        model_id,
    )
    rows = [(model, version, *pair) for pair in tags.items()]
    tx.put("model_version_tags", "model, version, name", "value", rows)
    touch(tx, model)
    made = told(tx, model, version)
    note_version(tx, model, made, "model_version.created")
    webhook_outbox.version_created(tx, call.name, made.version, call.source, run_id, tags, call.description)
    return ModelVersionFound(model_version=made)


@answers(GetModelVersion)
def get_model_version(tx: Tx, call: GetModelVersion) -> ModelVersionFound:
    model = key_of(tx, call.name)
    return ModelVersionFound(model_version=_one(tx, call.name, model, version_number(call.version))[0])


@answers(GetModelVersionByAlias)
def get_model_version_by_alias(tx: Tx, call: GetModelVersionByAlias) -> ModelVersionFound:
    model = key_of(tx, call.name)
    if call.alias.lower() == "latest":
        version = tx.scalar("SELECT MAX(version) FROM model_versions WHERE model = ?", model)
        if version is None:
            raise NotFound(f"The registered model {call.name!r} has no versions yet")
    else:
        version = tx.scalar("SELECT version FROM aliases WHERE model = ? AND alias = ?", model, call.alias)
        if version is None:
            raise BadRequest(f"The registered model {call.name!r} has no alias {call.alias!r}")
    return ModelVersionFound(model_version=_one(tx, call.name, model, version)[0])


@answers(GetModelVersionDownloadUri)
def get_model_version_download_uri(tx: Tx, call: GetModelVersionDownloadUri) -> DownloadUri:
    model = key_of(tx, call.name)
    _, storage = _one(tx, call.name, model, version_number(call.version))
    return DownloadUri(artifact_uri=tx.house.location(storage))


@answers(UpdateModelVersion)
def update_model_version(tx: Tx, call: UpdateModelVersion) -> ModelVersionFound:
    model, version = _there(tx, call.name, call.version)
    where = "WHERE model = ? AND version = ?"
    before = tx.scalar(f"SELECT description FROM model_versions {where}", model, version)
    if call.description is not None and call.description != before:
        tx.run(f"UPDATE model_versions SET description = ? {where}", call.description, model, version)
        changes = [Change("description", before, call.description)]
        registry_events.note(tx, model, call.name, "model_version.updated", changes, version=version)
    _touched(tx, model, version)
    return ModelVersionFound(model_version=told(tx, model, version))


@answers(TransitionModelVersionStage)
def transition_model_version_stage(tx: Tx, call: TransitionModelVersionStage) -> ModelVersionFound:
    stage = stage_named(call.stage)
    model, version = _there(tx, call.name, call.version)
    if call.archive_existing_versions:
        if stage not in ("Staging", "Production"):
            raise BadRequest("archive_existing_versions goes with the stages Staging and Production only")
        for (other,) in tx.rows(
            "SELECT version FROM model_versions WHERE model = ? AND stage = ? AND version <> ? ORDER BY version",
            model,
            stage,
            version,
        ):
            _move(tx, model, call.name, other, stage, "Archived")
    before = tx.scalar("SELECT stage FROM model_versions WHERE model = ? AND version = ?", model, version)
    _move(tx, model, call.name, version, before, stage)
    touch(tx, model)
    return ModelVersionFound(model_version=told(tx, model, version))


def _move(tx: Tx, model: int, name: str, version: int, before: str, stage: str) -> None:
    tx.run(
        "UPDATE model_versions SET stage = ?, last_update_time = ? WHERE model = ? AND version = ?",
        stage,
        now_ms(),
        model,
        version,
    )
    if stage != before:
        changes = [Change("stage", before, stage)]
        registry_events.note(tx, model, name, "model_version.transitioned", changes, version=version)


@answers(DeleteModelVersion)
def delete_model_version(tx: Tx, call: DeleteModelVersion) -> Empty:
    model, version = _there(tx, call.name, call.version)
    where = "WHERE model = ? AND version = ?"
    for (alias,) in tx.rows(f"SELECT alias FROM aliases {where} ORDER BY alias", model, version):
        note_alias_gone(tx, model, call.name, alias, version)
    note_version(tx, model, told(tx, model, version), "model_version.deleted")
    for table in ("aliases", "model_version_tags", "model_versions"):
        tx.run(f"DELETE FROM {table} {where}", model, version)
    touch(tx, model)
    return Empty()


@answers(SetModelVersionTag)
def set_model_version_tag(tx: Tx, call: SetModelVersionTag) -> Empty:
    model, version = _there(tx, call.name, call.version)
    before = _tag_of(tx, model, version, call.key)
    tx.put("model_version_tags", "model, version, name", "value", [(model, version, call.key, call.value)])
    _touched(tx, model, version)
    if before != call.value:
        changes = [Change(f"tags.{call.key}", before, call.value)]
        registry_events.note(tx, model, call.name, "model_version_tag.set", changes, version=version)
    webhook_outbox.version_tag_changed(tx, model, call.name, str(version), call.key, call.value)
    return Empty()


@answers(DeleteModelVersionTag)
def delete_model_version_tag(tx: Tx, call: DeleteModelVersionTag) -> Empty:
    model, version = _there(tx, call.name, call.version)
    before = _tag_of(tx, model, version, call.key)
    tx.run("DELETE FROM model_version_tags WHERE model = ? AND version = ? AND name = ?", model, version, call.key)
    _touched(tx, model, version)
    if before is not None:
        changes = [Change(f"tags.{call.key}", before)]
        registry_events.note(tx, model, call.name, "model_version_tag.deleted", changes, version=version)
    webhook_outbox.version_tag_changed(tx, model, call.name, str(version), call.key, None)
    return Empty()


def _tag_of(tx: Tx, model: int, version: int, tag: str) -> str | None:
    value: str | None = tx.scalar(
        "SELECT value FROM model_version_tags WHERE model = ? AND version = ? AND name = ?", model, version, tag
    )
    return value


@answers(GetLatestVersions)
def get_latest_versions(tx: Tx, call: GetLatestVersions) -> ModelVersionsFound:
    model = key_of(tx, call.name)
    wanted = [stage_named(given) for given in call.stages or _STAGES.values()]
    rows = tx.rows(
        f"SELECT {VERSION_COLUMNS} {VERSION_SOURCE} WHERE v.model = ? AND v.version IN (SELECT MAX(version)"
        f" FROM model_versions WHERE model = ? AND stage IN {marks(wanted)} GROUP BY stage) ORDER BY v.version",
        model,
        model,
        *wanted,
    )
    return ModelVersionsFound(model_versions=versions(tx, rows))


@answers(SearchModelVersions)
def search_model_versions(tx: Tx, call: SearchModelVersions) -> ModelVersionsFound:
    where, params = condition(tx, call.filter, MODEL_VERSIONS, _attribute, {"tag": _tag})
    ties = (Term("m.name"), Term("v.version", descending=True))
    newest = (Term("v.last_update_time", descending=True), *ties)
    page = Page.of_call(tx, call, call.order_by, MODEL_VERSIONS, _COLUMNS, default=ties if call.order_by else newest)
    tags = "model_version_tags p WHERE p.model = v.model AND p.version = v.version"
    hidden, tag = without_prompts(call.filter, MODEL_VERSIONS, tags)
    rows = page.rows(
        tx,
        f"SELECT {VERSION_COLUMNS}",
        f"{VERSION_SOURCE} WHERE m.workspace = ?{where}{hidden}",
        [tx.house.workspace, *params, *tag],
    )
    return ModelVersionsFound(model_versions=versions(tx, rows), next_page_token=page.next_token)


def _attribute(tx: Tx, compare: Compare) -> Sql:
    return compared(tx, _COLUMNS[compare.field.key], compare, VERSION_SOURCE.removeprefix("FROM "))


def _tag(tx: Tx, compare: Compare) -> Sql:
    if is_no_prompt(compare):
        return "1 = 1", []
    sql, params = TextPairs("model_version_tags", "model", "name", "v.model")(tx, compare)
    return sql.replace("f.name = ?", "f.name = ? AND f.version = v.version", 1), params


def _origin(tx: Tx, call: CreateModelVersion) -> tuple[str, str | None, str | None]:
    """Where the files of a new version are, and which logged model and run it came from."""
    model_id, run_id = call.model_id or None, call.run_id or None
    scheme, _, rest = call.source.partition(":/")
    if scheme == "models" and rest.startswith("m-"):
        if model_id and model_id != rest:
            raise BadRequest(f"The source is the logged model {rest}, but model_id is {model_id}: give the same one")
        model_id = rest
    elif scheme == "models":
        return _copied(tx, rest, call)
    if model_id:
        row = tx.row(
            "SELECT artifact_uri, source_run_id FROM logged_models WHERE model_id = ? AND deleted_time IS NULL",
            model_id,
        )
        if row is None:
            raise logged_models.missing(model_id)
        run_id = run_id or row[1]
        if scheme == "models":
            return row[0], model_id, run_id
    if scheme == "runs":
        owner, _, path = rest.strip("/").partition("/")
        place = tx.scalar("SELECT artifact_uri FROM runs WHERE run_id = ?", owner)
        if place is None:
            raise runs.missing(owner)
        return f"{place}/{path}", model_id, run_id or owner
    return call.source, model_id, run_id


def _copied(tx: Tx, source: str, call: CreateModelVersion) -> tuple[str, str | None, str | None]:
    """The origin of a version that is a copy of ``name/version``."""
    name, _, version = source.rpartition("/")
    row = tx.row(
        f"SELECT v.storage, v.model_id, v.run_id {VERSION_SOURCE}"
        " WHERE m.workspace = ? AND m.name = ? AND v.version = ?",
        tx.house.workspace,
        name,
        version_number(version),
    )
    if row is None:
        raise no_version(name, version)
    for field, said, its in (("model_id", call.model_id, row[1]), ("run_id", call.run_id, row[2])):
        if said and said != its:
            raise BadRequest(f"Invalid value for 'source': version {version} of {name!r} has another {field}")
    return row[0], row[1], row[2]


def _there(tx: Tx, name: str, version: str) -> tuple[int, int]:
    model, number = key_of(tx, name), version_number(version)
    if tx.scalar("SELECT 1 FROM model_versions WHERE model = ? AND version = ?", model, number) is None:
        raise no_version(name, version)
    return model, number


def stage_named(text: str) -> str:
    """The stage of that name in any case, or ``BadRequest``."""
    stage = _STAGES.get(text.lower())
    if stage is None:
        raise BadRequest(f"Invalid stage {text!r}: it is one of {', '.join(_STAGES.values())}")
    return stage


def told(tx: Tx, model: int, version: int) -> ModelVersion:
    """A version that is there, as it is told."""
    rows = tx.rows(f"SELECT {VERSION_COLUMNS} {VERSION_SOURCE} WHERE v.model = ? AND v.version = ?", model, version)
    return versions(tx, rows)[0]


def _touched(tx: Tx, model: int, version: int) -> None:
    tx.run("UPDATE model_versions SET last_update_time = ? WHERE model = ? AND version = ?", now_ms(), model, version)
    touch(tx, model)


def _one(tx: Tx, name: str, model: int, version: int) -> tuple[Any, str]:
    """A version as it is told, and where its files are."""
    rows = tx.rows(f"SELECT {VERSION_COLUMNS} {VERSION_SOURCE} WHERE v.model = ? AND v.version = ?", model, version)
    if not rows:
        raise no_version(name, str(version))
    return versions(tx, rows)[0], rows[0][14]
