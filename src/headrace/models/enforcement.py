"""The rules by which a model's input and params are made to fit its signature, or are refused.

Missing columns are refused, further ones dropped, the order restored; a type is widened where nothing is lost, and
never narrowed. Every column that does not fit is named, with a value of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import cells
from headrace.models.cells import Misfit, show
from headrace.models.tables import columns_of, fault_of, frame_of, refuse, refuse_few, refuse_missing, table_of
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
        data = _frame(data)
    if _is_ready(data, schema):
        return data
    faults: list[str] = []
    ready = {}
    for position, spec in _chosen(data, schema):
        name = data.columns[position]
        try:
            ready[name] = _series(data.iloc[:, position], spec)
        except Misfit as misfit:
            faults.append(fault_of(name, spec, misfit))
    refuse(faults)
    return pandas.DataFrame(ready, index=data.index, columns=list(ready), copy=False)


def _is_ready(frame: Any, schema: Schema) -> bool:
    """Whether the frame is already as the schema wants it, which is what most calls bring."""
    if list(frame.columns) != schema.input_names():
        return False
    return all(
        isinstance(spec.type, DataType) and dtype.kind in "biufM" and dtype == spec.type.to_numpy()
        for dtype, spec in zip(frame.dtypes.array, schema.inputs, strict=True)
    )


def _frame(data: Any) -> Any:
    import numpy
    import pandas

    if isinstance(data, pandas.Series):
        return data.to_frame()
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        return pandas.DataFrame.sparse.from_spmatrix(data)
    if hasattr(data, "to_pandas"):
        return data.to_pandas()
    if isinstance(data, numpy.ndarray):
        if data.ndim > 2:
            raise BadRequest(f"The model takes columns, and an array of shape {data.shape} cannot be read as a table")
        return pandas.DataFrame(numpy.atleast_1d(data))
    raise BadRequest(
        f"The model takes columns; give a DataFrame, Series, dict, list or ndarray, not {type(data).__name__}"
    )


def _chosen(frame: Any, schema: Schema) -> list[tuple[int, ColSpec]]:
    """The positions in ``frame`` of the columns that ``schema`` names, in its order."""
    if not schema.has_input_names():
        refuse_few(frame.shape[1], schema)
        return columns_of(schema)
    labels = list(frame.columns)
    refuse_missing(labels, schema)
    wanted = [(name, spec) for name, spec in columns_of(schema) if name in labels]
    if twice := [name for name, _ in wanted if labels.count(name) > 1]:
        raise BadRequest(f"The input has the columns {twice} more than once")
    return [(labels.index(name), spec) for name, spec in wanted]


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
            return _naive(series)
    else:
        return _number(series, kind, spec.required)
    raise Misfit(f"its values are of type {dtype}{_example(series)}")


def _number(series: Any, kind: DataType, required: bool) -> Any:
    import numpy

    target, dtype = kind.to_numpy(), series.dtype
    if dtype == target:
        return series
    # Nullable dtypes of pandas have a numpy dtype of their own name inside.
    inner = getattr(dtype, "numpy_dtype", dtype)
    gaps = inner.kind in "biuf" and bool(series.isna().any())
    if gaps and kind in (DataType.integer, DataType.long, DataType.boolean):
        return _with_gaps(series, kind, required)
    if (inner.kind == "b") == (target.kind == "b"):
        whole_to_fraction = inner.kind in "iu" and target.kind == "f"
        if _is_exact(series, target) if whole_to_fraction else numpy.can_cast(inner, target, "safe"):
            return series.astype(target)
    raise Misfit(f"its values are of type {dtype}{_example(series)}, which cannot become {target} without loss")


def _is_exact(series: Any, target: Any) -> bool:
    """Whether each whole number in ``series`` has a float of its own. numpy calls int64 to float64 safe; it is not."""
    limit = 2**24 if target.itemsize == 4 else 2**53
    known = series.dropna()
    return bool(known.between(-limit, limit).all()) or all(int(target.type(each)) == each for each in known.tolist())


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


def _naive(series: Any) -> Any:
    if getattr(series.dtype, "tz", None) is not None:
        raise Misfit(f"its values carry the time zone {series.dtype.tz}; convert them and drop the zone first")
    try:
        return series if series.dtype == "datetime64[ns]" else series.astype("datetime64[ns]")
    except ValueError as error:
        raise Misfit(f"has an instant that datetime cannot hold: {error}") from None


def _with_values(series: Any, values: Any) -> Any:
    import pandas

    return pandas.Series(values, index=series.index, name=series.name, copy=False)


def _example(series: Any) -> str:
    return f", such as {show(series.iloc[0])}" if len(series) else ""
