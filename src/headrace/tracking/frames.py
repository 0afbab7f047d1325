"""What a search found as a table: a pandas or polars data frame, or an Arrow table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.base.errors import BadRequest
from headrace.schema.logged_models import LoggedModel
from headrace.schema.runs import Run
from headrace.tracking.extras import need

FORMATS = ("pandas", "list", "polars", "arrow")

#: Columns of moments, kept as milliseconds.
_MOMENTS = ("start_time", "end_time")
_MODEL = (
    "artifact_location",
    "creation_timestamp",
    "experiment_id",
    "last_updated_timestamp",
    "metrics",
    "model_id",
    "model_type",
    "name",
    "params",
    "source_run_id",
    "status",
    "status_message",
    "tags",
)


def checked(output_format: str) -> str:
    """The format, if there is such."""
    if output_format not in FORMATS:
        raise BadRequest(f"output_format is one of {', '.join(map(repr, FORMATS))}, not {output_format!r}")
    return output_format


def of_runs(runs: Sequence[Run], output_format: str) -> Any:
    """A row for each run: run_id, experiment_id, status, artifact_uri, start_time, end_time, and what was logged.

    Metrics are floats, params and tags are texts; what a run does not have is null (NaN among the floats of pandas).
    Moments have milliseconds, in UTC.
    """
    if output_format == "list":
        return list(runs)
    if output_format == "polars":
        return _polars(_columns_of_runs(runs, None))
    if output_format == "arrow":
        return _arrow(_columns_of_runs(runs, None))
    columns = _columns_of_runs(runs, float("nan"))
    pandas = need("pandas", "A data frame of runs (search_runs with output_format='list' does without)")
    for name in _MOMENTS:
        columns[name] = pandas.to_datetime(pandas.Series(columns[name], dtype="Int64"), unit="ms", utc=True)
    return pandas.DataFrame(columns)


def of_models(models: Sequence[LoggedModel], output_format: str) -> Any:
    """A row for each logged model. Metrics, params and tags are one column each."""
    if output_format == "list":
        return list(models)
    if output_format == "pandas":
        pandas = need("pandas", "A data frame of models (output_format='list' does without)")
        return pandas.DataFrame([{name: _cell(each, name) for name in _MODEL} for each in models], columns=_MODEL)
    rows = [{name: _plain(getattr(each, name)) for name in _MODEL} for each in models]
    if output_format == "polars":
        return need("polars", "output_format='polars'").DataFrame(rows, infer_schema_length=None)
    return need("pyarrow", "output_format='arrow'").Table.from_pylist(rows)


def _columns_of_runs(runs: Sequence[Run], no_metric: float | None) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: [getattr(run.info, name) for run in runs]
        for name in ("run_id", "experiment_id", "status", "artifact_uri", *_MOMENTS)
    }
    for kind, absent in (("metrics", no_metric), ("params", None), ("tags", None)):
        held = [getattr(run.data, kind) for run in runs]
        keys = dict.fromkeys(key for each in held for key in each)
        columns |= {f"{kind}.{key}": [each.get(key, absent) for each in held] for key in keys}
    return columns


def _polars(columns: dict[str, Any]) -> Any:
    polars = need("polars", "output_format='polars'")
    types = {name: polars.Datetime("ms", "UTC") for name in _MOMENTS}
    series = []
    for name, cells in columns.items():
        if name in types:
            made = polars.Series(name, cells, dtype=polars.Int64).cast(types[name])
        else:
            kind = polars.Float64 if name.startswith("metrics.") else polars.String
            made = polars.Series(name, cells, dtype=kind)
        series.append(made)
    return polars.DataFrame(series)


def _arrow(columns: dict[str, Any]) -> Any:
    arrow = need("pyarrow", "output_format='arrow'")
    made = {}
    for name, cells in columns.items():
        if name in _MOMENTS:
            kind = arrow.timestamp("ms", tz="UTC")
        else:
            kind = arrow.float64() if name.startswith("metrics.") else arrow.string()
        made[name] = arrow.array(cells, type=kind)
    return arrow.table(made)


def _cell(model: LoggedModel, column: str) -> Any:
    value = getattr(model, column)
    return None if column == "metrics" and not value else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return [{"key": key, "value": each} for key, each in value.items()]
    if isinstance(value, list):
        return [each.to_dictionary() for each in value]
    return str(value) if isinstance(value, str) else value
