"""Batch predictions in SageMaker, and models there that no endpoint serves yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from headrace.base.errors import AlreadyExists, HeadraceError
from headrace.deployments import aws
from headrace.deployments.sagemaker_models import (
    check_flavor,
    check_name,
    create_model,
    delete_model,
    described,
    exists,
    unique,
    wait,
)


def push_model_to_sagemaker(
    model_name: str,
    model_uri: str,
    execution_role_arn: str | None = None,
    assume_role_arn: str | None = None,
    bucket: str | None = None,
    image_url: str | None = None,
    region_name: str = aws.REGION,
    vpc_config: Mapping[str, Any] | None = None,
    flavor: str | None = None,
) -> str:
    """Upload a model and tell SageMaker of it under a name that is not taken; returns its ARN."""
    check_flavor(flavor)
    sagemaker = aws.client("sagemaker", region_name, assume_role_arn)
    if exists(sagemaker.describe_model, ModelName=check_name(model_name)) is not None:
        raise AlreadyExists(f"There is a model {model_name!r} already in SageMaker; give another name")
    return create_model(
        sagemaker,
        model_name,
        model_uri,
        region=region_name,
        role=assume_role_arn,
        execution_role=execution_role_arn,
        bucket=bucket,
        image=image_url,
        vpc=vpc_config,
    )


def deploy_transform_job(
    job_name: str,
    model_uri: str,
    s3_input_data_type: str,
    s3_input_uri: str,
    content_type: str,
    s3_output_path: str,
    compression_type: str = "None",
    split_type: str = "Line",
    accept: str = "text/csv",
    assemble_with: str = "Line",
    input_filter: str = "$",
    output_filter: str = "$",
    join_resource: str = "None",
    execution_role_arn: str | None = None,
    assume_role_arn: str | None = None,
    bucket: str | None = None,
    image_url: str | None = None,
    region_name: str = aws.REGION,
    instance_type: str = "ml.m4.xlarge",
    instance_count: int = 1,
    vpc_config: Mapping[str, Any] | None = None,
    flavor: str | None = None,
    archive: bool = False,
    synchronous: bool = True,
    timeout_seconds: int = 1200,
) -> None:
    """Have SageMaker score the files at ``s3_input_uri`` and write the predictions below ``s3_output_path``.

    Options up to ``join_resource`` are CreateTransformJob's. The model is removed in the end, unless ``archive``.
    """
    sagemaker = aws.client("sagemaker", region_name, assume_role_arn)
    _check(sagemaker, job_name, flavor)
    model = unique(job_name, "model")
    create_model(
        sagemaker,
        model,
        model_uri,
        region=region_name,
        role=assume_role_arn,
        bucket=bucket,
        execution_role=execution_role_arn,
        image=image_url,
        vpc=vpc_config,
        tags={"app_name": job_name},
    )
    files = {"S3DataSource": {"S3DataType": s3_input_data_type, "S3Uri": s3_input_uri}}
    read_as = {"ContentType": content_type, "CompressionType": compression_type, "SplitType": split_type}
    sagemaker.create_transform_job(
        TransformJobName=job_name,
        ModelName=model,
        TransformInput={"DataSource": files, **read_as},
        TransformOutput={"S3OutputPath": s3_output_path, "Accept": accept, "AssembleWith": assemble_with},
        TransformResources={"InstanceType": instance_type, "InstanceCount": instance_count},
        DataProcessing={"InputFilter": input_filter, "OutputFilter": output_filter, "JoinSource": join_resource},
        Tags=aws.tags_of({"app_name": job_name}),
    )
    if synchronous:
        discard = partial(delete_model, sagemaker, model, region_name, assume_role_arn)
        _finish(sagemaker, job_name, timeout_seconds, discard, archive)


def terminate_transform_job(
    job_name: str,
    region_name: str = aws.REGION,
    assume_role_arn: str | None = None,
    archive: bool = False,
    synchronous: bool = True,
    timeout_seconds: int = 300,
) -> None:
    """Stop a job, and remove its model unless ``archive`` keeps it."""
    sagemaker = aws.client("sagemaker", region_name, assume_role_arn)
    found = described(sagemaker.describe_transform_job, "job", TransformJobName=check_name(job_name))
    sagemaker.stop_transform_job(TransformJobName=job_name)
    if synchronous:
        wait(lambda: _look(sagemaker, job_name, "Stopped"), f"Stopping the job {job_name!r}", timeout_seconds)
    if not archive:
        delete_model(sagemaker, found["ModelName"], region_name, assume_role_arn)


def _check(sagemaker: Any, job_name: str, flavor: str | None) -> None:
    check_flavor(flavor)
    if exists(sagemaker.describe_transform_job, TransformJobName=check_name(job_name)) is not None:
        raise AlreadyExists(f"There is a job {job_name!r} already; names of jobs are never free again")


def _finish(sagemaker: Any, job_name: str, seconds: float, discard: Callable[[], None], archive: bool) -> None:
    """Wait for a job; then its model is of no use, unless it is to be kept."""
    try:
        wait(lambda: _look(sagemaker, job_name, "Completed"), f"The job {job_name!r}", seconds)
    except HeadraceError:
        if not archive and _status(sagemaker, job_name) == "Failed":
            discard()
        raise
    if not archive:
        discard()


def _look(sagemaker: Any, job_name: str, wanted: str) -> tuple[bool, str | None]:
    found = sagemaker.describe_transform_job(TransformJobName=job_name)
    status = found["TransformJobStatus"]
    if status == "Failed" or (status == "Stopped" and wanted != "Stopped"):
        return False, f"it is {status}. {found.get('FailureReason', '')}"
    # A job may be done before it could be stopped.
    return status in (wanted, "Completed"), None


def _status(sagemaker: Any, job_name: str) -> str:
    status: str = sagemaker.describe_transform_job(TransformJobName=job_name)["TransformJobStatus"]
    return status
