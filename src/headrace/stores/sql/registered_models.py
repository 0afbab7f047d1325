"""Answers about registered models, their tags and aliases."""

from __future__ import annotations

import re

from headrace.base.clock import now_ms
from headrace.base.errors import AlreadyExists, BadRequest, NotFound
from headrace.schema import Empty
from headrace.schema.registry import (
    CreateRegisteredModel,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    GetRegisteredModel,
    ModelVersion,
    RegisteredModelFound,
    RegisteredModelsFound,
    RenameRegisteredModel,
    SearchRegisteredModels,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    UpdateRegisteredModel,
)
from headrace.schema.registry_events import Change, EventKind
from headrace.search import REGISTERED_MODELS, And, Compare, Entity, Node, Not, Or, parse
from headrace.stores.sql import registry_events, registry_histories, webhook_outbox
from headrace.stores.sql.filters import Sql, TextPairs, condition
from headrace.stores.sql.paging import Page, Term
from headrace.stores.sql.registry_records import MODEL_COLUMNS, VERSION_COLUMNS, VERSION_SOURCE, models, versions
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx
from headrace.stores.sql.webhook_outbox import PROMPT_TAG

_ATTRIBUTES = {"name": "m.name", "last_updated_timestamp": "m.last_update_time"}
_TAGS = TextPairs("registered_model_tags", "model", "name", "m.id")
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*", re.ASCII)
_RESERVED = re.compile(r"(?i)latest|v\d+")


@answers(CreateRegisteredModel)
def create_registered_model(tx: Tx, call: CreateRegisteredModel) -> RegisteredModelFound:
    _must_be_free(tx, call.name)
    now = now_ms()
    key = tx.insert(
        "registered_models",
        workspace=tx.house.workspace,
        name=call.name,
        description=call.description,
        deployment_job_id=call.deployment_job_id or None,
        creation_time=now,
        last_update_time=now,
        last_version=0,
    )
    tags = {tag.key: tag.value for tag in call.tags}
    tx.put("registered_model_tags", "model, name", "value", [(key, *pair) for pair in tags.items()])
    changes = registry_events.appeared(description=call.description, deployment_job_id=call.deployment_job_id)
    changes += registry_events.tags_appeared(tags)
    registry_histories.begin(tx, key)
    registry_events.note(tx, key, call.name, "registered_model.created", changes)
    webhook_outbox.model_created(tx, call.name, tags, call.description)
    return _found(tx, key)


@answers(GetRegisteredModel)
def get_registered_model(tx: Tx, call: GetRegisteredModel) -> RegisteredModelFound:
    return _found(tx, key_of(tx, call.name))


@answers(RenameRegisteredModel)
def rename_registered_model(tx: Tx, call: RenameRegisteredModel) -> RegisteredModelFound:
    key = key_of(tx, call.name)
    if call.new_name != call.name:
        _must_be_free(tx, call.new_name)
    tx.run("UPDATE registered_models SET name = ?, last_update_time = ? WHERE id = ?", call.new_name, now_ms(), key)
    if call.new_name != call.name:
        changes = [Change("name", call.name, call.new_name)]
        registry_events.note(tx, key, call.new_name, "registered_model.renamed", changes)
    return _found(tx, key)


@answers(UpdateRegisteredModel)
def update_registered_model(tx: Tx, call: UpdateRegisteredModel) -> RegisteredModelFound:
    key = key_of(tx, call.name)
    was = tx.row("SELECT description, deployment_job_id FROM registered_models WHERE id = ?", key)
    changes = []
    for column, before, after in zip(
        ("description", "deployment_job_id"), was, (call.description, call.deployment_job_id), strict=True
    ):
        if after is not None and after != before:
            tx.run(f"UPDATE registered_models SET {column} = ? WHERE id = ?", after, key)
            changes.append(Change(column, before, after))
    touch(tx, key)
    if changes:
        registry_events.note(tx, key, call.name, "registered_model.updated", changes)
    return _found(tx, key)


@answers(DeleteRegisteredModel)
def delete_registered_model(tx: Tx, call: DeleteRegisteredModel) -> Empty:
    key = key_of(tx, call.name)
    was = _found(tx, key).registered_model
    _note_what_goes(tx, key, call.name)
    for table in ("aliases", "model_version_tags", "model_versions", "registered_model_tags"):
        tx.run(f"DELETE FROM {table} WHERE model = ?", key)
    tx.run("DELETE FROM registered_models WHERE id = ?", key)
    changes = registry_events.appeared(description=was.description, deployment_job_id=was.deployment_job_id)
    changes += registry_events.tags_appeared(was.tags)
    registry_events.note(tx, key, call.name, "registered_model.deleted", registry_events.backwards(changes))
    return Empty()


