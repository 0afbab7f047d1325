"""The folder from which Azure Machine Learning serves a model: the YAML files of its command line, and the model.

The files are those of the CLI (v2): model, environment, managedOnlineEndpoint and managedOnlineDeployment.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from headrace.base.errors import AlreadyExists, BadRequest
from headrace.models.loading import open_model
from headrace.serving.image import FOLDER, PORT, image_name

_SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
#: Names of endpoints in Azure.
_NAME = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9]|-(?=[a-zA-Z0-9])){2,31}")
_SIZE = re.compile(r"Standard_\w{1,60}")


def write(
    model_uri: str | None,
    folder: Path,
    name: str,
    *,
    image: str | None = None,
    instance_type: str = "Standard_DS3_v2",
    instances: int = 1,
) -> None:
    """Fill ``folder``. With ``image``, that is what is served, and the model is in it already; without, Azure makes the
    environment of the model itself and serves it with MLflow.

    Raises ``AlreadyExists`` when there is something in the folder.
    """
    import yaml

    made = files(name, image=image, instance_type=instance_type, instances=instances)
    if folder.is_dir() and any(folder.iterdir()):
        raise AlreadyExists(f"The folder {str(folder)!r} is not empty; name another one")
    if image is None:
        if model_uri is None:
            raise BadRequest("Give the model, or an image that has it")
        shutil.copytree(open_model(model_uri)[1], folder / FOLDER, symlinks=True)
    folder.mkdir(parents=True, exist_ok=True)
    for file, said in made.items():
        (folder / file).write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def files(
    name: str, *, image: str | None = None, instance_type: str = "Standard_DS3_v2", instances: int = 1
) -> dict[str, dict[str, Any]]:
    """The files by their names, in the order in which Azure's command line is given them."""
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"{name[:80]!r} is no name for Azure: 3 to 32 letters, digits and '-' between them, a letter first"
        )
    if not _SIZE.fullmatch(instance_type):
        raise BadRequest(f"{instance_type[:80]!r} is no size of a machine in Azure, such as Standard_DS3_v2")
    if not 1 <= instances <= 1000:
        raise BadRequest(f"There cannot be {instances} instances")
    endpoint = {"$schema": _schema("managedOnlineEndpoint"), "name": name, "auth_mode": "key"}
    deployment: dict[str, Any] = {
        "$schema": _schema("managedOnlineDeployment"),
        "name": "blue",
        "endpoint_name": name,
        "instance_type": instance_type,
        "instance_count": instances,
    }
    if image is None:
        model = {"$schema": _schema("model"), "name": name, "type": "mlflow_model", "path": f"./{FOLDER}"}
        deployment["model"] = f"azureml:{name}@latest"
        return {"model.yml": model, "endpoint.yml": endpoint, "deployment.yml": deployment}
    paths = {"liveness": "/v2/health/live", "readiness": "/v2/health/ready", "scoring": "/invocations"}
    routes = {f"{what}_route": {"port": PORT, "path": path} for what, path in paths.items()}
    deployment["environment"] = {"name": f"{name}-image", "image": image_name(image), "inference_config": routes}
    return {"endpoint.yml": endpoint, "deployment.yml": deployment}


def _schema(kind: str) -> str:
    return f"{_SCHEMAS}/{kind}.schema.json"
