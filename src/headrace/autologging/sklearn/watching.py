"""Which calls of scikit-learn are watched, and by whom."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from headrace.autologging.engine import Call, Integration, Patch, Watcher, is_quiet, quiet
from headrace.autologging.engine.watching import Begin, WatchedFunction, is_conditional, method
from headrace.autologging.sklearn.evaluating import Asked, Measured, Scored, trained_of

#: Methods that train, and those that answer.
_TRAIN, _ANSWER = (
    ("fit", "fit_transform", "fit_predict"),
    ("predict", "predict_proba", "predict_log_proba", "transform"),
)
#: What prepares data is not recorded by itself; in a pipeline it is.
_PREPARE = ("sklearn.preprocessing.", "sklearn.impute.", "sklearn.feature_extraction.", "sklearn.feature_selection.")
_COLUMNS = "sklearn.compose._column_transformer"
#: Functions of ``sklearn.metrics`` that measure nothing.
_NO_METRICS = {"check_scoring", "get_scorer", "get_scorer_names", "make_scorer"}


def is_recorded(estimator: Any) -> bool:
    """Whether fitting this estimator is recorded: it is one of scikit-learn's own, or built on one of them."""
    for kind in type(estimator).__mro__:
        home = f"{kind.__module__}."
        if home.startswith("sklearn.") and not home.startswith(("sklearn.base.", "sklearn.utils.")):
            return not kind.__name__.startswith("_") and not home.startswith(_PREPARE) and kind.__module__ != _COLUMNS
    return False


def _patches(module: ModuleType) -> Iterator[Patch]:
    """What to watch in a module of scikit-learn."""
    if module.__name__.startswith(("sklearn.externals", "sklearn.tests")):
        return
    if module.__name__ == "sklearn.metrics":
        yield from _metric_patches(module)
    if module.__name__ == "sklearn.utils.parallel":
        yield Patch(module.Parallel, "__call__", _in_threads)
    base = sys.modules.get("sklearn.base")
    if base is None or not hasattr(base, "BaseEstimator"):
        return
    for kind in list(vars(module).values()):
        if not inspect.isclass(kind) or kind.__module__ != module.__name__:
            continue
        if issubclass(kind, base.BaseEstimator) or kind.__name__.endswith("Mixin"):
            yield from _method_patches(kind)


def _method_patches(kind: type) -> Iterator[Patch]:
    begins: list[tuple[tuple[str, ...], Begin]] = [
        (_TRAIN, _begin_fit),
        (_ANSWER, _of_trained(Asked)),
        (("score",), _of_trained(Scored)),
    ]
    for names, begin in begins:
        for name in names:
            if inspect.isfunction(found := vars(kind).get(name)) or is_conditional(found):
                yield Patch(kind, name, method(begin, SKLEARN))


def _metric_patches(module: ModuleType) -> Iterator[Patch]:
    for name in getattr(module, "__all__", ()):
        if inspect.isfunction(vars(module).get(name)) and name not in _NO_METRICS:
            yield Patch(module, name, lambda before: WatchedFunction(before, _begin_metric, SKLEARN))


def _begin_fit(call: Call) -> Watcher | None:
    if not call.args or not is_recorded(call.args[0]):
        return None
    # With all that it needs, it is imported when something is fitted, and not when it is only asked for.
    from headrace.autologging.sklearn.fitting import Fitted

    return Fitted(SKLEARN, call)


def _of_trained(kind: Callable[..., Watcher]) -> Begin:
    def begin(call: Call) -> Watcher | None:
        if not call.args or not SKLEARN.option("log_post_training_metrics"):
            return None
        trained = trained_of(call.args[0])
        return None if trained is None else kind(SKLEARN, trained, call)

    return begin


def _begin_metric(call: Call) -> Watcher | None:
    return Measured.of(SKLEARN, call) if SKLEARN.option("log_post_training_metrics") else None


class _Quiet:
    """A function that another thread calls as part of a watched call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with quiet():
            return self._function(*args, **kwargs)


def _in_threads(before: Callable[..., Any]) -> Callable[..., Any]:
    """``Parallel.__call__`` whose threads know that they are inside of a watched call, if they are."""

    @functools.wraps(before)
    def call(self: Any, iterable: Any) -> Any:
        if is_quiet() and getattr(self._backend, "supports_sharedmem", False):
            iterable = ((_quietly(function), args, kwargs) for function, args, kwargs in iterable)
        return before(self, iterable)

    return call


def _quietly(delayed: Any) -> Any:
    # What scikit-learn's delayed() makes keeps its settings beside the function; only the function is exchanged.
    if not hasattr(delayed, "function"):
        return delayed
    quieter = copy.copy(delayed)
    quieter.function = _Quiet(delayed.function)
    return quieter


SKLEARN = Integration("sklearn", "sklearn", "scikit-learn", ("1.4", "1.9"), _patches)
