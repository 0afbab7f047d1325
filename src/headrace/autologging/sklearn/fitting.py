"""What is recorded when an estimator is fitted."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from headrace.autologging.engine import Call, Integration, Recording
from headrace.autologging.sklearn import figures, metrics, searching
from headrace.autologging.sklearn.answers import Answers
from headrace.autologging.sklearn.evaluating import Trained, remember
from headrace.autologging.sklearn.inputs import dataset_of, example_of

#: Rows of the input example.
_EXAMPLE_ROWS = 5


class Fitted:
    """Watches one fit: what is known before goes into the run at once, the rest when it is done."""

    def __init__(self, integration: Integration, call: Call) -> None:
        self._integration, self._estimator = integration, call.args[0]
        kind = type(self._estimator)
        tags = {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"}
        self._record = record = Recording(integration, tags)
        data: tuple[Any, Any, Any] = record.step("the arguments", lambda: _data(call)) or (None, None, None)
        self._X, self._y, self._weight = data
        self._params = record.step("params", lambda: params_of(self._estimator)) or {}
        record.step("params", lambda: record.params(self._params))
        self._dataset = record.step("the dataset", self._log_dataset) if integration.option("log_datasets") else None
        self._example = self._example_before()

    def raised(self, error: BaseException) -> None:
        """The fit failed, and so does its run."""
        self._record.end("FAILED")

    def returned(self, result: Any) -> None:
        """Record what was learned."""
        record, estimator = self._record, self._estimator
        try:
            signature = self._signature() if self._option("log_models") else None
            model_id = record.step("the model", lambda: self._log_model(signature))
            answers = Answers(estimator, self._X, self._y, self._weight)
            found: dict[str, float] = {}
            for name, measure in metrics.training(answers, self._option("pos_label")):
                value = record.step(name, measure)
                if value is not None:
                    found[name] = value
            if searching.is_search(estimator):
                found |= record.step("the best score", lambda: searching.best_score(estimator)) or {}
            if found:
                record.step("metrics", lambda: record.metrics(found, model_id, self._dataset))
            self._log_files(answers)
            if searching.is_search(estimator):
                searching.record(self, signature)
            remember(estimator, Trained(record, type(estimator).__name__, model_id))
        finally:
            record.end()

    @property
    def record(self) -> Recording:
        """The run it goes into."""
        return self._record

    @property
    def estimator(self) -> Any:
        """What was fitted."""
        return self._estimator

    @property
    def params(self) -> dict[str, Any]:
        """Its params."""
        return self._params

    @property
    def dataset(self) -> Any:
        """What it was fitted to, if that is recorded."""
        return self._dataset

    def option(self, name: str) -> Any:
        """One option of ``autolog``."""
        return self._integration.option(name)

    _option = option

    def log(
        self, model: Any, name: str, signature: Any, params: Mapping[str, Any], registered: str | None = None
    ) -> str:
        """Log a model; its id."""
        from headrace.flavors.sklearn import log_model

        info = log_model(
            model,
            name=name,
            signature=False if signature is None else signature,
            input_example=self._example if self._option("log_input_examples") else None,
            serialization_format=self._option("serialization_format"),
            registered_model_name=registered,
            params={key: str(value) for key, value in params.items()},
        )
        return str(info.model_id)

    def _log_model(self, signature: Any) -> str | None:
        if not self._option("log_models"):
            return None
        best = searching.best_params(self._estimator) if searching.is_search(self._estimator) else {}
        params, registered = {**self._params, **best}, self._option("registered_model_name")
        return self.log(self._estimator, "model", signature, params, registered)

    def _log_dataset(self) -> Any:
        dataset = dataset_of(self._X, self._y)
        if dataset is not None:
            self._record.log_dataset(dataset, "train")
        return dataset

    def _example_before(self) -> Any:
        """The first rows as they are before the fit, which may change them."""
        if not self._option("log_models") or self._X is None:
            return None
        if not self._option("log_input_examples") and not self._option("log_model_signatures"):
            return None
        return self._record.step("the input example", lambda: example_of(self._X, _EXAMPLE_ROWS))

    def _signature(self) -> Any:
        if self._example is None or not self._option("log_model_signatures"):
            return None
        answer = next((found for name in ("predict", "transform") if (found := _method(self._estimator, name))), None)
        if answer is None:
            return None
        from headrace.models.signature import infer_signature

        example = example_of(self._example, _EXAMPLE_ROWS)
        return self._record.step("the signature", lambda: infer_signature(self._example, answer(example)))

    def _log_files(self, answers: Answers) -> None:
        record, estimator = self._record, self._estimator
        still = record.step("estimator.html", lambda: _still(estimator))
        if still is not None:
            record.log_later("estimator.html", partial(_html, still))
        for name, take in figures.of(answers):
            if (draw := record.step(name, take)) is not None:
                record.log_later(name, draw)


def params_of(estimator: Any) -> dict[str, Any]:
    """The params of an estimator and of those inside of it; of a search only its own."""
    found: dict[str, Any] = estimator.get_params(deep=not searching.is_search(estimator))
    return found


def _data(call: Call) -> tuple[Any, Any, Any]:
    """X, y and the weights of rows, as far as they were given."""
    given = [(name, value) for name, value in call.arguments.items()][1:]
    said = dict(given)
    first = next((value for name, value in given if name not in ("y", "sample_weight")), None)
    y = said.get("y", said.get("Y"))
    return said.get("X", first), y, said.get("sample_weight")


def _method(estimator: Any, name: str) -> Any:
    # Some have it only once they are fitted in a certain way, and say so with an error of their own.
    with suppress(AttributeError):
        return getattr(estimator, name)
    return None


def _still(value: Any) -> Any:
    """An estimator as it is now, with the estimators inside of it; their own data is not copied."""
    if isinstance(value, list | tuple):
        return type(value)(map(_still, value)) if type(value) in (list, tuple) else value
    if isinstance(value, type) or not hasattr(value, "get_params"):
        return value
    copied = copy.copy(value)
    for name, held in vars(value).items():
        # What ends in an underscore was learned, and a fit makes it anew.
        if not name.endswith("_") and (isinstance(held, list | tuple) or hasattr(held, "get_params")):
            vars(copied)[name] = _still(held)
    return copied


def _html(estimator: Any) -> bytes:
    from sklearn.utils import estimator_html_repr

    return str(estimator_html_repr(estimator)).encode()
