"""pmdarima's forecasters, which are pickles: pmdarima has no other format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import serialization
from headrace.models.flavor import NoOptions, Saved, Saving, public
from headrace.models.native import LibraryFlavor, defaults, providers
from headrace.models.trust import file_in

FLAVOR_NAME = "pmdarima"
_FILE = "model.pmd"


class Pmdarima(LibraryFlavor[NoOptions]):
    """An ARIMA or a pipeline of pmdarima."""

    name = FLAVOR_NAME
    loader_module = "mlflow.pmdarima"
    save_order = (
        "pmdarima_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files"
    )
    log_order = (
        "pmdarima_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata extra_files name params tags "
        "model_type step model_id"
    )

    def check(self, model: Any, saving: Saving, options: NoOptions) -> None:
        if not hasattr(model, "predict") or not hasattr(model, "update"):
            raise BadRequest(f"A {type(model).__name__} is no pmdarima model: it cannot forecast")

    def save(self, model: Any, folder: Path, options: NoOptions) -> Saved:
        import pmdarima

        needs = providers("pmdarima") | serialization.write(model, folder / _FILE, serialization.PICKLE, None)
        own = {"pmdarima_version": pmdarima.__version__, "data": _FILE, "model_type": type(model).__name__}
        return Saved(own=own, pyfunc={"data": _FILE}, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        return serialization.read(file_in(folder, own, "data"), serialization.PICKLE, None)

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """A frame with a row for each period: ``yhat``, and ``yhat_lower`` and ``yhat_upper`` when asked for."""
        import pandas

        if "n_periods" not in data.columns or len(data) != 1:
            raise BadRequest("A pmdarima model is asked with one row; its column 'n_periods' says how far to forecast")
        said = data.iloc[0].to_dict()
        try:
            told: dict[str, Any] = {"n_periods": int(said["n_periods"]), "alpha": float(said.get("alpha", 0.05))}
        except (TypeError, ValueError) as error:
            raise BadRequest(f"n_periods must be a whole number, and alpha a number: {error}") from error
        if said.get("X") is not None:
            told["X"] = pandas.DataFrame(said["X"])
        if not said.get("return_conf_int"):
            return pandas.DataFrame({"yhat": list(model.predict(**told))})
        middle, span = model.predict(return_conf_int=True, **told)
        return pandas.DataFrame({"yhat": list(middle), "yhat_lower": span[:, 0], "yhat_upper": span[:, 1]})


FLAVOR = Pmdarima()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("pmdarima")
