"""Keras 3 models, in Keras's own archive, or as the graph that Keras exports."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import keras as files
from headrace.models.flavor import Saved, Saving, public
from headrace.models.loading import load_flavor
from headrace.models.native import LibraryFlavor, broken, defaults, providers
from headrace.models.trust import place_in

FLAVOR_NAME = "keras"
#: The folder of an exported graph, in that of the model.
_EXPORTED = "model"


class Options(msgspec.Struct, kw_only=True):
    """Whether the graph is exported, and what Keras's ``save`` or ``export`` is told."""

    save_exported_model: bool = False
    save_model_kwargs: dict[str, Any] | None = None


class Keras(LibraryFlavor[Options]):
    """A model of Keras 3 on any backend; what is exported can only be asked."""

    name = FLAVOR_NAME
    loader_module = "mlflow.keras"
    save_order = (
        "model path save_exported_model conda_env mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements save_model_kwargs metadata"
    )
    log_order = (
        "model artifact_path save_exported_model conda_env signature input_example registered_model_name "
        "await_registration_for pip_requirements extra_pip_requirements save_model_kwargs metadata name params tags "
        "model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import keras

        if not isinstance(model, keras.Model):
            raise BadRequest(f"A {type(model).__name__} is no model of Keras 3")

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import keras

        data = folder / files.FOLDER
        if options.save_exported_model:
            data.mkdir()
            (data / files.MODULE).write_text("keras", encoding="utf-8")
            _export(model, data / _EXPORTED, options.save_model_kwargs or {})
        else:
            files.write(model, data, "keras", options.save_model_kwargs)
        own = {
            "data": files.FOLDER,
            "keras_version": keras.__version__,
            "keras_backend": keras.backend.backend(),
            "save_exported_model": options.save_exported_model,
        }
        return Saved(own=own, pyfunc={}, needs=providers("keras", keras.backend.backend()))

    def load(
        self,
        folder: Path,
        own: Mapping[str, Any],
        custom_objects: Mapping[str, Any] | None = None,
        load_model_kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        # MLflow says where the files are only under the flavor's own name.
        data = place_in(folder, {"data": files.FOLDER, **own}, "data")
        if not own.get("save_exported_model"):
            return files.read(data, custom_objects, load_model_kwargs)
        graph = importlib.import_module("tensorflow").saved_model
        try:
            return graph.load(str(place_in(data, {"model": _EXPORTED}, "model")), **(load_model_kwargs or {}))
        except (ValueError, OSError, LookupError) as error:
            raise broken(_EXPORTED, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        return files.ask(_Served(model) if hasattr(model, "serve") else model, data)


class _Served:
    """An exported graph, asked as the model it was made of."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def predict(self, data: Any, verbose: int) -> Any:
        """The answer of the endpoint ``serve``, as arrays; it is as silent as ``verbose`` says anyway."""
        import numpy

        answer = self._graph.serve(data)
        if isinstance(answer, Mapping):
            return {name: each.numpy() for name, each in answer.items()}
        return [each.numpy() for each in answer] if isinstance(answer, list | tuple) else numpy.asarray(answer)


def _export(model: Any, place: Path, told: Mapping[str, Any]) -> None:
    # Early releases take no word of how much to say.
    quiet = {"verbose": False} if "verbose" in inspect.signature(model.export).parameters else {}
    try:
        model.export(str(place), **{**quiet, **told})
    except (ValueError, TypeError, AttributeError, NotImplementedError) as error:
        raise BadRequest(
            f"Keras cannot export this model: {error}. Call it once, so that its inputs are known"
        ) from error


FLAVOR = Keras()
save_model, log_model, _ = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("keras")


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    custom_objects: dict[str, Any] | None = None,
    load_model_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Load a Keras model from a path or a URI; ``load_model_kwargs`` go to Keras's own ``load_model``."""
    return load_flavor(FLAVOR, model_uri, dst_path, custom_objects=custom_objects, load_model_kwargs=load_model_kwargs)
