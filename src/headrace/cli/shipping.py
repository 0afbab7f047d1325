"""``headrace models``: the commands that make a saved model ready to be run elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from headrace.base.errors import BadRequest

_URI = click.option(
    "--model-uri",
    "-m",
    metavar="URI",
    help="A model: models:/…, runs:/… or a path. Without one, the image serves what is put at /opt/ml/model.",
)
_NAME = click.option(
    "--name", "-n", default="mlflow-pyfunc-servable", show_default=True, metavar="IMAGE", help="The name of the image."
)


def _image_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of whatever writes a Dockerfile."""
    for option in (
        click.option("--install-mlflow", is_flag=True, help="Of no use; accepted."),
        click.option(
            "--base-image", metavar="IMAGE", help="An image with Python, in place of Docker's of the model's Python."
        ),
        click.option(
            "--install-java/--no-install-java", default=False, help="Install a Java runtime, as Spark's models need."
        ),
        click.option(
            "--headrace-home",
            "--mlflow-home",
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            help="A checkout of Headrace to install, instead of the release of this version.",
        ),
        click.option("--env-manager", help="Of no use: uv installs what the model requires; accepted."),
    ):
        command = option(command)
    return command


@click.command("generate-dockerfile")
@_URI
@click.option(
    "--output-directory",
    "-d",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("mlflow-dockerfile"),
    show_default=True,
    help="The folder to write; it must be empty, or not be there.",
)
@_image_options
def generate_dockerfile(
    model_uri: str | None,
    output_directory: Path,
    env_manager: str | None,
    headrace_home: Path | None,
    install_java: bool,
    base_image: str | None,
    install_mlflow: bool,
) -> None:
    """Write a folder from which the image of a served model is built: Dockerfile, model and requirements."""
    from headrace.serving import image

    image.write(model_uri, output_directory, home=headrace_home, java=install_java, base_image=base_image)
    click.echo(f"Build the image with: docker build {output_directory}")


@click.command("build-docker")
@_URI
@_NAME
@_image_options
@click.option("--network", metavar="NAME", help="The network that the engine builds in.")
def build_docker(
    model_uri: str | None,
    name: str,
    env_manager: str | None,
    headrace_home: Path | None,
    install_java: bool,
    base_image: str | None,
    install_mlflow: bool,
    network: str | None,
) -> None:
    """Build the image of a served model, with docker, podman or buildah, whichever is here."""
    from headrace.serving import docker

    engine = docker.build_model(
        model_uri, name, home=headrace_home, java=install_java, base_image=base_image, network=network
    )
    run = "podman run" if engine == "buildah" else f"{engine} run"
    click.echo(f"The image {name} is built; serve the model with: {run} -p 5001:8080 {name}")


@click.command("manifest")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["kserve", "helm", "azureml"]),
    help="kserve: an InferenceService; helm: a chart; azureml: the files of Azure's command line.",
)
@click.option("--name", "-n", required=True, metavar="NAME", help="What the served model is called there.")
@click.option("--image", "-i", metavar="IMAGE", help="The image that build-docker made. Azure does without one too.")
@click.option("--model-uri", "-m", metavar="URI", help="The model, for Azure to make its environment itself.")
@click.option("--storage-uri", metavar="URI", help="Where KServe fetches the model from, for an image without one.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="The folder to write; for kserve a file, or none."
)
@click.option("--replicas", default=1, show_default=True, type=click.IntRange(0), help="How many, at least.")
@click.option("--cpu", default="1", show_default=True, metavar="AMOUNT", help="Processors of each, such as 500m.")
@click.option("--memory", default="1Gi", show_default=True, metavar="AMOUNT", help="Memory of each.")
@click.option("--instance-type", default="Standard_DS3_v2", show_default=True, help="The machines in Azure.")
def manifest(
    kind: str,
    name: str,
    image: str | None,
    model_uri: str | None,
    storage_uri: str | None,
    output: Path | None,
    replicas: int,
    cpu: str,
    memory: str,
    instance_type: str,
) -> None:
    """Write what a cluster or a cloud is told to serve a model."""
    if kind != "azureml" and image is None:
        raise BadRequest(f"Give --image: {kind} runs what build-docker made")
    if storage_uri is not None and kind != "kserve":
        raise BadRequest("--storage-uri is of kserve alone")
    if kind == "kserve":
        import yaml

        from headrace.serving.kubernetes import inference_service

        said = inference_service(name, str(image), storage=storage_uri, replicas=replicas, cpu=cpu, memory=memory)
        text = yaml.safe_dump(said, sort_keys=False)
        if output is None:
            click.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")
            click.echo(f"Serve the model with: kubectl apply -f {output}")
        return
    folder = output or Path(name)
    if kind == "helm":
        from headrace.serving.kubernetes import chart

        chart(name, str(image), folder, replicas=replicas, cpu=cpu, memory=memory)
        click.echo(f"Serve the model with: helm install {name} {folder}")
    else:
        from headrace.serving import azure

        azure.write(model_uri, folder, name, image=image, instance_type=instance_type, instances=max(replicas, 1))
        click.echo(f"Serve the model with: az ml online-endpoint create -f {folder}/endpoint.yml, then the others")
