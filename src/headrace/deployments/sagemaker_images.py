"""The image that serves models in SageMaker: put into the registry of an account, and run on this machine."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError
from headrace.deployments import aws
from headrace.deployments.sagemaker_models import check_flavor, check_name
from headrace.models.loading import open_model
from headrace.serving import docker
from headrace.serving.image import MODEL, PORT, image_name


def push_image_to_ecr(image: str = aws.IMAGE) -> str:
    """Push an image of this machine to the registry of the account, with this release as its tag; its address there.

    The repository is made when it is not there. The engine is the one that builds images.
    """
    from botocore.exceptions import ClientError

    engine = docker.find()
    registry = aws.client("ecr")
    name = image_name(image).partition(":")[0]
    try:
        found = registry.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ClientError as error:
        if not aws.is_absence(error):
            raise
        found = registry.create_repository(repositoryName=name)["repository"]
    address = f"{found['repositoryUri']}:{aws.tag()}"
    token = registry.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    # The password goes in by standard input: arguments can be read by everybody on this machine.
    host = found["repositoryUri"].partition("/")[0]
    _run([engine, "login", "--username", user, "--password-stdin", host], said=password)
    _run([engine, "tag", image, address])
    _run([engine, "push", address])
    return address


def run_local(name: str, model_uri: str, flavor: str | None = None, config: dict[str, Any] | None = None) -> None:
    """Serve a model as SageMaker would, in the ``image`` and at the ``port`` of ``config``, until it is stopped."""
    said: dict[str, Any] = {"image": aws.IMAGE, "port": 5000, **(config or {})}
    if unknown := sorted(set(said) - {"image", "port"}):
        raise BadRequest(f"The options {unknown} are not known; there are 'image' and 'port'")
    check_flavor(flavor)
    folder = open_model(model_uri)[1].absolute()
    engine = docker.find()
    if engine == "buildah":
        raise BadRequest("buildah builds images and runs none of them: install docker or podman")
    _run(command(engine, check_name(name), folder, image_name(str(said["image"])), int(said["port"])))


def command(engine: str, name: str, folder: Path, image: str, port: int) -> list[str]:
    """What runs an image as SageMaker does: the model is mounted, and the word ``serve`` comes last."""
    if ":" in str(folder):
        raise BadRequest(f"The folder {str(folder)!r} cannot be mounted, because of the ':' in its name")
    mount = f"{folder}:{MODEL}:ro"
    return [engine, "run", "--rm", "--name", name, "-v", mount, "-p", f"127.0.0.1:{port}:{PORT}", image, "serve"]


def _run(words: list[str], said: str | None = None) -> None:
    code = subprocess.run(words, check=False, input=said, text=True).returncode
    if code:
        raise HeadraceError(f"{' '.join(words[:2])} failed (exit code {code}); what it said is above")
