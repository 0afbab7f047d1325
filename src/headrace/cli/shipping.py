"""``headrace models``: the commands that make a saved model ready to be run elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

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
