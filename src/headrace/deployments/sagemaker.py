"""Models as endpoints of Amazon SageMaker, served by the image that ``sagemaker build-and-push-container`` makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace.base.errors import AlreadyExists, BadRequest, HeadraceError
from headrace.deployments import aws
from headrace.deployments.base import BaseDeploymentClient
from headrace.deployments.responses import PredictionsResponse
from headrace.deployments.sagemaker_images import push_image_to_ecr, run_local
from headrace.deployments.sagemaker_jobs import deploy_transform_job, push_model_to_sagemaker, terminate_transform_job
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

__all__ = [
    "SageMakerDeploymentClient",
    "deploy_transform_job",
    "push_image_to_ecr",
    "push_model_to_sagemaker",
    "run_local",
    "target_help",
    "terminate_transform_job",
]

#: What an endpoint is given when a model joins those it has, or takes their place.
_ADD, _REPLACE = "add", "replace"
_CREATE = "create"
#: Options of commands arrive as text.
_WHOLE = ("instance_count", "timeout_seconds")
_YES_OR_NO = ("synchronous", "archive")
_NESTED = ("vpc_config", "data_capture_config", "env", "tags", "async_inference_config", "serverless_config")


def target_help() -> str:
    """What the target's URI looks like, and which options there are."""
    return (
        "sagemaker[:/REGION[/ROLE]], as in sagemaker:/us-east-1/arn:aws:iam::123456789012:role/deploy\n"
        "Options (-C name=value; nested ones as JSON): execution_role_arn, assume_role_arn, bucket, image_url, "
        "region_name, archive, instance_type, instance_count, vpc_config, data_capture_config, synchronous, "
        "timeout_seconds, variant_name, env, tags, async_inference_config, serverless_config; for updates mode "
        f"({_REPLACE} or {_ADD})."
    )


