"""Values that came as Python or JSON, made into columns of the types a signature names; nothing is lost on the way.

``wire`` says that the values came as text: there a string may spell a number, an instant (ISO 8601) or bytes (base64).
"""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import re
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

from headrace.models.lossless import exactly
from headrace.models.types import AnyType, Array, DataType, Map, Object
from headrace.models.types.datatypes import Type

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_BOUNDS = {DataType.integer: 2**31, DataType.long: 2**63}
#: Whole numbers up to here are exact in a double, and in a single.
_EXACT, _EXACT_SINGLE = 2**53, 2**24
_LARGEST_SINGLE = 3.4028235677973366e38

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = 3


class Misfit(Exception):
    """A value that a type does not take; the text says which and why."""


def is_missing(value: object) -> bool:
    """Whether a value stands for none: None, NaN, NaT or NA."""
    name = type(value).__name__
    if value is None or name in ("NAType", "NaTType"):
        return True
    if name in ("datetime64", "timedelta64"):
        return str(value) == "NaT"
    return (isinstance(value, float) or name in ("float16", "float32")) and value != value


def show(value: object) -> str:
    """``value`` as an error message may quote it: short, whatever it is."""
    return _SHORT.repr(_plain(value))


def _plain(value: Any) -> Any:
    """The Python value inside a numpy scalar; an instant keeps its nanoseconds."""
    if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
        return value
    if value.dtype.kind == "M":
        import pandas

        return pandas.Timestamp(value)
    return value.item()


def column(values: Sequence[Any], kind: Type, *, required: bool, wire: bool) -> Any:
    """What a DataFrame takes as a column of ``kind``. Raises ``Misfit`` naming the first row that does not fit."""
    if not isinstance(kind, DataType):

        def fit(one: Any) -> Any:
            return one if not required and is_missing(one) else structure(one, kind, wire)

        return objects([_at_row(row, each, fit) for row, each in enumerate(values)])
    ready = _typed(values, kind)
    if ready is not None:
        return ready
    cells = [_at_row(row, each, lambda one: scalar(one, kind, wire)) for row, each in enumerate(values)]
    if kind is DataType.datetime and _is_mixed(cells):
        if wire:
            raise Misfit("some of its instants have a time zone, and some have none")
        return objects(values)
    return _assembled(cells, kind, required)


def _is_mixed(instants: Sequence[Any]) -> bool:
    """Whether some have a time zone and others have none, which no column of pandas can hold but as objects."""
    return len({getattr(each, "tzinfo", None) is None for each in instants if each is not None}) > 1


def objects(values: Sequence[Any]) -> Any:
    """A numpy array of objects, one for each value, however long those are themselves."""
    import numpy

    array = numpy.empty(len(values), dtype=object)
    for position, each in enumerate(values):
        array[position] = each
    return array


def _typed(values: Sequence[Any], kind: DataType) -> Any:
    """The column, when every value has the Python type that ``kind`` wants; None when they need a closer look."""
    import numpy

    found = set(map(type, values))
    if kind is DataType.double or kind is DataType.float:
        if not found <= {float, int, type(None)}:
            return None
        try:
            doubles = numpy.array(values, dtype=numpy.float64)
        except OverflowError:
            return None
        limit = _EXACT if kind is DataType.double else _EXACT_SINGLE
        # From the limit on a whole number may have no float of its own; each is then looked at.
        if int in found and (numpy.abs(doubles) >= limit).any():
            return None
        if kind is DataType.double:
            return doubles
        large = numpy.abs(doubles) > _LARGEST_SINGLE
        return None if (large & numpy.isfinite(doubles)).any() else doubles.astype(numpy.float32)
    if kind in _BOUNDS and found == {int}:
        try:
            whole = numpy.array(values, dtype=numpy.int64)
        except OverflowError:
            return None
        limit = _BOUNDS[kind]
        fits = kind is DataType.long or not ((whole < -limit) | (whole >= limit)).any()
        return whole.astype(kind.to_numpy(), copy=False) if fits else None
    if kind is DataType.boolean and found == {bool}:
        return numpy.array(values, dtype=bool)
    if kind is DataType.string and found <= {str, type(None)}:
        return objects(values)
    return None


