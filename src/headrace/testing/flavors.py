"""The contract every flavor keeps. Subclass it and provide the fixtures ``flavor``, ``model`` and ``data``."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path
from typing import Any

import pytest

from headrace.base.errors import AlreadyExists, BadRequest, NotFound
from headrace.models.flavor import Flavor, Saving, public
from headrace.models.loading import load_flavor
from headrace.models.model import Model
from headrace.models.pyfunc import load_model
from headrace.models.saving import save


class FlavorContract:
    """What holds for the models of every library.

    ``flavor`` is the flavor, ``model`` something it saves whose prediction for ``data`` is an array, a frame or a list,
    and ``options`` what it must be told to do so.
    """

    @pytest.fixture
    def options(self, flavor: Flavor[Any]) -> Any:
        return flavor.options()

    @pytest.fixture
    def expected(self, flavor: Flavor[Any], model: Any, options: Any, data: Any) -> Any:
        return flavor.asked(model, options).predict(data, None)

    @pytest.fixture
    def saved(self, flavor: Flavor[Any], model: Any, options: Any, data: Any, tmp_path: Path) -> Path:
        save(flavor, model, tmp_path / "saved", Saving(input_example=data), options)
        return tmp_path / "saved"

    def test_a_loaded_model_predicts_what_the_saved_one_did(self, saved: Path, data: Any, expected: Any) -> None:
        assert _values(load_model(str(saved)).predict(data)) == pytest.approx(_values(expected))

    def test_the_library_s_own_object_comes_back(self, flavor: Flavor[Any], model: Any, saved: Path) -> None:
        if Model.load(saved).flavors.get(flavor.name, {}).get("loader_module"):
            pytest.skip("this flavor has no object of a library")
        assert type(load_flavor(flavor, saved)) is type(model)

    def test_the_mlmodel_file_says_how_to_load_it(self, flavor: Flavor[Any], saved: Path) -> None:
        said = Model.load(saved)
        assert flavor.name in said.flavors
        assert said.flavors["python_function"]["loader_module"].startswith(flavor.loader_module.partition(".")[0])

    def test_the_signature_is_read_off_the_example(self, saved: Path) -> None:
        signature = Model.load(saved).signature
        assert signature is not None
        assert signature.inputs is not None

    def test_the_example_is_kept_as_data_and_as_a_request(self, saved: Path, data: Any) -> None:
        assert len(load_model(str(saved)).input_example) == len(data)
        assert (saved / "serving_input_example.json").is_file()

    def test_the_environment_is_pinned(self, saved: Path) -> None:
        lines = (saved / "requirements.txt").read_text().splitlines()
        assert lines[0].startswith("mlflow==")
        assert all("==" in line for line in lines)
        assert (saved / "conda.yaml").is_file()
        assert (saved / "python_env.yaml").is_file()

    def test_a_folder_with_something_in_it_is_refused_and_left_alone(
        self, flavor: Flavor[Any], model: Any, options: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "note.txt").write_text("mine")
        with pytest.raises(AlreadyExists):
            save(flavor, model, tmp_path, Saving(), options)
        assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]

    def test_what_failed_halfway_leaves_nothing(
        self, flavor: Flavor[Any], model: Any, options: Any, tmp_path: Path
    ) -> None:
        with pytest.raises(NotFound):
            save(flavor, model, tmp_path / "saved", Saving(code_paths=[str(tmp_path / "nowhere.py")]), options)
        assert list(tmp_path.iterdir()) == []

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        said = Model.load(saved).flavors["python_function"]
        name = next(said[key] for key in ("model_path", "python_model", "data", "model_code_path") if key in said)
        gone = saved / Path(name).name
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        with pytest.raises(BadRequest, match=Path(name).name):
            load_model(str(saved))

    def test_the_public_functions_show_their_arguments(self, flavor: Flavor[Any]) -> None:
        save_model, log_model, load = public(flavor)
        assert list(inspect.signature(save_model).parameters) == flavor.save_order.split()
        assert list(inspect.signature(log_model).parameters) == flavor.log_order.split()
        assert next(iter(inspect.signature(load).parameters)) == "model_uri"


def _values(answer: Any) -> list[Any]:
    import numpy

    values: list[Any] = numpy.asarray(answer).ravel().tolist()
    assert values, "a model that answers nothing shows nothing"
    return values
