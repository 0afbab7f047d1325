"""The columns of a table, piece by piece, out of whichever library holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from headrace.base.errors import NotSupported
from headrace.data.content.objects import Objects
from headrace.data.content.streams import Stream, stream_of
from headrace.tracking.extras import need

#: Rows read at a time, and rows of Python objects, each of which may be large.
_ROWS, _OBJECT_ROWS = 1 << 16, 1 << 13

Columns = tuple[int, list[tuple[str, Stream]]]


def columns_of(table: Any) -> Columns:
    """The number of rows of ``table``, and the name and stream of each of its columns."""
    pyarrow = need("pyarrow", "A digest of the whole content")
    library = type(table).__module__.partition(".")[0]
    if library == "pandas" and hasattr(table, "columns"):
        return _pandas(table)
    if library == "polars" and hasattr(table, "iter_slices"):
        return _polars(table)
    if library == "datasets" and hasattr(table, "with_format"):
        return _batches(table.features.arrow_schema, table.with_format("arrow").iter(_ROWS))
    if isinstance(table, pyarrow.Table | pyarrow.RecordBatch):
        whole = table if isinstance(table, pyarrow.Table) else pyarrow.Table.from_batches([table])
        return _batches(whole.schema, whole.to_batches(_ROWS))
    if hasattr(table, "__arrow_c_stream__"):  # Arrow's own protocol between libraries, which DuckDB and others speak.
        reader = pyarrow.RecordBatchReader.from_stream(table)
        return _batches(reader.schema, reader)
    return _any(table)


def _batches(schema: Any, batches: Iterable[Any]) -> Columns:
    """Arrow tables or batches, all of one schema."""
    streams, rows = [stream_of(field.type) for field in schema], 0
    for batch in batches:
        rows += batch.num_rows
        for stream, column in zip(streams, batch.columns, strict=True):
            _add(stream, column)
    return rows, list(zip(schema.names, streams, strict=True))


def _polars(frame: Any) -> Columns:
    import polars

    streams: list[tuple[str, Stream]] = []
    for column in frame.iter_columns():
        held = column.dtype == polars.Object
        streams.append((column.name, Objects(column.name) if held else stream_of(column.head(0).to_arrow().type)))
    for part in frame.iter_slices(_ROWS):
        for (_, stream), column in zip(streams, part.iter_columns(), strict=True):
            if isinstance(stream, Objects):
                stream.add(column.to_list())
            else:
                _add(stream, column.to_arrow())
    return frame.height, streams


def _pandas(frame: Any) -> Columns:
    """A pandas frame. A missing value is null, whether it is a NaN, None or NA: that is what pandas means by it."""
    columns = list(_with_index(frame))
    streams = [_PandasColumn(name, values) for name, values in columns]
    step = _OBJECT_ROWS if any(values.dtype == object for _, values in columns) else _ROWS
    # All columns of some rows, then of the next: in memory, numbers of one row often lie side by side.
    for start in range(0, len(frame), step):
        for column in streams:
            column.add(start, start + step)
    return len(frame), [(column.name, column.stream) for column in streams]


def _with_index(frame: Any) -> Iterator[tuple[str, Any]]:
    """Columns of a pandas frame, its index first unless that only numbers the rows."""
    for level in range(frame.index.nlevels):
        labels = frame.index.get_level_values(level)
        if labels.name is not None or labels.dtype.kind not in "iu":
            name = f"index {level}" if labels.name is None else str(labels.name)
            yield name, labels.to_series(index=range(len(labels)))
    for at, name in enumerate(frame.columns):
        yield str(name), frame.iloc[:, at]


class _PandasColumn:
    """A column of pandas. Objects are of the type that Arrow takes the first of them for, until one is of another."""

    def __init__(self, name: str, values: Any) -> None:
        import pyarrow

        self.name, self._values = name, values
        self._kind: Any = None
        self._strangers = (pyarrow.ArrowException, OverflowError, TypeError, ValueError)
        self.stream: Stream | Objects = Objects(name)
        if values.dtype != object:
            self.stream = stream_of(_arrow(values.iloc[:0]).type)
            return
        try:
            self._kind = pyarrow.infer_type(values.to_numpy(), from_pandas=True)
        except self._strangers:
            return
        if pyarrow.types.is_string(self._kind):
            self._kind = pyarrow.large_string()
        self.stream = stream_of(self._kind)

    def add(self, start: int, end: int) -> None:
        """Take some rows."""
        part = self._values.iloc[start:end]
        if not isinstance(self.stream, Objects):
            try:
                array = _arrow(part, self._kind)
            except self._strangers:
                if self._kind is None:
                    raise
                self.stream, part = Objects(self.name), self._values.iloc[:end]
            else:
                _add(self.stream, array)
                return
        for value in part:
            self.stream.add([value])


def _arrow(values: Any, kind: Any = None) -> Any:
    import numpy
    import pyarrow

    if values.dtype.kind == "c":
        values = numpy.ascontiguousarray(values.to_numpy())
        halves = pyarrow.array(values.view(f"f{values.itemsize // 2}"))
        return pyarrow.FixedSizeListArray.from_arrays(halves, 2)
    if isinstance(values.dtype, _sparse()):
        values = values.sparse.to_dense()
    return pyarrow.array(values, type=kind, from_pandas=True)


def _sparse() -> Any:
    import pandas

    return pandas.SparseDtype


def _any(table: Any) -> Columns:
    """What narwhals reads, which is computed first when it is only a plan."""
    narwhals = need("narwhals", "A table that is neither of pandas nor of polars nor Arrow")
    frame = narwhals.from_native(table, pass_through=True)
    if frame is table and not isinstance(table, narwhals.DataFrame | narwhals.LazyFrame):
        raise NotSupported(f"A {type(table).__name__} is no table that narwhals reads; turn it into an Arrow table")
    if isinstance(frame, narwhals.LazyFrame):
        return columns_of(frame.collect(backend="pyarrow").to_native())
    native = narwhals.to_native(frame)
    if native is not table:
        return columns_of(native)
    if frame.implementation.is_modin():
        # Of some rows of objects Arrow finds another type than of all; pandas is what Modin holds them in.
        return _pandas(frame.to_pandas())
    first = frame.head(0).to_arrow()
    parts = (frame[start : start + _ROWS].to_arrow() for start in range(0, len(frame), _ROWS))
    return _batches(first.schema, parts)


def _add(stream: Stream, column: Any) -> None:
    """Give a stream an array, or the chunks of one."""
    for chunk in getattr(column, "chunks", None) or [column]:
        if not hasattr(chunk, "chunks"):
            stream.add(chunk)
