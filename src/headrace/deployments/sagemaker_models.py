"""Models in SageMaker: the archive, the image and the role of each, and the steps that deploying and jobs share."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.base.ids import new_id
from headrace.deployments import aws
from headrace.models.loading import fetch
from headrace.models.model import Model

#: The one way our images serve a model.
FLAVOR = "python_function"
#: Names that SageMaker takes for endpoints, models and jobs.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
#: Seconds between two looks at something that is being made.
POLL_SECONDS = 5.0


def check_name(name: str) -> str:
    """``name``, if SageMaker takes it. Raises ``BadRequest`` otherwise."""
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"{name[:80]!r} is no name for SageMaker: up to 63 letters, digits and single '-' between them"
        )
    return name


def check_flavor(flavor: str | None) -> str:
    """The flavor to serve by. Raises ``BadRequest`` for another than ``python_function``."""
    if flavor not in (None, FLAVOR):
        raise BadRequest(f"Models are served in SageMaker as {FLAVOR!r}, not as {flavor!r}")
    return FLAVOR


def unique(name: str, kind: str) -> str:
    """A name that nobody has, made of ``name``."""
    suffix = f"-{kind}-{new_id()[:20]}"
    return name[: 63 - len(suffix)].rstrip("-") + suffix


def create_model(
    sagemaker: Any,
    model_name: str,
    model_uri: str,
    *,
    region: str,
    role: str | None,
    execution_role: str | None,
    bucket: str | None,
    image: str | None,
    vpc: Mapping[str, Any] | None,
    env: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Upload a model and tell SageMaker of it; returns its ARN."""
    folder = fetch(model_uri)
    if FLAVOR not in Model.load(folder).flavors:
        raise BadRequest(f"The model {model_uri!r} cannot be asked as a Python function, so it cannot be served")
    image = image or aws.own_image(region, role)
    execution_role = execution_role or aws.own_role(region, role)
    address = aws.upload(folder, bucket or aws.own_bucket(region, role), model_name, region, role)
    asked: dict[str, Any] = {
        "ModelName": model_name,
        "PrimaryContainer": {
            "Image": image,
            "ModelDataUrl": address,
            "Environment": {
                "MLFLOW_DEPLOYMENT_FLAVOR_NAME": FLAVOR,
                "SERVING_ENVIRONMENT": "SageMaker",
                **{name: str(value) for name, value in (env or {}).items()},
            },
        },
        "ExecutionRoleArn": execution_role,
        "Tags": aws.tags_of({"created_by": "headrace", **(tags or {})}),
    }
    if vpc:
        asked["VpcConfig"] = dict(vpc)
    arn: str = sagemaker.create_model(**asked)["ModelArn"]
    return arn


def delete_model(sagemaker: Any, model_name: str, region: str, role: str | None) -> None:
    """Remove a model and its archive."""
    said = sagemaker.describe_model(ModelName=model_name)
    address = said.get("PrimaryContainer", {}).get("ModelDataUrl", "")
    if address.startswith("s3://") and address.endswith("/model.tar.gz"):
        aws.discard(address, region, role)
    sagemaker.delete_model(ModelName=model_name)


def exists(ask: Callable[..., Any], **names: str) -> dict[str, Any] | None:
    """What one of SageMaker's ``describe_…`` says, or None when there is no such thing."""
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = ask(**names)
    except ClientError as error:
        if aws.is_absence(error):
            return None
        raise
    return found


def described(ask: Callable[..., Any], what: str, **names: str) -> dict[str, Any]:
    """The same, and ``NotFound`` when there is no such thing."""
    found = exists(ask, **names)
    if found is None:
        raise NotFound(f"There is no {what} {next(iter(names.values()))!r} in this account and region")
    return found


def wait(look: Callable[[], tuple[bool, str | None]], what: str, seconds: float) -> None:
    """Look until something is done. ``look`` says whether, and what went wrong. Raises when time is over."""
    deadline = time.monotonic() + seconds
    while True:
        done, fault = look()
        if fault is not None:
            raise HeadraceError(f"{what} failed: {fault}")
        if done:
            return
        if time.monotonic() > deadline:
            raise HeadraceError(f"{what} is not done after {seconds:g} s; it goes on, and timeout_seconds waits longer")
        time.sleep(POLL_SECONDS)
