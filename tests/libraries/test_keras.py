"""Keras models, with the real Keras on TensorFlow."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import keras as library
import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import keras, pyfunc
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import genuine

X = np.arange(12, dtype="float32").reshape(4, 3)


def _dense() -> Any:
    return library.Sequential([library.layers.Input((3,)), library.layers.Dense(2)])


def _with_lambda() -> Any:
    return library.Sequential([library.layers.Input((3,)), library.layers.Lambda(lambda x: x * 2)])


class TestKeras(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return keras.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _dense()

    @pytest.fixture
    def data(self) -> Any:
        return X

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "data/model.keras").unlink()
        with pytest.raises(BadRequest, match=r"model\.keras"):
            pyfunc.load_model(str(saved))


@pytest.mark.parametrize("exported", [False, True])
def test_a_model_answers_the_same_on_both_sides(exported: bool, tmp_path: Path) -> None:
    model, (ours, theirs) = _dense(), (tmp_path / "ours", tmp_path / "theirs")
    expected = model.predict(X, verbose=0)
    told: dict[str, Any] = {"save_exported_model": exported, "pip_requirements": []}
    keras.save_model(model, ours, signature=infer_signature(X, expected), **told)
    genuine.call(
        "keras.save_model", model, str(theirs), signature=genuine.call("models.infer_signature", X, expected), **told
    )
    for folder in (ours, theirs):
        assert pyfunc.load_model(str(folder)).predict(X) == pytest.approx(expected)
        assert genuine.answer(folder, X) == pytest.approx(expected)
    own, other = genuine.described(ours), genuine.described(theirs)
    assert own["flavors"]["keras"].pop("code") is None  # said by every other flavor
    assert own == other
    assert genuine.files(ours) == genuine.files(theirs)
    assert (ours / "data/keras_module.txt").read_text() == (theirs / "data/keras_module.txt").read_text()


def test_a_frame_is_answered_with_a_frame_of_the_same_index(tmp_path: Path) -> None:
    model, frame = _dense(), pd.DataFrame(X, columns=list("abc"), index=[7, 8, 9, 10])
    keras.save_model(model, tmp_path / "m", pip_requirements=[])
    answer = pyfunc.load_model(str(tmp_path / "m")).predict(frame)
    assert list(answer.index) == [7, 8, 9, 10]
    assert answer.to_numpy() == pytest.approx(model.predict(X, verbose=0))


def test_several_inputs_are_taken_from_the_columns_of_their_names(tmp_path: Path) -> None:
    a, b = (library.Input((1,), name=name) for name in "ab")
    model = library.Model([a, b], library.layers.Add()([a, b]))
    keras.save_model(model, tmp_path / "m", pip_requirements=[])
    frame = pd.DataFrame({"b": [1.0, 2.0], "a": [10.0, 20.0]})
    assert pyfunc.load_model(str(tmp_path / "m")).predict(frame).to_numpy().ravel().tolist() == [11.0, 22.0]


def test_a_lambda_of_ones_own_runs_and_a_strangers_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras.save_model(_with_lambda(), tmp_path / "m", pip_requirements=[])
    assert pyfunc.load_model(str(tmp_path / "m")).predict(X) == pytest.approx(X * 2)
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match="run the code of a lambda"):
        pyfunc.load_model(str(tmp_path / "m"))
    with pytest.raises(Untrusted, match="run the code of a lambda"):
        keras.load_model(str(tmp_path / "m"), load_model_kwargs={"safe_mode": False})


def test_a_plain_archive_demands_nothing(tmp_path: Path) -> None:
    model = _dense()
    model.compile("adam", "mse")
    keras.save_model(model, tmp_path / "m", pip_requirements=[])
    keras.save_model(model, tmp_path / "x", save_exported_model=True, pip_requirements=[])
    for folder in (tmp_path / "m", tmp_path / "x"):
        assert list(demands(Model.load(folder), folder)) == []


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"module": "os", "class_name": "system", "config": {}}, "import os.system"),
        ({"module": "keras.utils", "class_name": "function", "config": "get_file"}, "import keras.utils.get_file"),
        ({"module": "keras.models", "class_name": "function", "config": "load_model"}, "load_model"),
        ({"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}, "unsafe"),
        ({"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}}, "TorchModuleWrapper"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/x"}}, "TFSMLayer"),
        ({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "passwd"),
    ],
)
def test_what_an_archive_names_is_told_and_not_run(
    layer: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras.save_model(_dense(), tmp_path / "m", pip_requirements=[])
    _reconfigure(tmp_path / "m", lambda config: config["config"]["layers"].append(layer))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=said):
        keras.load_model(str(tmp_path / "m"))


def test_an_archive_that_cannot_be_looked_into_is_not_trusted(tmp_path: Path) -> None:
    keras.save_model(_dense(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "data/model.keras", lambda whole: whole[:100])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == [
        "load model.keras, which cannot be looked into"
    ]
    with pytest.raises(BadRequest, match=r"model\.keras cannot be read"):
        keras.load_model(str(tmp_path / "m"))


@pytest.mark.parametrize("said", ["os", "this"])
def test_a_model_cannot_name_any_module(said: str, tmp_path: Path) -> None:
    keras.save_model(_dense(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "data/keras_module.txt", lambda _: said.encode())
    with pytest.raises(BadRequest, match=r"keras_module\.txt"):
        keras.load_model(str(tmp_path / "m"))
    say(tmp_path / "m", "keras", data="../..")
    with pytest.raises(BadRequest, match="not in the model's folder"):
        keras.load_model(str(tmp_path / "m"))


def test_what_is_no_keras_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no model of Keras"):
        keras.save_model(object(), tmp_path / "m")
    with pytest.raises(BadRequest, match="export"):
        keras.save_model(library.Sequential([library.layers.Dense(2)]), tmp_path / "m", save_exported_model=True)
    assert list(tmp_path.iterdir()) == []


def test_custom_objects_are_given_when_loading(tmp_path: Path) -> None:
    class Twice(library.layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    model = library.Sequential([library.layers.Input((3,)), Twice()])
    keras.save_model(model, tmp_path / "m", pip_requirements=[])
    with pytest.raises(BadRequest, match="Twice"):
        keras.load_model(str(tmp_path / "m"))
    loaded = keras.load_model(str(tmp_path / "m"), custom_objects={"Twice": Twice})
    assert loaded.predict(X, verbose=0) == pytest.approx(X * 2)


def _reconfigure(folder: Path, how: Any) -> None:
    """Change the configuration in the archive of a saved model."""
    file = folder / "data/model.keras"
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    how(config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    (folder / "manifest.sha256").unlink()
