"""Tables that come as files: CSV and Parquet."""

from __future__ import annotations

import csv
import io
from typing import Any

from headrace.base.errors import BadRequest, TooLarge, UnknownMedia
from headrace.models.cells import show
from headrace.models.tables import Table, columns_of, columns_of_rows
from headrace.models.types import DataType, Schema

#: Values a Parquet file may unfold to, at most: a file of a few bytes can repeat one of them without end.
PARQUET_VALUES = 50_000_000

#: What pandas writes and reads for a missing value, outside of columns of text.
_MISSING = frozenset({"", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None", "<NA>", "#N/A"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def table_of_csv(body: bytes, schema: Schema | None) -> Table:
    """The columns in a CSV file with a header, ready to be made into the types that ``schema`` names.

    Raises ``BadRequest`` naming the row that is wrong.
    """
    try:
        text = body.decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except UnicodeDecodeError:
        raise BadRequest("The body is not valid UTF-8", "BAD_REQUEST") from None
    except (csv.Error, ValueError) as error:
        raise BadRequest(f"The body cannot be read as CSV: {error}", "BAD_REQUEST") from None
    rows = [row for row in rows if row]
    if not header or len(set(header)) < len(header):
        raise BadRequest(
            f"The first line of the CSV must have distinct column names, not {show(header)}", "BAD_REQUEST"
        )
    columns = dict(zip(header, columns_of_rows(rows, len(header)), strict=True))
    if schema is None or schema.is_tensor_spec():
        return _inferred(text)
    kinds = {name: spec.type for name, spec in columns_of(schema)}
    if not schema.has_input_names():
        kinds = dict(zip(header, kinds.values(), strict=False))
    return {name: [_cell(each, kinds.get(name)) for each in values] for name, values in columns.items()}


def _inferred(text: str) -> Table:
    import pandas

    try:
        frame = pandas.read_csv(io.StringIO(text))
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"The body cannot be read as CSV: {error}", "BAD_REQUEST") from None
    return {name: frame[name].tolist() for name in frame.columns}


def _cell(text: str, kind: Any) -> Any:
    if text == "" or (kind is not DataType.string and text in _MISSING):
        return None
    if kind is DataType.boolean:
        return _BOOLEANS.get(text, text)
    return text


def frame_of_parquet(body: bytes) -> Any:
    """The DataFrame in a Parquet file. Raises ``UnknownMedia`` where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UnknownMedia(
            "Parquet is read with pyarrow, which is not installed where this model runs; install pyarrow there, or "
            "send text/csv or application/json"
        ) from None
    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(body))
        values = file.metadata.num_rows * max(file.metadata.num_columns, 1)
        if values > PARQUET_VALUES:
            raise TooLarge(f"The Parquet file has {values} values, and {PARQUET_VALUES} may be sent at once")
        return file.read().to_pandas()
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        raise BadRequest(f"The body cannot be read as Parquet: {show(str(error))}", "BAD_REQUEST") from None
