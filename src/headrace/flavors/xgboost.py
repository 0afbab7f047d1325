"""XGBoost boosters and estimators, in XGBoost's own files, which run no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models.flavor import Saved, Saving, public
from headrace.models.native import (
    LibraryFlavor,
    accepted,
    broken,
    check_class,
    class_name,
    class_named,
    defaults,
    providers,
)
from headrace.models.trust import file_in

FLAVOR_NAME = "xgboost"
#: What XGBoost tells by the suffix of a file; the last two are of its early releases.
_FORMATS = ("ubj", "json", "deprecated", "xgb")


class Options(msgspec.Struct, kw_only=True):
    """How the trees are written."""

    model_format: str = "ubj"


class XGBoost(LibraryFlavor[Options]):
    """XGBoost: a Booster, or an estimator of its scikit-learn interface."""

    name = FLAVOR_NAME
    loader_module = "mlflow.xgboost"
    save_order = (
        "xgb_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements model_format metadata extra_files"
    )
    log_order = (
        "xgb_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements model_format metadata extra_files name params "
        "tags model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if options.model_format not in _FORMATS:
            raise BadRequest(f"model_format must be one of {list(_FORMATS)}, not {options.model_format!r}")
        check_class(model, self.name, _kinds())

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import xgboost

        name = f"model.{options.model_format}"
        try:
            model.save_model(folder / name)
        except (xgboost.core.XGBoostError, ValueError, TypeError) as error:  # not fitted, for one
            raise BadRequest(f"XGBoost cannot save this model: {error}") from error
        needs = providers("xgboost", "numpy") | ({"scikit-learn"} if isinstance(model, _kinds()[1:]) else set())
        own = {"data": name, "model_class": class_name(model), "model_format": options.model_format}
        return Saved(own={"xgb_version": xgboost.__version__, **own}, pyfunc={"data": name}, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import xgboost

        file = file_in(folder, own, "data")
        # Early releases of MLflow name no class, and had Boosters only.
        model = class_named(own.get("model_class", "xgboost.core.Booster"), self.name, _kinds())()
        try:
            model.load_model(file)
        except (xgboost.core.XGBoostError, ValueError, TypeError, LookupError) as error:
            raise broken(file.name, error) from error
        return model

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        import xgboost

        asked = xgboost.DMatrix(data, enable_categorical=True) if isinstance(model, xgboost.Booster) else data
        return model.predict(asked, **accepted(model.predict, params))


def _kinds() -> tuple[type, ...]:
    import xgboost

    return xgboost.Booster, xgboost.XGBModel


FLAVOR = XGBoost()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("xgboost")
