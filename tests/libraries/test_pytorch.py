"""PyTorch modules."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import pyfunc, pytorch
from headrace.models import archives
from headrace.models.model import Model
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change
from tests.libraries.genuine import arguments, genuine

X = np.arange(10, dtype="float32").reshape(5, 2) / 10


def _made() -> torch.nn.Module:
    """A module of a class of one's own, with a layer that differs in training."""

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout(0.5), torch.nn.Linear(3, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.layers(x))

    torch.manual_seed(0)
    return Net()


@pytest.fixture
def net() -> Any:
    return _made()


def _answer(model: torch.nn.Module, rows: Any = X) -> Any:
    with torch.no_grad():
        return model.eval()(torch.as_tensor(rows)).numpy()


class TestPyTorch(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return pytorch.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout(0.5), torch.nn.Linear(3, 1))

    @pytest.fixture(params=[X, pd.DataFrame(X, columns=["a", "b"])], ids=["array", "frame"])
    def data(self, request: pytest.FixtureRequest) -> Any:
        return request.param

    @pytest.fixture
    def options(self) -> Any:
        return pytorch.Options(serialization_format="pickle")


@pytest.mark.parametrize("told", [{}, {"export_model": True}, {"serialization_format": "pt2"}])
def test_a_graph_is_what_is_saved_unless_told_otherwise(told: dict[str, Any], net: Any, tmp_path: Path) -> None:
    net.layers[0].eval()
    pytorch.save_model(net, tmp_path / "m", input_example=X, pip_requirements=[], **told)
    assert [each.name for each in (tmp_path / "m" / "data").iterdir()] == ["model.pt2"]
    assert net.training
    assert not net.layers[0].training
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    assert loaded.predict(X) == pytest.approx(_answer(net))
    assert loaded.predict(X[:3], params=None) == pytest.approx(_answer(net, X[:3]))
    assert isinstance(pytorch.load_model(str(tmp_path / "m")), torch.fx.GraphModule)


def test_one_row_is_example_enough_for_a_graph_of_any_number_of_rows(net: Any, tmp_path: Path) -> None:
    pytorch.save_model(net, tmp_path / "m", input_example=X[:1], pip_requirements=[])
    assert pyfunc.load_model(str(tmp_path / "m")).predict(X) == pytest.approx(_answer(net))


