"""TensorFlow: Keras models in Keras's own archive, and modules as the graph that TensorFlow saves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import keras as files
from headrace.models import pickles
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Saved, Saving, public
from headrace.models.loading import load_flavor
from headrace.models.native import LibraryFlavor, broken, providers
from headrace.models.trust import file_in, place_in

FLAVOR_NAME = "tensorflow"
_GRAPH, _OBJECTS, _FORMAT = "tf2model", "custom_objects.cloudpickle", "save_format.txt"
#: What the MLmodel file calls the kinds of models.
_KERAS, _MODULE, _OLD = "keras", "tf2-module", "tf1-estimator"


class Options(msgspec.Struct, kw_only=True):
    """Classes and functions that a Keras model names, and what TensorFlow or Keras is told when it saves."""

    custom_objects: dict[str, Any] | None = None
    saved_model_kwargs: dict[str, Any] | None = None
    keras_model_kwargs: dict[str, Any] | None = None


class TensorFlow(LibraryFlavor[Options]):
    """A Keras model, or a ``tf.Module``."""

    name = FLAVOR_NAME
    loader_module = "mlflow.tensorflow"
    save_order = (
        "model path conda_env code_paths mlflow_model custom_objects signature input_example pip_requirements "
        "extra_pip_requirements saved_model_kwargs keras_model_kwargs metadata extra_files"
    )
    log_order = (
        "model artifact_path custom_objects conda_env code_paths signature input_example registered_model_name "
        "await_registration_for pip_requirements extra_pip_requirements saved_model_kwargs keras_model_kwargs "
        "metadata extra_files name params tags model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import tensorflow as tf

        if not isinstance(model, tf.keras.Model | tf.Module):
            raise BadRequest(f"A {type(model).__name__} is no model of TensorFlow: give a Keras model or a tf.Module")

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import tensorflow as tf

        if not isinstance(model, tf.keras.Model):
            tf.saved_model.save(model, str(folder / _GRAPH), **(options.saved_model_kwargs or {}))
            return Saved(own={"saved_model_dir": _GRAPH, "model_type": _MODULE}, pyfunc={}, needs=_needs())
        data = folder / files.FOLDER
        form = files.write(model, data, "tensorflow.keras", options.keras_model_kwargs)
        (data / _FORMAT).write_text(form, encoding="utf-8")
        if options.custom_objects:
            with (data / _OBJECTS).open("wb") as file:
                pickles.dump(options.custom_objects, file)
        # Under this name MLflow writes the version of TensorFlow.
        own = {"data": files.FOLDER, "model_type": _KERAS, "keras_version": tf.__version__, "save_format": form}
        needs = _needs() | providers("keras") | ({"cloudpickle"} if options.custom_objects else set())
        return Saved(own=own, pyfunc={"data": files.FOLDER}, needs=needs)

    def load(
        self,
        folder: Path,
        own: Mapping[str, Any],
        saved_model_kwargs: Mapping[str, Any] | None = None,
        keras_model_kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if own.get("model_type", _KERAS if "data" in own else _OLD) == _KERAS:
            data = place_in(folder, own, "data")
            objects = pickles.load_file(data / _OBJECTS) if (data / _OBJECTS).exists() else {}
            told = dict(keras_model_kwargs or {})
            return files.read(data, {**objects, **(told.pop("custom_objects", None) or {})}, told)
        import tensorflow as tf

        place = place_in(folder, own, "saved_model_dir")
        file_in(place, {"graph": "saved_model.pb"}, "graph")
        told = {"tags": own.get("meta_graph_tags"), **(saved_model_kwargs or {})}
        try:
            return tf.saved_model.load(str(place), **told)
        except (ValueError, OSError, LookupError, RuntimeError, tf.errors.OpError) as error:
            raise broken(str(own["saved_model_dir"]), error) from error

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
        own = saved.get(self.name, saved["python_function"])
        if own.get("model_type") != _OLD:
            return super().load_pyfunc(folder, saved, config)
        graph = self.load(folder, own)
        key = own.get("signature_def_key", "serving_default")
        if key not in graph.signatures:
            raise BadRequest(f"The graph has no signature {key!r}; it has {sorted(graph.signatures)}")
        return _Signed(graph, graph.signatures[key])

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        import tensorflow as tf

        return files.ask(model, data) if isinstance(model, tf.keras.Model) else _ask_module(model, data)


class _Signed:
    """A graph of TensorFlow 1, asked by the names of a signature's inputs."""

    def __init__(self, graph: Any, function: Any) -> None:
        self._graph, self._function = graph, function

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """A frame with a column for each output, for a frame or a dict of arrays."""
        import pandas
        import tensorflow as tf

        specs = self._function.structured_input_signature[1]
        if missing := sorted(specs.keys() - set(data)):
            raise BadRequest(f"The model's inputs {missing} are missing; it takes {sorted(specs)}")
        fed = {name: tf.constant(list(data[name]), dtype=spec.dtype) for name, spec in specs.items()}
        answer = {name: list(each.numpy()) for name, each in self._function(**fed).items()}
        return pandas.DataFrame(answer, index=getattr(data, "index", None))

    def get_raw_model(self) -> Any:
        """The graph."""
        return self._graph


def _ask_module(model: Any, data: Any) -> Any:
    """What calling a module gives for an array, a list or a dict of arrays; a frame for a frame."""
    import numpy
    import pandas
    import tensorflow as tf

    if not callable(model):
        raise BadRequest("This module has no __call__, so it cannot be asked: load it with tensorflow.load_model")
    frame = data if isinstance(data, pandas.DataFrame) else None
    fed = tf.nest.map_structure(_tensor, data.to_numpy() if frame is not None else data)
    try:
        answer = tf.nest.map_structure(lambda each: each.numpy(), model(tf.constant(fed) if _is_list(fed) else fed))
    except (ValueError, TypeError) as error:
        raise BadRequest(f"The module cannot be called with this {type(data).__name__}: {error}") from error
    whole = isinstance(answer, numpy.ndarray | Mapping)
    return files.framed(answer, frame) if frame is not None and whole else answer


def _tensor(value: Any) -> Any:
    import numpy
    import tensorflow as tf

    # Doubles are what tables and lists hold, and single precision is what graphs take.
    return tf.constant(value, dtype=tf.float32) if getattr(value, "dtype", None) == numpy.float64 else value


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _needs() -> set[str]:
    return providers("tensorflow")


FLAVOR = TensorFlow()
save_model, log_model, _ = public(FLAVOR)


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    saved_model_kwargs: dict[str, Any] | None = None,
    keras_model_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Load a TensorFlow model from a path or a URI; the rest goes to TensorFlow's or Keras's own loading."""
    return load_flavor(
        FLAVOR, model_uri, dst_path, saved_model_kwargs=saved_model_kwargs, keras_model_kwargs=keras_model_kwargs
    )


def get_default_pip_requirements(include_cloudpickle: bool = False) -> list[str]:
    """What a model of TensorFlow needs at least; with objects of its own, cloudpickle too."""
    return pinned(_needs() | ({"cloudpickle"} if include_cloudpickle else set()))


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment a model of TensorFlow needs at least."""
    return conda_env(get_default_pip_requirements())


def get_global_custom_objects() -> dict[str, Any]:
    """The classes and functions that are registered with Keras by name, as Keras keeps them."""
    import tensorflow as tf

    found: dict[str, Any] = tf.keras.utils.get_custom_objects()
    return found
