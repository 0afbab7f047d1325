"""Answers that take over experiments and runs of another store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from headrace.schema.imports import (
    Imported,
    ImportedExperiment,
    ImportedRun,
    ImportExperiments,
    ImportOutcome,
    ImportRuns,
)
from headrace.stores.sql import names
from headrace.stores.sql.inputs import CONTEXT_TAG, MODELS, dataset_key
from headrace.stores.sql.logging import number_in
from headrace.stores.sql.store import answers
from headrace.stores.sql.tags import NAME_TAG
from headrace.stores.sql.tx import Tx, marks

_CHUNK = 500
_EXPERIMENT = "id, name, creation_time, deleted_time, artifact_location"
#: Ids of experiments above this one are not taken over as they are: ids have 18 digits, and counting goes on after it.
_LARGEST_ID = 10**18 - 10**6


@answers(ImportExperiments)
def import_experiments(tx: Tx, call: ImportExperiments) -> Imported:
    return Imported(outcomes=[_experiment(tx, told) for told in call.experiments])


@answers(ImportRuns)
def import_runs(tx: Tx, call: ImportRuns) -> Imported:
    places = _places(tx, {told.experiment_id for told in call.runs})
    there = _runs(tx, [told.run_id for told in call.runs])
    new: dict[str, ImportedRun] = {}
    for told in call.runs:
        if told.run_id not in there and told.experiment_id in places:
            new.setdefault(told.run_id, told)
    _insert_runs(tx, list(new.values()), places)
    keys = {run_id: row[0] for run_id, row in _runs(tx, list(new)).items()}
    _add_to_runs(tx, [(keys[run_id], told) for run_id, told in new.items()])
    outcomes = []
    for told in call.runs:
        if told.run_id in there:
            outcomes.append(_again(tx, told, there[told.run_id]))
        elif told.run_id not in new:
            why = f"No experiment has the id {told.experiment_id}"
            outcomes.append(ImportOutcome(id=told.run_id, became="refused", why=why))
        else:
            # One that stands twice in a call is new once.
            became = new[told.run_id] is told
            place = tx.house.location(told.artifact_uri or _place(places, told))
            outcomes.append(ImportOutcome(id=told.run_id, became="new" if became else "there", artifact_uri=place))
    return Imported(outcomes=outcomes)


def _experiment(tx: Tx, told: ImportedExperiment) -> ImportOutcome:
    number = _number(told.experiment_id)
    row = _by_id(tx, number)
    if number == 0 and row is not None:
        return _merged_default(tx, told, row)
    if row is None or not _is_same(row, told):
        row_by_id, row = row, _by_name(tx, told)
        if row is not None and not _is_same(row, told):
            why = f"Another experiment, {row[0]}, has the name {told.name!r}; rename one of the two"
            return ImportOutcome(id=told.experiment_id, became="refused", why=why)
        if row is None:
            return _new_experiment(tx, told, number if row_by_id is None else None)
    added = _add_experiment_tags(tx, row[0], told)
    return _experiment_outcome(tx, told, row[0], "added" if added else "there")


def _is_same(row: Any, told: ImportedExperiment) -> bool:
    """Whether a row is the experiment that is told: one that is told without a time of creation has a name."""
    _, name, created, *_ = row
    return bool(name == told.name if not told.creation_time else created == told.creation_time)


def _by_id(tx: Tx, number: int | None) -> Any:
    if number is None:
        return None
    return tx.row(f"SELECT {_EXPERIMENT} FROM experiments WHERE id = ?{tx.for_update}", number)


def _by_name(tx: Tx, told: ImportedExperiment) -> Any:
    """The experiment that has the name, or, for a deleted one, had it and is as old."""
    find = f"SELECT {_EXPERIMENT} FROM experiments WHERE workspace = ?"
    if told.deleted_time is None:
        row = tx.row(f"{find} AND live_name = ?", tx.house.workspace, told.name)
        if row is not None:
            return row
    return tx.row(
        f"{find} AND name = ? AND creation_time = ? ORDER BY id LIMIT 1",
        tx.house.workspace,
        told.name,
        told.creation_time,
    )


def _new_experiment(tx: Tx, told: ImportedExperiment, number: int | None) -> ImportOutcome:
    values: dict[str, Any] = {
        "workspace": tx.house.workspace,
        "name": told.name,
        "live_name": told.name if told.deleted_time is None else None,
        "artifact_location": told.artifact_location or "",
        "creation_time": told.creation_time or told.last_update_time,
        "last_update_time": told.last_update_time,
        "deleted_time": told.deleted_time,
    }
    if number is not None:
        values["id"] = number
    key = tx.insert("experiments", **values)
    if number is not None:
        _count_on(tx, number)
    if not told.artifact_location:
        tx.run("UPDATE experiments SET artifact_location = ? WHERE id = ?", tx.house.new_location(str(key)), key)
    _add_experiment_tags(tx, key, told)
    return _experiment_outcome(tx, told, key, "new")


def _count_on(tx: Tx, number: int) -> None:
    """Let ids that are given out from now on come after ``number``; PostgreSQL does not see to that itself."""
    if tx.dialect.name == "postgresql":
        sequence = tx.scalar("SELECT pg_get_serial_sequence('experiments', 'id')")
        tx.row(f"SELECT setval(?, GREATEST(?, last_value)) FROM {sequence}", sequence, number)


def _merged_default(tx: Tx, told: ImportedExperiment, row: Any) -> ImportOutcome:
    """The default experiment is in every store. One that nobody used yet becomes what is told."""
    key = row[0]
    used = tx.scalar("SELECT 1 FROM runs WHERE experiment = ? LIMIT 1", key) or tx.scalar(
        "SELECT 1 FROM logged_models WHERE experiment = ? LIMIT 1", key
    )
    holder = tx.scalar(
        "SELECT id FROM experiments WHERE workspace = ? AND live_name = ? AND id <> ?",
        tx.house.workspace,
        told.name,
        key,
    )
    taken = not used and holder is None and row[1:3] != (told.name, told.creation_time)
    if taken:
        tx.run(
            "UPDATE experiments SET name = ?, live_name = ?, creation_time = ?, last_update_time = ?, deleted_time = ?,"
            " artifact_location = ? WHERE id = ?",
            told.name,
            told.name if told.deleted_time is None else None,
            told.creation_time,
            told.last_update_time,
            told.deleted_time,
            told.artifact_location or row[4],
            key,
        )
    added = _add_experiment_tags(tx, key, told)
    return _experiment_outcome(tx, told, key, "added" if taken or added else "there")


def _add_experiment_tags(tx: Tx, key: int, told: ImportedExperiment) -> bool:
    return tx.put_new("experiment_tags", "experiment, tag, value", [(key, tag.key, tag.value) for tag in told.tags]) > 0


def _experiment_outcome(tx: Tx, told: ImportedExperiment, key: int, became: Any) -> ImportOutcome:
    place = tx.scalar("SELECT artifact_location FROM experiments WHERE id = ?", key)
    now = None if str(key) == told.experiment_id else str(key)
    return ImportOutcome(id=told.experiment_id, became=became, now=now, artifact_uri=tx.house.location(place))


def _number(experiment_id: str) -> int | None:
    """The number that an id spells, if it can be an id here as well."""
    if not (experiment_id.isascii() and experiment_id.isdigit()) or str(int(experiment_id)) != experiment_id:
        return None
    return int(experiment_id) if int(experiment_id) < _LARGEST_ID else None


def _places(tx: Tx, experiment_ids: Iterable[str]) -> dict[str, str]:
    """Where the artifacts of experiments are kept, by their ids; nothing of those that are not here."""
    found = {}
    for experiment_id in experiment_ids:
        number = _number(experiment_id)
        place = number is not None and tx.scalar("SELECT artifact_location FROM experiments WHERE id = ?", number)
        if place:
            found[experiment_id] = place
    return found


def _runs(tx: Tx, run_ids: Sequence[str]) -> dict[str, Any]:
    """The rows of runs that are here, by their ids: key, id, end and place."""
    found = {}
    for start in range(0, len(run_ids), _CHUNK):
        chunk = run_ids[start : start + _CHUNK]
        rows = tx.rows(
            f"SELECT id, run_id, end_time, artifact_uri FROM runs WHERE run_id IN {marks(chunk)}{tx.for_update}", *chunk
        )
        found.update({row[1]: row for row in rows})
    return found


def _place(places: dict[str, str], told: ImportedRun) -> str:
    return f"{places[told.experiment_id].rstrip('/')}/{told.run_id}/artifacts"


def _insert_runs(tx: Tx, runs: Sequence[ImportedRun], places: dict[str, str]) -> None:
    rows = []
    for told in runs:
        name = told.run_name or next((tag.value for tag in told.tags if tag.key == NAME_TAG), "")[:500]
        place = told.artifact_uri or _place(places, told)
        rows.append(
            (told.run_id, int(told.experiment_id), name, told.user_id, told.status, told.start_time, told.end_time,
             told.deleted_time, place)
        )  # fmt: skip
    columns = "run_id, experiment, name, user_id, status, start_time, end_time, deleted_time, artifact_uri"
    tx.many(tx.dialect.insert("runs", columns), rows)


def _again(tx: Tx, told: ImportedRun, row: Any) -> ImportOutcome:
    """What is missing in a run that is here already is added; one that had not ended ends."""
    key, run_id, end, place = row
    added = False
    if end is None and told.end_time is not None:
        tx.run("UPDATE runs SET status = ?, end_time = ? WHERE id = ?", told.status, told.end_time, key)
        added = True
    added = _add_to_runs(tx, [(key, told)]) or added
    return ImportOutcome(id=run_id, became="added" if added else "there", artifact_uri=tx.house.location(place))


def _add_to_runs(tx: Tx, runs: Sequence[tuple[int, ImportedRun]]) -> bool:
    """Add params, tags, inputs and outputs that runs do not have yet; whether there were any."""
    ids = names.numbers(tx, {pair.key for _, told in runs for pairs in (told.params, told.tags) for pair in pairs})
    params = [(key, ids[each.key], each.value, number_in(each.value)) for key, told in runs for each in told.params]
    tags = [(key, ids[each.key], each.value) for key, told in runs for each in told.tags]
    models = [(key, "in", each.model_id, 0) for key, told in runs for each in told.model_inputs]
    models += [(key, "out", each.model_id, each.step) for key, told in runs for each in told.model_outputs]
    datasets = []
    for key, told in runs:
        for given in told.datasets:
            pairs = {tag.key: tag.value for tag in given.tags}
            dataset = dataset_key(tx, int(told.experiment_id), given)
            datasets.append((key, dataset, json.dumps(list(pairs.items())), pairs.get(CONTEXT_TAG)))
    added = tx.put_new("params", "run, name, value, number", params)
    added += tx.put_new("tags", "run, name, value", tags)
    added += tx.put_new("run_models", MODELS, models)
    added += tx.put_new("run_datasets", "run, dataset, tags, context", datasets)
    return added > 0