def test_a_frame_is_answered_with_a_frame_of_its_rows(net: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b"], index=list("vwxyz"))
    pytorch.save_model(net, tmp_path / "m", input_example=frame, pip_requirements=[])
    answer = pyfunc.load_model(str(tmp_path / "m")).predict(frame)
    assert answer.index.tolist() == list("vwxyz")
    assert answer.to_numpy() == pytest.approx(_answer(net))
    with pytest.raises(BadRequest, match="not a list"):
        pytorch.Torch(net).predict([[1.0, 2.0]])


def test_what_cannot_be_a_graph_is_refused_with_what_to_do(net: Any, tmp_path: Path) -> None:
    class Branching(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.deprecated_call():
        compiled = torch.jit.script(net)
    for model, example in ((net, None), (net, {"x": 1}), (compiled, X), (Branching(), X)):
        with pytest.raises(BadRequest, match="serialization_format='pickle'"):
            pytorch.save_model(model, tmp_path / "m", input_example=example)
    for model, told in (("net", {}), (net, {"serialization_format": "safetensors"})):
        with pytest.raises(BadRequest, match=r"no torch\.nn\.Module|not 'safetensors'"):
            pytorch.save_model(model, tmp_path / "m", **told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", [None, pickle])
def test_a_pickle_keeps_a_class_of_ones_own_and_says_who_pickled(module: Any, net: Any, tmp_path: Path) -> None:
    net = net.layers if module else net  # pickle itself knows classes by their name alone
    told: dict[str, Any] = {"serialization_format": "pickle", "pickle_module": module, "pip_requirements": []}
    (tmp_path / "notes.txt").write_text("more")
    pytorch.save_model(net, tmp_path / "m", extra_files=[str(tmp_path / "notes.txt")], **told)
    info = (tmp_path / "m" / "data" / "pickle_module_info.txt").read_text()
    assert info == ("pickle" if module else "mlflow.pytorch.pickle_module")
    assert (tmp_path / "m" / "extra_files" / "notes.txt").read_text() == "more"
    loaded = pytorch.load_model(str(tmp_path / "m"), map_location="cpu")
    assert type(loaded).__name__ == type(net).__name__
    assert _answer(loaded) == pytest.approx(_answer(net))
    assert next(pytorch.load_model(str(tmp_path / "m"), device="meta").parameters()).device.type == "meta"


def test_a_state_is_tensors_and_comes_back_from_a_run(net: Any, tmp_path: Path, monkeypatch: Any) -> None:
    import headrace

    headrace.set_tracking_uri(str(tmp_path / "runs"))
    with headrace.start_run() as run:
        pytorch.log_state_dict(net.state_dict(), "state")
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    state = pytorch.load_state_dict(f"runs:/{run.info.run_id}/state")
    again = _made()
    again.load_state_dict(state)
    assert _answer(again) == pytest.approx(_answer(net))
    with pytest.raises(TypeError, match="state_dict"):
        pytorch.save_state_dict(net, str(tmp_path / "s"))  # type: ignore[arg-type]


class Bomb:
    """Does something when it is read."""

    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["BOMB"],)


@pytest.fixture
def crater(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOMB", str(tmp_path / "crater"))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    return tmp_path / "crater"


def test_a_pickle_of_a_stranger_is_refused_and_not_read(net: Any, crater: Path, tmp_path: Path) -> None:
    pytorch.save_model(net, tmp_path / "m", serialization_format="pickle", pip_requirements=[])
    for bomb in (lambda file: torch.save(Bomb(), file), lambda file: file.write_bytes(pickle.dumps(Bomb(), 0))):
        bomb(tmp_path / "m" / "data" / "model.pth")
        change(tmp_path / "m", "MLmodel", lambda text: text)
        for load in (pytorch.load_model, pyfunc.load_model):
            with pytest.raises(Untrusted, match=r"model\.pth"):
                load(str(tmp_path / "m"))
        (tmp_path / "s").mkdir(exist_ok=True)
        bomb(tmp_path / "s" / "state_dict.pth")
        with pytest.raises(Untrusted, match=r"state_dict\.pth"):
            pytorch.load_state_dict(str(tmp_path / "s"))
    assert not crater.exists()


def _changed(file: Path, into: Any) -> None:
    with zipfile.ZipFile(file) as archive:
        entries = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in into(entries).items():
            archive.writestr(name, content)


def _in_graph(change: Any) -> Any:
    def into(entries: dict[str, bytes]) -> dict[str, bytes]:
        name = next(each for each in entries if each.endswith("models/model.json"))
        said = json.loads(entries[name])
        change(said)
        return entries | {name: json.dumps(said).encode()}

    return into


def _evil_operator(said: Any) -> None:
    said["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.mkdir"


def _evil_file(said: Any) -> None:
    said["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.aten.from_file.default"


def _evil_guard(said: Any) -> None:
    said["guards_code"] = ["__import__('os').mkdir(__import__('os').environ['BOMB'])"]


def _evil_size(said: Any) -> None:
    value = next(iter(said["graph_module"]["graph"]["tensor_values"].values()))
    value["sizes"][0] = {"as_expr": {"expr_str": 'S(\'__import__("os").mkdir("x")\')', "hint": None}}


def _pickled_object(entries: dict[str, bytes]) -> dict[str, bytes]:
    root = next(iter(entries)).partition("/")[0]
    config = {"config": {"x": {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True}}}
    return entries | {
        f"{root}/data/constants/model_constants_config.json": json.dumps(config).encode(),
        f"{root}/data/constants/opaque_obj_0": pickle.dumps(Bomb()),
    }


EVIL = {
    "torch.os.mkdir": _in_graph(_evil_operator),
    "from_file": _in_graph(_evil_file),
    "__import__": _in_graph(_evil_guard),
    r"S\(": _in_graph(_evil_size),
    "opaque_obj_0": _pickled_object,
    "sample": lambda entries: {
        name: pickle.dumps(Bomb()) if name.endswith("model.pt") else each for name, each in entries.items()
    },
    "compiled code": lambda entries: entries | {"model/data/aotinductor/model/x.so": b"\x7fELF"},
}


@pytest.mark.parametrize("named", EVIL)
def test_a_graph_of_a_stranger_that_does_more_than_arithmetic_is_refused(
    named: str, net: Any, crater: Path, tmp_path: Path
) -> None:
    pytorch.save_model(net, tmp_path / "m", input_example=X, pip_requirements=[])
    assert pyfunc.load_model(str(tmp_path / "m")).predict(X).shape == (5, 1)
    _changed(tmp_path / "m" / "data" / "model.pt2", EVIL[named])
    change(tmp_path / "m", "MLmodel", lambda text: text)
    for load in (pytorch.load_model, pyfunc.load_model):
        with pytest.raises(Untrusted, match=named):
            load(str(tmp_path / "m"))
    assert not crater.exists()


def test_a_broken_file_is_said_to_be_broken(net: Any, tmp_path: Path) -> None:
    for form, name in (("pt2", "model.pt2"), ("pickle", "model.pth")):
        pytorch.save_model(net, tmp_path / form, input_example=X, serialization_format=form, pip_requirements=[])
        change(tmp_path / form, f"data/{name}", lambda whole: whole[:500])
        with pytest.raises(BadRequest, match=rf"{name} cannot be read"):
            pytorch.load_model(str(tmp_path / form))


def test_usual_layers_are_graphs_that_run_nothing(tmp_path: Path) -> None:
    class Words(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(10, 8)
            self.attention = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.image = torch.nn.Conv1d(8, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen = self.attention(self.words(x))
            return torch.softmax(self.image(seen.transpose(1, 2)).flatten(1), -1)

    model, rows = Words(), np.arange(12).reshape(2, 6) % 10
    pytorch.save_model(model, tmp_path / "m", input_example=rows, pip_requirements=[])
    assert list(archives.demands(tmp_path / "m" / "data" / "model.pt2")) == []
    more = np.repeat(rows, 3, axis=0)
    assert pyfunc.load_model(str(tmp_path / "m")).predict(more) == pytest.approx(_answer(model, more), abs=1e-6)


@pytest.mark.parametrize("form", ["pt2", "pickle"])
def test_models_go_both_ways(form: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    told = {"input_example": X, "serialization_format": form, "pip_requirements": []}
    pytorch.save_model(net, tmp_path / "ours", **told)
    with genuine() as mlflow:
        mlflow.pytorch.save_model(net, tmp_path / "theirs", **told)
        theirs = mlflow.pyfunc.load_model(str(tmp_path / "ours"))
        assert theirs.predict(X) == pytest.approx(_answer(net))
        mlflow.pytorch.save_state_dict(net.state_dict(), str(tmp_path / "state"))
        said = mlflow.models.Model.load(str(tmp_path / "theirs")).to_dict()
    loaded = pyfunc.load_model(str(tmp_path / "theirs"))
    assert loaded.predict(X) == pytest.approx(_answer(net))
    ours = Model.load(tmp_path / "ours").to_dict()
    assert ours["flavors"] == said["flavors"]
    assert ours["signature"] == said["signature"]
    net.load_state_dict(pytorch.load_state_dict(str(tmp_path / "state")))


def test_functions_take_what_mlflows_take() -> None:
    names = ["save_model", "log_model", "load_model", "get_default_pip_requirements", "get_default_conda_env"]
    ours, theirs = arguments(pytorch, *names, "save_state_dict", "log_state_dict", "load_state_dict")
    assert ours == theirs
