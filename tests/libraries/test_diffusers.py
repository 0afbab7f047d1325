"""Adapters of diffusers."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import diffusers, pyfunc
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import tiny
from tests.libraries.genuine import arguments, genuine

QUICK = {"num_inference_steps": 1, "height": 8, "width": 8}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.diffusion(tmp_path_factory.mktemp("made"))


def _saved(made: Path, folder: Path, **told: Any) -> pyfunc.PyFuncModel:
    base = str(made / "base")
    diffusers.save_model(str(made / "adapter"), str(folder), base, pip_requirements=[], **told)
    return pyfunc.load_model(str(folder))


def _drawn(model: Any, asked: Any) -> list[bytes]:
    torch.manual_seed(0)
    return model.predict(asked, params=QUICK)


class TestDiffusers(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return diffusers.FLAVOR

    @pytest.fixture
    def options(self, made: Path) -> Any:
        return diffusers.Options(base_model=str(made / "base"))

    @pytest.fixture
    def model(self, made: Path) -> Any:
        return diffusers.DiffusersAdapterModel(str(made / "adapter"), str(made / "base"), "lora")

    @pytest.fixture
    def data(self) -> Any:
        return pd.DataFrame({"prompt": ["the cat", "a dog"]})

    def test_a_loaded_model_predicts_what_the_saved_one_did(
        self, flavor: Any, model: Any, options: Any, saved: Path, data: Any
    ) -> None:
        expected = _drawn(flavor.asked(model, options), data)
        assert _drawn(pyfunc.load_model(str(saved)), data) == expected

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "adapter_weights" / "pytorch_lora_weights.safetensors").unlink()
        with pytest.raises(BadRequest, match=r"pytorch_lora_weights\.safetensors"):
            pyfunc.load_model(str(saved))


def test_a_prompt_becomes_a_picture_that_the_adapter_had_a_part_in(made: Path, tmp_path: Path) -> None:
    loaded = _saved(made, tmp_path / "m")
    [picture] = _drawn(loaded, {"prompt": "the cat"})
    assert Image.open(io.BytesIO(picture)).size == (8, 8)
    adapter = diffusers.load_model(str(tmp_path / "m"))
    pipeline = adapter.load_pipeline()
    pipeline.unload_lora_weights()
    torch.manual_seed(0)
    bare = io.BytesIO()
    pipeline("the cat", **QUICK).images[0].save(bare, "PNG")
    assert bare.getvalue() != picture
    with pytest.raises(BadRequest, match="gone"):
        adapter.load_pipeline(base_model=str(tmp_path / "gone"))
    with pytest.raises(BadRequest, match="'prompt'"):
        diffusers.Drawing(adapter).predict([1])


def test_a_file_alone_is_an_adapter_whatever_its_name(made: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes((made / "adapter" / "pytorch_lora_weights.safetensors").read_bytes())
    told: dict[str, Any] = {"base_model": str(made / "base"), "pip_requirements": []}
    diffusers.save_model(str(tmp_path / "mine.safetensors"), str(tmp_path / "m"), **told)
    assert _drawn(pyfunc.load_model(str(tmp_path / "m")), {"prompt": "the cat"})


def test_what_is_no_adapter_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    torch.save({}, tmp_path / "empty" / "pytorch_lora_weights.bin")
    adapter = str(made / "adapter")
    for place, base, told, said in (
        (adapter, "b", {"adapter_type": "ip"}, "'lora'"),
        (adapter, "", {}, "base_model"),
        (str(tmp_path / "gone"), "b", {}, "gone"),
        (str(tmp_path / "empty"), "b", {}, r"no \.safetensors"),
    ):
        with pytest.raises(BadRequest, match=said):
            diffusers.save_model(place, str(tmp_path / "m"), base, **told)
    with pytest.raises(TypeError, match="base_model"):
        diffusers.save_model(adapter, str(tmp_path / "m"))


def test_weights_run_nothing_and_a_pickle_beside_them_is_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "crater"),)

    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    _saved(made, tmp_path / "m")
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    torch.save(Bomb(), tmp_path / "m" / "adapter_weights" / "pytorch_lora_weights.bin")
    change(tmp_path / "m", "MLmodel", lambda text: text)
    with pytest.raises(Untrusted, match=r"pytorch_lora_weights\.bin"):
        pyfunc.load_model(str(tmp_path / "m"))
    assert not (tmp_path / "crater").exists()


def test_a_model_cannot_name_weights_elsewhere(made: Path, tmp_path: Path) -> None:
    _saved(made, tmp_path / "m")
    for said, match in (({"weight_name": "../x.safetensors"}, "weight_name"), ({"adapter_weights": "../m"}, "adapter")):
        say(tmp_path / "m", "diffusers", **said)
        with pytest.raises(BadRequest, match=match):
            pyfunc.load_model(str(tmp_path / "m"))


def test_models_go_both_ways(made: Path, tmp_path: Path) -> None:
    _saved(made, tmp_path / "ours")
    base = str(made / "base")
    with genuine() as mlflow:
        mlflow.diffusers.save_model(str(made / "adapter"), str(tmp_path / "theirs"), base, pip_requirements=[])
        theirs = _drawn(mlflow.pyfunc.load_model(str(tmp_path / "ours")), {"prompt": "the cat"})
    assert _drawn(pyfunc.load_model(str(tmp_path / "theirs")), {"prompt": "the cat"}) == theirs
    mine, said = (Model.load(tmp_path / who).to_dict() for who in ("ours", "theirs"))
    assert mine["flavors"] == said["flavors"]
    assert mine["signature"] == said["signature"]


def test_functions_take_what_mlflows_take() -> None:
    names = ["save_model", "log_model", "load_model", "get_default_pip_requirements", "get_default_conda_env"]
    ours, theirs = arguments(diffusers, *names)
    assert ours == theirs
