"""Models of libraries that are not here, and of those that no flavor knows."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.base.errors import BadRequest, NotSupported
from headrace.models.loading import load_flavor
from headrace.models.model import get_model_info
from headrace.models.pyfunc import load_model


def _saved(folder: Path, **flavors: dict[str, Any]) -> str:
    (folder / "model.bin").write_bytes(b"trees")
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors, "mlflow_version": "3.17.2"}))
    return str(folder)


def test_a_model_from_r_is_said_to_be_rs(tmp_path: Path) -> None:
    model = _saved(tmp_path, crate={"version": "1.0", "model": "model.bin"})
    with pytest.raises(NotSupported, match="saved from R"):
        load_model(model)
    with pytest.raises(NotSupported, match="saved from R"):
        load_flavor(importlib.import_module("headrace.flavors.sklearn").FLAVOR, model)
    assert get_model_info(model).flavors == {"crate": {"version": "1.0", "model": "model.bin"}}


def test_a_model_from_r_that_can_be_asked_as_a_function_is_asked(tmp_path: Path) -> None:
    (tmp_path / "constant.py").write_text(
        "def _load_pyfunc(path): return type('Seven', (), {'predict': lambda *_: 7})()"
    )
    loader = {"loader_module": "constant", "code": "."}
    model = _saved(tmp_path, crate={"version": "1.0", "model": "model.bin"}, python_function=loader)
    assert load_model(model).predict([1]) == 7


@pytest.mark.parametrize("library", ["fastai", "gluon", "mleap"])
def test_a_flavor_that_is_not_here_yet_says_what_loads_it(library: str, tmp_path: Path) -> None:
    model = _saved(tmp_path, python_function={"loader_module": f"mlflow.{library}", "data": "model.bin"})
    with pytest.raises(BadRequest, match=rf"mlflow\.{library}, .* mlflow==3\.17"):
        load_model(model)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "catboost", "onnx", "prophet", "spacy"])
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    flavor = importlib.import_module(f"headrace.flavors.{library}").FLAVOR
    own = {"data": "model.bin"}
    model = _saved(tmp_path, python_function={"loader_module": f"mlflow.{library}", **own}, **{library: own})
    for load in (load_model, lambda where: load_flavor(flavor, where)):
        with pytest.raises(BadRequest, match=rf"headrace\[{library}\]"):
            load(model)


def test_what_a_script_of_ones_own_lacks_is_not_blamed_on_an_extra(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("import no_such_module_anywhere")
    loader = {"loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": "code.py"}
    with pytest.raises((BadRequest, ModuleNotFoundError)) as raised:
        load_model(_saved(tmp_path, python_function=loader))
    assert "no_such_module_anywhere" in str(raised.value)
    assert "headrace[" not in str(raised.value)
