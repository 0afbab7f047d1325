"""scikit-learn estimators and pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import serialization
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.trust import file_in

SERIALIZATION_FORMAT_SKOPS = serialization.SKOPS
SERIALIZATION_FORMAT_CLOUDPICKLE = serialization.CLOUDPICKLE
SERIALIZATION_FORMAT_PICKLE = serialization.PICKLE
SUPPORTED_SERIALIZATION_FORMATS = serialization.FORMATS


class Options(msgspec.Struct, kw_only=True):
    """How the estimator is written, and which of its methods answers a ``python_function``."""

    serialization_format: str | None = None
    pyfunc_predict_fn: str = "predict"
    skops_trusted_types: list[str] | None = None


class SklearnModel:
    """An estimator asked as a ``python_function``."""

    def __init__(self, sklearn_model: Any, predict_fn: str) -> None:
        self.sklearn_model, self.predict_fn = sklearn_model, predict_fn

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the chosen method of the estimator returns for ``data``."""
        return getattr(self.sklearn_model, self.predict_fn)(data, **(params or {}))

    def get_raw_model(self) -> Any:
        """The estimator."""
        return self.sklearn_model


class Sklearn(Flavor[Options]):
    """scikit-learn, in skops files unless a pickle is asked for."""

    name = "sklearn"
    loader_module = "mlflow.sklearn"
    save_order = (
        "sk_model path conda_env code_paths mlflow_model serialization_format signature input_example pip_requirements "
        "extra_pip_requirements pyfunc_predict_fn metadata skops_trusted_types extra_files"
    )
    log_order = (
        "sk_model artifact_path conda_env code_paths serialization_format registered_model_name signature "
        "input_example await_registration_for pip_requirements extra_pip_requirements pyfunc_predict_fn metadata "
        "extra_files params tags model_type step model_id name skops_trusted_types run_id prompts"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        serialization.check(_format(options))
        if not hasattr(model, "get_params") and not hasattr(model, options.pyfunc_predict_fn):
            raise BadRequest(
                f"A {type(model).__name__} is no scikit-learn model: it has neither get_params nor predict"
            )

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import sklearn

        form = _format(options)
        name = serialization.file_name(form)
        needs = {"scikit-learn", *serialization.write(model, folder / name, form, options.skops_trusted_types)}
        own = {
            "pickled_model": name,
            "sklearn_version": sklearn.__version__,
            "serialization_format": form,
            "skops_trusted_types": options.skops_trusted_types,
        }
        # What has only fit and transform, such as a scaler, cannot be asked for a prediction.
        asks = {"model_path": name, "predict_fn": options.pyfunc_predict_fn}
        return Saved(own=own, pyfunc=asks if hasattr(model, options.pyfunc_predict_fn) else None, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        file = file_in(folder, own, "pickled_model")
        return serialization.read(file, own.get("serialization_format"), own.get("skops_trusted_types"))

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> SklearnModel:
        pyfunc = saved["python_function"]
        # Models of early releases name their one file here, and may say nothing under the flavor's own name.
        early = {"pickled_model": pyfunc.get("model_path", pyfunc.get("data"))}
        return SklearnModel(self.load(folder, saved.get(self.name, early)), str(pyfunc.get("predict_fn", "predict")))

    def asked(self, model: Any, options: Options) -> SklearnModel:
        return SklearnModel(model, options.pyfunc_predict_fn)


def _format(options: Options) -> str:
    return options.serialization_format or SERIALIZATION_FORMAT_SKOPS


def get_default_pip_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
    """What a scikit-learn model needs at least."""
    more = {"cloudpickle": include_cloudpickle, "skops": include_skops}
    return pinned(["scikit-learn", *(name for name, wanted in more.items() if wanted)])


def get_default_conda_env(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
    """The conda environment a scikit-learn model needs at least."""
    return conda_env(get_default_pip_requirements(include_cloudpickle, include_skops))


FLAVOR = Sklearn()
save_model, log_model, load_model = public(FLAVOR)
