"""Models of every library that a flavor has, as either side saves them and asks them."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

X = pd.DataFrame({"a": np.arange(30.0) % 7, "b": np.arange(30.0) % 3})
Y = (X["a"] > 3).astype(int)
Made = Iterator[tuple[str, Any, dict[str, Any]]]


def xgboost() -> Made:
    """A booster and an estimator, in both formats."""
    import xgboost as xgb

    booster = xgb.train({"max_depth": 2, "nthread": 1}, xgb.DMatrix(X, Y), 3)
    estimator = xgb.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, Y)
    for form in ("ubj", "json"):
        yield f"booster-{form}", booster, {"model_format": form, "input_example": X}
        yield f"estimator-{form}", estimator, {"model_format": form}


def lightgbm() -> Made:
    """A booster, and an estimator in every format."""
    import lightgbm as lgb

    quiet = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 1}
    estimator = lgb.LGBMClassifier(n_estimators=3, **quiet).fit(X, Y)
    yield "booster", lgb.train(quiet, lgb.Dataset(X, Y), 3), {"input_example": X}
    for form in (None, "pickle", "cloudpickle"):
        yield f"estimator-{form}", estimator, {"serialization_format": form}


def catboost() -> Made:
    """A classifier and a regressor, in both formats that it can read on any machine."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    quiet = {"iterations": 3, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    yield "classifier", CatBoostClassifier(**quiet).fit(X, Y), {"input_example": X}
    yield "regressor", CatBoostRegressor(**quiet).fit(X, Y), {"format": "json"}


def statsmodels() -> Made:
    """A regression, with and without its data, and a time series."""
    import statsmodels.api as sm

    yield "ols", sm.OLS(Y, X).fit(), {"input_example": X}
    yield "bare", sm.OLS(Y, X).fit(), {"remove_data": True}
    yield "series", sm.tsa.ARIMA(X["a"].to_numpy(), order=(1, 0, 0)).fit(), {}


def onnx() -> Made:
    """A product with a small and a big matrix, and a sum of two inputs."""
    from onnx import TensorProto, helper, numpy_helper

    def made(does: str, inputs: dict[str, list[int | None]], width: int, *held: Any) -> Any:
        takes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
        gives = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, width])]
        node = helper.make_node(does, [*inputs, *(each.name for each in held)], ["y"])
        graph = helper.make_graph([node], "graph", takes, gives, list(held))
        return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])

    small, big = (numpy_helper.from_array(np.full((2, wide), 3, "float32"), "w") for wide in (1, 600))
    rows = {"x": [None, 2]}
    yield "small", made("MatMul", rows, 1, small), {"input_example": X.astype("float32")}
    yield "array", made("MatMul", rows, 1, small), {"input_example": X.to_numpy("float32")}
    yield "big", made("MatMul", rows, 600, big), {}
    yield "whole", made("MatMul", rows, 600, big), {"save_as_external_data": False}
    told: dict[str, Any] = {
        "graph_optimization_level": 99,
        "intra_op_num_threads": 1,
        "extra_session_config": {"session.x": "1"},
    }
    told |= {"execution_mode": "parallel", "execution_order": "default"}
    two = made("Add", {"a": [None, 1], "b": [None, 1]}, 1)
    yield "sum", two, {"onnx_session_options": told, "onnx_execution_providers": ["CPUExecutionProvider"]}


def prophet() -> Made:
    """A forecast without the band, which is drawn at random."""
    from prophet import Prophet

    days = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=30), "y": Y})
    yield "days", Prophet(uncertainty_samples=0).fit(days), {"input_example": INPUTS["prophet"]}


def pmdarima() -> Made:
    """A forecast."""
    from pmdarima import ARIMA

    yield "arima", ARIMA(order=(1, 0, 0)).fit(X["a"].to_numpy()), {"input_example": INPUTS["pmdarima"]}


def spacy() -> Made:
    """A pipeline that sorts texts."""
    from spacy import blank

    pipeline = blank("en")
    sorter = pipeline.add_pipe("textcat")
    sorter.add_label("good")
    sorter.add_label("bad")
    pipeline.initialize()
    yield "sorter", pipeline, {"input_example": INPUTS["spacy"]}


#: Import name -> its models: a name, the model, and what save_model is told.
LIBRARIES: dict[str, Callable[[], Made]] = {
    "xgboost": xgboost,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "onnx": onnx,
    "statsmodels": statsmodels,
}
#: What other models than those of X are asked.
INPUTS: dict[str, Any] = {
    "statsmodels-series": pd.DataFrame({"start": [30], "end": [33]}),
    "prophet": pd.DataFrame({"ds": pd.date_range("2020-02-01", periods=3)}),
    "pmdarima": pd.DataFrame({"n_periods": [3], "return_conf_int": [True]}),
    "spacy": pd.DataFrame({"text": ["a fine day", "rain"]}),
    "onnx-small": X.astype("float32"),
    "onnx-array": X.to_numpy("float32"),
    "onnx-sum": {name: X[[name]].to_numpy("float32") for name in X},
}


def installed() -> list[str]:
    """The libraries that are installed here."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name)]


def save(library: str, names: list[str], folder: Path) -> None:
    """Save the models of every named library into ``folder``."""
    for name in names:
        flavor = importlib.import_module(f"{library}.{name}")
        write = getattr(flavor, "save_explainer" if name == "shap" else "save_model")
        for kind, model, options in LIBRARIES[name]():
            write(model, folder / f"{name}-{kind}", pip_requirements=[], **options)


def answers(library: str, folder: Path) -> dict[str, Any]:
    """What every model in ``folder`` answers, and what it says of itself."""
    pyfunc = importlib.import_module(f"{library}.pyfunc")
    told = {}
    for home in sorted(each.parent for each in folder.glob("*/MLmodel")):
        model = pyfunc.load_model(str(home))
        signature = model.metadata.signature
        told[home.name] = {
            "answer": _plain(model.predict(INPUTS.get(home.name, INPUTS.get(home.name.partition("-")[0], X)))),
            "signature": None if signature is None else signature.to_dict(),
            "flavors": {name: _said(each) for name, each in model.metadata.flavors.items()},
        }
    return told


def _said(flavor: dict[str, Any]) -> dict[str, Any]:
    # MLflow names trusted types in the order of a set.
    return {name: sorted(each) if isinstance(each, list) else each for name, each in flavor.items() if name != "env"}


def _plain(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _plain(each) for name, each in answer.items()}
    frame = {"columns": list(answer.columns)} if isinstance(answer, pd.DataFrame) else {}
    return {"kind": type(answer).__name__, "values": np.asarray(answer).tolist(), **frame}


def arguments(library: str, names: list[str]) -> dict[str, list[list[str]]]:
    """The names and defaults of what the public functions take."""
    told = {}
    for name in names:
        flavor = importlib.import_module(f"{library}.{name}")
        for function in ("save_model", "log_model", "load_model", "save_explainer", "log_explainer", "load_explainer"):
            if hasattr(flavor, function):
                takes = inspect.signature(getattr(flavor, function)).parameters.values()
                kept = [each for each in takes if each.kind is not each.VAR_KEYWORD]
                told[f"{name}.{function}"] = [[each.name, str(each.default)] for each in kept]
    return told


if __name__ == "__main__":
    job, used, names = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
    if job == "save":
        save(used, names, Path(sys.argv[4]))
    else:
        said: Any = {"installed": installed, "load": lambda: answers(used, Path(sys.argv[4]))}.get(job)
        print("\n@@" + json.dumps(said() if said else arguments(used, names), default=str))
