"""TensorFlow models, with the real TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import pyfunc, tensorflow
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import genuine

X = np.arange(12, dtype="float32").reshape(4, 3)
ROWS = tf.TensorSpec([None, 3], tf.float32, name="x")


class Twice(tf.keras.layers.Layer):
    """A layer of one's own."""

    def call(self, x: Any) -> Any:
        return x * 2


class Times(tf.Module):
    """A product with a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(3.0)

    @tf.function(input_signature=[ROWS])
    def __call__(self, x: Any) -> Any:
        return x * self.factor


class Writes(tf.Module):
    """A stranger's module, which writes a file when it is asked."""

    def __init__(self, target: Path) -> None:
        super().__init__()
        self.target = str(target)

    @tf.function(input_signature=[ROWS])
    def __call__(self, x: Any) -> Any:
        tf.io.write_file(self.target, "here")
        return x


def _dense() -> Any:
    return tf.keras.Sequential([tf.keras.layers.Input((3,)), tf.keras.layers.Dense(2)])


class TestTensorFlow(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return tensorflow.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _dense()

    @pytest.fixture
    def data(self) -> Any:
        return X


class TestModule(TestTensorFlow):
    @pytest.fixture
    def model(self) -> Any:
        return Times()

    def test_the_library_s_own_object_comes_back(self, flavor: Any, model: Any, saved: Path) -> None:
        # TensorFlow keeps the graph of a module, not its class.
        assert tensorflow.load_model(str(saved)).factor.numpy() == 3

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "tf2model/saved_model.pb").unlink()
        with pytest.raises(BadRequest, match=r"saved_model\.pb"):
            pyfunc.load_model(str(saved))


@pytest.mark.parametrize("make", [_dense, Times])
@pytest.mark.parametrize("signed", [True, False])
def test_a_model_answers_the_same_on_both_sides(make: Any, signed: bool, tmp_path: Path) -> None:
    model = make()
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    expected = tensorflow.FLAVOR.asked(model, tensorflow.Options()).predict(X)
    told: dict[str, Any] = {"pip_requirements": [], "input_example": X if signed else None}
    tensorflow.save_model(model, ours, **told)
    genuine.call("tensorflow.save_model", model, str(theirs), **told)
    _agree(tmp_path, expected)
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours) == genuine.files(theirs)


def _agree(folder: Path, expected: Any) -> None:
    for each in (folder / "ours", folder / "theirs"):
        assert pyfunc.load_model(str(each)).predict(X) == pytest.approx(expected)
        assert genuine.answer(each, X) == pytest.approx(expected)


def test_old_formats_of_keras_are_read_on_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _dense()
    told: dict[str, Any] = {"keras_model_kwargs": {"save_format": "h5"}, "pip_requirements": []}
    tensorflow.save_model(model, tmp_path / "ours", **told)
    genuine.call("tensorflow.save_model", model, str(tmp_path / "theirs"), **told)
    _agree(tmp_path, model.predict(X, verbose=0))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"model\.h5, which may hold code"):
        tensorflow.load_model(str(tmp_path / "ours"))


def test_objects_of_ones_own_travel_with_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tf.keras.Sequential([tf.keras.layers.Input((3,)), Twice()])
    told: dict[str, Any] = {"custom_objects": {"Twice": Twice}, "pip_requirements": []}
    tensorflow.save_model(model, tmp_path / "ours", **told)
    genuine.call("tensorflow.save_model", model, str(tmp_path / "theirs"), **told)
    _agree(tmp_path, X * 2)
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"unpickle data/custom_objects\.cloudpickle"):
        tensorflow.load_model(str(tmp_path / "ours"))


