"""Results of statsmodels, which are pickles: statsmodels has no other format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import pickles
from headrace.models.flavor import Saved, Saving, public
from headrace.models.imports import distributions, globals_of_pickle
from headrace.models.native import LibraryFlavor, accepted, defaults, providers
from headrace.models.trust import file_in

FLAVOR_NAME = "statsmodels"
_FILE = "model.statsmodels"


class Options(msgspec.Struct, kw_only=True):
    """Whether the results keep the data they were fitted to."""

    remove_data: bool = False


class Statsmodels(LibraryFlavor[Options]):
    """What ``fit`` of a model of statsmodels returns."""

    name = FLAVOR_NAME
    loader_module = "mlflow.statsmodels"
    save_order = (
        "statsmodels_model path conda_env code_paths mlflow_model remove_data signature input_example "
        "pip_requirements extra_pip_requirements metadata extra_files"
    )
    log_order = (
        "statsmodels_model artifact_path conda_env code_paths registered_model_name remove_data signature "
        "input_example await_registration_for pip_requirements extra_pip_requirements metadata extra_files name "
        "params tags model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if not hasattr(model, "save") or not hasattr(model, "predict"):
            raise BadRequest(f"A {type(model).__name__} is no result of statsmodels: save what fit() returned")

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import statsmodels

        model.save(str(folder / _FILE), remove_data=options.remove_data)
        modules = {module for module, _ in globals_of_pickle((folder / _FILE).read_bytes())}
        own = {"statsmodels_version": statsmodels.__version__, "data": _FILE}
        return Saved(own=own, pyfunc={"data": _FILE}, needs=providers("statsmodels") | distributions(modules))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        return pickles.load_file(file_in(folder, own, "data"))

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        from statsmodels.tsa.base.tsa_model import TimeSeriesModel

        more = accepted(model.predict, params)
        if not isinstance(getattr(model, "model", None), TimeSeriesModel):
            return model.predict(data, **more)
        # A series is asked for a span of time, not about rows.
        if not {"start", "end"} <= set(data.columns) or len(data) != 1:
            raise BadRequest("A model of a time series is asked with one row of the columns 'start' and 'end'")
        return model.predict(**{"start": data["start"].iloc[0], "end": data["end"].iloc[0], **more})


FLAVOR = Statsmodels()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("statsmodels")
