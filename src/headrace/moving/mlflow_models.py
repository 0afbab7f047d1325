"""The model registry of MLflow's file store: ``mlruns/models``."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.base.errors import HeadraceError
from headrace.moving.mlflow_folder import Folder, Meta, whole
from headrace.moving.port import Lost
from headrace.moving.trees import Parts
from headrace.schema.imports import ImportedModelVersion, ImportedRegisteredModel
from headrace.schema.registry import ModelVersionTag, RegisteredModelTag

_VERSION = "version-"
#: What keeps a removed version's number from being given out again.
_REMOVED = "Deleted_Internal"


def registered_models(folder: Folder, root: Parts) -> Iterator[ImportedRegisteredModel | ImportedModelVersion | Lost]:
    """Every registered model below a folder, each followed by its versions."""
    for name in folder.tree.folders(root):
        parts = (*root, name)
        lost: list[Lost] = []
        numbers = {
            number: each
            for each in folder.tree.folders(parts)
            if each.startswith(_VERSION) and (number := whole(each.removeprefix(_VERSION))) is not None
        }
        try:
            yield _model(folder, parts, max(numbers, default=0), lost)
        except HeadraceError as error:
            yield Lost("registered model", name, error.message)
            continue
        aliases = folder.values((*parts, "aliases"), lost)
        for number, below in sorted(numbers.items()):
            try:
                meta = folder.meta((*parts, below))
                if meta.text("current_stage") != _REMOVED:
                    here = [alias for alias, version in aliases if whole(version.strip()) == number]
                    tags = folder.values((*parts, below, "tags"), lost)
                    yield _version(meta, number, here, [ModelVersionTag(*pair) for pair in tags])
            except HeadraceError as error:
                yield Lost("model version", f"{name}/{number}", error.message)
        yield from lost


def _model(folder: Folder, parts: Parts, last: int, lost: list[Lost]) -> ImportedRegisteredModel:
    meta = folder.meta(parts)
    return ImportedRegisteredModel(
        name=meta.text("name") or parts[-1],
        creation_timestamp=meta.number("creation_timestamp") or 0,
        last_updated_timestamp=meta.number("last_updated_timestamp") or 0,
        description=meta.text("description"),
        deployment_job_id=meta.text("deployment_job_id"),
        last_version=last,
        tags=[RegisteredModelTag(*pair) for pair in folder.values((*parts, "tags"), lost)],
    )


def _version(meta: Meta, number: int, aliases: list[str], tags: list[ModelVersionTag]) -> ImportedModelVersion:
    source = meta.text("source") or ""
    model_id = source.removeprefix("models:/")
    return ImportedModelVersion(
        name=meta.required("name"),
        version=str(number),
        creation_timestamp=meta.number("creation_timestamp") or 0,
        last_updated_timestamp=meta.number("last_updated_timestamp") or 0,
        user_id=meta.text("user_id"),
        current_stage=meta.text("current_stage") or "None",
        description=meta.text("description"),
        source=source,
        storage_location=meta.text("storage_location"),
        run_id=meta.text("run_id"),
        run_link=meta.text("run_link"),
        model_id=meta.text("model_id") or (model_id if model_id.startswith("m-") else None),
        status=meta.text("status") or "READY",  # type: ignore[arg-type]
        status_message=meta.text("status_message"),
        tags=tags,
        aliases=aliases,
    )
