"""LightGBM boosters, in LightGBM's own files, and its estimators, in skops files unless a pickle is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.models import serialization
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Saved, Saving, public
from headrace.models.native import LibraryFlavor, accepted, broken, check_class, class_name, providers
from headrace.models.trust import file_in

FLAVOR_NAME = "lightgbm"
_BOOSTER = "lightgbm.basic.Booster"
#: Types that every estimator of LightGBM is made of: a booster, which holds its trees as text, and the class itself.
_TRUSTED = [
    "lightgbm.sklearn.LGBMClassifier",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMRegressor",
]


class Options(msgspec.Struct, kw_only=True):
    """How an estimator is written; a Booster has a format of its own."""

    serialization_format: str | None = None
    skops_trusted_types: list[str] | None = None


class LightGBM(LibraryFlavor[Options]):
    """LightGBM: a Booster, or an estimator of its scikit-learn interface."""

    name = FLAVOR_NAME
    loader_module = "mlflow.lightgbm"
    save_order = (
        "lgb_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata serialization_format skops_trusted_types extra_files"
    )
    log_order = (
        "lgb_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata extra_files name params tags "
        "model_type step model_id serialization_format skops_trusted_types"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        serialization.check(_format(options))
        if not hasattr(model, "get_params"):
            check_class(model, self.name, (_booster(),))

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import lightgbm

        form, is_booster = _format(options), isinstance(model, _booster())
        name = "model.lgb" if is_booster else serialization.file_name(form)
        trusted = _trusted(model, options) if form == serialization.SKOPS else options.skops_trusted_types
        needs = providers("lightgbm", "numpy")
        if is_booster:
            model.save_model(folder / name)
        else:
            needs |= {"scikit-learn", *serialization.write(model, folder / name, form, trusted)}
        own = {"lgb_version": lightgbm.__version__, "data": name, "model_class": class_name(model)}
        how = {"serialization_format": form, "skops_trusted_types": trusted}
        return Saved(own=own | how, pyfunc={"data": name}, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import lightgbm

        file = file_in(folder, own, "data")
        # Early releases of MLflow name no class, and had Boosters only.
        if own.get("model_class", _BOOSTER) != _BOOSTER:
            return serialization.read(file, own.get("serialization_format"), own.get("skops_trusted_types"))
        try:
            return lightgbm.Booster(model_file=file)
        except (lightgbm.basic.LightGBMError, ValueError, LookupError) as error:
            raise broken(file.name, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        return model.predict(data, **accepted(model.predict, params))


def _format(options: Options) -> str:
    return options.serialization_format or serialization.SKOPS


def _trusted(model: Any, options: Options) -> list[str]:
    own = [class_name(model)] if class_name(model).startswith("lightgbm.sklearn.") else []
    return list(dict.fromkeys([*_TRUSTED, *own, *(options.skops_trusted_types or [])]))


def _booster() -> type:
    import lightgbm

    kind: type = lightgbm.Booster
    return kind


def get_default_pip_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
    """What a LightGBM model needs at least."""
    more = {"cloudpickle": include_cloudpickle, "skops": include_skops}
    return pinned(providers("lightgbm", *(name for name, wanted in more.items() if wanted)))


def get_default_conda_env(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
    """The conda environment a LightGBM model needs at least."""
    return conda_env(get_default_pip_requirements(include_cloudpickle, include_skops))


FLAVOR = LightGBM()
save_model, log_model, load_model = public(FLAVOR)
