"""Requests that wait together, predicted together: one prediction for the rows of all of them.

It is done only for models whose input example has proved that a row's prediction does not depend on the other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from headrace.base.errors import BadRequest, HeadraceError
from headrace.models.payload import Payload
from headrace.serving.dialects import Dialect, Model, ask, predict

#: Requests in one prediction, and rows of one request that is joined with others, at most.
REQUESTS, ROWS = 64, 256
#: Rows of the example that the proof is made with.
_TRIED = 8
#: By how much predictions may differ that are the same: libraries add up in another order when there are more rows.
_ROUNDING = {"f2": 1e-2, "f4": 1e-5, "f8": 1e-9}


class Proof(NamedTuple):
    """Why rows may not be joined, or an empty text; and the params with which it was proved that they may."""

    fault: str
    params: dict[str, Any] | None = None


def prove(model: Model, dialect: Dialect, example: str | None) -> Proof:
    """Whether each row of the example has the same prediction alone, together, repeated and in another order."""
    if example is None:
        return Proof("the model was saved without an input example")
    try:
        payload = dialect.read(example.encode(), "application/json")
        rows = _head(payload.data)
        if rows is None:
            return Proof("its input is neither a table nor one array")
        if len(rows) < 2:
            return Proof("its input example has fewer than two rows")
        return Proof(_difference(model, payload, rows), payload.params)
    except HeadraceError as error:
        return Proof(f"it cannot predict from its input example ({error.message})")


def _head(data: Any) -> Any:
    if not _is_frame(data) and not _is_array(data):
        return None
    return _chosen(data, range(min(len(data), _TRIED)))


def _difference(model: Model, payload: Payload, rows: Any) -> str:
    """What tells that rows depend on each other; an empty text when nothing does."""
    import numpy

    count = len(rows)
    whole = numpy.arange(count)
    orders = [
        *(("alone", numpy.array([at])) for at in whole),
        ("in another order", whole[::-1]),
        ("in another order", numpy.roll(whole, 1)),
        ("repeated", numpy.concatenate([whole, whole])),
    ]
    first = _ask(model, rows, payload)
    if split(first, [count]) is None:
        return f"its prediction for {count} rows is not one for each of them, but a {type(first).__name__}"
    for how, order in orders:
        found = _ask(model, _chosen(rows, order), payload)
        if split(found, [len(order)]) is None or not _alike(found, _chosen_of(first, order)):
            return f"its predictions for the rows of its input example are others when they are {how}"
    return ""


def _ask(model: Model, rows: Any, payload: Payload) -> Any:
    return ask(model, Payload(rows, payload.params))


def _chosen(data: Any, order: Any) -> Any:
    """Some rows, numbered afresh."""
    return data.iloc[list(order)].reset_index(drop=True) if _is_frame(data) else data[list(order)].copy()


def _chosen_of(prediction: Any, order: Any) -> Any:
    if hasattr(prediction, "iloc"):
        return prediction.iloc[list(order)]
    return [prediction[at] for at in order] if isinstance(prediction, list) else prediction[list(order)]


def _alike(one: Any, other: Any) -> bool:
    """Whether two predictions are the same, but for rounding."""
    import numpy

    if type(one) is not type(other):
        return False
    if hasattr(one, "columns"):
        return list(one.columns) == list(other.columns) and all(
            _alike(one.iloc[:, at], other.iloc[:, at]) for at in range(one.shape[1])
        )
    first, second = numpy.asarray(one), numpy.asarray(other)
    if first.shape != second.shape or first.dtype.kind != second.dtype.kind:
        return False
    # Texts are as wide as the longest of them; numbers have one width.
    if first.dtype != second.dtype and first.dtype.kind not in "US":
        return False
    if first.dtype.kind == "f":
        room = _ROUNDING.get(first.dtype.str[1:], 0.0)
        return bool(numpy.allclose(first, second, rtol=room, atol=room / 1000, equal_nan=True))
    return bool(first.dtype.kind in "biuUSM" and (first == second).all()) or first.tolist() == second.tolist()


def kind_of(payload: Payload, proof: Proof) -> Any:
    """What payloads that may be joined have in common, as a key; None for one that is to be predicted alone."""
    if proof.fault or (payload.params or None) != (proof.params or None):
        return None
    data = payload.data
    if _is_frame(data):
        index = data.index
        plain = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
        if not plain or not 0 < len(data) <= ROWS:
            return None
        return tuple(data.columns), tuple(data.dtypes.array)
    if _is_array(data):
        return (data.shape[1:], data.dtype) if 0 < len(data) <= ROWS else None
    return None


def together(model: Model, payloads: Sequence[Payload]) -> list[Any] | None:
    """The predictions for payloads of one kind; None when they must be predicted one by one after all."""
    lengths = [len(each.data) for each in payloads]
    try:
        joined = _joined([each.data for each in payloads])
        fits = all(each.fits for each in payloads)
        prediction = predict(model, Payload(joined, payloads[0].params, fits=fits))
    except (Exception, SystemExit):
        # One of them is at fault: asked one by one, each gets its own answer or its own error.
        return None
    return split(prediction, lengths)


def _joined(parts: list[Any]) -> Any:
    import numpy

    if _is_array(parts[0]):
        return numpy.concatenate(parts)
    import pandas

    dtypes = set(parts[0].dtypes.array)
    if len(dtypes) == 1 and getattr(next(iter(dtypes)), "kind", "O") in "biuf":
        values = numpy.concatenate([each.to_numpy() for each in parts])
        return pandas.DataFrame(values, columns=parts[0].columns, copy=False)
    return pandas.concat(parts, ignore_index=True)


def split(prediction: Any, lengths: list[int]) -> list[Any] | None:
    """The parts of a prediction that belong to so many rows each; None when it has another number of rows."""
    sized = isinstance(prediction, list) or hasattr(prediction, "iloc") or _is_array(prediction)
    if not sized or len(prediction) != sum(lengths):
        return None
    rows = prediction.iloc if hasattr(prediction, "iloc") else prediction
    return [rows[first:last] for first, last in pairwise(accumulate(lengths, initial=0))]


def _is_frame(data: Any) -> bool:
    return hasattr(data, "iloc") and hasattr(data, "columns")


def _is_array(data: Any) -> bool:
    return hasattr(data, "dtype") and getattr(data, "ndim", 0) > 0 and hasattr(data, "ravel")


def is_tried(model: Model, mode: str) -> bool:
    """Whether a model's example is to be tried: ``on`` and ``off`` say so, ``auto`` means models of a library.

    A model that is Python code of somebody's own may do anything when it is asked, even if only to see what it does.
    """
    if mode not in ("auto", "on", "off"):
        raise BadRequest(f"--batch must be auto, on or off, not {mode!r}")
    if mode != "auto" or model.metadata is None:
        return mode == "on"
    return bool(set(model.metadata.flavors) - {"python_function"})
