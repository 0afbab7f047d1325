"""MLflow's names of what is ours."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.base.errors import BadRequest, NotFound
from headrace.flavors.pyfunc import PythonModel
from headrace.models import imports, names, pickles
from headrace.models.signature import ModelSignature, TypeHints
from headrace.models.types import DataType

SCRIPT = """
import mlflow

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [mlflow.__name__]

mlflow.models.set_model(Model())
"""
LOADS = """
import sys
from headrace.models.code import run_script
from pathlib import Path
before = dict(sys.modules)
if "both" in sys.argv:
    import mlflow
    assert mlflow.ITSELF
model = run_script(Path("model.py"))
assert type(model).__mro__[1].__module__ == "headrace.models.python_model"
import mlflow
assert hasattr(mlflow, "ITSELF") == ("both" in sys.argv)
assert ("mlflow.part" in sys.modules) == ("both" in sys.argv)
"""


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (PythonModel, ("mlflow.pyfunc.model", "PythonModel")),
        (ModelSignature, ("mlflow.models.signature", "ModelSignature")),
        (TypeHints, ("mlflow.models.signature", "_TypeHints")),
        (DataType, ("mlflow.types.schema", "DataType")),
        (NotFound, ("mlflow.exceptions", "MlflowException")),
        (headrace, ("mlflow", None)),
        (headrace.sklearn, ("mlflow.sklearn", None)),
        (headrace.pyfunc, ("mlflow.pyfunc", None)),
        (Path, None),
        (sys, None),
    ],
)
def test_what_is_ours_has_a_name_there(value: Any, name: Any) -> None:
    assert names.name_of(value) == name


def test_a_pickle_names_nothing_of_ours() -> None:
    file = io.BytesIO()
    pickles.dump([PythonModel, DataType.long, ModelSignature, headrace], file)
    modules = {module for module, _ in imports.globals_of_pickle(file.getvalue())}
    assert not [module for module in modules if module.startswith("headrace")]
    assert pickles.load(io.BytesIO(file.getvalue())) == [PythonModel, DataType.long, ModelSignature, headrace]


@pytest.mark.parametrize(("module", "name"), [("mlflow.nowhere", "X"), ("mlflow.pyfunc", "Nothing")])
def test_what_is_not_here_yet_is_said_by_mlflow_s_name(module: str, name: str) -> None:
    with pytest.raises(BadRequest, match=f"{module}"):
        names.find(module, name)


@pytest.mark.parametrize("installed", ["alone", "both"])
def test_a_script_that_imports_mlflow_finds_headrace_while_it_is_loaded(installed: str, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(SCRIPT)
    if installed == "both":
        (tmp_path / "mlflow").mkdir()
        (tmp_path / "mlflow/__init__.py").write_text("import mlflow.part\nITSELF = True\n")
        (tmp_path / "mlflow/part.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", LOADS, installed], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
