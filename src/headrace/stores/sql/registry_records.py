"""Registered models and versions as they are told."""

from __future__ import annotations

from typing import Any

from headrace.schema.registry import (
    ModelMetric,
    ModelParam,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from headrace.stores.sql.logged_model_records import metrics_of, params_of
from headrace.stores.sql.tx import Tx, marks

VERSION_COLUMNS = (
    "m.name, v.model, v.version, v.creation_time, v.last_update_time, v.user_id, v.stage, v.description, v.source,"
    " v.run_id, v.run_link, v.model_id, v.status, v.status_message, v.storage"
)
VERSION_SOURCE = "FROM model_versions v JOIN registered_models m ON m.id = v.model"
MODEL_COLUMNS = "m.id, m.name, m.description, m.deployment_job_id, m.creation_time, m.last_update_time"
_CHUNK = 500


def versions(tx: Tx, rows: list[Any], *, lineage: bool = True) -> list[ModelVersion]:
    """The versions of some rows of ``VERSION_COLUMNS``, in the same order.

    With ``lineage`` each has the params and metrics of the logged model behind it.
    """
    found: list[ModelVersion] = []
    for start in range(0, len(rows), _CHUNK):
        found += _versions(tx, rows[start : start + _CHUNK], lineage)
    return found


def models(tx: Tx, rows: list[Any]) -> list[RegisteredModel]:
    """The registered models of some rows of ``MODEL_COLUMNS``, in the same order."""
    found: list[RegisteredModel] = []
    for start in range(0, len(rows), _CHUNK):
        found += _models(tx, rows[start : start + _CHUNK])
    return found


def _models(tx: Tx, rows: list[Any]) -> list[RegisteredModel]:
    keys = [row[0] for row in rows]
    if not keys:
        return []
    tags: dict[int, list[RegisteredModelTag]] = {}
    for key, name, value in tx.rows(
        f"SELECT model, name, value FROM registered_model_tags WHERE model IN {marks(keys)} ORDER BY model, name", *keys
    ):
        tags.setdefault(key, []).append(RegisteredModelTag(name, value))
    aliases: dict[int, list[RegisteredModelAlias]] = {}
    for key, alias, version in tx.rows(
        f"SELECT model, alias, version FROM aliases WHERE model IN {marks(keys)} ORDER BY model, alias", *keys
    ):
        aliases.setdefault(key, []).append(RegisteredModelAlias(alias, str(version)))
    latest: dict[str, list[ModelVersion]] = {}
    for version in _newest_of_each_stage(tx, keys):
        latest.setdefault(version.name, []).append(version)
    return [
        RegisteredModel(
            name=name,
            creation_timestamp=created,
            last_updated_timestamp=updated,
            description=description,
            latest_versions=latest.get(name, []),
            tag_list=tags.get(key, []),
            alias_list=aliases.get(key, []),
            deployment_job_id=job,
        )
        for key, name, description, job, created, updated in (row[:6] for row in rows)
    ]


def _newest_of_each_stage(tx: Tx, keys: list[int]) -> list[ModelVersion]:
    rows = tx.rows(
        f"SELECT {VERSION_COLUMNS} {VERSION_SOURCE} JOIN (SELECT model, stage, MAX(version) AS version"
        f" FROM model_versions WHERE model IN {marks(keys)} GROUP BY model, stage) n"
        " ON n.model = v.model AND n.version = v.version ORDER BY v.model, v.version",
        *keys,
    )
    return versions(tx, rows, lineage=False)


def _versions(tx: Tx, rows: list[Any], lineage: bool) -> list[ModelVersion]:
    keys = sorted({row[1] for row in rows})
    if not keys:
        return []
    tags: dict[tuple[int, int], list[ModelVersionTag]] = {}
    for model, version, name, value in tx.rows(
        f"SELECT model, version, name, value FROM model_version_tags WHERE model IN {marks(keys)} ORDER BY name", *keys
    ):
        tags.setdefault((model, version), []).append(ModelVersionTag(name, value))
    aliases: dict[tuple[int, int], list[str]] = {}
    for model, alias, version in tx.rows(
        f"SELECT model, alias, version FROM aliases WHERE model IN {marks(keys)} ORDER BY alias", *keys
    ):
        aliases.setdefault((model, version), []).append(alias)
    behind = _Lineage(tx, [row[11] for row in rows if row[11]] if lineage else [])
    return [
        ModelVersion(
            name=row[0],
            version=str(row[2]),
            creation_timestamp=row[3],
            last_updated_timestamp=row[4],
            user_id=row[5],
            current_stage=row[6],
            description=row[7],
            source=row[8],
            run_id=row[9],
            status=row[12],
            status_message=row[13],
            tag_list=tags.get((row[1], row[2]), []),
            run_link=row[10],
            aliases=aliases.get((row[1], row[2]), []),
            model_id=row[11],
            param_list=behind.params(row[11]),
            metric_list=behind.metrics(row[11]),
        )
        for row in rows
    ]


class _Lineage:
    """Params and metrics of the logged models behind some versions."""

    def __init__(self, tx: Tx, model_ids: list[str]) -> None:
        found = (
            tx.rows(f"SELECT id, model_id FROM logged_models WHERE model_id IN {marks(model_ids)}", *model_ids)
            if model_ids
            else []
        )
        ids = dict(found)
        self._keys = {model_id: key for key, model_id in found}
        self._params = params_of(tx, list(ids)) if ids else {}
        self._metrics = metrics_of(tx, list(ids), ids) if ids else {}

    def params(self, model_id: str | None) -> list[ModelParam]:
        """The params of one logged model; none where there is no such model."""
        return [ModelParam(*pair) for pair in self._params.get(self._keys.get(model_id or "", 0), [])]

    def metrics(self, model_id: str | None) -> list[ModelMetric]:
        """The points measured on one logged model."""
        return [
            ModelMetric(
                each.key,
                each.value,
                each.timestamp,
                each.step,
                each.dataset_name,
                each.dataset_digest,
                each.model_id,
                each.run_id,
            )
            for each in self._metrics.get(self._keys.get(model_id or "", 0), [])
        ]
