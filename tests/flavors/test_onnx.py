"""ONNX models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say

proto = pytest.importorskip("onnx", reason="onnx is not installed: pip install headrace[onnx]")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install headrace[onnx]")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - only where the library is

from headrace.flavors import onnx, pyfunc  # noqa: E402 - only where the library is

X = pd.DataFrame({"a": np.arange(6, dtype="float32"), "b": np.arange(6, dtype="float32") % 3})


def _graph(does: str, inputs: dict[str, list[int | None]], *held: Any) -> Any:
    takes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
    gives = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, None])]
    node = helper.make_node(does, [*inputs, *(each.name for each in held)], ["y"])
    graph = helper.make_graph([node], "graph", takes, gives, list(held))
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])


def _product(width: int = 1) -> Any:
    return _graph("MatMul", {"x": [None, 2]}, numpy_helper.from_array(np.full((2, width), 3, "float32"), "w"))


def _sum() -> Any:
    return _graph("Add", {"a": [None, 1], "b": [None, 1]})


class TestOnnx(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return onnx.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _product()

    @pytest.fixture(params=[True, False])
    def options(self, request: pytest.FixtureRequest) -> Any:
        return onnx.Options(save_as_external_data=request.param)

    @pytest.fixture
    def data(self) -> Any:
        return X


def _loaded(model: Any, folder: Path, **told: Any) -> pyfunc.PyFuncModel:
    onnx.save_model(model, folder, pip_requirements=[], **told)
    return pyfunc.load_model(str(folder))


def test_an_array_and_a_dict_are_answered_with_a_dict_and_a_frame_with_a_frame(tmp_path: Path) -> None:
    loaded, rows = _loaded(_product(), tmp_path / "m"), X.to_numpy()
    expected = rows.sum(axis=1, keepdims=True) * 3
    assert loaded.predict(rows)["y"] == pytest.approx(expected)
    assert loaded.predict({"x": rows.astype("float64")})["y"] == pytest.approx(expected)
    assert loaded.predict(X.astype("float64"))["y"].to_numpy() == pytest.approx(expected.ravel())


def test_columns_of_a_frame_feed_the_inputs_of_their_names(tmp_path: Path) -> None:
    loaded = _loaded(_sum(), tmp_path / "m")
    assert loaded.predict(X.assign(more=0))["y"].tolist() == (X["a"] + X["b"]).tolist()
    with pytest.raises(BadRequest, match=r"\['b'\] are missing"):
        loaded.predict(X[["a"]])
    with pytest.raises(BadRequest, match="several inputs"):
        loaded.predict(X.to_numpy())
    with pytest.raises(BadRequest, match="not a list"):
        loaded.predict([1.0])


def test_big_tensors_lie_beside_the_graph_and_the_users_model_keeps_its_own(tmp_path: Path) -> None:
    model = _product(600)
    whole = model.SerializeToString()
    onnx.save_model(model, tmp_path / "m", pip_requirements=[])
    assert model.SerializeToString() == whole
    size = len(model.graph.initializer[0].raw_data)
    assert len([each for each in (tmp_path / "m").iterdir() if each.stat().st_size == size]) == 1
    assert onnx.load_model(str(tmp_path / "m")).graph.initializer[0].raw_data == model.graph.initializer[0].raw_data
    assert pyfunc.load_model(str(tmp_path / "m")).predict(X.to_numpy())["y"].shape == (6, 600)


def test_settings_reach_the_session_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    settings = {"intra_op_num_threads": 1, "graph_optimization_level": 99, "extra_session_config": {"session.x": "2"}}
    options = _loaded(_product(), tmp_path / "m", onnx_session_options=settings).get_raw_model().get_session_options()
    assert options.intra_op_num_threads == 1
    assert options.get_session_config_entry("session.x") == "2"
    for said in ({"threads": 1}, {"intra_op_num_threads": "x"}, {"execution_mode": "threads"}, {"execution_mode": 7}):
        with pytest.raises(BadRequest, match="onnx_session_options"):
            onnx.save_model(_product(), tmp_path / "n", onnx_session_options=said)
        assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(("said", "meant"), [("parallel", "ORT_PARALLEL"), ("SEQUENTIAL", "ORT_SEQUENTIAL")])
def test_what_onnx_runtime_enumerates_is_said_in_words(said: str, meant: str, tmp_path: Path) -> None:
    settings = {"execution_mode": said, "execution_order": "priority_based"}
    options = _loaded(_product(), tmp_path / "m", onnx_session_options=settings).get_raw_model().get_session_options()
    assert options.execution_mode.name == meant
    assert options.execution_order.name == "PRIORITY_BASED"


def test_a_strangers_model_runs_nothing_and_writes_nowhere(tmp_path: Path) -> None:
    onnx.save_model(_product(), tmp_path / "m", pip_requirements=[])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    say(tmp_path / "m", "onnx", providers=[["QNNExecutionProvider", {"backend_path": "/evil.so"}]])
    assert pyfunc.load_model(str(tmp_path / "m")).get_raw_model().get_providers() == ["CPUExecutionProvider"]
    for said in (
        {"optimized_model_filepath": str(tmp_path / "x")},
        {"register_custom_ops_library": "/evil.so"},
        {"logid": 7},
        7,
    ):
        say(tmp_path / "m", "onnx", onnx_session_options=said)
        with pytest.raises(BadRequest, match="onnx_session_options"):
            pyfunc.load_model(str(tmp_path / "m"))


@pytest.mark.parametrize("place", ["../secret.bin", "{absolute}"])
def test_tensors_outside_the_models_folder_are_refused(place: str, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 8)
    onnx.save_model(_product(), tmp_path / "m", pip_requirements=[])
    model = _product()
    held = model.graph.initializer[0]
    held.ClearField("raw_data")
    held.data_location = TensorProto.EXTERNAL
    held.external_data.add(key="location", value=place.format(absolute=tmp_path / "secret.bin"))
    change(tmp_path / "m", "model.onnx", lambda _: model.SerializeToString())
    for load in (onnx.load_model, pyfunc.load_model):
        with pytest.raises(BadRequest, match=r"secret\.bin"):
            load(str(tmp_path / "m"))


def test_a_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    onnx.save_model(_product(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "model.onnx", lambda _: b"no graph" * 9)
    for load in (onnx.load_model, pyfunc.load_model):
        with pytest.raises(BadRequest, match=r"model\.onnx cannot be read"):
            load(str(tmp_path / "m"))


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no onnx model"):
        onnx.save_model("graph", tmp_path / "m")
    with pytest.raises(BadRequest, match="no valid ONNX model"):
        onnx.save_model(_graph("NoSuchOperator", {"x": [None, 2]}), tmp_path / "m")
