"""SageMaker: every request is checked by botocore against Amazon's own description of the service.

moto answers what it knows; botocore's stubber the rest.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from moto import mock_aws
from sklearn.dummy import DummyClassifier

import headrace as mlflow
from headrace.base.errors import AlreadyExists, BadRequest, HeadraceError, NotFound
from headrace.deployments import aws, sagemaker_images, sagemaker_models

ROLE = "arn:aws:iam::123456789012:role/serving"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mlflow-pyfunc:1"
CONFIG = {"execution_role_arn": ROLE, "image_url": IMAGE, "instance_type": "ml.m5.large"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A saved model."""
    folder = tmp_path_factory.mktemp("sagemaker") / "model"
    mlflow.sklearn.save_model(DummyClassifier().fit([[1.0]], [1]), str(folder), pip_requirements=["scikit-learn"])
    return str(folder)


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account of nobody's, without endpoints."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(sagemaker_models, "POLL_SECONDS", 0.0)
    with mock_aws():
        yield


@pytest.fixture
def client() -> Any:
    """A client of one region."""
    return mlflow.deployments.get_deploy_client("sagemaker:/us-east-1")


def test_an_endpoint_is_made_shown_and_taken_away_with_all_that_was_made_for_it(client: Any, saved: str) -> None:
    said = {**CONFIG, "env": {"HEADRACE_X": "1"}, "tags": {"team": "a"}, "instance_count": 2}
    assert client.create_deployment("digits", saved, config=said) == {"name": "digits", "flavor": "python_function"}
    amazon, s3 = boto3.client("sagemaker"), boto3.client("s3")
    shown = client.get_deployment("digits")
    assert (shown["name"], shown["EndpointStatus"]) == ("digits", "InService")
    setup = amazon.describe_endpoint_config(EndpointConfigName=shown["EndpointConfigName"])
    (variant,) = setup["ProductionVariants"]
    assert (variant["InitialInstanceCount"], variant["InstanceType"]) == (2, "ml.m5.large")
    model = amazon.describe_model(ModelName=variant["ModelName"])
    assert (model["ExecutionRoleArn"], model["PrimaryContainer"]["Image"]) == (ROLE, IMAGE)
    assert model["PrimaryContainer"]["Environment"] == {
        "MLFLOW_DEPLOYMENT_FLAVOR_NAME": "python_function",
        "SERVING_ENVIRONMENT": "SageMaker",
        "HEADRACE_X": "1",
    }
    bucket, _, key = model["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")
    assert bucket == "mlflow-sagemaker-us-east-1-123456789012"
    packed = io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    with tarfile.open(fileobj=packed) as tar:
        assert "MLmodel" in tar.getnames()
        assert {member.uid for member in tar} == {0}
    assert [each["name"] for each in client.list_deployments()] == ["digits"]
    with pytest.raises(AlreadyExists, match="update_deployment"):
        client.create_deployment("digits", saved, config=CONFIG)
    client.delete_deployment("digits")
    client.delete_deployment("digits")
    assert client.list_deployments() == []
    assert amazon.list_endpoint_configs()["EndpointConfigs"] == amazon.list_models()["Models"] == []
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    with pytest.raises(NotFound, match="no endpoint 'digits'"):
        client.get_deployment("digits")


def test_what_is_archived_stays(client: Any, saved: str) -> None:
    client.create_deployment("digits", saved, config={**CONFIG, "bucket": _bucket()})
    client.delete_deployment("digits", config={"archive": "true"})
    amazon = boto3.client("sagemaker")
    assert len(amazon.list_models()["Models"]) == len(amazon.list_endpoint_configs()["EndpointConfigs"]) == 1
    assert boto3.client("s3").list_objects_v2(Bucket="mine")["KeyCount"] == 1


