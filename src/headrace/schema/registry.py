"""Registered models, their versions and aliases."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from headrace.schema.call import Call, Edit, Empty, Manage, Read, Record, call
from headrace.schema.making import Made, pairs
from headrace.schema.types import (
    Alias,
    Description,
    Filter,
    Int64,
    Key,
    Location,
    LookupName,
    ModelName,
    ModelVersionStatus,
    Name,
    OrderBy,
    PageToken,
    TagKey,
    TagValue,
    Version,
    zero,
)

#: The workspace that everything is in.
DEFAULT_WORKSPACE = "default"


class RegisteredModelTag(Record, frozen=True, kw_only=False):
    """One key and its value on a registered model."""

    key: Key
    value: TagValue = ""


class ModelVersionTag(Record, frozen=True, kw_only=False):
    """One key and its value on a model version."""

    key: Key
    value: TagValue = ""


class RegisteredModelAlias(Record, frozen=True, kw_only=False):
    """A name that points at one version of a registered model."""

    alias: str
    version: str


class ModelParam(Record, frozen=True, kw_only=False):
    """One setting of the logged model behind a version."""

    name: str
    value: str = ""


class ModelMetric(Record, frozen=True, kw_only=False):
    """One point measured on the logged model behind a version."""

    key: str
    value: float
    timestamp: Int64
    step: Int64 = zero()
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class _Kept(Record, frozen=True, kw_only=True):
    """What models and versions have in common."""

    @property
    def workspace(self) -> str:
        """The workspace it is in; there is one."""
        return DEFAULT_WORKSPACE

    @property
    def deployment_job_state(self) -> None:
        """How its deployment job stands; there are none here."""


class ModelVersion(_Kept, frozen=True, kw_only=True, metaclass=Made):
    """One version of a registered model."""

    name: str
    version: str
    creation_timestamp: Int64
    last_updated_timestamp: Int64 | None = None
    user_id: str | None = None
    current_stage: str | None = None
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    status: ModelVersionStatus = field(default_factory=lambda: "READY")
    status_message: str | None = None
    tag_list: list[ModelVersionTag] = field(name="tags", default_factory=list)
    run_link: str | None = None
    aliases: list[str] = field(default_factory=list)
    model_id: str | None = None
    param_list: list[ModelParam] = field(name="model_params", default_factory=list)
    metric_list: list[ModelMetric] = field(name="model_metrics", default_factory=list)

    @property
    def tags(self) -> dict[str, str]:
        """The tags, as a dict."""
        return {tag.key: tag.value for tag in self.tag_list}

    @property
    def params(self) -> dict[str, str]:
        """The params of the logged model behind this version, as a dict."""
        return {param.name: param.value for param in self.param_list}

    @property
    def metrics(self) -> list[ModelMetric]:
        """The metrics of the logged model behind this version."""
        return self.metric_list

    @classmethod
    def _made(
        cls,
        name: str,
        version: str,
        creation_timestamp: int,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        user_id: str | None = None,
        current_stage: str | None = None,
        source: str | None = None,
        run_id: str | None = None,
        status: ModelVersionStatus = "READY",
        status_message: str | None = None,
        tags: list[ModelVersionTag] | dict[str, str] | None = None,
        run_link: str | None = None,
        aliases: list[str] | None = None,
        model_id: str | None = None,
        params: list[Any] | dict[str, str] | None = None,
        metrics: list[Any] | None = None,
        deployment_job_state: Any = None,
        workspace: str | None = None,
    ) -> ModelVersion:
        kept = params if isinstance(params, dict) else {each.key: each.value for each in params or ()}
        return cls(
            name=name,
            version=str(version),
            creation_timestamp=creation_timestamp,
            last_updated_timestamp=last_updated_timestamp,
            description=description,
            user_id=user_id,
            current_stage=current_stage,
            source=source,
            run_id=run_id,
            status=status,
            status_message=status_message,
            tag_list=pairs(ModelVersionTag, tags),
            run_link=run_link,
            aliases=list(aliases or ()),
            model_id=model_id,
            param_list=pairs(ModelParam, kept),
            metric_list=list(metrics or ()),
        )


class RegisteredModel(_Kept, frozen=True, kw_only=True, metaclass=Made):
    """A named line of model versions."""

    name: str
    creation_timestamp: Int64
    last_updated_timestamp: Int64
    user_id: str | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = []
    tag_list: list[RegisteredModelTag] = field(name="tags", default_factory=list)
    alias_list: list[RegisteredModelAlias] = field(name="aliases", default_factory=list)
    deployment_job_id: str | None = None

    @property
    def tags(self) -> dict[str, str]:
        """The tags, as a dict."""
        return {tag.key: tag.value for tag in self.tag_list}

    @property
    def aliases(self) -> dict[str, str]:
        """Alias to version, as a dict."""
        return {each.alias: each.version for each in self.alias_list}

    @classmethod
    def _made(
        cls,
        name: str,
        creation_timestamp: int | None = None,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        latest_versions: list[ModelVersion] | None = None,
        tags: list[RegisteredModelTag] | dict[str, str] | None = None,
        aliases: list[RegisteredModelAlias] | dict[str, str] | None = None,
        deployment_job_id: str | None = None,
        deployment_job_state: Any = None,
        workspace: str | None = None,
    ) -> RegisteredModel:
        return cls(
            name=name,
            creation_timestamp=creation_timestamp or 0,
            last_updated_timestamp=last_updated_timestamp or 0,
            description=description,
            latest_versions=list(latest_versions or ()),
            tag_list=pairs(RegisteredModelTag, tags),
            alias_list=pairs(RegisteredModelAlias, aliases),
            deployment_job_id=deployment_job_id,
        )


class RegisteredModelFound(Record, frozen=True, kw_only=True):
    """One registered model."""

    registered_model: RegisteredModel


class RegisteredModelsFound(Record, frozen=True, kw_only=True):
    """A page of registered models."""

    registered_models: list[RegisteredModel] = []
    next_page_token: str | None = None


class ModelVersionFound(Record, frozen=True, kw_only=True):
    """One model version."""

    model_version: ModelVersion


class ModelVersionsFound(Record, frozen=True, kw_only=True):
    """A page of model versions."""

    model_versions: list[ModelVersion] = []
    next_page_token: str | None = None


class DownloadUri(Record, frozen=True, kw_only=True):
    """Where the files of a model version are."""

    artifact_uri: str


@call("POST", "registered-models/create", needs=Edit.workspace(), writes=True)
class CreateRegisteredModel(Call[RegisteredModelFound], frozen=True, kw_only=True):
    """Open a registered model, without versions yet."""

    name: ModelName
    tags: Annotated[list[RegisteredModelTag], Meta(max_length=1000)] = []
    description: Description | None = None
    deployment_job_id: Name | None = None


@call("POST", "registered-models/rename", needs=Manage.registered_model("name"), writes=True)
class RenameRegisteredModel(Call[RegisteredModelFound], frozen=True, kw_only=True):
    """Give a registered model another name."""

    name: LookupName
    new_name: ModelName


@call("PATCH", "registered-models/update", needs=Edit.registered_model("name"), writes=True)
class UpdateRegisteredModel(Call[RegisteredModelFound], frozen=True, kw_only=True):
    """Change the description of a registered model."""

    name: LookupName
    description: Description | None = None
    deployment_job_id: Name | None = None


@call("DELETE", "registered-models/delete", needs=Manage.registered_model("name"), writes=True)
class DeleteRegisteredModel(Call[Empty], frozen=True, kw_only=True):
    """Delete a registered model and its versions."""

    name: LookupName


@call("GET", "registered-models/get", needs=Read.registered_model("name"))
class GetRegisteredModel(Call[RegisteredModelFound], frozen=True, kw_only=True):
    """One registered model, by its name."""

    name: LookupName


@call("GET", "registered-models/search", needs=Read.workspace())
class SearchRegisteredModels(Call[RegisteredModelsFound], frozen=True, kw_only=True):
    """Find registered models by a filter, by name unless told."""

    filter: Filter = ""
    max_results: Annotated[int, Meta(ge=1, le=1000)] = 100
    order_by: OrderBy = []
    page_token: PageToken | None = None


@call("POST", "registered-models/get-latest-versions", needs=Read.registered_model("name"), also=("GET",))
class GetLatestVersions(Call[ModelVersionsFound], frozen=True, kw_only=True):
    """The newest version in each of some stages."""

    name: LookupName
    stages: Annotated[list[Name], Meta(max_length=10)] = []


@call("POST", "registered-models/set-tag", needs=Edit.registered_model("name"), writes=True)
class SetRegisteredModelTag(Call[Empty], frozen=True, kw_only=True):
    """Set a tag of a registered model."""

    name: LookupName
    key: Key
    value: TagValue = ""


@call("DELETE", "registered-models/delete-tag", needs=Edit.registered_model("name"), writes=True)
class DeleteRegisteredModelTag(Call[Empty], frozen=True, kw_only=True):
    """Remove a tag of a registered model."""

    name: LookupName
    key: TagKey


@call("POST", "registered-models/alias", needs=Edit.registered_model("name"), writes=True)
class SetRegisteredModelAlias(Call[Empty], frozen=True, kw_only=True):
    """Point an alias at a version; it leaves the version it pointed at before."""

    name: LookupName
    alias: Alias
    version: Version


@call("DELETE", "registered-models/alias", needs=Edit.registered_model("name"), writes=True)
class DeleteRegisteredModelAlias(Call[Empty], frozen=True, kw_only=True):
    """Remove an alias."""

    name: LookupName
    alias: Alias


@call("GET", "registered-models/alias", needs=Read.registered_model("name"), quick=True)
class GetModelVersionByAlias(Call[ModelVersionFound], frozen=True, kw_only=True):
    """The version an alias points at; ``latest`` is the newest."""

    name: LookupName
    alias: Alias


@call("POST", "model-versions/create", needs=Edit.registered_model("name"), writes=True)
class CreateModelVersion(Call[ModelVersionFound], frozen=True, kw_only=True):
    """Register a model as the next version of a registered model."""

    name: ModelName
    source: Annotated[Location, Meta(min_length=1)]
    run_id: str | None = None
    tags: Annotated[list[ModelVersionTag], Meta(max_length=1000)] = []
    run_link: Location | None = None
    description: Description | None = None
    model_id: str | None = None


@call("PATCH", "model-versions/update", needs=Edit.registered_model("name"), writes=True)
class UpdateModelVersion(Call[ModelVersionFound], frozen=True, kw_only=True):
    """Change the description of a model version."""

    name: LookupName
    version: Version
    description: Description | None = None


@call("POST", "model-versions/transition-stage", needs=Edit.registered_model("name"), writes=True)
class TransitionModelVersionStage(Call[ModelVersionFound], frozen=True, kw_only=True):
    """Move a model version to another stage."""

    name: LookupName
    version: Version
    stage: Annotated[str, Meta(min_length=1, max_length=32)]
    archive_existing_versions: bool = False


@call("DELETE", "model-versions/delete", needs=Manage.registered_model("name"), writes=True)
class DeleteModelVersion(Call[Empty], frozen=True, kw_only=True):
    """Delete a model version. Its number is not given again."""

    name: LookupName
    version: Version


@call("GET", "model-versions/get", needs=Read.registered_model("name"), quick=True)
class GetModelVersion(Call[ModelVersionFound], frozen=True, kw_only=True):
    """One version of a registered model."""

    name: LookupName
    version: Version


@call("GET", "model-versions/search", needs=Read.workspace())
class SearchModelVersions(Call[ModelVersionsFound], frozen=True, kw_only=True):
    """Find model versions by a filter, the last changed first unless told."""

    filter: Filter = ""
    max_results: Annotated[int, Meta(ge=1, le=200_000)] = 10_000
    order_by: OrderBy = []
    page_token: PageToken | None = None


@call("GET", "model-versions/get-download-uri", needs=Read.registered_model("name"))
class GetModelVersionDownloadUri(Call[DownloadUri], frozen=True, kw_only=True):
    """Where the files of a model version are."""

    name: LookupName
    version: Version


@call("POST", "model-versions/set-tag", needs=Edit.registered_model("name"), writes=True)
class SetModelVersionTag(Call[Empty], frozen=True, kw_only=True):
    """Set a tag of a model version."""

    name: LookupName
    version: Version
    key: Key
    value: TagValue = ""


@call("DELETE", "model-versions/delete-tag", needs=Edit.registered_model("name"), writes=True)
class DeleteModelVersionTag(Call[Empty], frozen=True, kw_only=True):
    """Remove a tag of a model version."""

    name: LookupName
    version: Version
    key: TagKey
