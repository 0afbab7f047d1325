"""Runs as they are told: the row of each, and all that was logged to it, in a few queries for any number of runs."""

from __future__ import annotations

import json
from typing import Any

from headrace.schema.datasets import Dataset, DatasetInput, InputTag, ModelInput, RunInputs
from headrace.schema.runs import Metric, ModelOutput, Param, Run, RunData, RunInfo, RunOutputs, RunTag
from headrace.stores.sql import names
from headrace.stores.sql.points import told
from headrace.stores.sql.tx import Tx, marks

COLUMNS = (
    "runs.id, runs.run_id, runs.experiment, runs.name, runs.user_id, runs.status, runs.start_time, runs.end_time,"
    " runs.deleted_time, runs.artifact_uri"
)
_CHUNK = 500
_NO_INPUTS, _NO_OUTPUTS = RunInputs(), RunOutputs()


def info_of(tx: Tx, row: Any) -> RunInfo:
    """The info of a run from its row."""
    _, run_id, experiment, name, user, status, start, end, deleted, place = row[:10]
    return RunInfo(
        run_uuid=run_id,
        experiment_id=str(experiment),
        run_name=name,
        user_id=user,
        status=status,
        start_time=start,
        end_time=end,
        artifact_uri=tx.house.location(place),
        lifecycle_stage="active" if deleted is None else "deleted",
        run_id=run_id,
    )


def records(tx: Tx, rows: list[Any]) -> list[Run]:
    """The runs of some rows that begin with ``COLUMNS``, in the same order."""
    found: list[Run] = []
    for start in range(0, len(rows), _CHUNK):
        found += _chunk(tx, rows[start : start + _CHUNK])
    return found


def _chunk(tx: Tx, rows: list[Any]) -> list[Run]:
    keys = [row[0] for row in rows]
    there = f"IN {marks(keys)}" if len(keys) > 1 else "= ?"
    summaries = tx.rows(
        "SELECT run, name, last_val, last_special, last_timestamp, last_step FROM summaries"
        f" WHERE run {there} ORDER BY run, name",
        *keys,
    )
    params = tx.rows(f"SELECT run, name, value FROM params WHERE run {there} ORDER BY run, name", *keys)
    tags = tx.rows(f"SELECT run, name, value FROM tags WHERE run {there} ORDER BY run, name", *keys)
    tables = (summaries, params, tags)
    try:
        # Nearly always this process met all the names before.
        datas = _datas(keys, *tables, names.spelled(tx, ()))
    except KeyError:
        datas = _datas(keys, *tables, names.spelled(tx, {row[1] for table in tables for row in table}))
    inputs, outputs = _inputs_and_outputs(tx, there, keys)
    return [
        Run(
            info=info_of(tx, row),
            data=RunData(metric_list=data[0], param_list=data[1], tag_list=data[2]),
            inputs=inputs.get(row[0]) or _NO_INPUTS,
            outputs=RunOutputs(model_outputs=outputs[row[0]]) if row[0] in outputs else _NO_OUTPUTS,
        )
        for row in rows
        for data in (datas[row[0]],)
    ]


def _datas(
    keys: list[int], summaries: list[Any], params: list[Any], tags: list[Any], word: dict[int, str]
) -> dict[int, tuple[list[Metric], list[Param], list[RunTag]]]:
    """What was logged to each run. Raises ``KeyError`` for a name that is not in ``word``."""
    datas: dict[int, tuple[list[Metric], list[Param], list[RunTag]]] = {key: ([], [], []) for key in keys}
    for run, name, value, special, timestamp, step in summaries:
        datas[run][0].append(Metric(word[name], told(value, special) if special else value, timestamp, step))
    for run, name, value in params:
        datas[run][1].append(Param(word[name], value))
    for run, name, value in tags:
        datas[run][2].append(RunTag(word[name], value))
    return datas


def _inputs_and_outputs(
    tx: Tx, there: str, keys: list[int]
) -> tuple[dict[int, RunInputs], dict[int, list[ModelOutput]]]:
    datasets: dict[int, list[DatasetInput]] = {}
    for run, tags, *dataset in tx.rows(
        "SELECT d.run, d.tags, s.name, s.digest, s.source_type, s.source, s.schema_json, s.profile"
        f" FROM run_datasets d JOIN datasets s ON s.id = d.dataset WHERE d.run {there} ORDER BY d.run, s.id",
        *keys,
    ):
        datasets.setdefault(run, []).append(
            DatasetInput(tags=[InputTag(*pair) for pair in json.loads(tags)], dataset=_dataset(dataset))
        )
    models: dict[int, list[ModelInput]] = {}
    outputs: dict[int, list[ModelOutput]] = {}
    for run, direction, model_id, step in tx.rows(
        f"SELECT run, direction, model_id, step FROM run_models WHERE run {there} ORDER BY run, step, model_id", *keys
    ):
        if direction == "in":
            models.setdefault(run, []).append(ModelInput(model_id))
        else:
            outputs.setdefault(run, []).append(ModelOutput(model_id, step))
    inputs = {
        run: RunInputs(dataset_inputs=datasets.get(run, []), model_inputs=models.get(run, []))
        for run in datasets.keys() | models.keys()
    }
    return inputs, outputs


def _dataset(columns: list[Any]) -> Dataset:
    name, digest, source_type, source, schema, profile = columns
    return Dataset(name=name, digest=digest, source_type=source_type, source=source, schema=schema, profile=profile)
