"""A flavor: what headrace must know about one library, and nothing else. Subclass once per library."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from headrace.models.signature import ModelSignature

O = TypeVar("O", bound=msgspec.Struct)
_REQUIRED = inspect.Parameter.empty


class NoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a flavor that has none of its own."""


class Saving(msgspec.Struct, kw_only=True):
    """What every ``save_model`` can be told, whatever the library."""

    conda_env: Any = None
    code_paths: Any = None
    mlflow_model: Any = None
    signature: Any = None
    input_example: Any = None
    pip_requirements: Any = None
    extra_pip_requirements: Any = None
    metadata: dict[str, Any] | None = None
    extra_files: Any = None
    resources: Any = None
    auth_policy: Any = None
    uv_project_path: Any = None
    uv_groups: list[str] | None = None
    uv_extras: list[str] | None = None


class Logging(msgspec.Struct, kw_only=True):
    """What every ``log_model`` can be told beside that."""

    artifact_path: str | None = None
    registered_model_name: str | None = None
    await_registration_for: int | None = 300
    params: dict[str, Any] | None = None
    tags: dict[str, Any] | None = None
    model_type: str | None = None
    step: int = 0
    model_id: str | None = None
    name: str | None = None
    prompts: Any = None
    run_id: str | None = None


class Saved(msgspec.Struct, kw_only=True):
    """What a flavor wrote: what loading will need to know, and the distributions it will need."""

    #: Under the flavor's own name in the MLmodel file; None for a flavor that is only a ``python_function``.
    own: dict[str, Any] | None = None
    #: Under ``python_function``; None for a flavor that cannot be asked as one.
    pyfunc: dict[str, Any] | None = None
    #: Distributions that the model needs.
    needs: set[str] = msgspec.field(default_factory=set)


class Flavor(Generic[O]):
    """How the models of one library are saved, loaded and asked."""

    #: Its name in the MLmodel file, and the module of MLflow that loads it.
    name: ClassVar[str]
    loader_module: ClassVar[str]
    #: Arguments of ``save_model`` and ``log_model``, in the order MLflow takes them; the model first, if it is one.
    #: ``kwargs`` at the end stands for any others, which the option of that name gets.
    save_order: ClassVar[str]
    log_order: ClassVar[str]
    #: Whether the first argument is the model.
    takes_model: ClassVar[bool] = True
    #: What only this library's ``save_model`` can be told.
    options: ClassVar[type[Any]] = NoOptions

    def check(self, model: Any, saving: Saving, options: O) -> None:
        """Raise ``BadRequest`` for what cannot be saved, before anything is written."""

    def save(self, model: Any, folder: Path, options: O) -> Saved:
        """Write ``model`` into the empty ``folder``."""
        raise NotImplementedError

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        """The inverse of ``save``: the library's own object. ``own`` is what was saved of it."""
        raise NotImplementedError

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
        """Something with ``predict(data, params)``. ``saved`` is what was saved of it, by flavor."""
        raise NotImplementedError

    def asked(self, model: Any, options: O) -> Any:
        """The same for a model that is not saved yet, so that its signature can be read off an example."""
        raise NotImplementedError

    def script(self, model: Any, options: O) -> Path | None:
        """The script that a user gave as the model, which a clean process runs; None for a model that was made here."""
        return None

    def signature_of(self, model: Any, options: O) -> ModelSignature | None:
        """The signature that the model itself declares, if it does; it wins over what an example shows."""
        return None


def public(flavor: Flavor[Any]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The ``save_model``, ``log_model`` and ``load_model`` of a flavor: one pipeline under its own signatures."""
    saves, logs = _signature(flavor, flavor.save_order), _signature(flavor, flavor.log_order)

    def save_model(*args: Any, **kwargs: Any) -> None:
        from headrace.models.saving import save

        bound = _bind("save_model", saves, args, kwargs)
        path = bound.pop("path")
        model = bound.pop(next(iter(saves.parameters))) if flavor.takes_model else None
        save(flavor, model, path, _pick(Saving, bound), _pick(flavor.options, bound))

    def log_model(*args: Any, **kwargs: Any) -> Any:
        from headrace.models.logged import log

        bound = _bind("log_model", logs, args, kwargs)
        model = bound.pop(next(iter(logs.parameters))) if flavor.takes_model else None
        return log(flavor, model, _pick(Saving, bound), _pick(flavor.options, bound), _pick(Logging, bound))

    def load_model(model_uri: str, dst_path: str | None = None) -> Any:
        from headrace.models.loading import load_flavor

        return load_flavor(flavor, model_uri, dst_path)

    save_model.__signature__ = saves  # type: ignore[attr-defined]
    log_model.__signature__ = logs  # type: ignore[attr-defined]
    save_model.__doc__ = f"Save a {flavor.name} model into the folder ``path``, which must be empty or not exist."
    log_model.__doc__ = f"Log a {flavor.name} model, linked to the active run if there is one; returns its ModelInfo."
    load_model.__doc__ = f"Load a {flavor.name} model from a path or a URI."
    module = type(flavor).__module__
    for function in (save_model, log_model, load_model):
        function.__module__ = module
        function.__qualname__ = function.__name__
    return save_model, log_model, load_model


def _signature(flavor: Flavor[Any], order: str) -> inspect.Signature:
    names = order.split()
    required = {"path", names[0]} if flavor.takes_model else {"path"}
    defaults = {
        field.name: _REQUIRED if field.required else field.default
        for kind in (Logging, Saving, flavor.options)
        for field in msgspec.structs.fields(kind)
    }
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.VAR_KEYWORD if name == "kwargs" else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=_REQUIRED if name in required or name == "kwargs" else _default(defaults[name]),
            )
            for name in names
        ]
    )


def _default(said: Any) -> Any:
    # An option without a default, as the task of openai's save_model.
    return _REQUIRED if said is msgspec.NODEFAULT else said


def _bind(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}() {error}") from None
    bound.apply_defaults()
    return dict(bound.arguments)


def _pick(kind: type[Any], said: Mapping[str, Any]) -> Any:
    return kind(**{name: said[name] for name in kind.__struct_fields__ if name in said})