def _assembled(cells: list[Any], kind: DataType, required: bool) -> Any:
    """The column made of converted cells, of which None are missing."""
    import numpy

    if kind in (DataType.string, DataType.binary):
        return objects(cells)
    if kind is DataType.datetime:
        return _instants(cells)
    if None in cells and kind in (DataType.integer, DataType.long, DataType.boolean):
        row = cells.index(None)
        if required:
            raise Misfit(f"row {row} has no value, and a required column of this type cannot have gaps")
        import pandas

        nullable = {DataType.integer: "Int32", DataType.long: "Int64", DataType.boolean: "boolean"}[kind]
        return pandas.array(cells, dtype=nullable)
    return numpy.array(cells, dtype=kind.to_numpy())


def _instants(cells: list[Any]) -> Any:
    """The column of instants, of one time zone when all have one, and in UTC when they have several."""
    import numpy
    import pandas

    zones = {str(each.tzinfo) for each in cells if getattr(each, "tzinfo", None) is not None}
    if not zones:
        return numpy.array(["NaT" if each is None else each for each in cells], dtype="datetime64[ns]")
    index = pandas.DatetimeIndex(cells) if len(zones) == 1 else pandas.to_datetime(cells, utc=True)
    return index.as_unit("ns").array


def _at_row(row: int, value: Any, convert: Callable[[Any], Any]) -> Any:
    try:
        return convert(value)
    except Misfit as misfit:
        raise Misfit(f"row {row} has {misfit}") from None


def scalar(value: Any, kind: DataType, wire: bool) -> Any:
    """``value`` as a Python value of ``kind``, None when it is missing. Raises ``Misfit`` when it is another thing."""
    value = _plain(value)
    if is_missing(value) and not (isinstance(value, float) and kind is DataType.string):
        return None
    return _SCALARS[kind](value, wire)


def _boolean(value: Any, wire: bool) -> bool:
    if isinstance(value, bool) or (wire and type(value) is int and value in (0, 1)):
        return bool(value)
    raise Misfit(show(value))


def _whole(value: Any, wire: bool, kind: DataType) -> int:
    if wire and isinstance(value, str) and _NUMBER.fullmatch(value):
        # An int keeps the digits a float would drop.
        value = int(value) if value.strip().lstrip("+-").isdigit() and len(value) < 40 else float(value)
    # JSON text may have had more digits than the float that was made of it.
    if isinstance(value, float) and value.is_integer() and (not wire or abs(value) < _EXACT):
        value = int(value)
    if isinstance(value, decimal.Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    limit = _BOUNDS[kind]
    if isinstance(value, int) and not isinstance(value, bool):
        if -limit <= value < limit:
            return value
        raise Misfit(f"{show(value)}, which is outside the range of {kind.name}")
    raise Misfit(show(value))


def _fractional(value: Any, wire: bool, kind: DataType) -> float:
    if wire and isinstance(value, str) and _NUMBER.fullmatch(value):
        whole = value.strip().lstrip("+-").isdigit() and len(value) < 40
        value = int(value) if whole else float(value)
        if value in (float("inf"), float("-inf")):
            raise Misfit("a number outside the range of double")
    if isinstance(value, decimal.Decimal):
        return _of_decimal(value, kind)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misfit(show(value))
    if isinstance(value, int):
        _refuse_inexact(value, kind)
    elif kind is DataType.float and value not in (float("inf"), float("-inf")) and abs(value) > _LARGEST_SINGLE:
        raise Misfit(f"{show(value)}, which is outside the range of float")
    return float(value)


def _of_decimal(value: decimal.Decimal, kind: DataType) -> float:
    """The float that is written with the same digits."""
    import numpy

    found = float(value)
    written = repr(found) if kind is DataType.double else str(numpy.float32(found))
    if value.is_nan() or decimal.Decimal(written) == value:
        return found
    raise Misfit(f"{show(value)}, which has more digits than {kind.name} can hold")


def _refuse_inexact(value: int, kind: DataType) -> None:
    import struct

    try:
        exact = int(struct.unpack("<f", struct.pack("<f", value))[0] if kind is DataType.float else float(value))
    except (OverflowError, ValueError):
        raise Misfit(f"{show(value)}, which is outside the range of {kind.name}") from None
    if exact != value:
        raise Misfit(f"{show(value)}, which {kind.name} cannot hold exactly")


def _string(value: Any, wire: bool) -> Any:
    if wire and not isinstance(value, str):
        raise Misfit(show(value))
    return value


def _binary(value: Any, wire: bool) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str) and wire:
        try:
            return base64.b64decode(re.sub(r"\s", "", value), validate=True)
        except (binascii.Error, ValueError):
            raise Misfit(f"{show(value)}, which is not base64") from None
    raise Misfit(show(value))


