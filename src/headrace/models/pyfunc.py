"""``PyFuncModel``: any saved model, asked in one way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, NotSupported
from headrace.models import examples, mismatches
from headrace.models.code import read_config
from headrace.models.enforcement import enforce, enforce_params
from headrace.models.loading import load_pyfunc, open_model
from headrace.models.model import Model
from headrace.models.python_model import PythonModel, PythonModelContext, ask, hints_of, streams
from headrace.models.validation import validate


class PythonModelWrapper:
    """A ``PythonModel`` and the context it was loaded with, asked as every other model is."""

    def __init__(self, python_model: PythonModel, context: PythonModelContext) -> None:
        self.python_model, self.context = python_model, context
        self._hint = hints_of(python_model).input

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Ask the model's ``predict``."""
        return ask(self.python_model.predict, self.context, validate(model_input, self._hint), params)

    def predict_stream(self, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """Ask the model's ``predict_stream``."""
        if not streams(self.python_model):
            raise NotSupported(f"{type(self.python_model).__name__} has no predict_stream")
        return iter(ask(self.python_model.predict_stream, self.context, validate(model_input, self._hint), params))

    def unwrap_python_model(self) -> PythonModel:
        """The user's own object."""
        return self.python_model


class PyFuncModel:
    """A loaded model: its input is made to fit its signature, then it is asked."""

    def __init__(
        self,
        model_meta: Model,
        model_impl: Any,
        predict_fn: str = "predict",
        predict_stream_fn: str | None = None,
        model_id: str | None = None,
    ) -> None:
        if not hasattr(model_impl, predict_fn):
            raise BadRequest(f"A loaded model needs a method {predict_fn!r}, and {type(model_impl).__name__} has none")
        self._model_meta, self._model_impl = model_meta, model_impl
        self._predict = getattr(model_impl, predict_fn)
        self._predict_stream = getattr(model_impl, predict_stream_fn or "predict_stream", None)
        self._model_id = model_id or model_meta.model_id
        self._folder: Path | None = None

    def __repr__(self) -> str:
        meta = self._model_meta
        where = {"artifact_path": meta.artifact_path, "run_id": meta.run_id, "flavor": self.loader_module}
        shown = "".join(f"  {name}: {value}\n" for name, value in where.items() if value is not None)
        return f"mlflow.pyfunc.loaded_model:\n{shown}"

    @property
    def metadata(self) -> Model:
        """The description in the MLmodel file."""
        return self._model_meta

    @property
    def model_id(self) -> str | None:
        """The id of the logged model this is, if it was logged."""
        return self._model_id

    @property
    def model_config(self) -> dict[str, Any] | None:
        """The configuration the model was saved with."""
        said: dict[str, Any] | None = self._model_meta.flavors.get("python_function", {}).get("config")
        return said

    @property
    def loader_module(self) -> str | None:
        """The module that loads this model."""
        said: str | None = self._model_meta.flavors.get("python_function", {}).get("loader_module")
        return said

    @property
    def input_example(self) -> Any:
        """The input example that was saved with the model, or None."""
        return None if self._folder is None else examples.load(self._model_meta, self._folder)

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """The prediction for ``data``. Raises ``BadRequest`` when it does not fit the signature."""
        return self._call(self._predict, data, params)

    def predict_fitting(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """The prediction for ``data`` that was read by this model's signature, and so is known to fit it."""
        return self._ask(self._predict, data, params)

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """The prediction for ``data``, part by part."""
        if self._predict_stream is None:
            raise NotSupported("This model has no predict_stream")
        parts: Iterator[Any] = self._call(self._predict_stream, data, params)
        return parts

    def unwrap_python_model(self) -> Any:
        """The ``PythonModel`` that this was made of."""
        if not hasattr(self._model_impl, "unwrap_python_model"):
            raise NotSupported(f"A model of {self.loader_module} is not made of a PythonModel; ask get_raw_model()")
        return self._model_impl.unwrap_python_model()

    def get_raw_model(self) -> Any:
        """The library's own object that this was made of."""
        if not hasattr(self._model_impl, "get_raw_model"):
            raise NotSupported(f"A model of {self.loader_module} has no raw model")
        return self._model_impl.get_raw_model()

    def _call(self, function: Any, data: Any, params: Mapping[str, Any] | None) -> Any:
        signature = self._model_meta.signature
        # A signature that was read off a type hint is a weaker copy of it; the hint itself is what checks the input.
        checked = getattr(self._model_impl, "checks_input", False)
        if (
            signature is not None
            and signature.inputs is not None
            and not signature._is_signature_from_type_hint
            and not checked
        ):
            data = enforce(data, signature.inputs)
        return self._ask(function, data, params)

    def _ask(self, function: Any, data: Any, params: Mapping[str, Any] | None) -> Any:
        taken = enforce_params(params, self._model_meta.get_params_schema())
        return function(data, params=taken) if taken else function(data)


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,
    dst_path: str | None = None,
    model_config: str | Path | dict[str, Any] | None = None,
) -> PyFuncModel:
    """Load any model that can be asked as a Python function, from a path or a URI.

    ``model_config`` replaces keys of the configuration the model was saved with. ``suppress_warnings`` says nothing of
    what is installed in another version than the model requires.
    """
    model, folder = open_model(model_uri, dst_path)
    if not suppress_warnings:
        mismatches.warn_of(folder)
    given = read_config(model_config)
    saved = read_config(model.flavors.get("python_function", {}).get("config"))
    config = None if given is None and saved is None else {**(saved or {}), **(given or {})}
    loaded = PyFuncModel(model, load_pyfunc(model, folder, config))
    loaded._folder = folder
    return loaded


def get_model_dependencies(model_uri: str, format: str = "pip") -> str:
    """The local path of the file that says what a model needs: requirements.txt, or conda.yaml for ``conda``."""
    from headrace.models.environment import CONDA, REQUIREMENTS
    from headrace.models.loading import fetch

    names = {"pip": REQUIREMENTS, "conda": CONDA}
    if format not in names:
        raise BadRequest(f"format must be 'pip' or 'conda', not {format!r}")
    found = fetch(model_uri) / names[format]
    if not found.is_file():
        raise BadRequest(f"The model {model_uri!r} has no {names[format]}")
    return str(found)
