"""Metrics of an estimator after its fit: scores, and measures of what it answered, go into the run of the fit."""

from __future__ import annotations

import threading
from typing import Any

from headrace.autologging.engine import Call, Integration, Recording
from headrace.autologging.engine.recording import Remembered, points
from headrace.autologging.engine.watching import name_of
from headrace.autologging.sklearn.inputs import dataset_of

_UNKNOWN = "unknown_dataset"
_INFO = "metric_info.json"
#: Datasets that a run is said to have been asked about. One that is asked row by row would have no end of them.
_MOST_DATASETS = 10


class Trained:
    """The run of a fit, and what was measured of it since."""

    def __init__(self, record: Recording, name: str, model_id: str | None) -> None:
        self.run_id, self.client, self.model_id, self.name = record.run_id, record.client, model_id, name
        self._record, self._lock = record, threading.Lock()
        self._counts: dict[str, int] = {}
        self._info: dict[str, str] = {}
        self._inputs: dict[str, list[int]] = {}
        self._datasets = 0

    def measured(self, metric: str, data: str, value: float, command: str) -> None:
        """Log a metric that was measured on the data of a name, the second time under a name of its own."""
        with self._lock:
            self._counts[metric] = count = self._counts.get(metric, 0) + 1
            key = f"{metric}_{data}" if count == 1 else f"{metric}-{count}_{data}"
            self._info[key] = command
            self.client.log_batch(self.run_id, metrics=points({key: value}, self.model_id), synchronous=True)
            self.client.log_dict(self.run_id, dict(sorted(self._info.items())), _INFO)

    def data_name(self, X: Any, name: str | None) -> str:
        """What X is called among all that this estimator was asked about."""
        if name is None:
            return _UNKNOWN
        with self._lock:
            known = self._inputs.setdefault(name, [])
            if id(X) not in known:
                known.append(id(X))
            at = known.index(id(X)) + 1
        return name if at == 1 else f"{name}-{at}"

    def asked_about(self, X: Any) -> None:
        """Note that the estimator was asked about X."""
        with self._lock:
            self._datasets += 1
            if self._datasets > _MOST_DATASETS:
                return
        dataset = dataset_of(X)
        if dataset is not None:
            self._record.log_dataset(dataset, "eval")


#: Estimators, and what they answered: the run of its fit, and what the question was called.
_trained, _answers = Remembered(), Remembered()


def remember(estimator: Any, trained: Trained) -> None:
    """From now on, what is measured of this estimator is about this fit."""
    _trained.put(estimator, trained)


def trained_of(estimator: Any) -> Trained | None:
    """The fit of an estimator, if it was recorded."""
    found: Trained | None = _trained.get(estimator)
    return found


class Asked:
    """Watches an answer of an estimator, so that measures of it are known to be about it."""

    def __init__(self, integration: Integration, trained: Trained, call: Call) -> None:
        self._integration, self._trained, self._call = integration, trained, call

    def returned(self, result: Any) -> None:
        """Remember the answer."""
        X = next(iter([*self._call.args[1:], *self._call.kwargs.values()]), None)
        name = self._trained.data_name(X, name_of(X, self._call.frame))
        _answers.put(result, (self._trained, name))
        if self._integration.option("log_datasets"):
            self._trained.asked_about(X)

    def raised(self, error: BaseException) -> None:
        """There is no answer."""


class Scored:
    """Watches ``score`` of an estimator."""

    def __init__(self, integration: Integration, trained: Trained, call: Call) -> None:
        self._trained, self._call = trained, call

    def returned(self, result: Any) -> None:
        """Log the score."""
        if not _is_number(result):
            return
        X = next(iter([*self._call.args[1:], *self._call.kwargs.values()]), None)
        data = self._trained.data_name(X, name_of(X, self._call.frame))
        metric = f"{self._trained.name}_{self._call.name}"
        command = _spelled(self._call, f"{self._trained.name}.{self._call.name}", skip=1)
        self._trained.measured(metric, data, float(result), command)

    def raised(self, error: BaseException) -> None:
        """There is no score."""


class Measured:
    """Watches a function of ``sklearn.metrics`` that is given an answer of a recorded estimator."""

    def __init__(self, trained: Trained, data: str, call: Call) -> None:
        self._trained, self._data, self._call = trained, data, call

    @classmethod
    def of(cls, integration: Integration, call: Call) -> Measured | None:
        """A watcher for the call, if an answer is among its arguments."""
        for each in (*call.args, *call.kwargs.values()):
            if (found := _answers.get(each)) is not None:
                trained, data = found
                return cls(trained, data, call)
        return None

    def returned(self, result: Any) -> None:
        """Log what was measured, if it is a number."""
        if _is_number(result):
            command = _spelled(self._call, self._call.name)
            self._trained.measured(self._call.name, self._data, float(result), command)

    def raised(self, error: BaseException) -> None:
        """Nothing was measured."""


def _is_number(value: Any) -> bool:
    import numpy

    return isinstance(value, int | float | numpy.number) and not isinstance(value, bool)


def _spelled(call: Call, function: str, skip: int = 0) -> str:
    """The call as its source may have it: arguments by the names of variables, and what has none by its kind."""
    said = list(call.arguments.items())[skip:]
    return f"{function}({', '.join(f'{name}={_shown(value, call)}' for name, value in said)})"


def _shown(value: Any, call: Call) -> str:
    if value is None or isinstance(value, str | bool | int | float):
        return repr(value)
    return name_of(value, call.frame) or f"<{type(value).__name__}>"
