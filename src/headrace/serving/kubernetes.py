"""What Kubernetes is told of a served model: an InferenceService of KServe, or a Helm chart."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from headrace.base.errors import AlreadyExists, BadRequest
from headrace.serving.image import PORT, image_name

_READY = "/v2/health/ready"
#: Where KServe puts the model that ``STORAGE_URI`` names.
_MOUNTED = "/mnt/models"
#: A name of Kubernetes' (RFC 1123), and an amount of memory or processors.
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_AMOUNT = re.compile(r"\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_STORAGE = re.compile(r"(?:s3|gs|https?|pvc|hf|wasbs|abfs|hdfs|webhdfs)://[\w.~/@:+=,-]{1,1000}")
#: Where the chart's own files are.
_CHART = Path(__file__).with_name("chart")


def check_name(name: str) -> str:
    """``name``, if Kubernetes takes it. Raises ``BadRequest`` otherwise."""
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"{name[:80]!r} is no name for Kubernetes: up to 63 small letters, digits and '-' between them"
        )
    return name


def inference_service(
    name: str, image: str, *, storage: str | None = None, replicas: int = 1, cpu: str = "1", memory: str = "1Gi"
) -> dict[str, Any]:
    """An InferenceService (``serving.kserve.io/v1beta1``) whose predictor is the image of a model.

    ``storage`` is where KServe fetches the model from when the image has none. The predictor speaks the Open Inference
    Protocol, so its readiness is that of ``/v2/health/ready``.
    """
    known = _container(image, cpu, memory)
    container: dict[str, Any] = {name: known[name] for name in ("image", "env", "resources", "securityContext")}
    container["name"] = "kserve-container"
    # Knative, on which KServe may run, knows ports by these names, and has no probe for the time before it is ready.
    container["ports"] = [{"name": "http1", "containerPort": PORT, "protocol": "TCP"}]
    container["readinessProbe"] = {"httpGet": {"path": _READY, "port": PORT}, "periodSeconds": 2}
    if storage is not None:
        if not _STORAGE.fullmatch(storage):
            raise BadRequest(
                f"{storage[:120]!r} is no address that KServe fetches models from, such as s3://bucket/path"
            )
        container["env"] = [*container["env"], {"name": "STORAGE_URI", "value": storage}]
        container["command"] = ["headrace", "models", "serve", "-m", _MOUNTED, "-h", "0.0.0.0", "--env-manager", "uv"]
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": check_name(name), "labels": {"app.kubernetes.io/name": "headrace-model"}},
        "spec": {"predictor": {"minReplicas": _count(replicas), "containers": [container]}},
    }


def chart(name: str, image: str, folder: Path, *, replicas: int = 1, cpu: str = "1", memory: str = "1Gi") -> None:
    """Write a Helm chart that runs the image of a model: a Deployment, its Service, and an autoscaler if it is wanted.

    Raises ``AlreadyExists`` when there is something in the folder.
    """
    import yaml

    made = {**_values(_container(image, cpu, memory)), "replicas": _count(replicas)}
    if folder.is_dir() and any(folder.iterdir()):
        raise AlreadyExists(f"The folder {str(folder)!r} is not empty; name another one")
    check_name(name)
    shutil.copytree(_CHART, folder, dirs_exist_ok=True)
    about = yaml.safe_load((_CHART / "Chart.yaml").read_text(encoding="utf-8"))
    (folder / "Chart.yaml").write_text(yaml.safe_dump({**about, "name": name}, sort_keys=False), encoding="utf-8")
    (folder / "values.yaml").write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")


def _values(container: dict[str, Any]) -> dict[str, Any]:
    """What a chart's user may change."""
    kept = ("image", "env", "ports", "startupProbe", "readinessProbe", "livenessProbe", "resources", "securityContext")
    return {
        **{key: container[key] for key in kept},
        "imagePullPolicy": "IfNotPresent",
        "service": {"type": "ClusterIP", "port": 80},
        "autoscaling": {"enabled": False, "maxReplicas": 4, "cpuPercent": 70},
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        # As long as a prediction may take.
        "terminationGracePeriodSeconds": 70,
        "nodeSelector": {},
        "tolerations": [],
    }


def _container(image: str, cpu: str, memory: str) -> dict[str, Any]:
    for amount in (cpu, memory):
        if not _AMOUNT.fullmatch(amount):
            raise BadRequest(f"{amount[:40]!r} is no amount for Kubernetes, such as 500m or 2Gi")
    ready = {"httpGet": {"path": _READY, "port": "http"}}
    return {
        "image": image_name(image),
        "env": [{"name": "HEADRACE_SCORING_SERVER_DRAIN_SECONDS", "value": "5"}],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        # A large model may take its time.
        "startupProbe": {**ready, "periodSeconds": 2, "failureThreshold": 300},
        "readinessProbe": {**ready, "periodSeconds": 2},
        "livenessProbe": {"httpGet": {"path": "/v2/health/live", "port": "http"}, "periodSeconds": 10},
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def _count(replicas: int) -> int:
    if not 0 <= replicas <= 1000:
        raise BadRequest(f"There cannot be {replicas} replicas")
    return replicas
