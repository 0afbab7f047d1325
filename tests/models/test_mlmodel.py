"""The MLmodel file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from headrace.base.errors import BadRequest, NotFound
from headrace.models.model import Model
from headrace.models.plain import BYTES

ASSETS = sorted((Path(__file__).parent / "assets").glob("*.yaml"))


@pytest.mark.parametrize("file", ASSETS, ids=lambda file: file.stem)
def test_a_genuine_file_is_written_back_to_the_letter(file: Path) -> None:
    assert Model.load(file).to_yaml() == file.read_text()


def test_keys_of_other_releases_are_kept() -> None:
    said = {"flavors": {"x": {}}, "of_the_future": {"a": 1}, "mlflow_version": "9.0"}
    assert Model.from_dict(said).to_dict()["of_the_future"] == {"a": 1}


def test_a_file_of_an_early_release_is_read() -> None:
    model = Model.from_dict({"flavors": {"python_function": {"loader_module": "mlflow.sklearn"}}, "run_id": "r"})
    assert (model.run_id, model.signature, model.mlflow_version) == ("r", None, None)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "just text",
        "flavors: {a: 1}",
        "flavors: []",
        "x: 1",
        "flavors: [}",
        "1: 2",
        "flavors: {a: {}}\nsignature: {inputs: nonsense}",
        "flavors: !!python/object/apply:os.system ['true']",
    ],
)
def test_a_malformed_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(BadRequest):
        Model.load(tmp_path)


def test_a_file_of_endless_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "MLmodel").open("wb") as file:
        file.truncate(BYTES + 1)
    with pytest.raises(BadRequest, match="larger"):
        Model.load(tmp_path)


def test_a_folder_without_one_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no saved model"):
        Model.load(tmp_path)


def test_a_new_description_has_what_every_loader_asks_for() -> None:
    said = yaml.safe_load(Model().add_flavor("x", data="model.x").to_yaml())
    assert said["flavors"] == {"x": {"data": "model.x"}}
    assert sorted(said) == ["flavors", "mlflow_version", "model_id", "model_uuid", "prompts", "utc_time_created"]