def test_a_graph_of_tensorflow_1_is_asked_by_the_names_of_its_inputs(tmp_path: Path) -> None:
    old = {"model_type": "tf1-estimator", "meta_graph_tags": ["serve"], "signature_def_key": "serving_default"}
    tensorflow.save_model(Times(), tmp_path / "m", pip_requirements=[])
    say(tmp_path / "m", "tensorflow", **old)
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    assert np.stack(loaded.predict({"x": X})["output_0"]) == pytest.approx(X * 3)
    with pytest.raises(BadRequest, match="'x'"):
        loaded.predict(pd.DataFrame({"y": [1.0]}))
    say(tmp_path / "m", "tensorflow", signature_def_key="other")
    with pytest.raises(BadRequest, match="serving_default"):
        pyfunc.load_model(str(tmp_path / "m"))


def test_doubles_lists_and_frames_are_taken_in_single_precision(tmp_path: Path) -> None:
    tensorflow.save_model(Times(), tmp_path / "m", pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    assert loaded.predict(X.astype("float64")) == pytest.approx(X * 3)
    assert loaded.predict(X.tolist()) == pytest.approx(X * 3)
    frame = pd.DataFrame(X, index=list("wxyz"))
    assert list(loaded.predict(frame).index) == list("wxyz")
    with pytest.raises(BadRequest, match="cannot be called"):
        loaded.predict(X[:, :2])


def test_a_graph_that_writes_files_is_not_run_for_a_stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensorflow.save_model(Writes(tmp_path / "written"), tmp_path / "m", pip_requirements=[])
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"WriteFile of saved_model\.pb"):
        pyfunc.load_model(str(tmp_path / "m"))
    assert not (tmp_path / "written").exists()
    monkeypatch.undo()
    pyfunc.load_model(str(tmp_path / "m")).predict(X)
    assert (tmp_path / "written").exists()


def test_python_in_a_graph_and_its_own_way_of_saving_are_told(tmp_path: Path) -> None:
    class Calls(tf.Module):
        @tf.function(input_signature=[ROWS])
        def __call__(self, x: Any) -> Any:
            return tf.py_function(lambda each: each, [x], tf.float32)

    class Saves(tf.Module):
        @tf.function(input_signature=[ROWS])
        def __call__(self, x: Any) -> Any:
            tf.raw_ops.SaveV2(prefix="/tmp/x", tensor_names=["x"], shape_and_slices=[""], tensors=[x])
            return x

    for model, operation in ((Calls(), "EagerPyFunc"), (Saves(), "SaveV2")):
        folder = tmp_path / operation
        tensorflow.save_model(model, folder, pip_requirements=[])
        assert list(demands(Model.load(folder), folder)) == [f"run the operations {operation} of saved_model.pb"]


def test_a_plain_graph_demands_nothing_and_a_broken_one_much(tmp_path: Path) -> None:
    tensorflow.save_model(Times(), tmp_path / "m", pip_requirements=[])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    change(tmp_path / "m", "tf2model/saved_model.pb", lambda whole: whole[:50])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == [
        "load saved_model.pb, which cannot be looked into"
    ]
    with pytest.raises(BadRequest, match="tf2model cannot be read"):
        tensorflow.load_model(str(tmp_path / "m"))


def test_what_keras_2_saved_as_a_graph_is_said_to_be_that(tmp_path: Path) -> None:
    tensorflow.save_model(_dense(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "data/model.keras", bytes)
    (tmp_path / "m/data/model.keras").unlink()
    (tmp_path / "m/data/model").mkdir()
    with pytest.raises(BadRequest, match="Keras 2"):
        tensorflow.load_model(str(tmp_path / "m"))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no model of TensorFlow"):
        tensorflow.save_model(object(), tmp_path / "m")
    with pytest.raises(BadRequest, match="save_format"):
        tensorflow.save_model(_dense(), tmp_path / "m", keras_model_kwargs={"save_format": "pickle"})
    assert list(tmp_path.iterdir()) == []


def test_requirements_say_what_a_model_needs() -> None:
    needs = [each.partition("==")[0] for each in tensorflow.get_default_pip_requirements()]
    assert [each.replace("-", "_") for each in needs] == ["tensorflow_cpu"]
    assert "cloudpickle" in str(tensorflow.get_default_conda_env() and tensorflow.get_default_pip_requirements(True))
    assert tensorflow.get_global_custom_objects() is tf.keras.utils.get_custom_objects()
