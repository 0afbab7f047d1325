"""Tensors of the Open Inference Protocol: their datatypes, and values that go there and back as JSON.

Format: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md. Values that are
neither numbers nor text travel as BYTES, and ``content_type`` says how to read them.
"""

from __future__ import annotations

import base64
import datetime
import itertools
import json
import math
from collections.abc import Mapping
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.cells import show
from headrace.models.tensors import tensor_of
from headrace.models.types import ColSpec, DataType, Schema, TensorSpec
from headrace.serving import answers

#: Datatype -> the name numpy has for it.
DATATYPES = {
    "BOOL": "bool",
    **{f"{sign}INT{bits}": f"{sign.lower()}int{bits}" for sign in ("U", "") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "BYTES": "str",
}
_NAMES = {dtype: name for name, dtype in DATATYPES.items()}
#: How the BYTES of a column are read: as text, as base64, as an instant in ISO 8601, as JSON.
TEXT, BASE64, INSTANT, JSON = "str", "base64", "datetime", "json"
_CONTENT = {DataType.string: TEXT, DataType.binary: BASE64, DataType.datetime: INSTANT}
#: Dimensions and values of a tensor, at most.
_DIMENSIONS, _VALUES = 32, 2**31


def described(schema: Schema | None) -> list[dict[str, Any]]:
    """The tensors of a model's metadata that ``schema`` stands for; a column is a tensor of one value for each row."""
    if schema is None:
        return []
    return [_described(str(name), spec) for name, spec in zip(schema.input_names(), schema.inputs, strict=True)]


def _described(name: str, spec: ColSpec | TensorSpec) -> dict[str, Any]:
    if isinstance(spec, TensorSpec):
        return {"name": name, "datatype": _datatype(spec.type), "shape": list(spec.shape)}
    kind = spec.type
    content = _CONTENT.get(kind, "") if isinstance(kind, DataType) else JSON
    datatype = "BYTES" if content or not isinstance(kind, DataType) else _datatype(kind.to_numpy())
    return {
        "name": name,
        "datatype": datatype,
        "shape": [-1, 1],
        **({"parameters": {"content_type": content}} if content else {}),
    }


def _datatype(dtype: Any) -> str:
    return _NAMES.get(dtype.name, "BYTES")


def array_of(said: Any) -> Any:
    """The array that one tensor of a request spells. Raises ``BadRequest`` naming the tensor and what is wrong."""
    import numpy

    name = said["name"]
    dtype = DATATYPES.get(said["datatype"])
    if dtype is None:
        raise BadRequest(f"Input {name!r} has the datatype {show(said['datatype'])}; there are {', '.join(DATATYPES)}")
    shape = said["shape"]
    # numpy wants the lengths beside a 0 to be of an array that could be, too.
    if len(shape) > _DIMENSIONS or min(shape, default=0) < 0 or math.prod(size or 1 for size in shape) > _VALUES:
        raise BadRequest(
            f"Input {name!r} has the shape {show(shape)}; give at most {_DIMENSIONS} lengths of 0 or more, for at most "
            f"{_VALUES} values"
        )
    values = _flat(said["data"])
    if math.prod(shape) != len(values):
        raise BadRequest(
            f"Input {name!r} has {len(values)} values, and its shape {shape} is that of {math.prod(shape)}"
        )
    if dtype == "str":
        # An object for each text: numpy's own are all as long as the longest.
        for each in values:
            if not isinstance(each, str):
                raise BadRequest(f"Input {name!r} is of BYTES, written as text, and {show(each)} is none")
        array = numpy.empty(len(values), dtype=object)
        array[:] = values
    else:
        array = tensor_of(f"Input {name!r}", values, TensorSpec(numpy.dtype(dtype), [-1]))
    return array.reshape(shape)


def _flat(values: list[Any]) -> list[Any]:
    """The values of a tensor row by row, whether they came nested or not."""
    while values and isinstance(values[0], list):
        if not all(isinstance(each, list) for each in values):
            raise BadRequest("The data of a tensor must be nested evenly, or not at all")
        values = list(itertools.chain.from_iterable(values))
    return values


def tensor(name: str, values: Any) -> dict[str, Any]:
    """The tensor of an answer that carries ``values``: an array, or a list with one value for each row."""
    import numpy

    array = values if isinstance(values, numpy.ndarray) else _column(values)
    shape = list(array.shape) if array.ndim > 1 else [array.size, 1]
    datatype, content = _datatype(array.dtype), ""
    flat = array.ravel()
    if datatype != "BYTES":
        data = flat.tolist()
    elif array.dtype.kind == "M":
        content, data = INSTANT, [None if numpy.isnat(each) else _instant(each) for each in flat]
    else:
        content, data = _spelled(flat.tolist())
    parameters = {"parameters": {"content_type": content}} if content else {}
    return {"name": name, "shape": shape, "datatype": datatype, "data": data, **parameters}


def _instant(each: Any) -> str:
    import pandas

    said: str = pandas.Timestamp(each).isoformat()
    return said


def _column(values: Any) -> Any:
    """A list as an array of rows; what numpy has no dtype for stays an object."""
    import numpy

    if not isinstance(values, list | tuple):
        values = [values]
    kinds = {type(each) for each in values}
    if len(kinds) == 1 and kinds <= {bool, int, float} and all(abs(each) < 2**63 for each in values if each == each):
        return numpy.array(values)
    array = numpy.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def _spelled(values: list[Any]) -> tuple[str, list[str]]:
    """Values as text, and how the text is to be read."""
    if all(isinstance(each, str) for each in values):
        return TEXT, values
    if values and all(isinstance(each, bytes) for each in values):
        return BASE64, [base64.b64encode(each).decode() for each in values]
    if values and all(isinstance(each, datetime.date) for each in values):
        return INSTANT, [each.isoformat() for each in values]
    return JSON, [answers.encode(each, wrapped=False).decode() for each in values]


def named(prediction: Any, names: list[str]) -> list[tuple[str, Any]]:
    """The tensors a prediction consists of: columns of a table, entries of a dict, or the whole of it."""
    if hasattr(prediction, "columns") and hasattr(prediction, "iloc"):
        return [(str(name), _values(prediction.iloc[:, at])) for at, name in enumerate(prediction.columns)]
    if isinstance(prediction, Mapping) and prediction and all(hasattr(each, "shape") for each in prediction.values()):
        return [(str(name), _values(each)) for name, each in prediction.items()]
    return [(names[0] if len(names) == 1 else "predict", _values(prediction))]


def _values(values: Any) -> Any:
    import numpy

    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        return values.toarray()
    if isinstance(values, numpy.ndarray):
        return values
    if hasattr(values, "to_numpy") and hasattr(values, "dtype"):
        array = values.to_numpy()
        # What pandas keeps of text with gaps, and of nullable numbers, are objects.
        return _column(array.tolist()) if array.dtype.kind == "O" and array.ndim == 1 else array
    return values if isinstance(values, list | tuple) else [values]


def dumps(said: dict[str, Any]) -> bytes:
    """``said`` as JSON; NaN and Infinity are bare words, as in the answers of ``/invocations``."""
    return json.dumps(said, separators=(",", ":")).encode()
