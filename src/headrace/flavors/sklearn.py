"""scikit-learn estimators and pipelines."""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, Untrusted
from headrace.models import pickles
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.imports import distributions, globals_of_pickle
from headrace.models.trust import file_in

_log = logging.getLogger(__name__)

SERIALIZATION_FORMAT_SKOPS = "skops"
SERIALIZATION_FORMAT_CLOUDPICKLE = "cloudpickle"
SERIALIZATION_FORMAT_PICKLE = "pickle"
SUPPORTED_SERIALIZATION_FORMATS = [
    SERIALIZATION_FORMAT_SKOPS,
    SERIALIZATION_FORMAT_PICKLE,
    SERIALIZATION_FORMAT_CLOUDPICKLE,
]


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
        if _format(options) not in SUPPORTED_SERIALIZATION_FORMATS:
            raise BadRequest(
                f"serialization_format must be one of {SUPPORTED_SERIALIZATION_FORMATS}, not "
                f"{options.serialization_format!r}"
            )
        if not hasattr(model, "get_params") and not hasattr(model, options.pyfunc_predict_fn):
            raise BadRequest(
                f"A {type(model).__name__} is no scikit-learn model: it has neither get_params nor predict"
            )

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import sklearn

        form = _format(options)
        name = "model.skops" if form == SERIALIZATION_FORMAT_SKOPS else "model.pkl"
        write = {SERIALIZATION_FORMAT_SKOPS: _write_skops, SERIALIZATION_FORMAT_PICKLE: _write_pickle}
        needs = write.get(form, _write_cloudpickle)(model, folder / name, options)
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
        if own.get("serialization_format") == SERIALIZATION_FORMAT_SKOPS:
            return _read_skops(file, own.get("skops_trusted_types") or [])
        return pickles.load_file(file)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> SklearnModel:
        pyfunc = saved["python_function"]
        # Models of early releases name their one file here, and may say nothing under the flavor's own name.
        early = {"pickled_model": pyfunc.get("model_path", pyfunc.get("data"))}
        return SklearnModel(self.load(folder, saved.get(self.name, early)), str(pyfunc.get("predict_fn", "predict")))

    def asked(self, model: Any, options: Options) -> SklearnModel:
        return SklearnModel(model, options.pyfunc_predict_fn)


def _format(options: Options) -> str:
    return options.serialization_format or SERIALIZATION_FORMAT_SKOPS


def _write_skops(model: Any, file: Path, options: Options) -> set[str]:
    import skops.io

    skops.io.dump(model, file)
    # Read back at once: a model that could not be loaded later must not look saved.
    _read_skops(file, options.skops_trusted_types or [])
    return {"scikit-learn", "skops", *distributions(_modules_of_skops(file))}


def _write_pickle(model: Any, file: Path, options: Options) -> set[str]:
    try:
        data = pickle.dumps(model)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise BadRequest(f"This model cannot be pickled: {error}. Try serialization_format='cloudpickle'") from error
    file.write_bytes(data)
    return {"scikit-learn", *_needs(data)}


def _write_cloudpickle(model: Any, file: Path, options: Options) -> set[str]:
    with file.open("wb") as opened:
        pickles.dump(model, opened)
    return {"scikit-learn", "cloudpickle", *_needs(file.read_bytes())}


def _needs(pickled: bytes) -> set[str]:
    return distributions(module for module, _ in globals_of_pickle(pickled))


def _read_skops(file: Path, trusted: list[str]) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(file, trusted=trusted)
    except UntrustedTypesFoundException as error:
        unknown = sorted(set(skops.io.get_untrusted_types(file=file)) - set(trusted))
        raise Untrusted(
            f"The model has untrusted types, which skops does not build unless told to: {unknown}. If you know them, "
            f"save it with skops_trusted_types={[*trusted, *unknown]}, or with serialization_format='cloudpickle'"
        ) from error
    except (zipfile.BadZipFile, LookupError, ValueError, TypeError, AttributeError, ImportError) as error:
        raise BadRequest(
            f"The skops file {file.name} cannot be read: {type(error).__name__}: {error}. Install what the model's "
            "requirements.txt names, at those versions"
        ) from error


def _modules_of_skops(file: Path) -> set[str]:
    with zipfile.ZipFile(file) as archive:
        return _modules(msgspec.json.decode(archive.read("schema.json")))


def _modules(said: Any) -> set[str]:
    """Every ``__module__`` in a tree of dicts and lists."""
    if isinstance(said, dict):
        here = {str(said["__module__"])} if said.get("__module__") else set()
        return here.union(*(_modules(each) for each in said.values()))
    return set().union(*(_modules(each) for each in said)) if isinstance(said, list) else set()


def get_default_pip_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
    """What a scikit-learn model needs at least."""
    more = {"cloudpickle": include_cloudpickle, "skops": include_skops}
    return pinned(["scikit-learn", *(name for name, wanted in more.items() if wanted)])


def get_default_conda_env(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
    """The conda environment a scikit-learn model needs at least."""
    return conda_env(get_default_pip_requirements(include_cloudpickle, include_skops))


FLAVOR = Sklearn()
save_model, log_model, load_model = public(FLAVOR)
