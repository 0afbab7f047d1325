"""``MlflowClient``: everything a tracking server and a registry can be asked, one method each."""

from __future__ import annotations

from typing import Any

from headrace.tracking.client.absent import ABSENT
from headrace.tracking.client.artifacts import Artifacts
from headrace.tracking.client.evaluation_datasets import EvaluationDatasets
from headrace.tracking.client.experiments import Experiments
from headrace.tracking.client.logged_models import LoggedModels
from headrace.tracking.client.registry import Registry
from headrace.tracking.client.webhooks import Webhooks

__all__ = ["MlflowClient"]


class MlflowClient(Experiments, Artifacts, LoggedModels, Registry, Webhooks, EvaluationDatasets):
    """A client of the tracking store at one URI and the registry at another. Cheap to make; safe to share."""

    def __init__(
        self,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
        workspace_store_uri: str | None = None,
    ) -> None:
        super().__init__(tracking_uri, registry_uri)

    def __getattr__(self, name: str) -> Any:
        if name in ABSENT:
            raise AttributeError(f"MlflowClient.{name} is not in headrace yet; MLflow 3 has it")
        raise AttributeError(f"MlflowClient has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"MlflowClient(tracking_uri={self._tracking_uri!r}, registry_uri={self._registry_uri!r})"
