"""Points of metrics in files: lines of JSON, or Parquet where pyarrow is installed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from headrace.base.errors import BadRequest, NotSupported
from headrace.moving.plain_files import lines, open_plain
from headrace.schema.imports import ImportedPoint, ImportedSeries
from headrace.wire import codec

NDJSON, PARQUET = "points.ndjson", "points.parquet"
#: Points of a row group, and of one piece of a series.
_ROWS = 50_000


class PointWriter(Protocol):
    """Takes points, series after series."""

    #: Points so far.
    points: int

    def add(self, series: ImportedSeries) -> None: ...

    def close(self) -> None: ...


def has_parquet() -> bool:
    """Whether Parquet can be read and written here."""
    return importlib.util.find_spec("pyarrow") is not None


def writer_of(name: str, file: BinaryIO) -> PointWriter:
    """A writer of the file of that name. Raises ``NotSupported`` where it needs what is not installed."""
    return NdjsonPoints(file) if name == NDJSON else ParquetPoints(file)


class NdjsonPoints:
    """Writes some points of a series on each line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.points = 0

    def add(self, series: ImportedSeries) -> None:
        """Write the points of a series."""
        self._file.write(codec.encode(series) + b"\n")
        self.points += len(series.points)

    def close(self) -> None:
        """Nothing waits."""


class ParquetPoints:
    """Writes a row for each point: run_id, key, step, timestamp, value, copy."""

    def __init__(self, file: BinaryIO) -> None:
        pyarrow, parquet = _pyarrow()
        text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
        self._schema = pyarrow.schema(
            [
                ("run_id", text),
                ("key", text),
                ("step", pyarrow.int64()),
                ("timestamp", pyarrow.int64()),
                ("value", pyarrow.float64()),
                ("copy", pyarrow.int32()),
            ]
        )
        self._pyarrow = pyarrow
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._columns: list[list[Any]] = [[] for _ in self._schema]
        self.points = 0

    def add(self, series: ImportedSeries) -> None:
        """Take the points of a series, and write them when there are enough."""
        run_ids, keys, steps, timestamps, values, copies = self._columns
        run_ids += [series.run_id] * len(series.points)
        keys += [series.key] * len(series.points)
        for point in series.points:
            steps.append(point.step)
            timestamps.append(point.timestamp)
            values.append(point.value)
            copies.append(point.copy)
        self.points += len(series.points)
        if len(steps) >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Write the last points, and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._columns[0]:
            arrays = [
                self._pyarrow.array(column, type=field.type)
                for column, field in zip(self._columns, self._schema, strict=True)
            ]
            self._writer.write_table(self._pyarrow.Table.from_arrays(arrays, schema=self._schema))
            self._columns = [[] for _ in self._schema]


def read_points(folder: Path, files: Mapping[str, Any]) -> Iterator[ImportedSeries]:
    """All points of an archive, in pieces."""
    if NDJSON in files:
        yield from _read_ndjson(folder / NDJSON)
    if PARQUET in files:
        yield from _read_parquet(folder / PARQUET)


def _read_ndjson(file: Path) -> Iterator[ImportedSeries]:
    for number, line in enumerate(lines(file), 1):
        try:
            yield codec.decode(line, ImportedSeries)
        except BadRequest as error:
            raise BadRequest(f"Line {number} of {file.name} cannot be read: {error.message}") from None


def _read_parquet(file: Path) -> Iterator[ImportedSeries]:
    pyarrow, parquet = _pyarrow()
    try:
        with os.fdopen(open_plain(file), "rb") as opened, parquet.ParquetFile(opened) as table:
            for batch in table.iter_batches(_ROWS, columns=["run_id", "key", "step", "timestamp", "value", "copy"]):
                columns = [column.to_pylist() for column in batch.columns]
                for (run_id, key), rows in groupby(zip(*columns, strict=True), key=itemgetter(0, 1)):
                    points = [
                        ImportedPoint(value, timestamp, step, copy) for _, _, step, timestamp, value, copy in rows
                    ]
                    yield ImportedSeries(run_id, key, points)
    except (pyarrow.ArrowException, OSError) as error:
        raise BadRequest(f"{file.name} cannot be read: {error}") from None


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise NotSupported(f"{PARQUET} needs `pip install 'headrace[parquet]'`") from None
    return pyarrow, pyarrow.parquet
