"""A model as a function of Spark's: asked by the workers for the columns of a DataFrame, a batch at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, NotSupported
from headrace.models.loading import open_model
from headrace.models.model import Model
from headrace.models.types import Array, ColSpec, DataType, Map, Object, Schema, TensorSpec
from headrace.serving import spark_results

#: Our types -> the names of Spark's.
_TYPES = {
    DataType.boolean: "BooleanType",
    DataType.integer: "IntegerType",
    DataType.long: "LongType",
    DataType.float: "FloatType",
    DataType.double: "DoubleType",
    DataType.string: "StringType",
    DataType.binary: "BinaryType",
    DataType.datetime: "TimestampType",
}
#: Models of this worker, by folder; a worker lives for many batches of many tasks.
_loaded: dict[tuple[str, str], Any] = {}
_loading = threading.Lock()


def spark_udf(
    spark: Any,
    model_uri: str,
    result_type: Any = None,
    env_manager: str | None = None,
    params: dict[str, Any] | None = None,
    extra_env: dict[str, str] | None = None,
    prebuilt_env_uri: str | None = None,
    model_config: str | Path | dict[str, Any] | None = None,
) -> Callable[..., Any]:
    """A function of columns that asks the model at ``model_uri``, for ``DataFrame.withColumn`` and ``select``.

    It takes one struct, whose fields are the model's columns, or a column for each of the model's inputs in their
    order, or nothing, and then the columns that the signature names. ``result_type`` is a Spark type or its DDL; the
    output's signature says it else, and ``double`` is meant when there is none. Of a table that the model answers, the
    leftmost column that fits is taken, all that fit make an array, and a struct takes columns by name.

    The model runs in the environment of Spark's own Python workers, with ``extra_env`` set.
    """
    if env_manager not in (None, "local"):
        raise NotSupported(
            f"spark_udf runs a model in the environment of Spark's Python workers, and makes none ({env_manager!r}): "
            "install the model's requirements there and give env_manager='local'"
        )
    if prebuilt_env_uri is not None:
        raise NotSupported(
            "spark_udf takes no prebuilt environments; install the model's requirements where Spark runs"
        )
    from pyspark.sql.functions import col
    from pyspark.sql.pandas import functions

    model, folder = open_model(model_uri)
    inputs = model.get_input_schema()
    kind = _result_type(result_type, model)
    names = None if inputs is None or not inputs.has_input_names() else inputs.input_names()
    given = (dict(params) if params else None, dict(extra_env or {}), model_config)
    # Its types are a list of the functions it takes, and none of them is any function of this kind.
    pandas_udf: Any = functions.pandas_udf
    asked = pandas_udf(_on_workers(_spread(spark, folder), names, kind, given), returnType=kind)
    asked.__doc__ = f"The prediction of the model at {model_uri}."

    def predict(*columns: Any) -> Any:
        """The column of predictions."""
        if columns:
            return asked(*columns)
        if names is None or inputs is None:
            raise BadRequest("This model's signature names no columns, so name them: udf(struct('a', 'b'))")
        # Columns that may be missing are asked for by nobody who names none.
        return asked(*(col(str(each.name)) for each in inputs if each.required))

    return predict


def _on_workers(
    find: Callable[[], str], names: Sequence[Any] | None, kind: Any, given: tuple[Any, Mapping[str, str], Any]
) -> Callable[..., Any]:
    """What each worker does with the batches of a task."""
    from typing import Union

    import pandas

    params, variables, config = given

    def ask(batches: Any) -> Any:
        os.environ.update(variables)
        model = _model(find(), config)
        for batch in batches:
            # Of one column Spark gives just that.
            taken = _table(batch if isinstance(batch, tuple) else (batch,), names)
            yield spark_results.fit(model.predict(taken, params=params), kind)

    # Spark reads off the types how it is to call this.
    said = Iterator[pandas.DataFrame] if spark_results.is_struct(kind) else Iterator[pandas.Series]
    ask.__annotations__ = {
        "batches": Iterator[tuple[Union[pandas.Series, pandas.DataFrame], ...]],  # noqa: UP007
        "return": said,
    }
    return ask


def _model(folder: str, config: Any) -> Any:
    from headrace.models.pyfunc import load_model

    with _loading:
        if (folder, repr(config)) not in _loaded:
            _loaded[folder, repr(config)] = load_model(folder, model_config=config)
        return _loaded[folder, repr(config)]


def _table(batch: tuple[Any, ...], names: Sequence[Any] | None) -> Any:
    """What the model takes: one DataFrame of what Spark gave as a column each, or as a struct."""
    import pandas

    if len(batch) == 1 and isinstance(batch[0], pandas.DataFrame):
        return batch[0].map(spark_results.plain) if _is_nested(batch[0]) else batch[0]
    if names is not None and len(batch) > len(names):
        raise BadRequest(f"The model takes {len(names)} columns, {list(names)}, and was given {len(batch)}")
    labels = names if names is not None else [str(at) for at in range(len(batch))]
    columns = [each.apply(dict, axis=1) if isinstance(each, pandas.DataFrame) else each for each in batch]
    frame = pandas.concat(columns, axis=1)
    frame.columns = list(labels[: len(batch)])
    return frame.map(spark_results.plain) if _is_nested(frame) else frame


def _is_nested(frame: Any) -> bool:
    return any(kind.kind == "O" for kind in frame.dtypes if hasattr(kind, "kind"))


def _spread(spark: Any, folder: Path) -> Callable[[], str]:
    """What finds the model's folder on a worker, to which Spark brings it if need be."""
    place = str(folder.absolute())
    try:
        context = spark.sparkContext
    except Exception as error:  # Spark Connect has none, and says so with an error of its own.
        raise NotSupported(f"spark_udf needs a session with a SparkContext, which this has not: {error}") from error
    if str(context.master).startswith("local"):
        return lambda: place
    name = folder.name
    context.addFile(place, recursive=True)

    def find() -> str:
        from pyspark import SparkFiles

        return str(SparkFiles.get(name))

    return find


