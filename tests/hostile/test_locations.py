"""Classes L-loc and L-src: locations that want the server to look at itself, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hostile.conftest import Target

Refused = Callable[..., None]

EVIL = [
    "http:///#/../../../../etc/",
    "mlflow-artifacts:/x;../../etc",
    "mlflow-artifacts:/../../../etc",
    "mlflow-artifacts:/a/%2e%2e/%2e%2e/etc",
    "mlflow-artifacts:/a#/../..",
    "mlflow-artifacts:/a?x=/../..",
    "mlflow-artifacts:/a;/../..",
    "file:///etc",
    "FILE:///etc",
    "/etc",
    "file:/etc",
    "file://localhost/etc",
    "file://evil.com/etc",
    "file:etc",
    "//proc/self/root/etc",
    "./../../etc",
    "relative/path",
    "..",
    "C:\\Windows",
    "C:/Windows",
    "s3://bucket/../../other",
    "s3://bucket#/etc",
    "s3://169.254.169.254/x",
    "http://2130706433/x",
    "http://[::1]/x",
    "http://user:password@host/x",
    "s3://b/k\u0000",
    "s3://b/\u202ek",
    "s3://" + "b" * 2100,
]


@pytest.mark.parametrize("location", EVIL)
def test_an_experiment_is_kept_nowhere_odd(target: Target, refused: Refused, location: str) -> None:
    reply = target.post("experiments/create", {"name": f"at {abs(hash(location))}", "artifact_location": location})
    refused(reply, 400, 403)


@pytest.mark.parametrize("location", ["runs:/x/y", "models:/m/1", "javascript:alert", "data:text/html"])
def test_an_experiment_is_kept_at_no_reference(target: Target, refused: Refused, location: str) -> None:
    refused(target.post("experiments/create", {"name": "odd", "artifact_location": location}))


def test_an_experiment_may_be_kept_in_a_bucket_or_through_the_server(target: Target) -> None:
    for number, location in enumerate(["s3://bucket/prefix", "gs://bucket", "mlflow-artifacts:/shared/folder"]):
        body = {"name": f"good {number}", "artifact_location": location}
        assert target.post("experiments/create", body).status == 200, location


@pytest.fixture(scope="module")
def model(target: Target) -> str:
    """A registered model."""
    assert target.post("registered-models/create", {"name": "victim"}).status == 200
    return "victim"


@pytest.mark.parametrize("source", EVIL)
def test_a_version_comes_from_nowhere_odd(target: Target, refused: Refused, model: str, source: str) -> None:
    refused(target.post("model-versions/create", {"name": model, "source": source}), 400, 403)
    body = {"name": model, "source": source, "run_id": target.run_id}
    refused(target.post("model-versions/create", body), 400, 403)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "runs:/{run}/../../x",
        "runs:/",
        "runs:/{run}/%2e%2e/x",
        "runs://host/{run}/x",
        "models:/x/../../etc",
        "models:/victim@champion",
        "models:/",
        "mlflow-artifacts:/{root}/%2e%2e/%2e%2e/etc",
        "mlflow-artifacts:/{root}#/../..",
        "data:text/plain,x",
    ],
)
def test_a_version_comes_from_no_crooked_reference(target: Target, refused: Refused, model: str, source: str) -> None:
    said = source.format(run=target.run_id, root=target.root)
    refused(target.post("model-versions/create", {"name": model, "source": said}))


def test_a_version_comes_from_no_other_run(target: Target, refused: Refused, model: str) -> None:
    body = {"name": model, "source": f"runs:/{'0' * 32}/model", "run_id": target.run_id}
    refused(target.post("model-versions/create", body))


def test_a_version_may_come_from_its_run(target: Target, model: str) -> None:
    body = {"name": model, "source": f"runs:/{target.run_id}/model", "run_id": target.run_id}
    assert target.post("model-versions/create", body).status == 200
    body = {"name": model, "source": f"mlflow-artifacts:/{target.root}/model", "run_id": target.run_id}
    assert target.post("model-versions/create", body).status == 200
