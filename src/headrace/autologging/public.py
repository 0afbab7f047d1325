"""What packages outside of this house ask of autologging: ``mlflow.utils.autologging_utils`` is this module."""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from headrace.autologging.engine import INTEGRATIONS, LIBRARIES
from headrace.autologging.engine.integration import paused
from headrace.autologging.engine.recording import attempted, texts
from headrace.base.clock import now_ms
from headrace.schema.runs import Metric
from headrace.tracking import active, fluent

F = TypeVar("F", bound=Callable[..., Any])
#: Libraries whose autologging stands in other packages -> what it was last told.
AUTOLOGGING_INTEGRATIONS: dict[str, dict[str, Any]] = {}
#: Points of metrics that wait until they are sent together.
_TOGETHER = 500
_lock = threading.RLock()


def get_autologging_config(flavor_name: str, config_key: str, default_value: Any = None) -> Any:
    """One option that the ``autolog`` of a library was last told."""
    return _options(flavor_name).get(config_key, default_value)


def autologging_is_disabled(integration_name: str) -> bool:
    """Whether calls of a library are not recorded now."""
    if integration_name in INTEGRATIONS:
        return INTEGRATIONS[integration_name].is_disabled()
    if paused.get() & {integration_name, "*"}:
        return True
    return bool(_options(integration_name).get("disable", integration_name not in AUTOLOGGING_INTEGRATIONS))


@contextmanager
def disable_autologging() -> Iterator[None]:
    """Record nothing of any library in the block."""
    with disable_discrete_autologging(["*"]):
        yield


@contextmanager
def disable_discrete_autologging(flavors_to_disable: Sequence[str]) -> Iterator[None]:
    """Record nothing of these libraries in the block."""
    before = paused.set(paused.get() | set(flavors_to_disable))
    try:
        yield
    finally:
        paused.reset(before)


def is_autolog_supported(integration_name: str) -> bool:
    """Whether a library has autologging here, or had a package add it."""
    return integration_name in LIBRARIES or integration_name in AUTOLOGGING_INTEGRATIONS


def get_autolog_function(integration_name: str) -> Callable[..., Any] | None:
    """The ``autolog`` of a library; None when it has none here."""
    if integration_name not in LIBRARIES:
        return None
    found: Callable[..., Any] = importlib.import_module(f"headrace.autologging.{integration_name}").autolog
    return found


def autologging_integration(name: str) -> Callable[[F], F]:
    """Have the options of another package's ``autolog`` known by the name of its library."""

    def declare(autolog: F) -> F:
        signature = inspect.signature(autolog)
        AUTOLOGGING_INTEGRATIONS.setdefault(name, {})

        @functools.wraps(autolog)
        def call(*args: Any, **kwargs: Any) -> Any:
            said = signature.bind(*args, **kwargs)
            said.apply_defaults()
            with _lock:
                AUTOLOGGING_INTEGRATIONS[name] = dict(said.arguments)
            return autolog(*args, **kwargs)

        call.integration_name = name  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return declare


def autologging_conf_lock(fn: F) -> F:
    """``fn``, called by one thread at a time."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _lock:
            return fn(*args, **kwargs)

    return call  # type: ignore[return-value]


def get_mlflow_run_params_for_fn_args(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], unlogged: Sequence[str] | None = None
) -> dict[str, Any]:
    """The arguments of a call by name, defaults and all, without those in ``unlogged``."""
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    takes = [each for each in inspect.signature(fn).parameters.values() if each.kind not in kinds]
    given = dict(zip((each.name for each in takes), args, strict=False)) | kwargs
    absent = {each.name: each.default for each in takes if each.default is not each.empty and each.name not in given}
    return {name: value for name, value in (given | absent).items() if name not in (unlogged or ())}


def log_fn_args_as_params(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], unlogged: Sequence[str] | None = None
) -> None:
    """Log the arguments of a call as params of the open run."""
    fluent.log_params(texts(get_mlflow_run_params_for_fn_args(fn, args, kwargs, unlogged)))


def get_method_call_arg_value(
    arg_index: int, arg_name: str, default_value: Any, call_pos_args: Sequence[Any], call_kwargs: dict[str, Any]
) -> Any:
    """An argument of a call, given by its place or its name."""
    if arg_name in call_kwargs:
        return call_kwargs[arg_name]
    return call_pos_args[arg_index] if arg_index < len(call_pos_args) else default_value


def get_instance_method_first_arg_value(
    method: Callable[..., Any], call_pos_args: Sequence[Any], call_kwargs: dict[str, Any]
) -> Any:
    """The first argument of a call of a method, after the object."""
    return call_pos_args[0] if call_pos_args else call_kwargs.get(list(inspect.signature(method).parameters)[1])


class InputExampleInfo:
    """An input example, or why there is none."""

    def __init__(self, input_example: Any = None, error_msg: str | None = None) -> None:
        self.input_example, self.error_msg = input_example, error_msg


def resolve_input_example_and_signature(
    get_input_example: Callable[[], Any],
    infer_model_signature: Callable[[Any], Any],
    log_input_example: bool,
    log_model_signature: bool,
    logger: Any,
) -> tuple[Any, Any]:
    """The example and the signature, as far as they are wanted; what cannot be had is warned of, and None."""
    if not log_input_example and not log_model_signature:
        return None, None
    # Both ask the user's data and model, whose faults must not end the training.
    failed: list[str] = []
    example = attempted(get_input_example, failed.append)
    if failed:
        logger.warning("There is no input example, and so no signature: %s", failed[0])
        return None, None
    signature = None
    if log_model_signature:
        signature = attempted(
            lambda: infer_model_signature(example), lambda why: logger.warning("There is no signature: %s", why)
        )
    return (example if log_input_example else None), signature


class BatchMetricsLogger:
    """Gathers metrics of a training and logs them together."""

    def __init__(self, run_id: str | None = None, tracking_uri: str | None = None, model_id: str | None = None) -> None:
        from headrace.tracking.client import MlflowClient

        self.run_id, self.model_id = run_id, model_id
        self.client = MlflowClient(tracking_uri)
        self._waiting: list[Metric] = []

    def record_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Take metrics of now; they are logged once many wait."""
        at = now_ms()
        self._waiting += [
            Metric(key, float(value), at, step or 0, model_id=self.model_id) for key, value in metrics.items()
        ]
        if len(self._waiting) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Log what waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        run = active.current()
        run_id = self.run_id or (run.info.run_id if run else fluent.start_run().info.run_id)
        self.client.log_batch(run_id, metrics=waiting, synchronous=True)


@contextmanager
def batch_metrics_logger(run_id: str | None = None, model_id: str | None = None) -> Iterator[BatchMetricsLogger]:
    """A logger of metrics that has logged all of them at the end of the block."""
    logger = BatchMetricsLogger(run_id, model_id=model_id)
    try:
        yield logger
    finally:
        logger.flush()


def _options(name: str) -> dict[str, Any]:
    return INTEGRATIONS[name].options if name in INTEGRATIONS else AUTOLOGGING_INTEGRATIONS.get(name, {})