@answers(SearchRegisteredModels)
def search_registered_models(tx: Tx, call: SearchRegisteredModels) -> RegisteredModelsFound:
    where, params = condition(tx, call.filter, REGISTERED_MODELS, _ATTRIBUTES, {"tag": _tag}, "registered_models m")
    page = Page.of_call(
        tx, call, call.order_by, REGISTERED_MODELS, _ATTRIBUTES, default=(Term("m.name"),), tie=Term("m.name")
    )
    hidden, tag = without_prompts(call.filter, REGISTERED_MODELS, "registered_model_tags p WHERE p.model = m.id")
    rows = page.rows(
        tx,
        f"SELECT {MODEL_COLUMNS}",
        f"FROM registered_models m WHERE m.workspace = ?{where}{hidden}",
        [tx.house.workspace, *params, *tag],
    )
    return RegisteredModelsFound(registered_models=models(tx, rows), next_page_token=page.next_token)


@answers(SetRegisteredModelTag)
def set_registered_model_tag(tx: Tx, call: SetRegisteredModelTag) -> Empty:
    key = key_of(tx, call.name)
    before = _tag_of(tx, key, call.key)
    tx.put("registered_model_tags", "model, name", "value", [(key, call.key, call.value)])
    touch(tx, key)
    if before != call.value:
        changes = [Change(f"tags.{call.key}", before, call.value)]
        registry_events.note(tx, key, call.name, "registered_model_tag.set", changes)
    webhook_outbox.model_tag_changed(tx, key, call.name, call.key, call.value)
    return Empty()


@answers(DeleteRegisteredModelTag)
def delete_registered_model_tag(tx: Tx, call: DeleteRegisteredModelTag) -> Empty:
    key = key_of(tx, call.name)
    before = _tag_of(tx, key, call.key)
    tx.run("DELETE FROM registered_model_tags WHERE model = ? AND name = ?", key, call.key)
    touch(tx, key)
    if before is not None:
        registry_events.note(tx, key, call.name, "registered_model_tag.deleted", [Change(f"tags.{call.key}", before)])
    webhook_outbox.model_tag_changed(tx, key, call.name, call.key, None)
    return Empty()


@answers(SetRegisteredModelAlias)
def set_registered_model_alias(tx: Tx, call: SetRegisteredModelAlias) -> Empty:
    if _RESERVED.fullmatch(call.alias):
        raise BadRequest(f"The alias {call.alias!r} is reserved: 'latest' and 'v<number>' mean versions already")
    key = key_of(tx, call.name)
    version = version_number(call.version)
    if tx.scalar("SELECT 1 FROM model_versions WHERE model = ? AND version = ?", key, version) is None:
        raise no_version(call.name, call.version)
    before = _aliased(tx, key, call.alias)
    tx.put("aliases", "model, alias", "version", [(key, call.alias, version)])
    touch(tx, key)
    if before != str(version):
        changes = [Change("version", before, str(version))]
        registry_events.note(tx, key, call.name, "model_version_alias.set", changes, version=version, alias=call.alias)
    webhook_outbox.alias_set(tx, key, call.name, call.alias, str(version))
    return Empty()


@answers(DeleteRegisteredModelAlias)
def delete_registered_model_alias(tx: Tx, call: DeleteRegisteredModelAlias) -> Empty:
    key = key_of(tx, call.name)
    before = _aliased(tx, key, call.alias)
    tx.run("DELETE FROM aliases WHERE model = ? AND alias = ?", key, call.alias)
    touch(tx, key)
    if before is not None:
        note_alias_gone(tx, key, call.name, call.alias, int(before))
    webhook_outbox.alias_deleted(tx, key, call.name, call.alias)
    return Empty()


def note_alias_gone(tx: Tx, key: int, name: str, alias: str, version: int) -> None:
    """Note that an alias no longer points at a version, nor at any other."""
    changes = [Change("version", str(version))]
    registry_events.note(tx, key, name, "model_version_alias.deleted", changes, version=version, alias=alias)


