"""Models: logged, registered, pointed at by aliases, and found again by what users write."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

import headrace
import headrace.artifacts
from headrace import MlflowClient
from headrace.base.errors import AlreadyExists, BadRequest, HeadraceError, NotFound, NotSupported
from headrace.schema.logged_models import LoggedModel
from headrace.tracking.locations import ModelUri

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def name() -> str:
    return f"model {uuid.uuid4().hex}"


def _logged(tmp_path: Path, name: str = "clf", text: str = "weights") -> LoggedModel:
    """A logged model of the open run, with a file of its own."""
    made = headrace.initialize_logged_model(name, params={"depth": "3"}, tags={"t": "v"}, model_type="tree")
    (tmp_path / "MLmodel").write_text(text)
    MlflowClient().log_model_artifact(made.model_id, str(tmp_path / "MLmodel"))
    return headrace.finalize_logged_model(made.model_id, "READY")


def _read(uri: str) -> str:
    return headrace.artifacts.load_text(uri)


def test_a_logged_model_is_pending_until_its_files_arrived(tmp_path: Path) -> None:
    with headrace.start_run() as run:
        made = headrace.initialize_logged_model("clf")
        assert made.status == "PENDING"
        ready = _logged(tmp_path)
    assert (ready.status, ready.name, ready.model_type, ready.params) == ("READY", "clf", "tree", {"depth": "3"})
    assert (ready.source_run_id, ready.experiment_id) == (run.info.run_id, run.info.experiment_id)
    assert ready.tags["t"] == "v"
    last = headrace.last_logged_model()
    assert last is not None
    assert last.model_id == ready.model_id
    assert [info.path for info in MlflowClient().list_logged_model_artifacts(ready.model_id)] == ["MLmodel"]
    assert _read(f"models:/{ready.model_id}/MLmodel") == "weights"
    with pytest.raises(BadRequest, match="READY"):
        headrace.finalize_logged_model(ready.model_id, "DONE")


def test_params_and_tags_of_a_logged_model_grow(tmp_path: Path) -> None:
    model = headrace.create_external_model("far", params={f"p{n}": str(n) for n in range(250)})
    assert model.status == "READY"
    assert model.tags["mlflow.model.isExternal"] == "true"
    headrace.log_model_params({"late": 1}, model_id=model.model_id)
    headrace.set_logged_model_tags(model.model_id, {"a": 1, "b": 2})
    headrace.delete_logged_model_tag(model.model_id, "a")
    found = headrace.get_logged_model(model.model_id)
    assert len(found.params) == 251
    assert "a" not in found.tags
    assert found.tags["b"] == "2"


def test_metrics_are_about_the_model_they_name_the_active_one_or_the_one_of_their_step(tmp_path: Path) -> None:
    with headrace.start_run() as run:
        first, second, third = (headrace.create_external_model(f"m{n}") for n in range(3))
        headrace.log_metric("named", 1, model_id=first.model_id)
        with headrace.set_active_model(model_id=second.model_id):
            assert headrace.get_active_model_id() == second.model_id
            headrace.log_metrics({"active": 2, "also": 3})
        headrace.log_outputs([headrace.entities.LoggedModelOutput(third.model_id, 5)])
        headrace.log_metric("of step", 4, step=5)
        headrace.log_metric("of another step", 4, step=6)
    points = [
        sorted((point.key, point.value) for point in headrace.get_logged_model(each.model_id).metrics)
        for each in (first, second, third)
    ]
    assert points == [[("named", 1.0)], [("active", 2.0), ("also", 3.0)], [("of step", 4.0)]]
    outputs = headrace.get_run(run.info.run_id).outputs
    assert outputs is not None
    assert [each.model_id for each in outputs.model_outputs] == [third.model_id]


def test_logged_models_are_searched() -> None:
    with headrace.start_run():
        made = [headrace.create_external_model(f"m{n}") for n in range(3)]
    frame = headrace.search_logged_models(filter_string="name = 'm1'")
    assert list(frame["model_id"]) == [made[1].model_id]
    ordered = headrace.search_logged_models(
        order_by=[{"field_name": "name", "ascending": True}], max_results=2, output_format="list"
    )
    assert [each.name for each in ordered] == ["m0", "m1"]
    with pytest.raises(BadRequest, match="field_name"):
        headrace.search_logged_models(order_by=[{"ascending": True}], output_format="list")


def test_a_named_active_model_is_made_once() -> None:
    first = headrace.set_active_model(name="agent")
    headrace.clear_active_model()
    assert headrace.get_active_model_id() is None
    assert headrace.set_active_model(name="agent").model_id == first.model_id


def test_a_model_is_registered_by_its_id_its_run_or_another_version(tmp_path: Path, name: str) -> None:
    with headrace.start_run() as run:
        model = _logged(tmp_path)
    by_id = headrace.register_model(f"models:/{model.model_id}", name, tags={"a": 1})
    by_run = headrace.register_model(f"runs:/{run.info.run_id}/clf", name)
    by_version = headrace.register_model(f"models:/{name}/1", f"{name} copy")
    assert [by_id.version, by_run.version, by_version.version] == ["1", "2", "1"]
    assert by_id.tags == {"a": "1"}
    for version in (by_id, by_run):
        assert (version.status, version.run_id, version.model_id) == ("READY", run.info.run_id, model.model_id)
    for uri in (f"models:/{name}/1", f"models:/{name}/2", f"models:/{name} copy/1", f"models:/{name}/latest"):
        assert _read(f"{uri}/MLmodel") == "weights"
    assert _read(f"runs:/{run.info.run_id}/clf/MLmodel") == "weights"


def test_a_logged_model_lists_its_versions(tmp_path: Path, name: str) -> None:
    with headrace.start_run():
        model_id = _logged(tmp_path).model_id
    for _ in range(2):
        headrace.register_model(f"models:/{model_id}", name)
    listed = headrace.get_logged_model(model_id).tags["mlflow.modelVersions"]
    assert listed == f'[{{"name": "{name}", "version": 1}}, {{"name": "{name}", "version": 2}}]'
    headrace.set_logged_model_tags(model_id, {"mlflow.modelVersions": "something else"})
    assert headrace.register_model(f"models:/{model_id}", name).version == "3"
    assert headrace.get_logged_model(model_id).tags["mlflow.modelVersions"] == "something else"


def test_artifacts_of_a_run_are_registered_as_a_model(name: str) -> None:
    with headrace.start_run() as run:
        headrace.log_text("old style", "model/MLmodel")
        headrace.register_model(f"runs:/{run.info.run_id}/model", name)
        with pytest.raises(NotFound, match="nothing"):
            headrace.register_model(f"runs:/{run.info.run_id}/nothing", name)
    assert _read(f"models:/{name}/1/MLmodel") == "old style"
    assert [each.path for each in headrace.artifacts.list_artifacts(f"models:/{name}/1")] == ["MLmodel"]


def test_an_alias_points_at_one_version_and_moves(tmp_path: Path, name: str) -> None:
    client = MlflowClient()
    for n in range(2):
        with headrace.start_run():
            headrace.register_model(f"models:/{_logged(tmp_path, text=str(n)).model_id}", name)
    client.set_registered_model_alias(name, "champion", "1")
    assert _read(f"models:/{name}@champion/MLmodel") == "0"
    client.set_registered_model_alias(name, "champion", 2)
    assert _read(f"models:/{name}@champion/MLmodel") == "1"
    assert client.get_model_version_by_alias(name, "champion").version == "2"
    assert client.get_registered_model(name).aliases == {"champion": "2"}
    client.delete_registered_model_alias(name, "champion")
    with pytest.raises(HeadraceError, match="champion"):
        headrace.artifacts.download_artifacts(f"models:/{name}@champion")


def test_stages_still_name_versions(tmp_path: Path, name: str) -> None:
    client = MlflowClient()
    with headrace.start_run():
        headrace.register_model(f"models:/{_logged(tmp_path).model_id}", name)
    client.transition_model_version_stage(name, "1", "Production")
    assert _read(f"models:/{name}/Production/MLmodel") == "weights"
    client.set_model_version_tag(name, key="by", value="stage", stage="Production")
    assert client.get_model_version(name, "1").tags == {"by": "stage"}
    client.delete_model_version_tag(name, "1", "by")
    assert client.get_model_version_stages(name, "1") == ["None", "Staging", "Production", "Archived"]
    with pytest.raises(NotFound, match="Staging"):
        headrace.artifacts.download_artifacts(f"models:/{name}/Staging")


def test_a_version_is_copied_with_its_tags(tmp_path: Path, name: str) -> None:
    client = MlflowClient()
    with headrace.start_run():
        headrace.register_model(f"models:/{_logged(tmp_path).model_id}", name, tags={"a": "1"})
    client.update_model_version(name, "1", "good")
    copy = client.copy_model_version(f"models:/{name}/1", f"{name} copy")
    assert (copy.version, copy.tags, copy.description) == ("1", {"a": "1"}, "good")
    assert client.copy_model_version(f"models:/{name}/1", f"{name} copy").version == "2"
    assert _read(f"models:/{name} copy/2/MLmodel") == "weights"
    with pytest.raises(BadRequest, match="models:/"):
        client.copy_model_version("runs:/x/y", name)


def test_registered_models_are_named_described_searched_and_deleted(name: str) -> None:
    client = MlflowClient()
    made = client.create_registered_model(name, tags={"a": 1}, description="one")
    assert (made.name, made.tags, made.description) == (name, {"a": "1"}, "one")
    with pytest.raises(AlreadyExists):
        client.create_registered_model(name)
    client.update_registered_model(name, "two")
    client.set_registered_model_tag(name, "b", 2)
    client.delete_registered_model_tag(name, "a")
    renamed = f"{name} renamed"
    client.rename_registered_model(name, renamed)
    (found,) = headrace.search_registered_models(filter_string=f"name = '{renamed}'")
    assert (found.description, found.tags) == ("two", {"b": "2"})
    client.delete_registered_model(renamed)
    with pytest.raises(NotFound):
        client.get_registered_model(renamed)


def test_versions_are_searched_tagged_and_deleted(tmp_path: Path, name: str) -> None:
    client = MlflowClient()
    with headrace.start_run() as run:
        for _ in range(3):
            headrace.register_model(f"models:/{_logged(tmp_path).model_id}", name)
    headrace.set_model_version_tag(name, "2", "k", 1)
    found = headrace.search_model_versions(filter_string=f"name = '{name}' AND run_id = '{run.info.run_id}'")
    assert sorted(each.version for each in found) == ["1", "2", "3"]
    page = client.search_model_versions(f"name = '{name}'", max_results=2)
    assert (len(page), bool(page.token)) == (2, True)
    client.delete_model_version(name, "2")
    assert sorted(each.version for each in client.search_model_versions(f"name = '{name}'")) == ["1", "3"]
    assert [each.version for each in client.get_latest_versions(name)] == ["3"]


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("models:/name/1", ModelUri(name="name", version="1")),
        ("models:/name/1/deep/file", ModelUri(name="name", version="1", path="deep/file")),
        ("models:/name@alias", ModelUri(name="name", alias="alias")),
        ("models:/a@b@alias/file", ModelUri(name="a@b", alias="alias", path="file")),
        ("models:/name/latest", ModelUri(name="name", stage="latest")),
        ("models:/name/Production", ModelUri(name="name", stage="Production")),
        (f"models:/m-{'a' * 32}", ModelUri(model_id=f"m-{'a' * 32}")),
        (f"models:/m-{'a' * 32}/file", ModelUri(model_id=f"m-{'a' * 32}", path="file")),
    ],
)
def test_a_model_uri_has_these_parts(uri: str, parts: ModelUri) -> None:
    assert ModelUri.parse(uri) == parts


@pytest.mark.parametrize("uri", ["models:/", "models:name", "runs:/x", "models://registry/name/1"])
def test_what_names_no_model_is_refused(uri: str) -> None:
    with pytest.raises((BadRequest, NotSupported)):
        ModelUri.parse(uri)