def _result_type(said: Any, model: Model) -> Any:
    """The Spark type of the result. Raises ``BadRequest`` for a text that is none."""
    from pyspark.sql import types

    if said is None:
        outputs = model.get_output_schema()
        return types.DoubleType() if outputs is None else type_of_schema(outputs)
    if isinstance(said, types.DataType):
        return said
    try:
        kind = types._parse_datatype_string(str(said))
    except Exception as error:  # Spark raises its parser's own errors, of Java.
        raise BadRequest(
            f"result_type {str(said)[:80]!r} is no type of Spark's: {str(error).splitlines()[0]}"
        ) from error
    return kind


def type_of_schema(schema: Schema) -> Any:
    """The Spark type of a table with this schema: of its one column, or a struct."""
    from pyspark.sql import types

    if len(schema) == 1:
        return _type_of_spec(schema.inputs[0])
    names = schema.input_names()
    return types.StructType(
        [
            types.StructField(str(name), _type_of_spec(each), nullable=True)
            for name, each in zip(names, schema, strict=True)
        ]
    )


def _type_of_spec(spec: ColSpec | TensorSpec) -> Any:
    from pyspark.sql import types

    if isinstance(spec, ColSpec):
        return _spark_type(spec.type)
    import numpy

    kinds = [types.BooleanType, types.IntegerType, types.LongType, types.FloatType, types.DoubleType, types.StringType]
    plain = ["bool", "int32", "int64", "float32", "float64", "str"]
    found = next((kind for kind, name in zip(kinds, plain, strict=True) if numpy.dtype(name).kind == spec.type.kind
                  and numpy.dtype(name).itemsize >= spec.type.itemsize), types.StringType)  # fmt: skip
    said: Any = found()
    for _ in spec.shape[1:]:
        said = types.ArrayType(said)
    return said


def _spark_type(kind: Any) -> Any:
    from pyspark.sql import types

    if isinstance(kind, DataType):
        return getattr(types, _TYPES[kind])()
    if isinstance(kind, Array):
        return types.ArrayType(_spark_type(kind.dtype))
    if isinstance(kind, Object):
        return types.StructType([types.StructField(each.name, _spark_type(each.dtype)) for each in kind.properties])
    if isinstance(kind, Map):
        return types.MapType(types.StringType(), _spark_type(kind.value_type))
    raise BadRequest(f"Spark has no type for {kind!r}; give result_type")
