"""``PythonModel``: a model written by its user."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from headrace.base.errors import BadRequest
from headrace.models.names import module_of
from headrace.models.signature import TypeHints


class PythonModelContext:
    """What a ``PythonModel`` was saved with: paths of its artifacts, by name, and its configuration."""

    def __init__(self, artifacts: dict[str, str] | None, model_config: dict[str, Any] | None) -> None:
        self._artifacts = artifacts or {}
        self._model_config = model_config or {}

    @property
    def artifacts(self) -> dict[str, str]:
        """Absolute local paths of the artifacts, by the names they were saved under."""
        return self._artifacts

    @property
    def model_config(self) -> dict[str, Any]:
        """The configuration that was saved with the model, or given when it was loaded."""
        return self._model_config


class PythonModel:
    """Subclass this and write ``predict``; in ``load_context`` open what cannot be pickled."""

    @property
    def predict_type_hints(self) -> TypeHints:
        """The type hints of what ``predict`` takes and gives."""
        return hints_of(self)

    def load_context(self, context: PythonModelContext) -> None:
        """Called once, when the model is loaded and before it is asked."""

    # Not abstract, and of no metaclass: pickles of MLflow's make the class before they give it its methods.
    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """The prediction for ``model_input``. May leave out ``context``, and ``params`` too."""
        raise NotImplementedError

    def predict_stream(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """The prediction for ``model_input``, part by part."""
        raise NotImplementedError(f"{type(self).__name__} has no predict_stream")


class _FunctionPythonModel(PythonModel):
    """A plain function as a model. Its name and its state are those of MLflow's pickles."""

    def __init__(self, func: Callable[..., Any], signature: Any = None) -> None:
        self.signature = signature
        self.func = func

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return ask(self.func, context, model_input, params)


def python_model_of(said: Any) -> PythonModel:
    """The ``PythonModel`` that ``said`` is, or that asks the function ``said``."""
    if isinstance(said, PythonModel):
        return said
    if isinstance(said, type) and issubclass(said, PythonModel):
        raise BadRequest(f"python_model is the class {said.__name__}: give an instance of it")
    if not callable(said):
        raise BadRequest(
            f"python_model cannot be a {type(said).__name__}: give a PythonModel, a function of one argument, or the "
            "path of a script that calls set_model with one of these"
        )
    takes = inspect.signature(said).parameters.values()
    needed = [each for each in takes if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    if len(needed) != 1:
        raise BadRequest(f"A function given as python_model must take one argument, and this one takes {len(needed)}")
    return _FunctionPythonModel(said)


def streams(model: PythonModel) -> bool:
    """Whether a model has a ``predict_stream`` of its own."""
    found = next(kind for kind in type(model).__mro__ if "predict_stream" in vars(kind))
    return module_of(found.__module__) != "mlflow.pyfunc.model"


def ask(predict: Callable[..., Any], context: Any, model_input: Any, params: dict[str, Any] | None) -> Any:
    """Call ``predict`` with those of context, input and params that it takes."""
    names = parameters(predict)
    given = [context, model_input] if len([name for name in names if name != "params"]) > 1 else [model_input]
    return predict(*given, params=params) if "params" in names else predict(*given)


def parameters(predict: Callable[..., Any]) -> tuple[str, ...]:
    """The names of what ``predict`` takes, without ``self``."""
    if not inspect.ismethod(predict):
        return tuple(inspect.signature(predict).parameters)
    # A model is asked often, and looking takes longer than many an answer.
    found = _parameters.get(predict.__func__)
    if found is None:
        found = _parameters[predict.__func__] = tuple(inspect.signature(predict).parameters)
    return found


#: What methods take, beside ``self``.
_parameters: WeakKeyDictionary[Any, tuple[str, ...]] = WeakKeyDictionary()


def hints_of(model: PythonModel) -> TypeHints:
    """The type hints of a model's input and output."""
    function = model.func if isinstance(model, _FunctionPythonModel) else type(model).predict
    function = inspect.unwrap(function)
    if getattr(function, "__qualname__", "") == "PythonModel.predict":
        return TypeHints()
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        # A hint that names what is not imported at run time says nothing here.
        return TypeHints()
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "context", "params")]
    return TypeHints(hints.get(names[0]) if names else None, hints.get("return"))