def _note_what_goes(tx: Tx, key: int, name: str) -> None:
    """Note the end of every alias and version of a model that is about to be deleted."""
    for alias, version in tx.rows("SELECT alias, version FROM aliases WHERE model = ? ORDER BY alias", key):
        note_alias_gone(tx, key, name, alias, version)
    rows = tx.rows(f"SELECT {VERSION_COLUMNS} {VERSION_SOURCE} WHERE v.model = ? ORDER BY v.version", key)
    for version in versions(tx, rows, lineage=False):
        note_version(tx, key, version, "model_version.deleted")


def note_version(tx: Tx, key: int, version: ModelVersion, event: EventKind) -> None:
    """Note that a version is new, or is about to be deleted."""
    changes = registry_events.appeared(
        source=version.source,
        run_id=version.run_id,
        model_id=version.model_id,
        run_link=version.run_link,
        description=version.description,
    )
    changes += registry_events.tags_appeared(version.tags)
    if event == "model_version.deleted":
        changes = registry_events.backwards([Change("stage", None, version.current_stage), *changes])
    registry_events.note(tx, key, version.name, event, changes, version=int(version.version))


def _aliased(tx: Tx, key: int, alias: str) -> str | None:
    """The version an alias points at."""
    found = tx.scalar("SELECT version FROM aliases WHERE model = ? AND alias = ?", key, alias)
    return None if found is None else str(found)


def _tag_of(tx: Tx, key: int, tag: str) -> str | None:
    value: str | None = tx.scalar("SELECT value FROM registered_model_tags WHERE model = ? AND name = ?", key, tag)
    return value


def key_of(tx: Tx, name: str) -> int:
    """The key of a registered model, held until the end of a writing transaction."""
    key = tx.scalar(
        f"SELECT id FROM registered_models WHERE workspace = ? AND name = ?{tx.for_update}",
        tx.house.workspace,
        name,
    )
    if key is None:
        raise NotFound(f"No registered model has the name {name[:100]!r}")
    return int(key)


def touch(tx: Tx, key: int) -> None:
    """Note that a registered model changed."""
    tx.run("UPDATE registered_models SET last_update_time = ? WHERE id = ?", now_ms(), key)


def version_number(text: str) -> int:
    """The number a version is written as. Raises ``BadRequest`` for what is not one."""
    if not _NUMBER.fullmatch(text):
        raise BadRequest(f"Invalid version {text!r}: it is a whole number")
    return int(text)


def no_version(name: str, version: str) -> NotFound:
    """The error for a version that is not there."""
    return NotFound(f"The registered model {name[:100]!r} has no version {version}")


def is_no_prompt(compare: Compare) -> bool:
    """Whether this holds for whatever is no prompt: what lacks the tag counts as marked 'false'.

    MLflow's own client ends every search of the registry so.
    """
    said = (compare.op, compare.value) in (("!=", "true"), ("=", "false"))
    return compare.field.key == PROMPT_TAG and said


def without_prompts(filter: str, entity: Entity, tags: str) -> Sql:
    """The condition that leaves prompts out, unless a filter asks for them. ``tags`` is where a row's tags are."""
    if filter and _asks_for_prompts(parse(filter, entity)):
        return "", []
    return f" AND NOT EXISTS (SELECT 1 FROM {tags} AND p.name = ? AND p.value = 'true')", [PROMPT_TAG]


def _asks_for_prompts(tree: Node | None) -> bool:
    match tree:
        case And(items=items) | Or(items=items):
            return any(_asks_for_prompts(item) for item in items)
        case Not(item=item):
            return _asks_for_prompts(item)
        case Compare(field=field, op=op, value=value):
            wanted = (op, value) in (("=", "true"), ("!=", "false"))
            return field.kind == "tag" and field.key == PROMPT_TAG and wanted
    return False


def _tag(tx: Tx, compare: Compare) -> Sql:
    return ("1 = 1", []) if is_no_prompt(compare) else _TAGS(tx, compare)


def _must_be_free(tx: Tx, name: str) -> None:
    if tx.scalar("SELECT id FROM registered_models WHERE workspace = ? AND name = ?", tx.house.workspace, name):
        raise AlreadyExists(f"A registered model has the name {name!r} already")


def _found(tx: Tx, key: int) -> RegisteredModelFound:
    rows = tx.rows(f"SELECT {MODEL_COLUMNS} FROM registered_models m WHERE m.id = ?", key)
    return RegisteredModelFound(registered_model=models(tx, rows)[0])
