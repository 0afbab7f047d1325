"""PaddlePaddle, the real one, in a process of its own: it crashes after torch or TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle as library
import pandas as pd
import pytest

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import paddle, pyfunc
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import genuine

X = np.arange(12, dtype="float32").reshape(4, 3)
ROWS = library.static.InputSpec([None, 3], "float32", "x")


class Net(library.nn.Layer):
    """A linear layer that knows its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = library.nn.Linear(3, 2)
        self.dropout = library.nn.Dropout(0.5)

    @library.jit.to_static(full_graph=True, input_spec=[ROWS])
    def forward(self, x: Any) -> Any:
        return self.dropout(self.linear(x))


def _prepared() -> Any:
    model = library.Model(library.nn.Sequential(library.nn.Linear(3, 2)), inputs=[ROWS])
    optimizer = library.optimizer.Adam(0.1, parameters=model.parameters())
    model.prepare(optimizer, library.nn.MSELoss())
    return model


def _trained() -> Any:
    model = _prepared()
    rows = library.io.TensorDataset([library.to_tensor(X), library.to_tensor(X[:, :2].copy())])
    model.fit(rows, epochs=1, verbose=0)
    return model


class TestPaddle(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return paddle.FLAVOR

    @pytest.fixture(params=[Net, _trained])
    def model(self, request: pytest.FixtureRequest) -> Any:
        return request.param()

    @pytest.fixture
    def data(self) -> Any:
        return X

    def test_the_library_s_own_object_comes_back(self, flavor: Any, model: Any, saved: Path) -> None:
        # Paddle keeps the program of a layer, not its class.
        assert paddle.load_model(str(saved))(library.to_tensor(X)).shape == [4, 2]

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "model.json").unlink()
        with pytest.raises(BadRequest, match=r"model\.json"):
            pyfunc.load_model(str(saved))


@pytest.mark.parametrize("make", [Net, _trained])
def test_a_model_answers_the_same_on_both_sides(make: Any, tmp_path: Path) -> None:
    model, (ours, theirs) = make(), (tmp_path / "ours", tmp_path / "theirs")
    expected = paddle.FLAVOR.asked(model, paddle.Options()).predict(X)
    told: dict[str, Any] = {"pip_requirements": []}
    paddle.save_model(model, ours, **told)
    genuine.call("paddle.save_model", model, str(theirs), **told)
    for folder in (ours, theirs):
        assert pyfunc.load_model(str(folder)).predict(X).equals(expected)
        assert genuine.answer(folder, X).equals(expected)
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours) == genuine.files(theirs)


def test_training_goes_on_from_what_either_side_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, (ours, theirs) = _trained(), (tmp_path / "ours", tmp_path / "theirs")
    told: dict[str, Any] = {"training": True, "pip_requirements": []}
    paddle.save_model(model, ours, **told)
    genuine.call("paddle.save_model", model, str(theirs), **told)
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours) == genuine.files(theirs)
    expected = model.predict_batch([X])[0]
    for folder in (ours, theirs):
        other = _prepared()
        assert paddle.load_model(str(folder), model=other) is other
        assert other.predict_batch([X])[0] == pytest.approx(expected)
        assert genuine.call("paddle.load_model", str(folder), model=_prepared()).predict_batch([X])[0] == pytest.approx(
            expected
        )
    with pytest.raises(BadRequest, match="model cannot be read"):
        paddle.load_model(str(ours), model=_trained())  # whose optimizer knows others
    with pytest.raises(BadRequest, match="training=True"):
        pyfunc.load_model(str(ours))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"unpickle model\.pdopt.*unpickle model\.pdparams"):
        paddle.load_model(str(ours), model=model)


def test_frames_and_doubles_are_taken_in_single_precision(tmp_path: Path) -> None:
    paddle.save_model(_trained(), tmp_path / "m", pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    expected = loaded.predict(X).to_numpy()
    assert loaded.predict(X.astype("float64")).to_numpy() == pytest.approx(expected)
    answer = loaded.predict(pd.DataFrame(X.astype("float64"), index=list("wxyz")))
    assert list(answer.index) == list("wxyz")
    assert answer.to_numpy() == pytest.approx(expected)
    with pytest.raises(BadRequest, match="not a list"):
        loaded.predict(X.tolist())
    with pytest.raises(BadRequest, match="cannot be asked"):
        loaded.predict(X[:, :2].copy())


def test_asking_leaves_a_model_in_training() -> None:
    model = Net()
    first, second = (paddle.FLAVOR.asked(model, paddle.Options()).predict(X) for _ in range(2))
    assert first.equals(second)
    assert model.training


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no model of Paddle"):
        paddle.save_model(object(), tmp_path / "m")
    with pytest.raises(BadRequest, match="input_spec"):
        paddle.save_model(library.nn.Sequential(library.nn.Linear(3, 2)), tmp_path / "m")
    with pytest.raises(BadRequest, match="needs 'inputs'"):
        paddle.save_model(library.Model(library.nn.Linear(3, 2)), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", ["../m/model", "other", 7])
def test_a_model_cannot_name_other_files(said: Any, tmp_path: Path) -> None:
    paddle.save_model(_trained(), tmp_path / "m", pip_requirements=[])
    say(tmp_path / "m", "paddle", pickled_model=said)
    with pytest.raises(BadRequest, match="Malformed MLmodel"):
        pyfunc.load_model(str(tmp_path / "m"))


def test_a_program_that_calls_python_or_files_is_told(tmp_path: Path) -> None:
    paddle.save_model(_trained(), tmp_path / "m", pip_requirements=[])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []

    def hostile(whole: bytes) -> bytes:
        program = json.loads(whole)
        program["program"]["regions"][0]["blocks"][0]["ops"].append({"#": "1.py_func"})
        return json.dumps(program).encode()

    change(tmp_path / "m", "model.json", hostile)
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == ["run the operations 1.py_func of model.json"]
    # What Paddle 2 wrote: a ProgramDesc with one block, and one operation, of the type load_combine.
    kind = b"\x1a\x0cload_combine"
    operation = bytes([0x22, len(kind)]) + kind
    (tmp_path / "m/model.pdmodel").write_bytes(bytes([0x0A, len(operation)]) + operation)
    (tmp_path / "m/model.pdiparams.info").write_bytes(b"")
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m"))[1:] == [
        "load model.pdiparams.info, which is a pickle",
        "run the operations load_combine of model.pdmodel",
    ]


def test_a_broken_program_is_said_to_be_broken(tmp_path: Path) -> None:
    paddle.save_model(_trained(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "model.json", lambda whole: whole[:40])
    with pytest.raises(BadRequest, match="model cannot be read"):
        paddle.load_model(str(tmp_path / "m"))