class SageMakerDeploymentClient(BaseDeploymentClient):
    """Deployments are endpoints. ``target_uri`` is ``sagemaker[:/region[/ARN of a role]]``."""

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        scheme, _, rest = target_uri.partition(":/")
        region, _, role = rest.strip("/").partition("/")
        if scheme.rstrip(":") != "sagemaker" or (role and not role.startswith("arn:")):
            raise BadRequest(
                f"{target_uri[:120]!r} is no target; write sagemaker:/region, or sagemaker:/region/role-arn"
            )
        self.region_name = region or aws.REGION
        self.assumed_role_arn = role or None

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Make an endpoint that serves a model. Raises ``AlreadyExists`` when there is one of that name."""
        said, flavor = self._config(config, _CREATE), check_flavor(flavor)
        _expect(said["mode"], _CREATE, _ADD, _REPLACE)
        sagemaker = self._client("sagemaker", said)
        if exists(sagemaker.describe_endpoint, EndpointName=check_name(name)) is not None:
            if said["mode"] == _CREATE:
                raise AlreadyExists(f"There is an endpoint {name!r} already; update_deployment gives it another model")
            return self.update_deployment(name, model_uri, flavor, config, endpoint)
        model = self._model(sagemaker, name, model_uri, said)
        setup = self._setup(sagemaker, name, [_variant(said["variant_name"] or model, model, said, 1.0)], said)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=setup, Tags=aws.tags_of(said["tags"] or {}))
        if said["synchronous"]:
            try:
                self._wait(sagemaker, name, said)
            except HeadraceError:
                if not said["archive"]:
                    self._clear(sagemaker, setup, [model], said)
                raise
        return {"name": name, "flavor": flavor}

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Give an endpoint another model in place of those it has, or (``mode``: ``add``) one more, without traffic."""
        said, flavor = self._config(config, _REPLACE), check_flavor(flavor)
        _expect(said["mode"], _ADD, _REPLACE)
        if model_uri is None:
            raise BadRequest("Give model_uri: the model that the endpoint is to serve")
        sagemaker = self._client("sagemaker", said)
        before = described(sagemaker.describe_endpoint, "endpoint", EndpointName=check_name(name))["EndpointConfigName"]
        served = sagemaker.describe_endpoint_config(EndpointConfigName=before)["ProductionVariants"]
        model = self._model(sagemaker, name, model_uri, said)
        adds = said["mode"] == _ADD
        joining = _variant(said["variant_name"] or model, model, said, 0.0 if adds else 1.0)
        setup = self._setup(sagemaker, name, [*(served if adds else []), joining], said)
        sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=setup)
        if said["synchronous"]:
            self._wait(sagemaker, name, said)
            if not said["archive"]:
                gone = [] if adds else [each["ModelName"] for each in served]
                self._clear(sagemaker, before, gone, said)
        return {"name": name, "flavor": flavor}

    def delete_deployment(self, name: str, config: dict[str, Any] | None = None, endpoint: str | None = None) -> None:
        """Take an endpoint away, and its models and their archives unless ``archive`` keeps them."""
        said = self._config(config, _CREATE)
        sagemaker = self._client("sagemaker", said)
        found = exists(sagemaker.describe_endpoint, EndpointName=check_name(name))
        if found is None:
            return
        setup = found["EndpointConfigName"]
        models = [
            each["ModelName"]
            for each in sagemaker.describe_endpoint_config(EndpointConfigName=setup)["ProductionVariants"]
        ]
        sagemaker.delete_endpoint(EndpointName=name)
        if said["synchronous"]:
            gone = lambda: (exists(sagemaker.describe_endpoint, EndpointName=name) is None, None)  # noqa: E731
            wait(gone, f"Deleting the endpoint {name!r}", said["timeout_seconds"])
        if not said["archive"]:
            self._clear(sagemaker, setup, models, said)

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """All endpoints of the account in this region."""
        sagemaker = self._client("sagemaker", self._config(None, _CREATE))
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            page = sagemaker.list_endpoints(MaxResults=100, **more)
            found += page["Endpoints"]
            if not page.get("NextToken"):
                return [{**each, "name": each["EndpointName"]} for each in found]
            more = {"NextToken": page["NextToken"]}

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        """What SageMaker says of an endpoint. Raises ``NotFound`` when there is none of that name."""
        sagemaker = self._client("sagemaker", self._config(None, _CREATE))
        return {**described(sagemaker.describe_endpoint, "endpoint", EndpointName=check_name(name)), "name": name}

    def predict(
        self,
        deployment_name: str | None = None,
        inputs: Any = None,
        endpoint: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> PredictionsResponse:
        """The prediction of an endpoint for anything an input example may be."""
        from headrace.models.examples import convert_input_example_to_serving_input

        if deployment_name is None or inputs is None:
            raise BadRequest("Give deployment_name, the endpoint to ask, and inputs")
        body = convert_input_example_to_serving_input(inputs if params is None else (inputs, params))
        runtime = self._client("sagemaker-runtime", self._config(None, _CREATE))
        said = runtime.invoke_endpoint(
            EndpointName=check_name(deployment_name), ContentType="application/json", Body=body
        )
        return PredictionsResponse.from_json(said["Body"].read().decode("utf-8"))

    def _config(self, given: Mapping[str, Any] | None, mode: str) -> dict[str, Any]:
        """The options that were given over those that hold anyway."""
        known: dict[str, Any] = {
            "assume_role_arn": self.assumed_role_arn,
            "execution_role_arn": None,
            "bucket": None,
            "image_url": None,
            "region_name": self.region_name,
            "archive": False,
            "instance_type": "ml.m4.xlarge",
            "instance_count": 1,
            "vpc_config": None,
            "data_capture_config": None,
            "synchronous": True,
            "timeout_seconds": 1200,
            "variant_name": None,
            "env": None,
            "tags": None,
            "async_inference_config": None,
            "serverless_config": None,
            "mode": mode,
        }
        if unknown := sorted(set(given or {}) - set(known)):
            raise BadRequest(f"The options {unknown} are not known; there are {sorted(known)}")
        return known | {name: _read(name, value) for name, value in (given or {}).items()}

    def _client(self, service: str, said: Mapping[str, Any]) -> Any:
        return aws.client(service, said["region_name"], said["assume_role_arn"])

    def _model(self, sagemaker: Any, name: str, model_uri: str, said: Mapping[str, Any]) -> str:
        model = unique(name, "model")
        create_model(
            sagemaker,
            model,
            model_uri,
            region=said["region_name"],
            role=said["assume_role_arn"],
            execution_role=said["execution_role_arn"],
            bucket=said["bucket"],
            image=said["image_url"],
            vpc=said["vpc_config"],
            env=said["env"],
            tags={"app_name": name, **(said["tags"] or {})},
        )
        return model

    def _setup(self, sagemaker: Any, name: str, variants: list[dict[str, Any]], said: Mapping[str, Any]) -> str:
        """Make the configuration of an endpoint; its name."""
        setup = unique(name, "config")
        more = {
            "DataCaptureConfig": said["data_capture_config"],
            "AsyncInferenceConfig": said["async_inference_config"],
        }
        sagemaker.create_endpoint_config(
            EndpointConfigName=setup,
            ProductionVariants=variants,
            Tags=aws.tags_of({"app_name": name, **(said["tags"] or {})}),
            **{key: value for key, value in more.items() if value},
        )
        return setup

    def _wait(self, sagemaker: Any, name: str, said: Mapping[str, Any]) -> None:
        def look() -> tuple[bool, str | None]:
            found = sagemaker.describe_endpoint(EndpointName=name)
            status = found["EndpointStatus"]
            if status in ("Failed", "UpdateRollbackFailed", "OutOfService", "RollingBack"):
                return False, f"it is {status}. {found.get('FailureReason', '')}"
            return status == "InService", None

        wait(look, f"Deploying the endpoint {name!r}", said["timeout_seconds"])

    def _clear(self, sagemaker: Any, setup: str, models: list[str], said: Mapping[str, Any]) -> None:
        sagemaker.delete_endpoint_config(EndpointConfigName=setup)
        for model in models:
            delete_model(sagemaker, model, said["region_name"], said["assume_role_arn"])


def _variant(name: str, model: str, said: Mapping[str, Any], weight: float) -> dict[str, Any]:
    where = (
        {"ServerlessConfig": said["serverless_config"]}
        if said["serverless_config"]
        else {"InstanceType": said["instance_type"], "InitialInstanceCount": said["instance_count"]}
    )
    return {"VariantName": name, "ModelName": model, "InitialVariantWeight": weight, **where}


def _expect(mode: str, *allowed: str) -> None:
    if mode not in allowed:
        raise BadRequest(f"mode must be one of {list(allowed)}, not {mode!r}")


def _read(name: str, value: Any) -> Any:
    """An option as what it means, when it came as text from a command."""
    if not isinstance(value, str):
        return value
    try:
        if name in _WHOLE:
            return int(value)
        if name in _NESTED:
            return json.loads(value)
    except ValueError:
        raise BadRequest(
            f"The option {name} must be {'a whole number' if name in _WHOLE else 'JSON'}, not {value[:80]!r}"
        ) from None
    if name in _YES_OR_NO:
        if value.lower() not in ("true", "false"):
            raise BadRequest(f"The option {name} must be true or false, not {value[:80]!r}")
        return value.lower() == "true"
    return value
