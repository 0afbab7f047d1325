"""Logged models as they are told."""

from __future__ import annotations

from typing import Any

from headrace.schema.logged_models import (
    LoggedModel,
    LoggedModelData,
    LoggedModelInfo,
    LoggedModelParameter,
    LoggedModelRegistrationInfo,
    LoggedModelTag,
)
from headrace.schema.runs import Metric
from headrace.stores.sql import names
from headrace.stores.sql.points import told
from headrace.stores.sql.tx import Tx, marks

COLUMNS = ", ".join(
    f"logged_models.{column}"
    for column in (
        "id",
        "model_id",
        "experiment",
        "name",
        "artifact_uri",
        "creation_time",
        "last_update_time",
        "status",
        "status_message",
        "model_type",
        "source_run_id",
    )
)
_CHUNK = 500


def records(tx: Tx, rows: list[Any]) -> list[LoggedModel]:
    """The logged models of some rows that begin with ``COLUMNS``, in the same order."""
    found: list[LoggedModel] = []
    for start in range(0, len(rows), _CHUNK):
        found += _chunk(tx, rows[start : start + _CHUNK])
    return found


def metrics_of(tx: Tx, keys: list[int], ids: dict[int, str]) -> dict[int, list[Metric]]:
    """The points measured on some logged models; ``ids`` has the model id of each key."""
    points = tx.rows(
        "SELECT p.model, p.name, r.run_id, p.step, p.timestamp, p.value, p.special, p.dataset_name, p.dataset_digest"
        f" FROM logged_model_points p JOIN runs r ON r.id = p.run WHERE p.model IN {marks(keys)}"
        " ORDER BY p.model, p.name, p.timestamp, p.step",
        *keys,
    )
    word = names.spelled(tx, {row[1] for row in points})
    found: dict[int, list[Metric]] = {}
    for model, name, run_id, step, timestamp, value, special, dataset, digest in points:
        metric = Metric(word[name], told(value, special), timestamp, step, ids[model], dataset, digest, run_id)
        found.setdefault(model, []).append(metric)
    return found


def params_of(tx: Tx, keys: list[int]) -> dict[int, list[tuple[str, str]]]:
    """The params of some logged models."""
    return _pairs(tx, "logged_model_params", keys)


def _chunk(tx: Tx, rows: list[Any]) -> list[LoggedModel]:
    keys = [row[0] for row in rows]
    if not keys:
        return []
    params, tags = params_of(tx, keys), _pairs(tx, "logged_model_tags", keys)
    metrics = metrics_of(tx, keys, {row[0]: row[1] for row in rows})
    ids = [row[1] for row in rows]
    registrations: dict[str, list[LoggedModelRegistrationInfo]] = {}
    for model_id, name, version in tx.rows(
        "SELECT v.model_id, m.name, v.version FROM model_versions v JOIN registered_models m ON m.id = v.model"
        f" WHERE v.model_id IN {marks(ids)} ORDER BY m.name, v.version",
        *ids,
    ):
        registrations.setdefault(model_id, []).append(LoggedModelRegistrationInfo(name=name, version=str(version)))
    return [
        LoggedModel(
            info=LoggedModelInfo(
                model_id=row[1],
                experiment_id=str(row[2]),
                name=row[3],
                artifact_uri=tx.house.location(row[4]),
                creation_timestamp_ms=row[5],
                last_updated_timestamp_ms=row[6],
                status=row[7],
                status_message=row[8],
                model_type=row[9],
                source_run_id=row[10],
                tags=[LoggedModelTag(*pair) for pair in tags.get(row[0], [])],
                registrations=registrations.get(row[1], []),
            ),
            data=LoggedModelData(
                params=[LoggedModelParameter(*pair) for pair in params.get(row[0], [])],
                metrics=metrics.get(row[0], []),
            ),
        )
        for row in rows
    ]


def _pairs(tx: Tx, table: str, keys: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    for key, name, value in tx.rows(
        f"SELECT model, name, value FROM {table} WHERE model IN {marks(keys)} ORDER BY model, name", *keys
    ):
        found.setdefault(key, []).append((name, value))
    return found
