"""What a model registry of another package derives from; ``mlflow.store.model_registry`` is this module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from headrace.schema.registry import ModelVersion, RegisteredModel
from headrace.tracking.paged import PagedList

__all__ = ["AbstractStore"]

DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = "./mlruns"
#: Sizes of pages, unless told, and at most.
SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT, SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD = 100, 1000
SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT, SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD = 10_000, 200_000


class AbstractStore(ABC):
    """Keeps registered models. Entry points, by the scheme of the URI: ``mlflow.model_registry_store``."""

    def __init__(self, store_uri: str | None = None, tracking_uri: str | None = None) -> None:
        self.store_uri, self.tracking_uri = store_uri, tracking_uri

    @property
    def supports_workspaces(self) -> bool:
        """Whether things are kept apart by workspace."""
        return False

    @abstractmethod
    def create_registered_model(
        self,
        name: str,
        tags: list[Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """Open a registered model."""

    @abstractmethod
    def update_registered_model(
        self, name: str, description: str | None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Change the description of a registered model."""

    @abstractmethod
    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name."""

    @abstractmethod
    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model and its versions."""

    @abstractmethod
    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """A page of registered models."""

    @abstractmethod
    def get_registered_model(self, name: str) -> RegisteredModel:
        """One registered model by its name."""

    @abstractmethod
    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version in each of some stages."""

    @abstractmethod
    def set_registered_model_tag(self, name: str, tag: Any) -> None:
        """Set a tag of a registered model."""

    @abstractmethod
    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a registered model."""

    @abstractmethod
    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: list[Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Register a model as the next version."""

    @abstractmethod
    def update_model_version(self, name: str, version: str, description: str | None) -> ModelVersion:
        """Change the description of a version."""

    @abstractmethod
    def transition_model_version_stage(
        self, name: str, version: str, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """Move a version to another stage."""

    @abstractmethod
    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a version."""

    @abstractmethod
    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """One version."""

    @abstractmethod
    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the files of a version are."""

    @abstractmethod
    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """A page of versions."""

    @abstractmethod
    def set_model_version_tag(self, name: str, version: str, tag: Any) -> None:
        """Set a tag of a version."""

    @abstractmethod
    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:
        """Remove a tag of a version."""

    @abstractmethod
    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias at a version."""

    @abstractmethod
    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Remove an alias."""

    @abstractmethod
    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points at."""

    def copy_model_version(self, src_mv: ModelVersion, dst_name: str) -> ModelVersion:
        """Make a version of another registered model that has the same files."""
        return self.create_model_version(
            dst_name,
            f"models:/{src_mv.name}/{src_mv.version}",
            src_mv.run_id,
            list(src_mv.tag_list),
            src_mv.run_link,
            src_mv.description,
            model_id=src_mv.model_id,
        )

    def _await_model_version_creation(self, mv: ModelVersion, await_creation_for: int) -> None:  # noqa: B027
        """Wait until a version is ready; what a registry makes at once is."""
