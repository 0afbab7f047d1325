"""Registering models and finding them again."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec

from headrace.base.errors import AlreadyExists, BadRequest, NotFound
from headrace.schema.logged_models import LoggedModel
from headrace.schema.registry import ModelVersion, RegisteredModel
from headrace.tracking.client import MlflowClient
from headrace.tracking.files import joined, listing
from headrace.tracking.locations import model_of_run, of_run, version_at
from headrace.tracking.model_uris import ModelUri
from headrace.tracking.searches import everything
from headrace.tracking.tag_names import MLFLOW_MODEL_VERSIONS

_log = logging.getLogger(__name__)


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int = 300,
    *,
    tags: dict[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """Register the model at ``runs:/…``, ``models:/…`` or another location as the next version of ``name``.

    The registered model is opened if there is none. Waits up to so many seconds until the version is ready.
    """
    if env_pack is not None:
        raise BadRequest("env_pack packs environments for Databricks, which headrace does not do; leave it out")
    client = MlflowClient()
    source, run_id, model_id = _source(str(model_uri), client)
    try:
        client.create_registered_model(name)
    except AlreadyExists:
        _log.info("The registered model %r exists already; it gets another version", name)
    made = client.create_model_version(
        name, source, run_id, tags=tags, await_creation_for=await_registration_for, model_id=model_id
    )
    if model_id:
        _note_on_model(client, model_id, made)
    return made


def _note_on_model(client: MlflowClient, model_id: str, made: ModelVersion) -> None:
    """Add a version to those that a tag of its logged model lists, as MLflow keeps it."""
    kept = client.get_logged_model(model_id).tags.get(MLFLOW_MODEL_VERSIONS, "[]")
    try:
        listed = msgspec.json.decode(kept, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        _log.warning("The tag %s of model %s is no list, and left as it is", MLFLOW_MODEL_VERSIONS, model_id)
        return
    listed.append({"name": made.name, "version": int(made.version)})
    client.set_logged_model_tags(model_id, {MLFLOW_MODEL_VERSIONS: json.dumps(listed)})


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[RegisteredModel]:
    """Every registered model that a filter finds."""
    client = MlflowClient()
    return everything(
        lambda size, token: client.search_registered_models(filter_string, size, order_by, token), max_results
    )


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[ModelVersion]:
    """Every version that a filter finds."""
    client = MlflowClient()
    return everything(
        lambda size, token: client.search_model_versions(filter_string, size, order_by, token), max_results
    )


def set_model_version_tag(name: str, version: str | None = None, key: str | None = None, value: Any = None) -> None:
    """Set a tag of a version."""
    MlflowClient().set_model_version_tag(name, version, key, value)


def _source(uri: str, client: MlflowClient) -> tuple[str, str | None, str | None]:
    """What is registered for ``uri``: the source, the run it came from and the logged model it is."""
    if uri.startswith("runs:/"):
        return _of_run(uri, client)
    if not uri.startswith("models:"):
        return uri, None, None
    said = ModelUri.parse(uri)
    if said.path:
        raise BadRequest(f"{uri!r} names a path inside of a model; register the model itself")
    if said.model_id:
        return _of_logged(client.get_logged_model(said.model_id))
    version = version_at(said, client)
    return f"models:/{version.name}/{version.version}", version.run_id or None, version.model_id or None


def _of_run(uri: str, client: MlflowClient) -> tuple[str, str | None, str | None]:
    run_id, _, path = uri.removeprefix("runs:/").strip("/").partition("/")
    place, own = of_run(run_id, path, client), client.artifact_location(run_id)
    if place.root == own:
        if not listing(place.root, place.key, place.tracking_uri):
            raise NotFound(f"The run {run_id} has logged neither a model {path!r} nor artifacts at that path")
        return joined(own, place.key), run_id, None
    model = model_of_run(run_id, path, client)
    return _of_logged(model) if model else (joined(place.root, place.key), run_id, None)


def _of_logged(model: LoggedModel) -> tuple[str, str | None, str | None]:
    return f"models:/{model.model_id}", model.source_run_id or None, model.model_id
