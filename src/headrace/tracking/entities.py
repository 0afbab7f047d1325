"""The records by their public names; ``headrace.entities`` and ``mlflow.entities`` are this module."""

from __future__ import annotations

from headrace.base.errors import BadRequest
from headrace.schema.artifacts import FileInfo
from headrace.schema.datasets import Dataset, DatasetInput, InputTag, RunInputs
from headrace.schema.datasets import ModelInput as LoggedModelInput
from headrace.schema.experiments import Experiment, ExperimentTag
from headrace.schema.logged_models import (
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from headrace.schema.registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from headrace.schema.runs import Metric, MetricWithRunId, Param, Run, RunData, RunInfo, RunOutputs, RunTag
from headrace.schema.runs import ModelOutput as LoggedModelOutput
from headrace.schema.webhooks import (
    Webhook,
    WebhookAction,
    WebhookEntity,
    WebhookEvent,
    WebhookStatus,
    WebhookTestResult,
)
from headrace.tracking.enumerations import (
    EntityAssociationType,
    LifecycleStage,
    ModelVersionStatus,
    RegisteredModelDeploymentJobState,
    RunStatus,
    SourceType,
    ViewType,
    get_canonical_stage,
    view_type_word,
)
from headrace.tracking.evaluation_datasets import DatasetRecord, DatasetRecordSource, DatasetRecordSourceType
from headrace.tracking.transfers import (
    CreateMultipartUploadResponse,
    CreatePresignedUploadResponse,
    MultipartUploadCredential,
    MultipartUploadPart,
    PresignedDownloadUrlResponse,
)

__all__ = [
    "CreateMultipartUploadResponse",
    "CreatePresignedUploadResponse",
    "Dataset",
    "DatasetInput",
    "DatasetRecord",
    "DatasetRecordSource",
    "DatasetRecordSourceType",
    "EntityAssociationType",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelParameter",
    "LoggedModelStatus",
    "LoggedModelTag",
    "Metric",
    "MetricWithRunId",
    "ModelVersion",
    "ModelVersionStatus",
    "ModelVersionTag",
    "MultipartUploadCredential",
    "MultipartUploadPart",
    "Param",
    "PresignedDownloadUrlResponse",
    "RegisteredModel",
    "RegisteredModelAlias",
    "RegisteredModelDeploymentJobState",
    "RegisteredModelTag",
    "Run",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "SourceType",
    "ViewType",
    "Webhook",
    "WebhookAction",
    "WebhookEntity",
    "WebhookEvent",
    "WebhookStatus",
    "WebhookTestResult",
    "check_run_is_active",
    "get_canonical_stage",
    "view_type_word",
]


def check_run_is_active(run_info: RunInfo) -> None:
    """Raise ``BadRequest`` when a run is marked deleted."""
    if run_info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise BadRequest(f"The run {run_info.run_id} is deleted; restore it with MlflowClient().restore_run first")
