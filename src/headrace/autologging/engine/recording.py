"""The run that a user's call is recorded in: the open one, or one that begins and ends with the call."""

from __future__ import annotations

import io
import threading
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from headrace.autologging.engine.watching import quiet
from headrace.base.clock import now_ms
from headrace.base.errors import HeadraceError
from headrace.schema.runs import Metric, Param, RunTag
from headrace.tracking import active, fluent, later
from headrace.tracking.limits import MAX_ENTITY_KEY_LENGTH, MAX_PARAM_VAL_LENGTH
from headrace.tracking.logging import dataset_input
from headrace.tracking.tag_names import MLFLOW_AUTOLOGGING
from headrace.tracking.values import number

T = TypeVar("T")

_CUT = "..."
#: Artifacts of so many calls may wait to be made; a program that calls faster waits for them.
_waiting = threading.BoundedSemaphore(32)
#: Runs that began with a call and are not over.
_began: set[str] = set()


def began(run_id: str) -> bool:
    """Whether a run began with a watched call, and not by the user's will."""
    return run_id in _began


def attempted(do: Callable[[], T], tell: Callable[[str], object]) -> T | None:
    """What ``do`` returns; None when it fails, of which ``tell`` hears. Nothing here may end a training."""
    try:
        return do()
    except Exception as error:  # Whatever it is, the rest is recorded all the same.
        tell(f"{type(error).__name__}: {error}")
        return None


class Recording:
    """What is recorded of one call. Each step stands alone: what one cannot record is told once, at the end."""

    def __init__(self, integration: Any, tags: Mapping[str, str]) -> None:
        self._integration, self._failures = integration, list[str]()
        self._later: list[tuple[str, Callable[[], bytes]]] = []
        said = {**tags, **(integration.option("extra_tags") or {})}
        run = active.current()
        self._own = run is None
        if run is None:
            run = fluent.start_run(tags={**said, MLFLOW_AUTOLOGGING: integration.name})
            _began.add(run.info.run_id)
        self.run_id, self.experiment_id = run.info.run_id, run.info.experiment_id
        self.client = active.client_of(self.run_id)
        self.tags = said

    @property
    def own(self) -> bool:
        """Whether the run began with the call."""
        return self._own

    def step(self, what: str, do: Callable[[], Any]) -> Any:
        """What ``do`` returns; None when it fails, which is told at the end."""
        return attempted(do, lambda error: self._failures.append(f"{what} ({error})"))

    def params(self, params: Mapping[str, Any]) -> None:
        """Log params, and the tags of the call when the run is the user's."""
        said = [Param(key, value) for key, value in texts(params).items()]
        tags = [] if self._own else [RunTag(key, str(value)) for key, value in self.tags.items()]
        try:
            self.client.log_batch(self.run_id, params=said, tags=tags, synchronous=True)
        except HeadraceError:
            # An earlier call in the same run said otherwise of a param; the tags say who was here last.
            self.client.log_batch(self.run_id, tags=tags, synchronous=True)
            raise

    def metrics(self, metrics: Mapping[str, float], model_id: str | None = None, dataset: Any = None) -> None:
        """Log metrics of the run, and of a model that they are about."""
        self.client.log_batch(self.run_id, metrics=points(metrics, model_id, dataset), synchronous=True)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log further params."""
        said = [Param(key, value) for key, value in texts(params).items()]
        self.client.log_batch(self.run_id, params=said, synchronous=True)

    def log_dataset(self, dataset: Any, purpose: str, run_id: str | None = None) -> None:
        """Note that the run, or another, read a dataset."""
        self.client.log_inputs(run_id or self.run_id, [dataset_input(dataset, purpose)])

    def log_text(self, text: str, name: str) -> None:
        """Store a text as an artifact."""
        self.client.log_text(self.run_id, text, name)

    def log_later(self, name: str, make: Callable[[], bytes]) -> None:
        """Store what ``make`` returns as an artifact, after the call has returned.

        Whoever looks at the run's artifacts in this process, or ends a run of the user's, waits for it.
        """
        self._later.append((name, make))

    def _make(self, waiting: list[tuple[str, Callable[[], bytes]]]) -> None:
        try:
            with quiet():
                for name, make in waiting:
                    self._make_one(name, make)
        finally:
            _waiting.release()

    def _make_one(self, name: str, make: Callable[[], bytes]) -> None:
        # The user's call returned long ago: all that is left to do is to say so.
        attempted(
            lambda: self.client.log_stream(self.run_id, io.BytesIO(make()), name),
            lambda error: self._integration.warn(f"not recorded in run {self.run_id}: {name} ({error})"),
        )

    def end(self, status: str = "FINISHED") -> None:
        """End the run if it began with the call, and tell what could not be recorded."""
        if self._own:
            _began.discard(self.run_id)
            self.step("the end of the run", lambda: fluent.end_run(status))
        if self._later:
            waiting, self._later = self._later, []
            _waiting.acquire()
            later.act(self.client, self.run_id, partial(self._make, waiting))
        if self._failures:
            self._integration.warn(f"not recorded in run {self.run_id}: {'; '.join(self._failures)}")


def points(metrics: Mapping[str, float], model_id: str | None = None, dataset: Any = None) -> list[Metric]:
    """Metrics of now, about a model, on a dataset."""
    at = now_ms()
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    return [
        Metric(key, number(value, key), at, 0, model_id=model_id, dataset_name=name, dataset_digest=digest)
        for key, value in metrics.items()
    ]


def texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Params as they are logged: cut to what a server takes."""
    return {
        _cut(str(key), MAX_ENTITY_KEY_LENGTH): _cut(str(value), MAX_PARAM_VAL_LENGTH) for key, value in params.items()
    }


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


class Remembered:
    """Values by the identity of objects, for as long as these live. Nothing is added to the objects themselves."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[Any], Any]] = {}
        self._lock = threading.RLock()

    def put(self, key: Any, value: Any) -> bool:
        """Remember ``value`` for ``key``; False when ``key`` is of a kind that cannot be followed."""
        at = id(key)
        try:
            reference = weakref.ref(key, lambda gone: self._forget(at, gone))
        except TypeError:
            return False
        with self._lock:
            self._kept[at] = (reference, value)
        return True

    def get(self, key: Any) -> Any:
        """What is remembered for this very object, or None."""
        found = self._kept.get(id(key))
        return found[1] if found is not None and found[0]() is key else None

    def _forget(self, at: int, gone: weakref.ref[Any]) -> None:
        with self._lock:
            if at in self._kept and self._kept[at][0] is gone:
                del self._kept[at]
