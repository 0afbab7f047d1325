"""Explainers of SHAP, which are pickles, and the models that they explain, each in a file of its own flavor."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import pickles
from headrace.models.environment import REQUIREMENTS, name_of
from headrace.models.flavor import Saved, Saving, public
from headrace.models.imports import distributions, globals_of_pickle
from headrace.models.loading import load_flavor, settings_of
from headrace.models.model import Model
from headrace.models.names import import_module
from headrace.models.native import LibraryFlavor, broken, defaults, providers
from headrace.models.saving import save
from headrace.models.trust import file_in, place_in

FLAVOR_NAME = "shap"
_FILE, _MODEL = "explainer.shap", "underlying_model"
#: Libraries whose models are saved beside the explainer, and what they are told.
_UNDERLYING: dict[str, dict[str, Any]] = {
    "sklearn": {"serialization_format": "cloudpickle"},
    "pytorch": {"serialization_format": "pickle"},
}
_UNKNOWN = "unknown"
#: Where explanations are logged, and the rows of their background.
_FOLDER = "model_explanations_shap"
_BACKGROUND_ROWS = 100


class Options(msgspec.Struct, kw_only=True):
    """Whether the model that is explained is saved by its own flavor, or within the explainer."""

    serialize_model_using_mlflow: bool = True


class Shap(LibraryFlavor[Options]):
    """An explainer."""

    name = FLAVOR_NAME
    loader_module = "mlflow.shap"
    save_order = (
        "explainer path serialize_model_using_mlflow conda_env code_paths mlflow_model signature input_example "
        "pip_requirements extra_pip_requirements metadata"
    )
    log_order = (
        "explainer artifact_path serialize_model_using_mlflow conda_env code_paths registered_model_name signature "
        "input_example await_registration_for pip_requirements extra_pip_requirements name metadata params tags "
        "model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import shap

        if not isinstance(model, shap.Explainer):
            raise BadRequest(f"A {type(model).__name__} is no explainer of SHAP")

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import shap

        underlying = get_underlying_model_flavor(model.model) if options.serialize_model_using_mlflow else None
        needs = providers("shap", "cloudpickle")
        if underlying in _UNDERLYING:
            needs |= _save_underlying(str(underlying), model.model, folder / _MODEL)
        own = {"shap_version": shap.__version__, "serialized_explainer": _FILE, "underlying_model_flavor": underlying}
        try:
            with (folder / _FILE).open("wb") as file:
                model.save(file, model_saver=None if underlying in _UNDERLYING else ".save")
            # Read back at once: of some kinds SHAP writes what it cannot read, trees among them, which early releases
            # cannot write either.
            self.load(folder, own)
        except (BadRequest, AttributeError):
            shutil.rmtree(folder / _MODEL, ignore_errors=True)
            own["underlying_model_flavor"] = underlying = None
            with (folder / _FILE).open("wb") as file:
                pickles.dump(model, file)
        needs |= distributions(module for module, _ in globals_of_pickle((folder / _FILE).read_bytes()))
        return Saved(own=own, pyfunc={"model_path": _FILE, "underlying_model_flavor": underlying}, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import shap

        key = "serialized_explainer" if "serialized_explainer" in own else "model_path"
        file = file_in(folder, own, key)
        if file.suffix != ".shap":
            raise BadRequest(f"Malformed MLmodel: an explainer is in a file that ends in .shap, not in {file.name!r}")
        underlying, loader = own.get("underlying_model_flavor"), None
        if underlying not in (None, _UNKNOWN):
            asked = _load_underlying(underlying, place_in(folder, {"model": _MODEL}, "model"))
            loader = partial(_whatever_the_file, asked)
        try:
            with file.open("rb") as opened:
                # SHAP's own files begin with a class.
                if isinstance(whole := pickles.load(opened), shap.Explainer):
                    return whole
                opened.seek(0)
                return shap.Explainer.load(opened, model_loader=loader)
        except (ValueError, TypeError, LookupError, AttributeError, EOFError, ImportError, AssertionError) as error:
            raise broken(file.name, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """The SHAP values of each row."""
        return model(data).values


def _whatever_the_file(model: Any, file: Any) -> Any:
    return model


def _raw(model: Any) -> Any:
    """The library's own object behind the model of an explainer."""
    inner = getattr(model, "inner_model", getattr(model, "f", model))
    return getattr(inner, "__self__", inner)


