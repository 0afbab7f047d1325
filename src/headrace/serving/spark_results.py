"""What a model answered, made into a column of a Spark type."""

from __future__ import annotations

from typing import Any

from headrace.base.errors import BadRequest

#: Names of Spark's types of numbers -> the type in numpy, and the kinds of numpy's that fit without a loss.
_NUMBERS = {
    "IntegerType": ("int32", "iu"),
    "ShortType": ("int16", "iu"),
    "ByteType": ("int8", "iu"),
    "LongType": ("int64", "iu"),
    "FloatType": ("float32", "fiu"),
    "DoubleType": ("float64", "fiu"),
}


def fit(answer: Any, kind: Any) -> Any:
    """A Series of what ``answer`` has for a Spark type, or a DataFrame for a struct.

    Raises ``BadRequest`` when nothing in it fits.
    """
    import pandas

    frame = table(answer)
    if is_struct(kind):
        return pandas.DataFrame({name: _one(part, each) for name, part, each in _parts(frame, kind)})
    return _one(frame, kind)


def is_struct(kind: Any) -> bool:
    """Whether a Spark type is a struct."""
    return type(kind).__name__ == "StructType"


def table(answer: Any) -> Any:
    """Any answer of a model as a DataFrame."""
    import numpy
    import pandas

    if isinstance(answer, pandas.DataFrame):
        return answer.reset_index(drop=True)
    if isinstance(answer, pandas.Series):
        return answer.reset_index(drop=True).to_frame()
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    if isinstance(answer, numpy.ndarray) and answer.ndim > 2:
        answer = answer.tolist()
    if isinstance(answer, list) and answer and not isinstance(answer[0], dict):
        return pandas.DataFrame({0: pandas.Series(answer)})
    return pandas.DataFrame(answer)


def plain(value: Any) -> Any:
    """A value as Python has it: Spark's rows are dicts, and arrays are lists."""
    if hasattr(value, "asDict"):
        return {name: plain(each) for name, each in value.asDict().items()}
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if getattr(value, "ndim", None):
        return [plain(each) for each in value.tolist()]
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def convert_complex_types_pyspark_to_pandas(value: Any, dataType: Any) -> Any:
    """A value of a Spark type as Python has it: rows are dicts, arrays are lists, and None stays."""
    return plain(value)


def _parts(frame: Any, kind: Any) -> Any:
    """Each field of a struct with the columns that answer for it: that of its name, or that at its place."""
    names = [str(each) for each in frame.columns]
    for at, field in enumerate(kind.fields):
        if field.name in names:
            yield field.name, frame.iloc[:, [names.index(field.name)]], field.dataType
        elif len(names) == len(kind.fields) and all(isinstance(each, int) for each in frame.columns):
            yield field.name, frame.iloc[:, [at]], field.dataType
        else:
            raise BadRequest(f"The model answered no column {field.name!r}, but {names[:20]}")


def _one(frame: Any, kind: Any) -> Any:
    import pandas

    if type(kind).__name__ == "ArrayType":
        nested = frame.shape[1] == 1 and any(_is_listed(each) for each in frame.iloc[:, 0].head(1))
        if nested:
            return pandas.Series([_values(each, kind.elementType) for each in frame.iloc[:, 0]], dtype=object)
        fitting = _fitting(frame, kind.elementType)
        return pandas.Series([list(row) for row in zip(*fitting, strict=True)], dtype=object)
    if type(kind).__name__ in ("StructType", "MapType"):
        values = [plain(each) for each in frame.iloc[:, 0]]
        if not all(isinstance(each, dict | None) for each in values):
            raise BadRequest(f"The model answered no dicts, which {kind.simpleString()} is made of")
        return pandas.Series(values, dtype=object)
    return _fitting(frame, kind)[0]


def _is_listed(value: Any) -> bool:
    return isinstance(value, list | tuple) or bool(getattr(value, "ndim", 0))


def _values(value: Any, kind: Any) -> Any:
    """One row's array, with elements of a Spark type."""
    import pandas

    if value is None:
        return None
    if type(kind).__name__ == "ArrayType":
        return [_values(each, kind.elementType) for each in value]
    if type(kind).__name__ in ("StructType", "MapType"):
        return [plain(each) for each in value]
    said = plain(value)
    return [] if not len(said) else list(_fitting(pandas.DataFrame({0: pandas.Series(said)}), kind)[0])


def _fitting(frame: Any, kind: Any) -> list[Any]:
    """The columns that a Spark type can have, the leftmost first. Raises ``BadRequest`` when there is none."""
    import pandas

    name = type(kind).__name__
    columns = [frame.iloc[:, at] for at in range(frame.shape[1])]
    if name == "StringType":
        return [each.map(lambda value: None if value is None else str(value)).astype(object) for each in columns]
    if name in _NUMBERS:
        dtype, kinds = _NUMBERS[name]
        found = [each.astype(dtype) for each in map(_inferred, columns) if _holds(each, dtype, kinds)]
    elif name == "BooleanType":
        found = [each for each in map(_inferred, columns) if each.dtype.kind == "b"]
    elif name in ("TimestampType", "TimestampNTZType", "DateType"):
        found = [each for each in columns if each.dtype.kind == "M" or (name == "DateType" and each.dtype == object)]
    elif name == "BinaryType":
        found = [each for each in columns if each.map(lambda value: isinstance(value, bytes | None)).all()]
    else:
        raise BadRequest(f"result_type cannot have {kind.simpleString()}; numbers, text, arrays and structs it can")
    if not found:
        answered = {str(each.name): str(each.dtype) for each in columns[:20]}
        raise BadRequest(f"Nothing that the model answered fits {kind.simpleString()}; it answered {answered}")
    return [pandas.Series(each) for each in found]


def _inferred(column: Any) -> Any:
    return column.infer_objects() if column.dtype == object else column


def _holds(column: Any, dtype: str, kinds: str) -> bool:
    """Whether every value of a column is the same as ``dtype``."""
    import numpy

    if getattr(column.dtype, "kind", "O") not in kinds or (column.hasnans and dtype.startswith("int")):
        return False
    if dtype.startswith("int") and column.dtype.kind in "iu" and len(column):
        limits = numpy.iinfo(dtype)
        return bool(column.min() >= limits.min and column.max() <= limits.max)
    return True
