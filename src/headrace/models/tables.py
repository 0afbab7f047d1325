"""Rows and columns of Python or JSON values, made into a DataFrame of the columns a signature names."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import cells
from headrace.models.cells import Misfit, show
from headrace.models.types import AnyType, ColSpec, DataType, Schema
from headrace.models.types.datatypes import Type

_SCALARS = (str, bytes, bool, int, float, datetime.datetime, datetime.date)

#: Column name -> its values, all of one length.
Table = dict[Any, Sequence[Any]]


def refuse(faults: list[str], missing: str = "", *, wire: bool = False) -> None:
    """Raise ``BadRequest`` with all ``faults``, when there are any, and with what is ``missing`` before them.

    MLflow has another code for faults of a request.
    """
    told = "; ".join(faults)
    if missing:
        raise BadRequest(f"{missing}. Besides, {told}" if told else missing)
    if told:
        raise BadRequest(f"The input does not fit the model's signature: {told}", "BAD_REQUEST" if wire else None)


def fault_of(name: Any, spec: ColSpec, misfit: Misfit) -> str:
    """What is wrong with one column, as part of a sentence."""
    return f"column {name!r} must be {spec.type!r}, and {misfit}"


def refuse_few(found: int, schema: Schema) -> None:
    """Raise ``BadRequest`` when ``found`` columns are fewer than a schema without names asks for."""
    if found < sum(spec.required for spec in schema.inputs):
        raise BadRequest(f"The model takes {len(schema.inputs)} columns, told apart by position, and {found} came")


def missing_in(present: Collection[Any], schema: Schema) -> str:
    """A sentence about the required columns of ``schema`` that are not ``present``; empty when there are none."""
    names = schema.input_names()
    missing = [name for name, spec in zip(names, schema.inputs, strict=True) if spec.required and name not in present]
    if not missing:
        return ""
    extra = [name for name in present if name not in names]
    beside = f"; it has, beside those of the signature, {show(extra)}" if extra else ""
    return f"The model has missing inputs: the columns {missing} of its signature{beside}"


def columns_of(schema: Schema) -> list[tuple[Any, ColSpec]]:
    """The columns of ``schema``, each with its name, or its position when it has none."""
    pairs = zip(schema.input_names(), schema.inputs, strict=True)
    return [(name, spec) for name, spec in pairs if isinstance(spec, ColSpec)]


def table_of(data: Any, schema: Schema, *, wire: bool = False) -> Table | None:
    """The columns of Python values that ``data`` spells, or None when it is no list, dict or scalar."""
    specs = columns_of(schema)
    whole = not schema.has_input_names() and not isinstance(specs[0][1].type, DataType)
    if isinstance(data, Mapping):
        return {0: [data]} if whole else _table_of_mapping(data, schema, wire)
    if isinstance(data, tuple) and not schema.has_input_names():
        data = list(data)
    if isinstance(data, list):
        if data and not whole and all(isinstance(row, Mapping) for row in data):
            return table_of_records(data)
        if data and all(isinstance(row, list) for row in data) and len(specs) > 1:
            return dict(enumerate(columns_of_rows(data, len(data[0]))))
        return {0: data}
    if isinstance(data, _SCALARS) or (hasattr(data, "item") and getattr(data, "shape", 1) == ()):
        return {0: [data]}
    anything = whole and isinstance(specs[0][1].type, AnyType)
    return {0: [data]} if anything and data is not None and not _is_table(data) else None


def _is_table(data: Any) -> bool:
    """Whether data has columns or dimensions of its own, whatever library it is of."""
    return any(hasattr(data, name) for name in ("columns", "shape", "to_frame"))


def table_of_records(rows: Sequence[Mapping[Any, Any]]) -> Table:
    """The columns of ``rows``, in order of first appearance; what a row lacks is None."""
    first = rows[0] if rows else {}
    if all(row.keys() == first.keys() for row in rows):
        return {name: [row[name] for row in rows] for name in first}
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def columns_of_rows(rows: Sequence[Any], width: int) -> list[list[Any]]:
    """The columns of ``rows``. Raises ``BadRequest`` naming the first row that is not ``width`` values long."""
    if set(map(type, rows)) - {list} or set(map(len, rows)) - {width}:
        for at, row in enumerate(rows):
            if not isinstance(row, list):
                raise BadRequest(f"Row {at} must be a list of values, not {show(row)}")
            if len(row) != width:
                raise BadRequest(f"Row {at} has {len(row)} values where {width} are expected")
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _table_of_mapping(data: Mapping[Any, Any], schema: Schema, wire: bool) -> Table:
    specs = columns_of(schema)
    if schema.has_input_names():
        kinds = {name: spec.type for name, spec in specs}
    else:
        kinds = {name: spec.type for name, (_, spec) in zip(data, specs, strict=False)}
    columns = {name: _values(data[name], kind, wire) for name, kind in kinds.items() if name in data}
    lengths = {name: len(values) for name, values in columns.items() if values is not None}
    if len(set(lengths.values())) > 1:
        raise BadRequest(f"All columns must be of one length, and these have {show(lengths)} values")
    rows = next(iter(lengths.values()), 1)
    # A single value beside columns stands for every row. Columns nobody asked for are kept by name, for the error.
    table = {name: [data[name]] * rows if values is None else values for name, values in columns.items()}
    return table | {name: () for name in data if name not in kinds}


def _values(value: Any, kind: Type, wire: bool) -> list[Any] | None:
    """The rows that ``value`` spells for a column, or None when it is the value of a single row."""
    given = value
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0:
        value = value.tolist() if value.ndim == 1 else list(value)
    if not isinstance(value, list):
        return None
    if isinstance(kind, DataType):
        return value
    try:
        cells.structure(given, kind, wire)
    except Misfit:
        return value
    # What is a value of the column's own type, such as a list for an array, is one row. Any value is of any type: there
    # a list is rows, but an empty one is more likely a value than no row at all.
    return value if isinstance(kind, AnyType) and value else None


def frame_of(table: Table, schema: Schema, *, wire: bool) -> Any:
    """A DataFrame of the columns that ``schema`` names, each of its type. Raises ``BadRequest`` naming all misfits."""
    specs, missing = columns_of(schema), ""
    if schema.has_input_names():
        missing = missing_in(table, schema)
    else:
        refuse_few(len(table), schema)
        specs = [(name, spec) for name, (_, spec) in zip(table, specs, strict=False)]
    if not missing and all(spec.type is DataType.double for _, spec in specs):
        block = block_of({name: table[name] for name, _ in specs if name in table})
        if block is not None:
            return block
    faults: list[str] = []
    ready = {}
    for name, spec in specs:
        if name not in table:
            continue
        try:
            ready[name] = cells.column(table[name], spec.type, required=spec.required, wire=wire)
        except Misfit as misfit:
            faults.append(fault_of(name, spec, misfit))
    refuse(faults, missing, wire=wire)
    return _assembled(ready)


def block_of(columns: Mapping[Any, Sequence[Any]]) -> Any:
    """The DataFrame of columns that hold nothing but floats, which is what most requests bring; None for any other."""
    if not columns or set(map(type, chain(columns, *columns.values()))) != {str, float}:
        return None
    import numpy
    import pandas

    return pandas.DataFrame(numpy.array(list(columns.values())).T, columns=_labels(tuple(columns)), copy=False)


def _assembled(columns: dict[Any, Any]) -> Any:
    """A DataFrame of finished columns. Those of one dtype are made one block, which pandas takes as it is."""
    import numpy
    import pandas

    finished = list(columns.values())
    dtypes = {each.dtype for each in finished}
    if len(dtypes) == 1 and all(isinstance(each, numpy.ndarray) for each in finished) and dtypes.pop().kind in "biuf":
        return pandas.DataFrame(numpy.array(finished).T, columns=_labels(tuple(columns)), copy=False)
    return pandas.DataFrame(columns, copy=False)


@lru_cache(maxsize=64)
def _labels(names: tuple[Any, ...]) -> Any:
    """The index of the columns, which every request has alike."""
    import pandas

    return pandas.Index(names)