def test_options_of_commands_are_text_and_are_read(client: Any, saved: str) -> None:
    serverless = '{"MemorySizeInMB": 2048, "MaxConcurrency": 5}'
    said = {**CONFIG, "serverless_config": serverless, "synchronous": "false", "timeout_seconds": "10"}
    client.create_deployment("digits", saved, config=said)
    setup = client.get_deployment("digits")["EndpointConfigName"]
    (variant,) = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=setup)["ProductionVariants"]
    assert variant["ServerlessConfig"] == json.loads(serverless)
    for wrong in ({"instance_count": "many"}, {"archive": "maybe"}, {"tags": "{"}, {"nothing": 1}, {"mode": "x"}):
        with pytest.raises(BadRequest):
            client.create_deployment("other", saved, config={**CONFIG, **wrong})


@pytest.mark.parametrize("name", ["", "-a", "a_b", "a" * 64, "a;b", "../a", "a--"])
def test_names_that_sagemaker_does_not_take_are_refused_before_anything_is_made(
    client: Any, saved: str, name: str
) -> None:
    for ask in (client.get_deployment, client.delete_deployment, lambda it: client.create_deployment(it, saved)):
        with pytest.raises(BadRequest, match="no name for SageMaker"):
            ask(name)


def test_a_model_that_cannot_be_served_is_refused(client: Any, saved: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="served in SageMaker as"):
        client.create_deployment("digits", saved, flavor="spark", config=CONFIG)
    (tmp_path / "MLmodel").write_text("flavors: {keras: {}}\n")
    with pytest.raises(BadRequest, match="cannot be asked as a Python function"):
        client.create_deployment("digits", str(tmp_path), config=CONFIG)
    with pytest.raises(NotFound, match="build-and-push-container"):
        client.create_deployment("digits", saved, config={"execution_role_arn": ROLE})
    with pytest.raises(HeadraceError, match="execution_role_arn"):
        client.create_deployment("digits", saved, config={"image_url": IMAGE})


def test_a_target_says_a_region_and_a_role() -> None:
    client: Any = mlflow.deployments.get_deploy_client(f"sagemaker:/eu-west-1/{ROLE}")
    assert (client.region_name, client.assumed_role_arn) == ("eu-west-1", ROLE)
    assert client.list_deployments() == []
    default: Any = mlflow.deployments.get_deploy_client("sagemaker")
    assert (default.region_name, default.assumed_role_arn) == ("us-west-2", None)
    with pytest.raises(BadRequest):
        mlflow.deployments.get_deploy_client("sagemaker:/eu-west-1/nobody")


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """SageMaker's answers, one after the other; moto does not know these requests."""
    real = aws.client
    amazon = boto3.client("sagemaker", region_name="us-east-1")
    stubber = Stubber(amazon)
    monkeypatch.setattr(
        aws, "client", lambda service, *more: amazon if service == "sagemaker" else real(service, *more)
    )
    with stubber:
        yield stubber
    stubber.assert_no_pending_responses()


_ENDPOINT = {"EndpointName": "digits", "EndpointArn": "arn:aws:sagemaker:us-east-1:1:endpoint/digits",
             "CreationTime": 0, "LastModifiedTime": 0}  # fmt: skip


