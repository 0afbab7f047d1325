"""Registered models and their versions, as ``MlflowClient`` offers them."""

from __future__ import annotations

import time
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    DeleteModelVersionTag,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    GetLatestVersions,
    GetModelVersion,
    GetModelVersionByAlias,
    GetModelVersionDownloadUri,
    GetRegisteredModel,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
    RenameRegisteredModel,
    SearchModelVersions,
    SearchRegisteredModels,
    SetModelVersionTag,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
    UpdateRegisteredModel,
)
from headrace.tracking.client.asking import tag_texts
from headrace.tracking.client.registry_history import RegistryHistory
from headrace.tracking.model_uris import ModelUri
from headrace.tracking.paged import PagedList
from headrace.tracking.values import several

#: Seconds between two looks at a version that is not ready yet.
_LOOK = 0.5
_STAGES = ["None", "Staging", "Production", "Archived"]


class Registry(RegistryHistory):
    """Methods of the client about registered models."""

    def create_registered_model(
        self,
        name: str,
        tags: dict[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """Open a registered model, without versions yet. Raises ``AlreadyExists`` when the name is taken."""
        said = [RegisteredModelTag(key, value) for key, value in tag_texts(tags)]
        call = CreateRegisteredModel(name=name, tags=said, description=description, deployment_job_id=deployment_job_id)
        return self._ask_registry(call).registered_model

    def get_registered_model(self, name: str) -> RegisteredModel:
        """One registered model, or ``NotFound``."""
        return self._ask_registry(GetRegisteredModel(name=name)).registered_model

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name."""
        return self._ask_registry(RenameRegisteredModel(name=name, new_name=new_name)).registered_model

    def update_registered_model(
        self, name: str, description: str | None = None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Change the description of a registered model."""
        if description is None and deployment_job_id is None:
            raise BadRequest("Say what to update: a description or a deployment_job_id")
        call = UpdateRegisteredModel(name=name, description=description, deployment_job_id=deployment_job_id)
        return self._ask_registry(call).registered_model

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model and its versions."""
        self._ask_registry(DeleteRegisteredModel(name=name))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """A page of registered models."""
        found = self._ask_registry(
            SearchRegisteredModels(
                filter=filter_string or "",
                max_results=max_results,
                order_by=several(order_by),
                page_token=page_token or None,
            )
        )
        return PagedList(found.registered_models, found.next_page_token)

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set a tag of a registered model."""
        self._ask_registry(SetRegisteredModelTag(name=name, key=key, value=str(value)))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a registered model."""
        self._ask_registry(DeleteRegisteredModelTag(name=name, key=key))

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias at a version."""
        self._ask_registry(SetRegisteredModelAlias(name=name, alias=alias, version=str(version)))

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Remove an alias."""
        self._ask_registry(DeleteRegisteredModelAlias(name=name, alias=alias))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points at."""
        return self._ask_registry(GetModelVersionByAlias(name=name, alias=alias)).model_version

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version in each of some stages."""
        return self._ask_registry(GetLatestVersions(name=name, stages=list(stages or ()))).model_versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: dict[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int = 300,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Register a model as the next version of ``name``; waits up to so many seconds until it is ready."""
        call = CreateModelVersion(
            name=name,
            source=source,
            run_id=run_id,
            tags=[ModelVersionTag(key, value) for key, value in tag_texts(tags)],
            run_link=run_link,
            description=description,
            model_id=model_id,
        )
        made = self._ask_registry(call).model_version
        return self._ready(made, await_creation_for or 0)

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """Make a version of another registered model that has the same files, description and tags."""
        source = self._version_at(src_model_uri)
        try:
            self.create_registered_model(dst_name)
        except HeadraceError as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return self.create_model_version(
            dst_name,
            source=f"models:/{source.name}/{source.version}",
            run_id=source.run_id or None,
            tags=source.tags,
            run_link=source.run_link or None,
            description=source.description or None,
            model_id=source.model_id or None,
        )

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """One version of a registered model, or ``NotFound``."""
        return self._ask_registry(GetModelVersion(name=name, version=str(version))).model_version

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the files of a version are."""
        return self._ask_registry(GetModelVersionDownloadUri(name=name, version=str(version))).artifact_uri

    def get_model_version_stages(self, name: str, version: str) -> list[str]:
        """The stages there are."""
        return list(_STAGES)

    def update_model_version(self, name: str, version: str, description: str | None = None) -> ModelVersion:
        """Change the description of a version."""
        if description is None:
            raise BadRequest("Say what to update: a description")
        call = UpdateModelVersion(name=name, version=str(version), description=description)
        return self._ask_registry(call).model_version

    def transition_model_version_stage(
        self, name: str, version: str, stage: str, archive_existing_versions: bool = False
    ) -> ModelVersion:
        """Move a version to another stage. Aliases do the same with names of your own."""
        call = TransitionModelVersionStage(
            name=name, version=str(version), stage=stage, archive_existing_versions=archive_existing_versions
        )
        return self._ask_registry(call).model_version

    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a version. Its number is not given again."""
        self._ask_registry(DeleteModelVersion(name=name, version=str(version)))

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """A page of versions."""
        found = self._ask_registry(
            SearchModelVersions(
                filter=filter_string or "",
                max_results=max_results,
                order_by=several(order_by),
                page_token=page_token or None,
            )
        )
        return PagedList(found.model_versions, found.next_page_token)

    def set_model_version_tag(
        self, name: str, version: str | None = None, key: str | None = None, value: Any = None, stage: str | None = None
    ) -> None:
        """Set a tag of a version, which is named by its number or by its stage."""
        number = self._number(name, version, stage)
        self._ask_registry(SetModelVersionTag(name=name, version=number, key=_required(key), value=str(value)))

    def delete_model_version_tag(
        self, name: str, version: str | None = None, key: str | None = None, stage: str | None = None
    ) -> None:
        """Remove a tag of a version, which is named by its number or by its stage."""
        number = self._number(name, version, stage)
        self._ask_registry(DeleteModelVersionTag(name=name, version=number, key=_required(key)))

    def _number(self, name: str, version: str | None, stage: str | None) -> str:
        if (version is None) == (stage is None):
            raise BadRequest("Name the version by its number or by its stage, one of them")
        if version is not None:
            return str(version)
        found = self.get_latest_versions(name, [str(stage)])
        if not found:
            raise NotFound(f"The registered model {name!r} has no version in the stage {stage!r}")
        return found[0].version

    def _version_at(self, uri: str) -> ModelVersion:
        if not uri.startswith("models:/"):
            raise BadRequest(f"Only versions of registered models are copied (models:/name/1), not {uri!r}")
        said = ModelUri.parse(uri)
        if said.path or not (said.version or said.alias):
            raise BadRequest(f"{uri!r} names no version; write models:/name/1 or models:/name@alias")
        if said.at is not None:
            return self.get_model_version_at(said.name, said.at, alias=said.alias)
        if said.version:
            return self.get_model_version(said.name, said.version)
        return self.get_model_version_by_alias(said.name, said.alias)

    def _ready(self, version: ModelVersion, seconds: int) -> ModelVersion:
        until = time.monotonic() + seconds
        while version.status == "PENDING_REGISTRATION" and time.monotonic() < until:
            time.sleep(_LOOK)
            version = self.get_model_version(version.name, version.version)
        if version.status == "FAILED_REGISTRATION" or (version.status != "READY" and seconds):
            raise HeadraceError(
                f"Version {version.version} of {version.name!r} is not ready: {version.status} "
                f"{version.status_message or ''}".rstrip()
            )
        return version


def _required(key: str | None) -> str:
    if key is None:
        raise BadRequest("Give the key of the tag")
    return key
