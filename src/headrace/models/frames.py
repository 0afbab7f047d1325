"""Tables of other libraries as DataFrames of pandas, without a value changing on the way."""

from __future__ import annotations

from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.cells import objects


def frame_of_any(data: Any) -> Any:
    """The DataFrame that a series, an array, a sparse matrix or a table of polars or arrow spells.

    Raises ``BadRequest`` for what has no columns.
    """
    import numpy
    import pandas

    if isinstance(data, pandas.Series):
        return data.to_frame()
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        return pandas.DataFrame.sparse.from_spmatrix(data)
    library = type(data).__module__.partition(".")[0]
    if library == "polars" and hasattr(data, "to_frame"):
        data = data.to_frame()
    if library in ("polars", "pyarrow") and hasattr(data, "columns"):
        names = getattr(data, "column_names", None) or data.columns
        return pandas.DataFrame({name: _column(data[name]) for name in names})
    if hasattr(data, "to_pandas"):
        return data.to_pandas()
    if isinstance(data, numpy.ndarray):
        if data.dtype.names:
            return pandas.DataFrame.from_records(data.ravel())
        if data.ndim > 2:
            raise BadRequest(f"The model takes columns, and an array of shape {data.shape} cannot be read as a table")
        return pandas.DataFrame(numpy.atleast_1d(data))
    raise BadRequest(
        f"The model takes columns; give a DataFrame, Series, dict, list or ndarray, not {type(data).__name__}"
    )


def _column(column: Any) -> Any:
    """A column of polars or arrow; their own ways make floats of whole numbers with gaps, also inside of lists."""
    import pandas

    dtype = str(getattr(column, "dtype", None) or column.type).lower()
    nulls = column.null_count
    gaps = bool(nulls() if callable(nulls) else nulls)
    listed = dtype.startswith(("list", "struct", "array", "large_list", "fixed_size_list"))
    if listed or (gaps and dtype.startswith(("int", "uint", "bool"))):
        values = column.to_list() if hasattr(column, "to_list") else column.to_pylist()
        return objects(values) if listed else pandas.array(values, dtype=_NULLABLE.get(dtype, "Int64"))
    return column.to_pandas()


_NULLABLE = {"bool": "boolean", "boolean": "boolean", "uint64": "UInt64"}
