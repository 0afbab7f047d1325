"""Searches for the best params: a run for each of the best candidates, inside of the run of the search."""

from __future__ import annotations

import csv
import io
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.autologging.engine.recording import points, texts
from headrace.schema.runs import Param
from headrace.tracking import context
from headrace.tracking.tag_names import MLFLOW_AUTOLOGGING, MLFLOW_PARENT_RUN_ID

if TYPE_CHECKING:
    from headrace.autologging.sklearn.fitting import Fitted

_log = logging.getLogger("headrace.autologging")
_RESULTS = "cv_results.csv"


def is_search(estimator: Any) -> bool:
    """Whether an estimator tries candidates."""
    module = sys.modules.get("sklearn.model_selection._search")  # Who has a search has imported it.
    return module is not None and isinstance(estimator, module.BaseSearchCV)


def best_score(search: Any) -> dict[str, float]:
    """The score of the best candidate, if the search chose one."""
    return {"best_cv_score": float(search.best_score_)} if hasattr(search, "best_score_") else {}


def best_params(search: Any) -> dict[str, Any]:
    """The params of the best candidate, if the search chose one."""
    return {f"best_{name}": value for name, value in getattr(search, "best_params_", {}).items()}


def record(fitted: Fitted, signature: Any) -> None:
    """Record what a search found: the best params, all results, the best candidates, and the best estimator."""
    run, search = fitted.record, fitted.estimator
    if best := best_params(search):
        run.step("the best params", lambda: run.log_params(best))
    model_id = run.step("the best estimator", lambda: _log_best(fitted, signature))
    run.step(_RESULTS, lambda: run.log_text(_table(search.cv_results_), _RESULTS))
    run.step("the candidates", lambda: _log_candidates(fitted, model_id))


def _log_best(fitted: Fitted, signature: Any) -> str | None:
    if not fitted.option("log_models") or not hasattr(fitted.estimator, "best_estimator_"):
        return None
    best = fitted.estimator.best_estimator_
    return fitted.log(best, "best_estimator", signature, {**best.get_params(deep=True), **fitted.params})


def _log_candidates(fitted: Fitted, model_id: str | None) -> None:
    search, results = fitted.estimator, fitted.estimator.cv_results_
    ranks = results[_ranked_by(search, results)]
    order = sorted(range(len(ranks)), key=lambda at: (ranks[at], at))
    most = fitted.option("max_tuning_runs")
    chosen = order if most is None else order[:most]
    if len(chosen) < len(order):
        _log.info("The %d best of %d candidates get a run of their own", len(chosen), len(order))
    for at in chosen:
        about = model_id if at == getattr(search, "best_index_", None) else None
        _log_candidate(fitted, at, about)


def _log_candidate(fitted: Fitted, at: int, model_id: str | None) -> None:
    run, search, results = fitted.record, fitted.estimator, fitted.estimator.cv_results_
    seed = search.estimator
    tags = {
        **context.resolve_tags(),
        MLFLOW_PARENT_RUN_ID: run.run_id,
        MLFLOW_AUTOLOGGING: "sklearn",
        "estimator_name": type(seed).__name__,
        "estimator_class": f"{type(seed).__module__}.{type(seed).__name__}",
        **(fitted.option("extra_tags") or {}),
    }
    client = run.client
    child = client.create_run(run.experiment_id, tags=tags).info.run_id
    params = {**seed.get_params(deep=True), **results["params"][at]}
    values = {name: float(column[at]) for name, column in results.items() if _is_metric(name, column)}
    client.log_batch(
        child,
        metrics=points(values, model_id, fitted.dataset),
        params=[Param(key, value) for key, value in texts(params).items()],
        synchronous=True,
    )
    if fitted.dataset is not None:
        run.log_dataset(fitted.dataset, "train", child)
    client.set_terminated(child)


def _is_metric(name: str, column: Any) -> bool:
    """Whether a column of results has one number for each candidate, over all splits."""
    return not name.startswith(("param", "split")) and hasattr(column, "dtype") and column.dtype.kind in "fiu"


def _ranked_by(search: Any, results: Mapping[str, Any]) -> str:
    """The ranks by the score that the search is refitted for, or else by the first."""
    wanted = f"rank_test_{search.refit}"
    return wanted if wanted in results else next(name for name in results if name.startswith("rank_test_"))


def _table(results: Mapping[str, Any]) -> str:
    import numpy

    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(results)
    for row in zip(*results.values(), strict=True):
        rows.writerow("" if value is numpy.ma.masked else value for value in row)
    return written.getvalue()
