"""Answers that log to a run: metrics, params and tags."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from headrace.base.errors import BadRequest, NotFound
from headrace.schema import Empty
from headrace.schema.runs import (
    DeleteTag,
    LogBatch,
    LogMetric,
    LogModel,
    LogParam,
    Metric,
    Param,
    RunTag,
    SetTag,
)
from headrace.stores.sql import names, one_point, points
from headrace.stores.sql.logged_model_points import add_model_points
from headrace.stores.sql.runs import writable
from headrace.stores.sql.store import answers
from headrace.stores.sql.tags import put_tags
from headrace.stores.sql.tx import Tx, marks
from headrace.stores.sql.writers import is_new

_HISTORY_TAG = "mlflow.log-model.history"


@answers(LogMetric)
def log_metric(tx: Tx, call: LogMetric) -> Empty:
    if tx.dialect.name == "postgresql" and one_point.log_at_once(tx, call):
        return Empty()
    # SQLite has one writer, before whom nothing need be held.
    run = None if tx.dialect.name == "sqlite" else writable(tx, call.run_id)
    if not is_new(tx, call.writer, call.sequence):
        return Empty()
    if run is None:
        if one_point.log(tx, call):
            return Empty()
        run = writable(tx, call.run_id)
    point = Metric(
        call.key, call.value, call.timestamp, call.step, call.model_id, call.dataset_name, call.dataset_digest
    )
    points.add(tx, run, (point,), again=bool(call.writer))
    if call.model_id:
        add_model_points(tx, run, (point,))
    return Empty()


@answers(LogParam)
def log_param(tx: Tx, call: LogParam) -> Empty:
    add_params(tx, writable(tx, call.run_id), (Param(call.key, call.value),))
    return Empty()


@answers(SetTag)
def set_tag(tx: Tx, call: SetTag) -> Empty:
    put_tags(tx, writable(tx, call.run_id), (RunTag(call.key, call.value),))
    return Empty()


@answers(DeleteTag)
def delete_tag(tx: Tx, call: DeleteTag) -> Empty:
    run = writable(tx, call.run_id)
    if not tx.run("DELETE FROM tags WHERE run = ? AND name = ?", run, names.known(tx, call.key)):
        raise NotFound(f"Run {call.run_id} has no tag {call.key!r}")
    return Empty()


@answers(LogBatch)
def log_batch(tx: Tx, call: LogBatch) -> Empty:
    run = writable(tx, call.run_id)
    if not is_new(tx, call.writer, call.sequence):
        return Empty()
    add_params(tx, run, call.params)
    points.add(tx, run, call.metrics, again=bool(call.writer))
    with_model = [metric for metric in call.metrics if metric.model_id]
    if with_model:
        add_model_points(tx, run, with_model)
    put_tags(tx, run, call.tags)
    return Empty()


@answers(LogModel)
def log_model(tx: Tx, call: LogModel) -> Empty:
    run = writable(tx, call.run_id)
    try:
        model = json.loads(call.model_json)
    except json.JSONDecodeError as error:
        raise BadRequest(f"model_json is not JSON: {error}") from None
    wanted = ("artifact_path", "flavors", "utc_time_created", "run_id")
    absent = [key for key in wanted if not isinstance(model, dict) or key not in model]
    if absent:
        raise BadRequest(f"model_json lacks {', '.join(absent)}")
    tag = names.number(tx, _HISTORY_TAG)
    before = tx.scalar("SELECT value FROM tags WHERE run = ? AND name = ?", run, tag)
    history = [*(json.loads(before) if before else []), model]
    tx.put("tags", "run, name", "value", [(run, tag, json.dumps(history))])
    return Empty()


def add_params(tx: Tx, run: int, params: Sequence[Param]) -> None:
    """Log params. Raises ``BadRequest`` for one that has another value already, or twice in ``params``."""
    if not params:
        return
    wanted: dict[str, str] = {}
    for param in params:
        if wanted.setdefault(param.key, param.value) != param.value:
            raise BadRequest(f"Param {param.key!r} stands twice in one batch, with different values")
    ids = names.numbers(tx, wanted.keys())
    rows = tx.rows(f"SELECT name, value FROM params WHERE run = ? AND name IN {marks(ids)}", run, *ids.values())
    there = dict(rows)
    for key, value in wanted.items():
        old = there.get(ids[key])
        if old is not None and old != value:
            raise BadRequest(
                f"Param {key!r} of this run is {_short(old)!r} already and cannot become {_short(value)!r}: "
                "params are logged once. Use another key, or a tag for what changes"
            )
    new = [(run, ids[key], value, number_in(value)) for key, value in wanted.items() if ids[key] not in there]
    tx.many("INSERT INTO params (run, name, value, number) VALUES (?, ?, ?, ?)", new)


def number_in(text: str) -> float | None:
    """The number a param spells, if it does, for comparisons."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
