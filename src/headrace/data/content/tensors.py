"""The elements of a numpy array, row by row, as one column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.base.errors import NotSupported
from headrace.data.content.objects import Objects
from headrace.data.content.streams import Stream, stream_of
from headrace.tracking.extras import need

#: Elements read at a time.
_ELEMENTS = 1 << 16
#: Units of time that Arrow has not, and the next finer one that it has.
_FINER = {"Y": "D", "M": "D", "W": "D", "h": "s", "m": "s"}


def tensor_stream(array: Any) -> Stream:
    """All elements of ``array`` in C order. Raises ``NotSupported`` for records."""
    need("pyarrow", "A digest of the whole content")
    if array.dtype == object:
        held = Objects("array")
        for piece in _pieces(array):
            held.add(piece.tolist())
        return held
    stream = stream_of(_arrow(array.reshape(-1)[:0]).type)
    for piece in _pieces(array):
        stream.add(_arrow(piece))
    return stream


def _pieces(array: Any) -> Iterator[Any]:
    import numpy

    if array.flags.c_contiguous:
        flat = array.reshape(-1)
        for start in range(0, flat.size, _ELEMENTS):
            yield flat[start : start + _ELEMENTS]
    elif array.size:
        flags = ["external_loop", "buffered", "refs_ok"]
        yield from numpy.nditer(array, flags=flags, order="C", buffersize=_ELEMENTS)  # type: ignore[call-overload]


def _arrow(values: Any) -> Any:
    import numpy
    import pyarrow

    dtype = values.dtype
    if dtype.kind == "V":
        raise NotSupported(f"An array of {dtype} has no digest: give a dict with an array for each of its fields")
    if dtype.kind == "c":
        halves = numpy.ascontiguousarray(values).view(f"f{dtype.itemsize // 2}")
        return pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(halves), 2)
    if dtype.kind in "mM":
        unit = numpy.datetime_data(dtype)[0]
        values = values.astype(f"{dtype.kind}8[{_FINER.get(unit, unit)}]")
    if dtype.kind == "S":
        return pyarrow.array(values.tolist(), type=pyarrow.large_binary())
    return pyarrow.array(values.astype(values.dtype.newbyteorder("="), copy=False))
