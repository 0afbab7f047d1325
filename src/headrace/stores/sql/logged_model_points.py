"""Metrics that were measured on a logged model."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.base.errors import NotFound
from headrace.schema.runs import Metric
from headrace.stores.sql import names
from headrace.stores.sql.points import kept
from headrace.stores.sql.tx import Tx, marks

_KEY = "model, name, run, step, timestamp"
_COLUMNS = "value, special, dataset_name, dataset_digest"
#: All columns of ``logged_model_points``.
POINT_COLUMNS = f"{_KEY}, {_COLUMNS}"


def add_model_points(tx: Tx, run: int, metrics: Sequence[Metric]) -> None:
    """Note points on the models they were measured on. Raises ``NotFound`` for a model that is not there."""
    wanted = {metric.model_id for metric in metrics if metric.model_id}
    found = dict(tx.rows(f"SELECT model_id, id FROM logged_models WHERE model_id IN {marks(list(wanted))}", *wanted))
    for model_id in wanted:
        if model_id not in found:
            raise NotFound(f"No logged model has the id {model_id}")
    ids = names.numbers(tx, {metric.key for metric in metrics})
    rows = [
        (
            found[each.model_id],
            ids[each.key],
            run,
            each.step,
            each.timestamp,
            *kept(each.value),
            each.dataset_name,
            each.dataset_digest,
        )
        for each in metrics
    ]
    tx.put("logged_model_points", _KEY, _COLUMNS, rows)