@pytest.mark.parametrize("mode", ["replace", "add"])
def test_an_endpoint_is_given_another_model(client: Any, saved: str, stubbed: Stubber, mode: str) -> None:
    served = {"VariantName": "old", "ModelName": "old-model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large",
              "InitialVariantWeight": 1.0}  # fmt: skip
    joining = {"VariantName": ANY, "ModelName": ANY, "InitialVariantWeight": 0.0 if mode == "add" else 1.0,
               "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}  # fmt: skip
    setup = {"EndpointConfigName": "before", "EndpointConfigArn": "arn:aws:sagemaker:us-east-1:1:endpoint-config/x",
             "CreationTime": 0, "ProductionVariants": [served]}  # fmt: skip
    in_service = {**_ENDPOINT, "EndpointConfigName": "before", "EndpointStatus": "InService"}
    stubbed.add_response("describe_endpoint", in_service)
    stubbed.add_response("describe_endpoint_config", setup)
    stubbed.add_response("create_model", {"ModelArn": "arn:aws:sagemaker:us-east-1:1:model/new"})
    stubbed.add_response(
        "create_endpoint_config",
        {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:1:endpoint-config/y"},
        {
            "EndpointConfigName": ANY,
            "ProductionVariants": [served, joining] if mode == "add" else [joining],
            "Tags": ANY,
        },
    )
    stubbed.add_response(
        "update_endpoint",
        {"EndpointArn": _ENDPOINT["EndpointArn"]},
        {"EndpointName": "digits", "EndpointConfigName": ANY},
    )
    stubbed.add_response("describe_endpoint", {**in_service, "EndpointStatus": "Updating"})
    stubbed.add_response("describe_endpoint", in_service)
    stubbed.add_response("delete_endpoint_config", {}, {"EndpointConfigName": "before"})
    if mode == "replace":
        stubbed.add_response("describe_model", {"ModelName": "old-model", "ModelArn": ANY_ARN, "CreationTime": 0})
        stubbed.add_response("delete_model", {}, {"ModelName": "old-model"})
    client.update_deployment("digits", saved, config={**CONFIG, "mode": mode})


ANY_ARN = "arn:aws:sagemaker:us-east-1:1:model/old"


def test_an_endpoint_that_fails_says_why_and_leaves_no_model(client: Any, saved: str, stubbed: Stubber) -> None:
    stubbed.add_client_error("describe_endpoint", "ValidationException", 'Could not find endpoint "x".')
    stubbed.add_response("create_model", {"ModelArn": ANY_ARN})
    stubbed.add_response(
        "create_endpoint_config", {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:1:endpoint-config/y"}
    )
    stubbed.add_response("create_endpoint", {"EndpointArn": _ENDPOINT["EndpointArn"]})
    failed = {
        **_ENDPOINT,
        "EndpointConfigName": "c",
        "EndpointStatus": "Failed",
        "FailureReason": "the image is not there",
    }
    stubbed.add_response("describe_endpoint", failed)
    stubbed.add_response("delete_endpoint_config", {})
    stubbed.add_response("describe_model", {"ModelName": "m", "ModelArn": ANY_ARN, "CreationTime": 0})
    stubbed.add_response("delete_model", {})
    with pytest.raises(HeadraceError, match="the image is not there"):
        client.create_deployment("digits", saved, config=CONFIG)


def test_an_endpoint_is_asked_as_a_served_model_is(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = boto3.client("sagemaker-runtime", region_name="us-east-1")
    monkeypatch.setattr(aws, "client", lambda service, *_: {"sagemaker-runtime": runtime}[service])
    answer = b'{"predictions": [1, 2]}'
    with Stubber(runtime) as stubber:
        stubber.add_response(
            "invoke_endpoint",
            {"Body": StreamingBody(io.BytesIO(answer), len(answer)), "ContentType": "application/json"},
            {"EndpointName": "digits", "ContentType": "application/json", "Body": ANY},
        )
        assert client.predict("digits", [[1.0], [2.0]], params={"k": 1}).get_predictions("ndarray").tolist() == [1, 2]
        stubber.assert_no_pending_responses()
    with pytest.raises(BadRequest, match="Give deployment_name"):
        client.predict(inputs=[1])


def test_a_batch_of_files_is_scored_and_its_model_removed(saved: str) -> None:
    job = {
        "s3_input_data_type": "S3Prefix",
        "s3_input_uri": "s3://in/",
        "content_type": "text/csv",
        "s3_output_path": "s3://out/",
        "region_name": "us-east-1",
        "execution_role_arn": ROLE,
        "image_url": IMAGE,
    }
    mlflow.sagemaker.deploy_transform_job("nightly", saved, **job)
    amazon = boto3.client("sagemaker")
    made = amazon.describe_transform_job(TransformJobName="nightly")
    assert made["TransformInput"]["DataSource"]["S3DataSource"] == {"S3DataType": "S3Prefix", "S3Uri": "s3://in/"}
    assert made["TransformOutput"]["S3OutputPath"] == "s3://out/"
    assert amazon.list_models()["Models"] == []
    with pytest.raises(AlreadyExists):
        mlflow.sagemaker.deploy_transform_job("nightly", saved, **job)


def test_a_job_is_stopped(stubbed: Stubber) -> None:
    job = {
        "TransformJobName": "nightly",
        "TransformJobArn": "arn:aws:sagemaker:us-east-1:1:transform-job/nightly",
        "ModelName": "m",
        "CreationTime": 0,
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in/"}}},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    stubbed.add_response("describe_transform_job", {**job, "TransformJobStatus": "InProgress"})
    stubbed.add_response("stop_transform_job", {}, {"TransformJobName": "nightly"})
    stubbed.add_response("describe_transform_job", {**job, "TransformJobStatus": "Stopping"})
    stubbed.add_response("describe_transform_job", {**job, "TransformJobStatus": "Stopped"})
    mlflow.sagemaker.terminate_transform_job("nightly", archive=True)


def test_a_model_is_pushed_under_a_name_that_is_free(saved: str) -> None:
    said = {"region_name": "us-east-1", "execution_role_arn": ROLE, "image_url": IMAGE, "bucket": _bucket()}
    arn = mlflow.sagemaker.push_model_to_sagemaker("digits", saved, **said)
    assert arn.endswith("model/digits")
    with pytest.raises(AlreadyExists):
        mlflow.sagemaker.push_model_to_sagemaker("digits", saved, **said)


def test_a_model_is_run_here_as_sagemaker_runs_it(tmp_path: Path) -> None:
    words = sagemaker_images.command("podman", "digits", tmp_path, "mlflow-pyfunc", 5001)
    assert words[:3] == ["podman", "run", "--rm"]
    assert words[-2:] == ["mlflow-pyfunc", "serve"]
    assert f"{tmp_path}:/opt/ml/model:ro" in words
    assert "127.0.0.1:5001:8080" in words
    with pytest.raises(BadRequest, match="cannot be mounted"):
        sagemaker_images.command("podman", "digits", Path("/a:/etc"), "mlflow-pyfunc", 5001)


def _bucket() -> str:
    boto3.client("s3").create_bucket(Bucket="mine")
    return "mine"


def test_an_image_is_pushed_to_the_registry_of_the_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tmp_path / "podman"
    engine.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n[ "$1" = login ] && cat > {tmp_path}/said\nexit 0\n')
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HEADRACE_IMAGE_BUILDER", "podman")
    for _ in range(2):
        # The repository is made the first time.
        address = mlflow.sagemaker.push_image_to_ecr("serving")
    host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert address == f"{host}/serving:{aws.tag()}"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:3] == [f"login --username AWS --password-stdin {host}", f"tag serving {address}", f"push {address}"]
    # What everybody on this machine may read has no password.
    password = (tmp_path / "said").read_text()
    assert password
    assert not any(password in line for line in asked)
    with pytest.raises(BadRequest, match="not the name of an image"):
        mlflow.sagemaker.push_image_to_ecr("-x")
    monkeypatch.setenv("HEADRACE_IMAGE_BUILDER", "podman")
    engine.write_text("#!/bin/sh\nexit 4\n")
    with pytest.raises(HeadraceError, match="podman login failed"):
        mlflow.sagemaker.push_image_to_ecr("serving")


def test_the_account_s_own_image_serves_when_none_is_named(client: Any, saved: str) -> None:
    boto3.client("ecr").create_repository(repositoryName="mlflow-pyfunc")
    client.create_deployment("digits", saved, config={"execution_role_arn": ROLE})
    (made,) = boto3.client("sagemaker").list_models()["Models"]
    container = boto3.client("sagemaker").describe_model(ModelName=made["ModelName"])["PrimaryContainer"]
    assert container["Image"] == f"123456789012.dkr.ecr.us-east-1.amazonaws.com/mlflow-pyfunc:{aws.tag()}"
