"""Predictions as JSON: arrays are lists, tables are lists of records, NaN is written as MLflow writes it."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import json
from typing import Any

import msgspec

from headrace.base.errors import HeadraceError

#: Methods by which polars, Arrow, numpy and its kin, pydantic and TensorFlow give their values away.
_INTO_LISTS = ("to_dicts", "to_pylist", "to_list", "tolist", "model_dump", "numpy")


def encode(prediction: Any, *, wrapped: bool = True) -> bytes:
    """The body that carries ``prediction``, under ``predictions`` when it is ``wrapped``.

    Raises ``HeadraceError`` when there is something in it that JSON cannot say.
    """
    try:
        value = _plain(prediction)
        said = {"predictions": value} if wrapped else value
        if _is_finite(prediction):
            return msgspec.json.encode(said)
        return json.dumps(said, default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise HeadraceError(
            f"The model answered with something that JSON cannot carry, in a {type(prediction).__name__}: {error}. "
            "Let it return an array, a DataFrame, or lists and dicts of numbers and text"
        ) from None


def plain(value: Any) -> Any:
    """``value`` as lists, dicts and scalars, so far as it is no list or dict itself."""
    return _plain(value)


def encode_part(part: Any) -> bytes:
    """A part of a streamed answer as MLflow's agents write it. Raises ``HeadraceError`` as ``encode`` does."""
    try:
        return json.dumps(_plain(part), default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise HeadraceError(
            f"The model streamed something that JSON cannot carry, a {type(part).__name__}: {error}"
        ) from None


def _is_finite(prediction: Any) -> bool:
    """Whether ``prediction`` is a plain array in which no NaN can be, which the faster encoder would write as null."""
    dtype = getattr(prediction, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if not hasattr(prediction, "tolist") or not hasattr(prediction, "ndim"):
        return False
    if kind in "biu" and kind:
        return True
    if kind != "f":
        return False
    import numpy

    # A Series is slow to ask about itself; one of a type that numpy knows is an array inside.
    array = numpy.asarray(prediction) if isinstance(dtype, numpy.dtype) else prediction
    return bool(numpy.isfinite(array).all())


def _plain(value: Any) -> Any:
    """``value`` as lists, dicts and scalars; what stands in lists and dicts is looked at when it is written."""
    if hasattr(value, "dtype"):
        # Before all else: numpy's float64 is a float of Python's too.
        return _foreign(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {_key(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, bytes | bytearray):
        return base64.encodebytes(value).decode()
    if isinstance(value, set | frozenset):
        return list(value)
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        # NaT is an instant too, and says so as text; a client expects nothing there.
        return None if value != value else value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return _foreign(value)


def _foreign(value: Any) -> Any:
    """What numpy, pandas and other libraries make, as lists, dicts and scalars."""
    if type(value).__name__ == "NAType":
        return None
    if hasattr(value, "to_frame") and hasattr(value, "iloc"):
        # A table of one column, which has a number where the Series has no name.
        name = _key(0 if value.name is None else value.name)
        return [{name: each} for each in _column(value)]
    if hasattr(value, "to_dict") and hasattr(value, "columns") and hasattr(value, "iloc"):
        return _records(value)
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        return value.toarray().tolist()
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        return _instants(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    for method in _INTO_LISTS:
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _records(frame: Any) -> list[dict[str, Any]]:
    names = [_key(name) for name in frame.columns]
    columns = [_column(frame.iloc[:, position]) for position in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _column(series: Any) -> list[Any]:
    kind = getattr(series.dtype, "kind", "O")
    if kind == "M":
        return [None if each != each else each.isoformat() for each in series]
    values: list[Any] = series.tolist()
    if kind == "O":
        # A gap in a column of text is kept as NaN; in JSON it is no number.
        return [None if isinstance(each, float) and each != each else each for each in values]
    return values


def _instants(value: Any) -> Any:
    import pandas

    if value.ndim:
        return [_instants(each) for each in value]
    return _plain(pandas.Timestamp(value))


def _key(name: Any) -> str:
    if isinstance(name, str):
        return name
    if hasattr(name, "item"):
        name = name.item()
    return str(name)