def _datetime(value: Any, wire: bool) -> Any:
    import pandas

    spelled = wire and isinstance(value, str)
    if not isinstance(value, datetime.date) and not spelled:
        raise Misfit(show(value))
    if spelled and not _INSTANT.fullmatch(value):
        raise Misfit(f"{show(value)}, which is not a date and time in ISO 8601")
    try:
        found = pandas.Timestamp(value).as_unit("ns")
    except ValueError:
        raise Misfit(f"{show(value)}, which is no instant that datetime can hold") from None
    return found.to_datetime64() if found.tzinfo is None else found


_SCALARS: dict[DataType, Callable[[Any, bool], Any]] = {
    DataType.boolean: _boolean,
    DataType.integer: lambda value, wire: _whole(value, wire, DataType.integer),
    DataType.long: lambda value, wire: _whole(value, wire, DataType.long),
    DataType.float: lambda value, wire: _fractional(value, wire, DataType.float),
    DataType.double: lambda value, wire: _fractional(value, wire, DataType.double),
    DataType.string: _string,
    DataType.binary: _binary,
    DataType.datetime: _datetime,
}


def structure(value: Any, kind: Type, wire: bool) -> Any:
    """``value`` as a list, dict or scalar of ``kind``. Raises ``Misfit`` naming the element or property that is not."""
    if isinstance(kind, AnyType):
        return value
    if isinstance(kind, Array):
        return _array(value, kind, wire)
    if isinstance(kind, Map):
        return _map(value, kind, wire)
    if isinstance(kind, Object):
        return _object(value, kind, wire)
    if is_missing(value) and isinstance(value, float) and kind in (DataType.float, DataType.double):
        return value
    found = scalar(value, kind, wire)
    # Text in a structure is always checked: there is no column type that would have said so before.
    if found is None or (kind is DataType.string and not isinstance(found, str)):
        raise Misfit(show(value))
    return value if kind is DataType.datetime and not isinstance(value, str) else found


def _array(value: Any, kind: Array, wire: bool) -> Any:
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return _ndarray(value, kind, wire)
    if not isinstance(value, list | tuple):
        raise Misfit(f"{show(value)}, which is no list")
    fitted = [_inside(f"element {at}", each, kind.dtype, wire) for at, each in enumerate(value)]
    return fitted if isinstance(value, list) else tuple(fitted)


def _ndarray(value: Any, kind: Array, wire: bool) -> Any:
    inner, depth = kind.dtype, 1
    while isinstance(inner, Array):
        inner, depth = inner.dtype, depth + 1
    if depth <= value.ndim and isinstance(inner, AnyType):
        return value
    if depth != value.ndim or not isinstance(inner, DataType):
        return _array(value.tolist(), kind, wire)
    if (value.dtype.kind, inner) in (("M", DataType.datetime), ("U", DataType.string), ("S", DataType.binary)):
        return value
    if value.dtype.kind == "O" and inner is DataType.string and all(map(_is_text, value.ravel())):
        return value
    found = exactly(value, inner.to_numpy()) if value.dtype.kind in "biuf" else None
    return _array(value.tolist(), kind, wire) if found is None else found


def _is_text(value: Any) -> bool:
    """Whether an array of objects may have the value among its texts, as none is how such arrays leave one out."""
    return isinstance(value, str) or is_missing(value)


def _map(value: Any, kind: Map, wire: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit(f"{show(value)}, which is no object")
    for key in value:
        if not isinstance(key, str):
            raise Misfit(f"the key {show(key)}, which is no text")
    return {key: _inside(f"key {key!r}", each, kind.value_type, wire) for key, each in value.items()}


def _object(value: Any, kind: Object, wire: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit(f"{show(value)}, which is no object")
    known = {each.name: each for each in kind.properties}
    if unknown := sorted(show(name) for name in value if name not in known):
        raise Misfit(f"an object with the unknown properties {', '.join(unknown)}")
    if missing := [name for name, each in known.items() if each.required and name not in value]:
        raise Misfit(f"an object that lacks {missing}")
    return {
        name: each
        if not known[name].required and is_missing(each)
        else _inside(f"property {name!r}", each, known[name].dtype, wire)
        for name, each in value.items()
    }


def _inside(where: str, value: Any, kind: Type, wire: bool) -> Any:
    try:
        return structure(value, kind, wire)
    except Misfit as misfit:
        raise Misfit(f"in its {where}: {misfit}") from None
