"""Schemas read off data. Whatever somebody's data is, it has a schema: what fits no type is ``any``."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.cells import is_missing
from headrace.models.types import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)
from headrace.models.types.datatypes import Type

#: dtype names of numpy, pandas, polars and arrow, in lower case, and the type of their values.
_DTYPES = {
    **dict.fromkeys(("bool", "boolean"), DataType.boolean),
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16"), DataType.integer),
    **dict.fromkeys(("int64", "uint32"), DataType.long),
    **dict.fromkeys(("float", "float16", "float32", "halffloat"), DataType.float),
    **dict.fromkeys(("float64", "double"), DataType.double),
    **dict.fromkeys(("string", "str", "large_string", "utf8"), DataType.string),
    **dict.fromkeys(("binary", "bytes", "large_binary"), DataType.binary),
}
#: How the names of dtypes of lists and objects begin, whose values must be looked at.
_NESTED = ("fixed_size_list<", "large_list<", "list<", "struct<")
#: How numbers give way to each other when a column has several kinds.
_RANK = {DataType.integer: 0, DataType.long: 1, DataType.float: 2, DataType.double: 3}


class _Unseen(AnyType):
    """The type of the elements of a list that has none: whatever those of other lists are."""


class _Nothing(AnyType):
    """The type of a property that has no value here: whatever it is elsewhere."""


def infer_schema(data: Any) -> Schema:
    """The schema of ``data``: a data frame, series, array, sparse matrix, dict, list, or one value."""
    schema = _schema(data)
    for spec in schema.inputs:
        if isinstance(spec, ColSpec):
            spec.type = _settled(spec.type)
    return schema


def _schema(data: Any) -> Schema:
    library = type(data).__module__.partition(".")[0]
    if library == "polars" and hasattr(data, "to_frame"):
        data = data.to_frame()
    if library == "numpy" and getattr(data, "ndim", 0) > 0 and data.dtype.names:
        import pandas

        # Fields of records are columns.
        data, library = pandas.DataFrame.from_records(data.ravel()), "pandas"
    if library in ("pandas", "polars", "pyarrow") and hasattr(data, "columns"):
        columns = _pandas_columns(data) if library == "pandas" else _other_columns(data)
        # A frame without columns says nothing, and there is no schema of nothing.
        return Schema(list(columns) or [ColSpec(AnyType(), required=False)])
    if library == "pandas" and hasattr(data, "array"):
        return Schema([_pandas_column(data, None if data.name is None else label(data.name))])
    if library == "scipy" and hasattr(data, "tocsr"):
        return Schema([TensorSpec(data.dtype, (-1, *data.shape[1:]))])
    if library == "numpy" and getattr(data, "ndim", 0) > 0:
        return Schema([_tensor(data)])
    return _plain(_unpack(data))


def infer_params(params: Mapping[str, Any]) -> ParamSchema:
    """The schema of params whose defaults are ``params``. Raises ``BadRequest`` for a default that can be none."""
    return ParamSchema([_param(name, value) for name, value in params.items()])


def _plain(data: Any) -> Schema:
    if isinstance(data, Mapping) and data and all(isinstance(key, str) for key in data):
        if all(_is_numpy(value) and getattr(value, "ndim", 0) > 0 for value in data.values()):
            return Schema([_tensor(value, name) for name, value in data.items()])
        return Schema([_column([value], name) for name, value in data.items()])
    if isinstance(data, list | tuple):
        rows = [_unpack(each) for each in data]
        if rows and all(isinstance(row, dict) and row for row in rows):
            kind = merge(map(infer_type, rows))
            if isinstance(kind, Object):
                return Schema([ColSpec(each.dtype, name, each.required) for name, each in _in_seen_order(kind, rows)])
        return Schema([_column(rows, None)])
    return Schema([ColSpec(infer_type(data) or AnyType(), required=not is_missing(data))])


def _in_seen_order(kind: Object, rows: list[Any]) -> Iterable[tuple[str, Property]]:
    known = {each.name: each for each in kind.properties}
    return ((name, known[name]) for name in {key: None for row in rows for key in row})


def infer_type(value: Any) -> Type | None:
    """The type of one value; None when it says nothing, as ``None`` and NaN do."""
    value = _unpack(value)
    match value:
        case bool():
            return DataType.boolean
        case int():
            return DataType.long if -(2**63) <= value < 2**63 else AnyType()
        case float():
            return DataType.double
        case str():
            return DataType.string
        case bytes() | bytearray():
            return DataType.binary
        case datetime.date():
            # A datetime column counts nanoseconds, which end in the year 2262.
            return DataType.datetime if 1678 <= value.year <= 2261 else AnyType()
        case dict() if value and all(isinstance(key, str) for key in value):
            return Object([_property(name, each) for name, each in value.items()])
        case list():
            return Array(_element(value))
    if is_missing(value):
        return None
    if getattr(value, "ndim", 0) > 0:
        return _array(value)
    if hasattr(value, "dtype"):
        return _of_dtype(value.dtype) or AnyType()
    return AnyType()


def _element(values: Sequence[Any]) -> Type:
    """The type of the elements of a list; a list has no word for elements that may be absent but ``any``."""
    if any(is_missing(value) and not isinstance(value, float) for value in values):
        return AnyType()
    return merge(DataType.double if is_missing(value) else infer_type(value) for value in values) or _Unseen()


def merge(kinds: Iterable[Type | None]) -> Type | None:
    """The narrowest type that all of ``kinds`` are; None when none of them says anything."""
    merged: Type | None = None
    for kind in kinds:
        merged = kind if merged is None else merged if kind is None else _merge(merged, kind)
    return merged


def _merge(one: Type, other: Type) -> Type:
    if one == other:
        return one
    if isinstance(one, DataType) and isinstance(other, DataType) and {one, other} <= set(_RANK):
        wider = max(one, other, key=_RANK.__getitem__)
        # A float has too few digits for the integers beside it.
        return DataType.double if wider is DataType.float else wider
    if isinstance(one, _Unseen) or isinstance(other, _Unseen):
        return other if isinstance(one, _Unseen) else one
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(_merge(one.dtype, other.dtype))
    if isinstance(one, Object) and isinstance(other, Object):
        return _merge_objects(one, other)
    return AnyType()


def _merge_objects(one: Object, other: Object) -> Object:
    left, right = ({each.name: each for each in kind.properties} for kind in (one, other))
    merged = []
    for name in {**left, **right}:
        pair = [side[name] for side in (left, right) if name in side]
        known = [each.dtype for each in pair if not isinstance(each.dtype, _Nothing)]
        required = len(pair) == 2 and all(each.required for each in pair)
        merged.append(Property(name, merge(known) or _Nothing(), required))
    return Object(merged)


def _settled(kind: Type) -> Type:
    """``kind`` without what nobody saw."""
    if isinstance(kind, _Nothing) or (isinstance(kind, Array) and isinstance(kind.dtype, _Unseen)):
        return AnyType()
    if isinstance(kind, Array):
        return Array(_settled(kind.dtype))
    if isinstance(kind, Object):
        return Object([Property(each.name, _settled(each.dtype), each.required) for each in kind.properties])
    return kind


def _property(name: str, value: Any) -> Property:
    return Property(name, infer_type(value) or _Nothing(), not is_missing(value))


def _column(values: Sequence[Any], name: Any) -> ColSpec:
    """A column of Python values."""
    known = [value for value in values if not is_missing(value)]
    nulls = [value for value in values if is_missing(value)]
    kind = merge(map(infer_type, known))
    if kind is None and any(isinstance(value, float) for value in nulls):
        kind = DataType.double
    if nulls and kind in (DataType.integer, DataType.long) and not _need_whole(known, nulls):
        # Integers with gaps travel as doubles: that is what pandas makes of them on the other side.
        kind = DataType.double
    return ColSpec(kind or AnyType(), name, not nulls)


def _need_whole(known: Sequence[Any], nulls: Sequence[Any]) -> bool:
    """Whether integers with gaps must stay integers: somebody chose NA for the gaps, or a double has too few digits."""
    return any(type(value).__name__ == "NAType" for value in nulls) or any(
        int(float(value)) != int(value) for value in known
    )


def _pandas_column(column: Any, name: Any) -> ColSpec:
    if str(column.dtype) == "category":
        column = column.astype(column.cat.categories.dtype) if not column.hasnans else column.astype(object)
    required = not bool(column.isna().any())
    if str(column.dtype) == "object":
        return ColSpec(DataType.string, name) if column.empty else _column(column.tolist(), name)
    if str(column.dtype).startswith(_NESTED):
        return _column(column.tolist(), name)
    return ColSpec(_of_dtype(column.dtype) or AnyType(), name, required)


def _pandas_columns(frame: Any) -> Iterable[ColSpec]:
    return (_pandas_column(frame.iloc[:, at], label(name)) for at, name in enumerate(frame.columns))


def label(name: Any) -> Any:
    """What a schema calls a column: numbers and tuples keep what they are, what JSON has no word for is spelled."""
    if isinstance(name, tuple):
        return tuple(map(label, name))
    if hasattr(name, "item") and getattr(name, "ndim", None) == 0:
        name = name.item()
    return name if isinstance(name, str | int) else str(name)


def _other_columns(frame: Any) -> Iterable[ColSpec]:
    """Columns of a polars or arrow table, neither of which is imported."""
    names = getattr(frame, "column_names", None) or frame.columns
    for name in names:
        column = frame[name]
        nulls = column.null_count
        required = not (nulls() if callable(nulls) else nulls)
        dtype = getattr(column, "dtype", None) or column.type
        yield ColSpec(_of_dtype(dtype) or merge(map(infer_type, _listed(column))) or AnyType(), name, required)


def _listed(column: Any) -> list[Any]:
    listed = column.to_list() if hasattr(column, "to_list") else column.to_pylist()
    return [value for value in listed if value is not None]


def _of_dtype(dtype: Any) -> DataType | None:
    """The type of values of ``dtype``, of whatever library; None when its values must be looked at."""
    name = str(dtype).lower()
    if name.startswith(("datetime", "timestamp", "date")):
        return DataType.datetime
    if getattr(dtype, "kind", "") in "US" and name.startswith(("<u", "|s", "<s")):
        return DataType.string if dtype.kind == "U" else DataType.binary
    return _DTYPES.get(name.partition("[")[0])


def _array(value: Any) -> Array:
    dtype = str(value.dtype)
    inner = merge(map(infer_type, value.ravel().tolist())) if dtype == "object" else _of_dtype(value.dtype)
    kind: Type = inner or AnyType()
    for _ in range(value.ndim):
        kind = Array(kind)
    assert isinstance(kind, Array)
    return kind


def _tensor(array: Any, name: str | None = None) -> TensorSpec:
    return TensorSpec(array.dtype.newbyteorder("="), (-1, *array.shape[1:]), name)


def _param(name: str, value: Any) -> ParamSpec:
    plain = value.tolist() if hasattr(value, "tolist") else _unpack(value)
    if plain is None:
        raise BadRequest(f"Param {name!r} is None, which has no type: give a default, or build its ParamSpec")
    listed = isinstance(plain, list | tuple)
    kind = infer_type(value)
    if listed:
        kind = kind.dtype if isinstance(kind, Array) else DataType.string
    if not isinstance(kind, DataType | Object) or kind is DataType.binary:
        raise BadRequest(f"Param {name!r} must be one value, a list of values of one type, or a dict, not {value!r}")
    return ParamSpec(name, kind, list(plain) if listed else plain, (-1,) if listed else None)


def _is_numpy(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "numpy"


def _unpack(value: Any) -> Any:
    """Dicts and plain values out of pydantic models, dataclasses and arrays without dimension."""
    if hasattr(value, "model_dump") and not isinstance(value, type):
        return value.model_dump()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value.item() if getattr(value, "ndim", None) == 0 and str(value.dtype) in ("object", "float64") else value