def _save_underlying(name: str, model: Any, folder: Path) -> set[str]:
    flavor = import_module(f"mlflow.{name}").FLAVOR
    told = dict(_UNDERLYING[name])
    inner = getattr(model, "inner_model", getattr(model, "f", model))
    if "pyfunc_predict_fn" in flavor.options.__struct_fields__:
        told["pyfunc_predict_fn"] = getattr(inner, "__name__", "predict")
    save(flavor, _raw(model), folder, Saving(), flavor.options(**told))
    names = {name_of(each) for each in (folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()}
    return names - {"mlflow"}


def _load_underlying(name: Any, folder: Path) -> Any:
    """What an explainer asks: the method of an estimator that it was made with, or a module."""
    if name not in _UNDERLYING:
        raise BadRequest(f"Malformed MLmodel: the model of an explainer is one of {sorted(_UNDERLYING)}, not {name!r}")
    said = Model.load(folder)
    raw = import_module(f"mlflow.{name}").FLAVOR.load(folder, settings_of(said, name))
    asked = str(said.flavors.get("python_function", {}).get("predict_fn", "predict"))
    return getattr(raw, asked) if name == "sklearn" else raw


FLAVOR = Shap()
save_explainer, log_explainer, _ = public(FLAVOR)
save_explainer.__name__ = save_explainer.__qualname__ = "save_explainer"
log_explainer.__name__ = log_explainer.__qualname__ = "log_explainer"
save_model = save_explainer
get_default_pip_requirements, get_default_conda_env = defaults("shap")


def load_explainer(model_uri: str) -> Any:
    """Load an explainer from a path or a URI."""
    return load_flavor(FLAVOR, model_uri)


def get_underlying_model_flavor(model: Any) -> str:
    """The flavor that saves what an explainer calls its ``model``; ``unknown`` where there is none."""
    raw = _raw(model)
    kinds = {each.__module__.partition(".")[0] for each in type(raw).__mro__}
    if "sklearn" in kinds and hasattr(raw, "get_params"):
        return "sklearn"
    return "pytorch" if "torch" in kinds else _UNKNOWN


def log_explanation(predict_function: Callable[..., Any], features: Any, artifact_path: str | None = None) -> str:
    """Explain ``predict_function`` for each row of ``features``, and log that in the active run; returns its URI.

    Logged are ``base_values.npy``, ``shap_values.npy`` and ``summary_bar_plot.png``. The background is at most 100
    means of the rows.
    """
    import numpy
    import shap

    from headrace.tracking import fluent

    background = shap.kmeans(features, min(_BACKGROUND_ROWS, len(features)))
    explainer = shap.KernelExplainer(predict_function, background)
    values = explainer.shap_values(features)
    path = artifact_path or _FOLDER
    with TemporaryDirectory() as made:
        numpy.save(Path(made) / "base_values.npy", explainer.expected_value)
        numpy.save(Path(made) / "shap_values.npy", values)
        _draw(values, features, Path(made) / "summary_bar_plot.png")
        fluent.log_artifacts(made, path)
    return str(fluent.get_artifact_uri(path))


def _draw(values: Any, features: Any, file: Path) -> None:
    """How much each feature matters, as bars."""
    import shap
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    # SHAP draws into the current figure, and draws several outputs if it has a list.
    drawn = list(values.transpose(2, 0, 1)) if values.ndim == 3 else values
    pyplot.figure()
    try:
        shap.summary_plot(drawn, features, plot_type="bar", show=False)
        pyplot.savefig(file, bbox_inches="tight")
    finally:
        for number in set(pyplot.get_fignums()) - set(before):
            pyplot.close(number)
