"""Searches over all pages, as lists and data frames."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from headrace.base.errors import BadRequest
from headrace.schema.experiments import Experiment
from headrace.schema.runs import Run
from headrace.tracking import active, frames
from headrace.tracking.client import MlflowClient
from headrace.tracking.entities import ViewType
from headrace.tracking.paged import PagedList

T = TypeVar("T")

#: Things fetched at a time.
_PAGE = 1000

_log = logging.getLogger(__name__)


def everything(ask: Callable[[int, str | None], PagedList[T]], limit: int | None) -> list[T]:
    """What ``ask(size, token)`` finds on all its pages, up to ``limit``."""
    found: list[T] = []
    token: str | None = None
    while limit is None or len(found) < limit:
        page = ask(_PAGE if limit is None else min(_PAGE, limit - len(found)), token)
        found += page
        token = page.token
        if not token:
            break
    return found


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    """Every experiment that a filter finds."""
    client = MlflowClient()
    return everything(
        lambda size, token: client.search_experiments(view_type, size, filter_string, order_by, token), max_results
    )


def search_runs(
    experiment_ids: list[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: list[str] | None = None,
    output_format: Literal["pandas", "list", "polars", "arrow"] = "pandas",
    search_all_experiments: bool = False,
    experiment_names: list[str] | None = None,
) -> Any:
    """Runs of some experiments, by default the current one: as a table of a row each, or as a list.

    The columns are run_id, experiment_id, status, artifact_uri, start_time, end_time, then metrics.*, params.*, tags.*.
    """
    if output_format not in frames.FORMATS:
        raise ValueError(f"output_format is one of {', '.join(map(repr, frames.FORMATS))}, not {output_format!r}")
    client = MlflowClient()
    ids = _experiments(client, experiment_ids, experiment_names, search_all_experiments)
    found: list[Run] = []
    if ids:
        found = everything(
            lambda size, token: client.search_runs(ids, filter_string, run_view_type, size, order_by, token),
            max_results,
        )
    return frames.of_runs(found, output_format)


def _experiments(client: MlflowClient, ids: list[str] | None, names: list[str] | None, everywhere: bool) -> list[str]:
    if ids and names:
        raise BadRequest("Name the experiments by experiment_ids or by experiment_names, one of them")
    if names:
        return [each.experiment_id for name in names if (each := _known(client, name))]
    if ids:
        return ids
    if everywhere:
        return [each.experiment_id for each in search_experiments(ViewType.ACTIVE_ONLY)]
    return [active.experiment_id()]


def _known(client: MlflowClient, name: str) -> Experiment | None:
    found = client.get_experiment_by_name(name)
    if found is None:
        _log.warning("There is no experiment %r; it is left out of the search", name)
    return found
