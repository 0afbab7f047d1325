"""The rules by which a model's input and params are made to fit its signature, or are refused.

Missing columns are refused, further ones dropped, the order restored; a type is widened where nothing is lost, and
never narrowed. Every column that does not fit is named, with a value of it.
"""

from __future__ import annotations

import bisect
import logging
from collections.abc import Mapping
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import cells
from headrace.models.cells import Misfit, show
from headrace.models.frames import frame_of_any
from headrace.models.inference import label
from headrace.models.lossless import exactly
from headrace.models.tables import columns_of, fault_of, frame_of, missing_in, refuse, refuse_few, table_of
from headrace.models.tensors import enforce_tensors
from headrace.models.types import AnyType, ColSpec, DataType, ParamSchema, ParamSpec, Schema

_log = logging.getLogger(__name__)


def enforce(data: Any, schema: Schema) -> Any:
    """``data`` as a model with the input ``schema`` takes it: a DataFrame, an ndarray, or a dict of ndarrays.

    Raises ``BadRequest`` naming every input that is missing or does not fit.
    """
    return enforce_tensors(data, schema) if schema.is_tensor_spec() else enforce_columns(data, schema)


def enforce_params(params: Mapping[str, Any] | None, schema: ParamSchema | None) -> dict[str, Any] | None:
    """All params of ``schema``: those given, checked and converted, and the defaults of the others.

    Params that ``schema`` does not name are dropped with a warning. Raises ``BadRequest`` naming those that do not fit.
    """
    if not isinstance(params, Mapping | None):
        raise BadRequest(f"params must be a dict of names and values, not {type(params).__name__}")
    if schema is None:
        if params:
            _log.warning("The model takes no params, so %s are ignored", sorted(map(str, params)))
        return None if params is None else {}
    given = dict(params or {})
    known = {spec.name: spec for spec in schema.params}
    if unknown := sorted(str(name) for name in given if name not in known):
        _log.warning("The model takes no params named %s, so they are ignored; it takes %s", unknown, sorted(known))
    faults: list[str] = []
    taken = {name: _param(given[name], spec, faults) if name in given else spec.default for name, spec in known.items()}
    if faults:
        raise BadRequest("Params do not fit the model's signature: " + "; ".join(faults))
    return taken


def _param(value: Any, spec: ParamSpec, faults: list[str]) -> Any:
    try:
        return ParamSpec.validate_param_spec(value, spec)
    except BadRequest as error:
        faults.append(error.message)
        return None


def enforce_columns(data: Any, schema: Schema) -> Any:
    """``data`` as a DataFrame with the columns of ``schema``, in their order."""
    import pandas

    if not isinstance(data, pandas.DataFrame):
        table = table_of(data, schema)
        if table is not None:
            return frame_of(table, schema, wire=False)
        data = frame_of_any(data)
    if _is_ready(data, schema):
        return data
    faults: list[str] = []
    ready = []
    chosen, missing = _chosen(data, schema)
    for position, spec in chosen:
        try:
            ready.append(_series(data.iloc[:, position], spec))
        except Misfit as misfit:
            faults.append(fault_of(data.columns[position], spec, misfit))
    refuse(faults, missing)
    made = pandas.DataFrame(dict(enumerate(ready)), index=data.index, copy=False)
    made.columns = data.columns[[position for position, _ in chosen]]
    return made


def _is_ready(frame: Any, schema: Schema) -> bool:
    """Whether the frame is already as the schema wants it, which is what most calls bring."""
    if list(frame.columns) != schema.input_names():
        return False
    return all(
        isinstance(spec.type, DataType) and dtype.kind in "biufM" and dtype == spec.type.to_numpy()
        for dtype, spec in zip(frame.dtypes.array, schema.inputs, strict=True)
    )


def _chosen(frame: Any, schema: Schema) -> tuple[list[tuple[int, ColSpec]], str]:
    """The positions in ``frame`` of the columns that ``schema`` names, in its order, and what is missing."""
    specs = columns_of(schema)
    if not schema.has_input_names():
        refuse_few(frame.shape[1], schema)
        return [(position, spec) for position, (_, spec) in enumerate(specs[: frame.shape[1]])], ""
    if list(frame.columns) == schema.input_names():
        return list(enumerate(spec for _, spec in specs)), ""
    places: dict[Any, list[int]] = {}
    for position, name in enumerate(_labels(frame, schema)):
        places.setdefault(name, []).append(position)
    if twice := [name for name, _ in specs if len(places.get(name, ())) > 1]:
        raise BadRequest(f"The input has the columns {twice} more than once")
    chosen = [(places[name][0], spec) for name, spec in specs if name in places]
    return chosen, missing_in(places, schema)


