"""What clusters and clouds are told of a served model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sklearn.dummy import DummyClassifier

import headrace as mlflow
from headrace.base.errors import AlreadyExists, BadRequest, HeadraceError
from headrace.cli.models import models

IMAGE = "registry.example.com/team/digits:3"


def _run(*words: str) -> str:
    done = CliRunner().invoke(models, ["manifest", *words])
    if isinstance(done.exception, HeadraceError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def _render(text: str, values: dict[str, Any], release: str) -> Any:
    """A template of the chart as Helm would make it: values as JSON, and files that are made or not."""
    known = {"Values": values, "Release": {"Name": release}}

    def _value(path: str) -> Any:
        found: Any = known
        for part in path.strip(".").split("."):
            found = found[part]
        return found

    whole = re.fullmatch(r"\{\{- if (\S+) \}\}\n(.*)\{\{- end \}\}\n", text, re.DOTALL)
    if whole:
        if not _value(whole[1]):
            return None
        text = whole[2]
    made = re.sub(r"\{\{ (\S+) \| toJson \}\}", lambda found: json.dumps(_value(found[1])), text)
    assert "{{" not in made
    return yaml.safe_load(made)


def test_kserve_is_told_of_an_image_that_speaks_its_protocol() -> None:
    said = yaml.safe_load(_run("--kind", "kserve", "-n", "digits", "-i", IMAGE, "--replicas", "2", "--cpu", "500m"))
    assert (said["apiVersion"], said["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    predictor = said["spec"]["predictor"]
    (container,) = predictor["containers"]
    assert predictor["minReplicas"] == 2
    # KServe knows its container by this name.
    assert (container["name"], container["image"]) == ("kserve-container", IMAGE)
    # Knative takes ports of no other names than http1 and h2c.
    assert container["ports"] == [{"name": "http1", "containerPort": 8080, "protocol": "TCP"}]
    assert container["readinessProbe"]["httpGet"] == {"path": "/v2/health/ready", "port": 8080}
    assert container["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}
    assert "command" not in container


def test_kserve_fetches_the_model_for_an_image_without_one(tmp_path: Path) -> None:
    words = ("--kind", "kserve", "-n", "digits", "-i", IMAGE, "--storage-uri", "s3://bucket/models/digits")
    assert "kubectl apply" in _run(*words, "-o", str(tmp_path / "digits.yaml"))
    (container,) = yaml.safe_load((tmp_path / "digits.yaml").read_text())["spec"]["predictor"]["containers"]
    assert {"name": "STORAGE_URI", "value": "s3://bucket/models/digits"} in container["env"]
    assert container["command"][:5] == ["headrace", "models", "serve", "-m", "/mnt/models"]


def test_a_chart_runs_the_image(tmp_path: Path) -> None:
    folder = tmp_path / "chart"
    assert f"helm install digits {folder}" in _run("--kind", "helm", "-n", "digits", "-i", IMAGE, "-o", str(folder))
    about = yaml.safe_load((folder / "Chart.yaml").read_text())
    assert (about["apiVersion"], about["name"], about["type"]) == ("v2", "digits", "application")
    values = yaml.safe_load((folder / "values.yaml").read_text())
    made = {file.stem: _render(file.read_text(), values, "one") for file in (folder / "templates").iterdir()}
    deployment, service = made["deployment"], made["service"]
    pod = deployment["spec"]["template"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (container,) = pod["spec"]["containers"]
    assert container["image"] == IMAGE
    assert container["ports"][0]["name"] == service["spec"]["ports"][0]["targetPort"] == "http"
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert made["autoscaler"] is None
    values["autoscaling"]["enabled"] = True
    scaler = _render((folder / "templates" / "autoscaler.yaml").read_text(), values, "one")
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"] == "one"
    with pytest.raises(AlreadyExists):
        _run("--kind", "helm", "-n", "digits", "-i", IMAGE, "-o", str(folder))


def test_azure_is_given_a_model_or_an_image(tmp_path: Path) -> None:
    mlflow.sklearn.save_model(DummyClassifier().fit([[1.0]], [1]), str(tmp_path / "saved"))
    plain = tmp_path / "plain"
    _run("--kind", "azureml", "-n", "digits", "-m", str(tmp_path / "saved"), "-o", str(plain))
    said = {file.name: yaml.safe_load(file.read_text()) for file in plain.glob("*.yml")}
    assert set(said) == {"model.yml", "endpoint.yml", "deployment.yml"}
    assert (said["model.yml"]["type"], said["model.yml"]["path"]) == ("mlflow_model", "./model_dir")
    assert (plain / "model_dir" / "MLmodel").is_file()
    assert said["deployment.yml"]["model"] == f"azureml:{said['model.yml']['name']}@latest"
    assert said["deployment.yml"]["endpoint_name"] == said["endpoint.yml"]["name"] == "digits"
    assert all(each["$schema"].endswith(".schema.json") for each in said.values())
    own = tmp_path / "own"
    _run("--kind", "azureml", "-n", "digits", "-i", IMAGE, "-o", str(own), "--replicas", "3")
    deployment = yaml.safe_load((own / "deployment.yml").read_text())
    assert (deployment["instance_count"], deployment["environment"]["image"]) == (3, IMAGE)
    routes = deployment["environment"]["inference_config"]
    assert set(routes) == {"liveness_route", "readiness_route", "scoring_route"}
    assert routes["scoring_route"] == {"port": 8080, "path": "/invocations"}
    assert sorted(file.name for file in own.iterdir()) == ["deployment.yml", "endpoint.yml"]


@pytest.mark.parametrize(
    "words",
    [
        ("--kind", "kserve", "-n", "Digits", "-i", IMAGE),
        ("--kind", "kserve", "-n", "a\nb: c", "-i", IMAGE),
        ("--kind", "helm", "-n", "../x", "-i", IMAGE),
        ("--kind", "kserve", "-n", "digits"),
        ("--kind", "kserve", "-n", "digits", "-i", "-v/:/x"),
        ("--kind", "kserve", "-n", "digits", "-i", "UPPER/case"),
        ("--kind", "kserve", "-n", "digits", "-i", IMAGE, "--memory", "much"),
        ("--kind", "kserve", "-n", "digits", "-i", IMAGE, "--storage-uri", "file:///etc"),
        ("--kind", "helm", "-n", "digits", "-i", IMAGE, "--storage-uri", "s3://a/b"),
        ("--kind", "azureml", "-n", "-x", "-i", IMAGE),
        ("--kind", "azureml", "-n", "digits"),
        ("--kind", "azureml", "-n", "digits", "-i", IMAGE, "--instance-type", "x; y"),
    ],
)
def test_names_that_mean_something_else_are_refused(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest):
        _run(*words)
    assert list(tmp_path.iterdir()) == []
