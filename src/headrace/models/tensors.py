"""Tensors held against the dtypes and shapes of a signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.cells import show
from headrace.models.lossless import exactly
from headrace.models.types import Schema, TensorSpec


def tensors_of(schema: Schema) -> dict[Any, TensorSpec]:
    """The tensors of ``schema`` by name, or by position when there is one without a name."""
    pairs = zip(schema.input_names(), schema.inputs, strict=True)
    return {name: spec for name, spec in pairs if isinstance(spec, TensorSpec)}


def enforce_tensors(data: Any, schema: Schema) -> Any:
    """``data`` as the ndarray, or the dict of ndarrays, that ``schema`` wants, of its very dtypes."""
    import numpy
    import pandas

    specs = tensors_of(schema)
    if not schema.has_input_names():
        if isinstance(data, pandas.DataFrame | pandas.Series):
            data = data.to_numpy()
        if not (isinstance(data, numpy.ndarray) or _is_sparse(data)):
            raise BadRequest(f"The model takes one tensor; give an ndarray or a DataFrame, not {type(data).__name__}")
        return _tensor("the input", data, specs[0])
    if isinstance(data, numpy.ndarray) and len(specs) == 1:
        data = dict.fromkeys(specs, data)
    if isinstance(data, pandas.DataFrame):
        data = {name: _stacked(data[name], spec) for name, spec in specs.items() if name in data.columns}
    if not isinstance(data, Mapping):
        raise BadRequest(f"The model takes a dict of the tensors {list(specs)}, not {type(data).__name__}")
    if missing := [name for name in specs if name not in data]:
        raise BadRequest(f"The model has missing inputs: the tensors {missing} of its signature")
    return {name: _named(name, data[name], spec) for name, spec in specs.items()}


def _named(name: Any, value: Any, spec: TensorSpec) -> Any:
    import numpy

    if not (isinstance(value, numpy.ndarray) or _is_sparse(value)):
        raise BadRequest(f"Tensor {name!r} must be an ndarray, not {type(value).__name__}")
    return _tensor(f"tensor {name!r}", value, spec)


def _is_sparse(data: Any) -> bool:
    return hasattr(data, "toarray") and hasattr(data, "nnz")


def _stacked(series: Any, spec: TensorSpec) -> Any:
    import numpy

    try:
        stacked = numpy.array(series.tolist())
    except ValueError:
        raise BadRequest(
            f"The rows of column {series.name!r} are of different lengths, so they are no tensor"
        ) from None
    return stacked


def _tensor(what: str, array: Any, spec: TensorSpec) -> Any:
    made = _of_dtype(array, spec.type)
    if made is None:
        raise BadRequest(
            f"The dtype of {what} is {array.dtype}, and the model's signature says {spec.type}, which cannot hold all "
            "of its values"
        )
    shape = tuple(array.shape)
    if len(shape) != len(spec.shape) or any(
        want not in (-1, have) for want, have in zip(spec.shape, shape, strict=True)
    ):
        raise BadRequest(f"The shape of {what} is {shape}, and the model's signature says {spec.shape}")
    return made


def _of_dtype(array: Any, dtype: Any) -> Any:
    """``array`` with the dtype of a signature, or None when a value would change."""
    have = array.dtype
    if have == dtype or (have.kind == dtype.kind and dtype.kind in "US") or dtype.kind == "O":
        return array
    if have.kind == "O" and dtype.kind == "U":
        return array if all(isinstance(each, str) for each in array.ravel()) else None
    if not _is_sparse(array):
        return exactly(array, dtype)
    values = exactly(array.data, dtype) if hasattr(array, "data") and hasattr(array.data, "dtype") else None
    return None if values is None else array.astype(dtype)


def tensor_of(what: str, value: Any, spec: TensorSpec) -> Any:
    """The ndarray of ``spec``'s dtype that nested lists spell. Raises ``BadRequest`` where a value would change."""
    import numpy

    dtype = spec.type
    try:
        array = numpy.array(value, dtype=object if dtype.kind in "OUS" else None)
        if dtype.kind == "O":
            return array
        if dtype.kind in "US":
            return _text(what, array, dtype)
        if array.dtype.kind in "OU" and dtype.kind in "fM":
            # Missing values and instants: what else stands there, numpy refuses.
            _refuse_numerals(what, array, dtype)
            return numpy.array(value, dtype=dtype)
        if not array.size or (array.dtype.kind != "b" and numpy.can_cast(array.dtype, dtype, "safe")):
            return array.astype(dtype)
        return _narrowed(what, array, dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRequest(f"{what} cannot be read as an array of {dtype}: {error}", "BAD_REQUEST") from None


def _text(what: str, array: Any, dtype: Any) -> Any:
    for each in array.ravel():
        if not isinstance(each, str):
            raise BadRequest(f"{what} must be an array of {dtype}, and {show(each)} in it is no text", "BAD_REQUEST")
    return array.astype(dtype)


def _refuse_numerals(what: str, array: Any, dtype: Any) -> None:
    if dtype.kind != "f":
        return
    for each in array.ravel().tolist():
        if isinstance(each, str | bool):
            raise BadRequest(f"{what} must be an array of {dtype}, and {show(each)} in it is no number", "BAD_REQUEST")


def _narrowed(what: str, array: Any, dtype: Any) -> Any:
    """``array`` in a smaller dtype, when every value in it survives; a fraction may lose digits, never its size."""
    import numpy

    fault = f"{what} must be an array of {dtype}, and it has values that are none, such as "
    if array.dtype.kind not in "biuf" or dtype.kind not in "biuf" or (array.dtype.kind == "b") != (dtype.kind == "b"):
        if not (dtype.kind == "b" and array.dtype.kind in "iu" and ((array == 0) | (array == 1)).all()):
            raise BadRequest(fault + show(array.ravel()[0]), "BAD_REQUEST")
        return array.astype(dtype)
    with numpy.errstate(all="ignore"):
        made = array.astype(dtype)
        kept = numpy.isfinite(made) | ~numpy.isfinite(array) if dtype.kind == "f" else made == array
    if dtype.kind in "iu" and array.dtype.kind in "iu":
        bounds = numpy.iinfo(dtype)
        kept = (array >= bounds.min) & (array <= bounds.max)
    if not kept.all():
        raise BadRequest(fault + show(array[~kept].ravel()[0]), "BAD_REQUEST")
    return made