def _labels(frame: Any, schema: Schema) -> list[Any]:
    """What the columns of ``frame`` are called in ``schema``, where names that JSON has no word for are spelled."""
    names = set(schema.input_names())
    return [name if name in names else label(name) for name in frame.columns]


def _series(series: Any, spec: ColSpec) -> Any:
    """``series`` with the dtype of ``spec``: itself when it has it. Raises ``Misfit``."""
    kind, dtype = spec.type, series.dtype
    if isinstance(kind, AnyType):
        return series
    if not isinstance(kind, DataType):
        made = cells.column(series.tolist(), kind, required=spec.required, wire=False)
        return _with_values(series, made)
    if dtype.name == "category":
        # A category is a way to keep values, and its values are what the signature speaks of.
        _series(series.cat.categories.to_series(), spec)
        return series
    if kind in (DataType.string, DataType.binary):
        if dtype.kind == "O":
            return series
    elif dtype.kind == "O":
        made = cells.column(series.tolist(), kind, required=spec.required, wire=False)
        return _with_values(series, made)
    elif kind is DataType.datetime:
        if dtype.kind == "M":
            return _instants(series)
    else:
        return _number(series, kind, spec.required)
    raise Misfit(f"its values are of type {dtype}{_example(series)}")


def _number(series: Any, kind: DataType, required: bool) -> Any:
    import numpy

    target, dtype = kind.to_numpy(), series.dtype
    sparse = dtype.name.startswith("Sparse[")
    # Sparse and nullable dtypes of pandas have a numpy dtype inside.
    inner = dtype.subtype if sparse else getattr(dtype, "numpy_dtype", dtype)
    if dtype == target or (sparse and inner == target):
        return series
    if inner.kind not in "biuf":
        raise Misfit(f"its values are of type {dtype}{_example(series)}")
    gaps = bool(series.isna().any())
    values = (series.dropna() if gaps else series).to_numpy(dtype=inner)
    made = exactly(values, target)
    if made is None:
        row, value = _first_lost(series, target, inner)
        raise Misfit(f"its values are of type {dtype}, and row {row} has {show(value)}, which {target} cannot hold")
    if not gaps:
        return _with_values(series, made)
    if target.kind == "f":
        return _with_values(series, series.to_numpy(dtype=target, na_value=numpy.nan))
    return _with_gaps(series, kind, required)


def _first_lost(series: Any, target: Any, inner: Any) -> tuple[int, Any]:
    """The first row whose value would change, and the value."""
    positions = (~series.isna()).to_numpy().nonzero()[0]
    values = series.iloc[positions].to_numpy(dtype=inner)
    kept = bisect.bisect_left(range(len(values)), True, key=lambda end: exactly(values[: end + 1], target) is None)
    return int(positions[kept]), values[kept]


def _with_gaps(series: Any, kind: DataType, required: bool) -> Any:
    name = {DataType.integer: "Int32", DataType.long: "Int64", DataType.boolean: "boolean"}[kind]
    if not required:
        try:
            return series.astype(name)
        except (TypeError, ValueError):
            raise Misfit(f"its values are of type {series.dtype}{_example(series)}") from None
    raise Misfit(
        f"values are missing in it, which {kind.name} cannot express; fill them, or train and log the model with "
        "this column as double"
    )


def _instants(series: Any) -> Any:
    """Instants count nanoseconds, unless some are so far away that they cannot; a time zone is kept."""
    if series.dtype == "datetime64[ns]":
        return series
    try:
        zoned = getattr(series.dtype, "tz", None) is not None or "tz=" in series.dtype.name
        return series.dt.as_unit("ns") if zoned else series.astype("datetime64[ns]")
    except ValueError:
        return series


def _with_values(series: Any, values: Any) -> Any:
    import pandas

    return pandas.Series(values, index=series.index, name=series.name, copy=False)


def _example(series: Any) -> str:
    return f", such as {show(series.iloc[0])}" if len(series) else ""
