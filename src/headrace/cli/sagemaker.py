"""``headrace sagemaker``: images, models and batch jobs in Amazon SageMaker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from headrace.base.errors import BadRequest

_REGION = click.option("--region-name", default="us-west-2", show_default=True, metavar="REGION")
_URI = click.option("--model-uri", "-m", required=True, metavar="URI", help="The model: models:/…, runs:/… or a path.")
_ROLE = click.option("--execution-role-arn", "-e", metavar="ARN", help="The role in which SageMaker reads the model.")
_BUCKET = click.option("--bucket", "-b", metavar="NAME", help="The bucket for the model; one of the account's else.")
_IMAGE = click.option("--image-url", "-i", metavar="IMAGE", help="The image that serves; the account's own else.")
_VPC = click.option("--vpc-config", "-v", type=click.Path(path_type=Path), help="A JSON file with a VpcConfig.")
_FLAVOR = click.option("--flavor", "-f", metavar="NAME", help="python_function, which is the only one.")
_ARCHIVE = click.option("--archive", is_flag=True, help="Keep what is not needed when all is done.")
_ASYNC = click.option("--async", "asynchronous", is_flag=True, help="Do not wait until it is done.")


@click.group("sagemaker")
def sagemaker() -> None:
    """Serve models with Amazon SageMaker."""


@sagemaker.command("build-and-push-container")
@click.option("--build/--no-build", default=True, show_default=True, help="Build the image.")
@click.option("--push/--no-push", default=True, show_default=True, help="Push it to the account's registry.")
@click.option("--container", "-c", default="mlflow-pyfunc", show_default=True, metavar="IMAGE", help="Its name.")
@click.option("--network", metavar="NAME", help="The network that the engine builds in.")
@click.option("--install-java/--no-install-java", default=False, help="Install a Java runtime, as Spark's models need.")
@click.option("--env-manager", help="Of no use: uv makes the environment of whatever model is served; accepted.")
@click.option(
    "--headrace-home",
    "--mlflow-home",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A checkout of Headrace to install, instead of the release of this version.",
)
def build_and_push_container(
    build: bool,
    push: bool,
    container: str,
    network: str | None,
    install_java: bool,
    env_manager: str | None,
    headrace_home: Path | None,
) -> None:
    """Build the image that serves any model, and push it to the registry of the account."""
    if not build and not push:
        raise BadRequest("--no-build and --no-push together leave nothing to do")
    if build:
        from headrace.serving import docker

        docker.build_model(None, container, home=headrace_home, java=install_java, network=network)
    if push:
        from headrace.deployments.sagemaker import push_image_to_ecr

        click.echo(f"The image is at {push_image_to_ecr(container)}")


@sagemaker.command("push-model")
@click.option("--model-name", "-n", required=True, metavar="NAME", help="The name of the model in SageMaker.")
@_URI
@_ROLE
@_BUCKET
@_IMAGE
@_REGION
@_VPC
@_FLAVOR
def push_model(vpc_config: Path | None, **said: Any) -> None:
    """Upload a model and tell SageMaker of it."""
    from headrace.deployments.sagemaker import push_model_to_sagemaker

    click.echo(push_model_to_sagemaker(**said, vpc_config=_vpc(vpc_config)))


@sagemaker.command("deploy-transform-job")
@click.option("--job-name", "-n", required=True, metavar="NAME", help="The name of the job, which is never free again.")
@_URI
@click.option("--input-data-type", "s3_input_data_type", required=True, help="S3Prefix or ManifestFile.")
@click.option("--input-uri", "-u", "s3_input_uri", required=True, metavar="URI", help="The files, or the manifest.")
@click.option("--content-type", required=True, metavar="TYPE", help="The media type of the files.")
@click.option("--output-path", "-o", "s3_output_path", required=True, metavar="URI", help="Where predictions go.")
@click.option("--compression-type", default="None", show_default=True)
@click.option("--split-type", "-s", default="Line", show_default=True)
@click.option("--accept", "-a", default="text/csv", show_default=True, metavar="TYPE")
@click.option("--assemble-with", default="Line", show_default=True)
@click.option("--input-filter", default="$", show_default=True, metavar="JSONPATH")
@click.option("--output-filter", default="$", show_default=True, metavar="JSONPATH")
@click.option("--join-resource", "-j", default="None", show_default=True)
@_ROLE
@_BUCKET
@_IMAGE
@_REGION
@click.option("--instance-type", "-t", default="ml.m4.xlarge", show_default=True)
@click.option("--instance-count", "-c", default=1, show_default=True)
@_VPC
@_FLAVOR
@_ARCHIVE
@_ASYNC
@click.option("--timeout", "timeout_seconds", default=1200, show_default=True, help="Seconds to wait.")
def deploy_transform_job(vpc_config: Path | None, asynchronous: bool, **said: Any) -> None:
    """Score files in S3 with a model."""
    from headrace.deployments import sagemaker as target

    target.deploy_transform_job(**said, vpc_config=_vpc(vpc_config), synchronous=not asynchronous)


@sagemaker.command("terminate-transform-job")
@click.option("--job-name", "-n", required=True, metavar="NAME", help="The job to stop.")
@click.option("--region-name", "-r", default="us-west-2", show_default=True, metavar="REGION")
@_ARCHIVE
@_ASYNC
@click.option("--timeout", "timeout_seconds", default=1200, show_default=True, help="Seconds to wait.")
def terminate_transform_job(asynchronous: bool, **said: Any) -> None:
    """Stop a job."""
    from headrace.deployments import sagemaker as target

    target.terminate_transform_job(**said, synchronous=not asynchronous)


def _vpc(file: Path | None) -> Any:
    if file is None:
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"--vpc-config must name a JSON file: {error}") from error
