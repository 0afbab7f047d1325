"""CatBoost models, in CatBoost's own files, which run no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models.flavor import Saved, Saving, public
from headrace.models.native import LibraryFlavor, accepted, broken, check_class, class_named, defaults, providers
from headrace.models.trust import file_in

FLAVOR_NAME = "catboost"
_FILE = "model.cb"
#: Formats of ``save_model`` that ``load_model`` of CatBoost can read.
_FORMATS = ("cbm", "json", "onnx", "coreml")


class Options(msgspec.Struct, kw_only=True):
    """What CatBoost's own ``save_model`` is told."""

    format: str = "cbm"
    export_parameters: dict[str, Any] | None = None
    pool: Any = None


class CatBoost(LibraryFlavor[Options]):
    """CatBoost, and its classifiers, regressors and rankers."""

    name = FLAVOR_NAME
    loader_module = "mlflow.catboost"
    save_order = (
        "cb_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files format export_parameters pool"
    )
    log_order = (
        "cb_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata extra_files name params tags "
        "model_type step model_id format export_parameters pool"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if options.format not in _FORMATS:
            raise BadRequest(
                f"format must be one of {list(_FORMATS)}, which CatBoost can read again, not {options.format!r}"
            )
        check_class(model, self.name, _kinds())

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import catboost

        try:
            model.save_model(str(folder / _FILE), options.format, options.export_parameters, options.pool)
        except catboost.CatBoostError as error:  # not fitted, for one
            raise BadRequest(f"CatBoost cannot save this model: {error}") from error
        own = {"catboost_version": catboost.__version__, "data": _FILE, "model_type": type(model).__name__}
        needs = providers("catboost", "numpy")
        return Saved(own=own | {"save_format": options.format}, pyfunc={"data": _FILE}, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import catboost

        file = file_in(folder, own, "data")
        model = class_named(f"catboost.{own.get('model_type', 'CatBoost')}", self.name, _kinds())()
        try:
            model.load_model(str(file), str(own.get("save_format", "cbm")))
        except (catboost.CatBoostError, ValueError, TypeError) as error:
            raise broken(file.name, error) from error
        return model

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        return model.predict(data, **accepted(model.predict, params))


def _kinds() -> tuple[type, ...]:
    import catboost

    return (catboost.CatBoost,)


FLAVOR = CatBoost()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("catboost")
