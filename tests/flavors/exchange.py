"""Saves models, or loads them and tells what they answer: ``exchange.py save mlflow <folder>``."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1, 0, 1, 0]})
Y = X["a"] * 2 + X["b"]
NO_INFERENCE: dict[str, Any] = {"pip_requirements": []}
SCRIPT = """
import mlflow

class Lengths(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [len(each) for each in model_input]

mlflow.models.set_model(Lengths())
"""
LOADER = """
class Constant:
    def __init__(self, number): self.number = number
    def predict(self, data): return [self.number] * len(data)

def _load_pyfunc(path):
    with open(path) as file:
        return Constant(int(file.read()))
"""
#: Functions whose arguments must be MLflow's, in its order and with its defaults.
ARGUMENTS = [
    "sklearn.save_model",
    "sklearn.log_model",
    "sklearn.load_model",
    "pyfunc.save_model",
    "pyfunc.log_model",
    "pyfunc.load_model",
    "models.infer_signature",
    "models.set_signature",
    "models.Model.add_flavor",
    "models.ModelSignature",
    "types.Schema",
    "types.ColSpec",
    "types.TensorSpec",
    "types.ParamSpec",
]


def save(library: Any, folder: Path) -> None:
    """Save one model of every kind into ``folder``."""
    sklearn = importlib.import_module(f"{library.__name__}.sklearn")
    line = LinearRegression().fit(X, Y)
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    signature = importlib.import_module(f"{library.__name__}.models").infer_signature(X, Y)
    sklearn.save_model(line, folder / "skops", signature=signature, input_example=X, **NO_INFERENCE)
    for form in ("cloudpickle", "pickle"):
        sklearn.save_model(forest, folder / form, serialization_format=form, input_example=X, **NO_INFERENCE)
    trusted = ["numpy.dtype", "sklearn.tree._tree.Tree"]
    sklearn.save_model(forest, folder / "trusted", skops_trusted_types=trusted, **NO_INFERENCE)
    save_pyfuncs(library, folder)


def save_pyfuncs(library: Any, folder: Path) -> None:
    """Save models that have no library of their own."""
    pyfunc = importlib.import_module(f"{library.__name__}.pyfunc")
    infer_signature = importlib.import_module(f"{library.__name__}.models").infer_signature

    class Add(pyfunc.PythonModel):
        def __init__(self, number: float) -> None:
            self.number = number

        def load_context(self, context: Any) -> None:
            self.more = int(Path(context.artifacts["more"]).read_text()) + context.model_config["most"]

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input["a"] + self.number + self.more + params["extra"]

    def shout(model_input: list[str]) -> list[str]:
        return [each.upper() for each in model_input]

    class Count(pyfunc.PythonModel):
        def predict(self, model_input: list[dict[str, int]]) -> list[int]:
            return [sum(each.values()) for each in model_input]

    def twice(model_input):
        return np.asarray(model_input) * 2

    (folder / "more.txt").write_text("100")
    (folder / "lengths.py").write_text(SCRIPT)
    pyfunc.save_model(
        folder / "python_model",
        python_model=Add(5),
        artifacts={"more": str(folder / "more.txt")},
        model_config={"most": 1000},
        signature=infer_signature(X, Y, params={"extra": 0.5}),
        **NO_INFERENCE,
    )
    pyfunc.save_model(folder / "hinted", python_model=shout, **NO_INFERENCE)
    pyfunc.save_model(folder / "hinted_class", python_model=Count(), input_example=[{"a": 1}], **NO_INFERENCE)
    (folder / "own_loader.py").write_text(LOADER)
    pyfunc.save_model(
        folder / "loader",
        loader_module="own_loader",
        data_path=str(folder / "more.txt"),
        code_paths=[str(folder / "own_loader.py")],
        **NO_INFERENCE,
    )
    pyfunc.save_model(folder / "function", python_model=twice, input_example=X.to_numpy(), **NO_INFERENCE)
    pyfunc.save_model(folder / "script", python_model=str(folder / "lengths.py"), **NO_INFERENCE)


def answers(library: Any, folder: Path) -> dict[str, Any]:
    """What every model in ``folder`` answers, and what it says of itself."""
    pyfunc = importlib.import_module(f"{library.__name__}.pyfunc")
    inputs = {"hinted": ["a", "b"], "script": ["ab", "c"], "hinted_class": [{"a": 1, "b": 2}], "function": X.to_numpy()}
    found: dict[str, Any] = {}
    for home in sorted(each.parent for each in folder.glob("*/MLmodel")):
        model = pyfunc.load_model(str(home))
        example, signature = model.input_example, model.metadata.signature
        found[home.name] = {
            "answer": np.asarray(model.predict(inputs.get(home.name, X))).tolist(),
            "example": None if example is None else np.asarray(example).tolist(),
            "signature": None if signature is None else signature.to_dict(),
        }
    return found


def arguments(library: Any) -> dict[str, list[list[str]]]:
    """The names and defaults of what public functions take."""
    found = {}
    for name in ARGUMENTS:
        module, _, rest = name.partition(".")
        value: Any = importlib.import_module(f"{library.__name__}.{module}")
        for part in rest.split("."):
            value = getattr(value, part)
        takes = inspect.signature(value).parameters.values()
        found[name] = [[each.name, str(each.default)] for each in takes if each.kind is not each.VAR_KEYWORD]
    return found


if __name__ == "__main__":
    job, used = sys.argv[1], importlib.import_module(sys.argv[2])
    if job == "save":
        save(used, Path(sys.argv[3]))
    else:
        told = answers(used, Path(sys.argv[3])) if job == "load" else arguments(used)
        print("\n@@" + json.dumps(told))
