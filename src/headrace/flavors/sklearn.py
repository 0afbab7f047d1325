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


#: Estimators of scikit-learn's own that make an array of whatever table they are given, before all else; none of them
#: asks a second estimator that might be somebody's own.
_PLAIN = (
    "sklearn.discriminant_analysis",
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "sklearn.ensemble._iforest",
    "sklearn.linear_model._",
    "sklearn.naive_bayes",
    "sklearn.neighbors._",
    "sklearn.neural_network._",
    "sklearn.svm._",
    "sklearn.tree._",
)
_NOT_PLAIN = ("RANSACRegressor",)
#: Steps that a pipeline may begin with so that the same holds for the whole of it.
_PLAIN_STEPS = ("sklearn.decomposition._pca", "sklearn.preprocessing._data")
#: Methods that answer with an array, whatever they were given.
_PLAIN_METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")


class SklearnModel:
    """An estimator asked as a ``python_function``."""

    def __init__(self, sklearn_model: Any, predict_fn: str) -> None:
        self.sklearn_model, self.predict_fn = sklearn_model, predict_fn
        #: The last columns that were found to be those of the fit, and the names that these had.
        self._fitting: tuple[Any, Any] = (None, None)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the chosen method of the estimator returns for ``data``."""
        estimator, array = self.sklearn_model, self._array(data)
        if array is not None:
            estimator, data = _unnamed(estimator), array
        return getattr(estimator, self.predict_fn)(data, **(params or {}))

    def _array(self, data: Any) -> Any:
        """The array that the estimator will make of the table ``data``, when it is sure to; None else.

        scikit-learn takes five times as long to look through a small table as to predict from the array in it.
        """
        if type(data).__name__ != "DataFrame" or self.predict_fn not in _PLAIN_METHODS:
            return None
        if not _is_plain(self.sklearn_model):
            return None
        names, columns = getattr(self.sklearn_model, "feature_names_in_", None), data.columns
        if names is None:
            return None
        if self._fitting[0] is not columns or self._fitting[1] is not names:
            # Any other names or order are for scikit-learn to refuse.
            if list(columns) != list(names):
                return None
            self._fitting = columns, names
        dtypes = _dtypes(data)
        return data.to_numpy() if len(dtypes) == 1 and dtypes.pop().str[1:] in ("f8", "f4", "i8") else None

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


def _dtypes(frame: Any) -> set[Any]:
    """The dtypes of the columns. pandas makes a Series of them to tell, unless it is asked behind the counter."""
    inside = getattr(getattr(frame, "_mgr", None), "get_dtypes", None)
    return set(frame.dtypes.array if inside is None else inside())


def _is_plain(estimator: Any) -> bool:
    kind = type(estimator)
    if kind.__module__ == "sklearn.pipeline" and kind.__name__ == "Pipeline":
        from sklearn import get_config

        first = estimator.steps[0][1] if len(estimator.steps) > 1 else None
        # A step that is to give tables names their columns after those it was given.
        as_table = get_config()["transform_output"] != "default" or hasattr(first, "_sklearn_output_config")
        return type(first).__module__.startswith(_PLAIN_STEPS) and not as_table
    return kind.__module__.startswith(_PLAIN) and kind.__name__ not in _NOT_PLAIN


def _unnamed(estimator: Any) -> Any:
    """``estimator`` as if it had been fitted to an array; everything it learned is shared, and looked up afresh."""
    twin = object.__new__(type(estimator))
    twin.__dict__.update(estimator.__dict__)
    if type(estimator).__name__ == "Pipeline":
        (name, first), *rest = estimator.steps
        twin.steps = [(name, _unnamed(first)), *rest]
    else:
        twin.__dict__.pop("feature_names_in_", None)
    return twin


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
