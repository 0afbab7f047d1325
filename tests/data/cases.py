"""Datasets and sources that Headrace and genuine MLflow are both asked for.

``python cases.py mlflow`` prints what the one of them that is called so answers, as JSON; ``assets/genuine.json`` is
what MLflow 3.17.2 answered.
"""

from __future__ import annotations

import datetime as dt
import decimal
import importlib
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

Cases = Iterator[tuple[str, Callable[[], Any]]]

_NUMPY = {
    "float64": np.arange(12.0).reshape(3, 4),
    "int64": np.arange(5),
    "text": np.array(["x", "yy"]),
    "bytes": np.array([b"x"]),
    "bool": np.array([True, False]),
    "object": np.array([1, None, "a"], dtype=object),
    "objects of text": np.array(["a", "b"], dtype=object),
    "datetime": np.array(["2024-01-01"], dtype="datetime64[ns]"),
    "complex": np.zeros(3, complex),
    "records": np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]),
    "nothing": np.zeros((0, 3)),
    "no dimension": np.array(5),
    "long": np.arange(30000).reshape(10000, 3),
    "long, with another end": np.arange(30000).reshape(10000, 3) * (np.arange(30000).reshape(10000, 3) < 15000),
}


def pandas_columns() -> dict[str, Any]:
    """Columns of pandas of every kind."""
    return {
        "long": [1, 2, 3],
        "double": [1.5, None, 2.5],
        "float": np.array([1, 2], "f4"),
        "byte": np.array([1, 2], "u1"),
        "short": np.array([1, 2], "i2"),
        "u32": np.array([1, 2], "u4"),
        "u64": np.array([1, 2], "u8"),
        "bool": [True, False],
        "bool with gaps": [True, None],
        "text": ["a", "b"],
        "text with gaps": ["a", None],
        "objects of text": np.array(["a", "b"], dtype=object),
        "string": pd.array(["a", None], dtype="string"),
        "arrow string": pd.array(["a", "b"], dtype="string[pyarrow]"),
        "arrow long": pd.array([1, 2], dtype="int64[pyarrow]"),
        "Int64": pd.array([1, None], dtype="Int64"),
        "Float64": pd.array([1.5, None], dtype="Float64"),
        "categories": pd.Categorical(["u", "v", "u"]),
        "categories with gaps": pd.Categorical(["a", None]),
        "categories of numbers": pd.Categorical([1, 2]),
        "categories of numbers with gaps": pd.Categorical([1, None]),
        "datetime": pd.date_range("2024-01-01", periods=3),
        "datetime with gaps": pd.to_datetime(["2024", None]),
        "zone": pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin"),
        "timedelta": pd.to_timedelta([1, 2], unit="s"),
        "period": pd.period_range("2024", periods=2, freq="D"),
        "interval": pd.interval_range(0, 2),
        "complex": [1j, 2j],
        "lists": [[1, 2], [3]],
        "lists with gaps": [[1, None], [3]],
        "arrays": [np.arange(3)] * 2,
        "dicts": [{"x": 1}, {"x": 2}],
        "dicts of several kinds": [{"x": 1}, {"x": 1, "y": "s"}],
        "bytes": [b"x", b"y"],
        "dates": [dt.date(2024, 1, 1)] * 2,
        "decimals": [decimal.Decimal("1.5")] * 2,
        "several kinds": [1, "a"],
        "numbers of several kinds": pd.Series([1, 2.5], dtype=object),
        "objects": [Other(), Other()],
        "nothing known": [None, None],
    }


class Other:
    """A class that no type has a word for."""


def of_pandas(data: Any) -> Cases:
    """Frames of pandas."""
    for name, values in pandas_columns().items():
        frame = pd.DataFrame({"c": values})
        yield f"pandas: {name}", lambda frame=frame: data.from_pandas(frame, source="/x").to_dict()
    odd = {
        "several columns": pd.DataFrame({"z": [1, 2], "a": ["x", "y"], "m": [1.5, 2.5]}),
        "no columns": pd.DataFrame(),
        "no rows": pd.DataFrame({"a": [], "b": []}),
        "numbered columns": pd.DataFrame([[1, 2], [3, 4]]),
        "names and numbers": pd.DataFrame([[1, 2], [3, 4]], columns=["a", 1]),
        "an index": pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
        "many rows": pd.DataFrame({"a": range(20000), "s": ["q"] * 20000}),
        "many rows, another end": pd.DataFrame({"a": [*range(15000), *[0] * 5000], "s": ["q"] * 20000}),
    }
    for name, frame in odd.items():
        yield f"pandas: {name}", lambda frame=frame: data.from_pandas(frame, source="/x").to_dict()
    frame = odd["several columns"]
    yield "pandas: params", lambda: data.from_pandas(frame, "s3://b/k", "z", "named", "given", "m").to_dict()
    yield "pandas: no such targets", lambda: data.from_pandas(frame, targets="q")
    yield "pandas: no such predictions", lambda: data.from_pandas(frame, predictions="q")
    yield "pandas: to_json", lambda: json.loads(data.from_pandas(frame, source="/x").to_json())


def of_numpy(data: Any) -> Cases:
    """Arrays."""
    for name, array in _NUMPY.items():
        yield f"numpy: {name}", lambda array=array: data.from_numpy(array, source="/x").to_dict()
    features, targets = _NUMPY["float64"], _NUMPY["int64"]
    yield "numpy: targets", lambda: data.from_numpy(features, "/x", targets, "named").to_dict()
    yield "numpy: dicts", lambda: data.from_numpy({"b": features, "a": targets}, "/x", {"t": targets}).to_dict()
    yield "numpy: a dict of targets", lambda: data.from_numpy(features, "/x", {"t": targets}).to_dict()
    yield "numpy: an empty dict", lambda: data.from_numpy({}, "/x").to_dict()
    yield "numpy: a list", lambda: data.from_numpy([1, 2], "/x").to_dict()


def polars_columns() -> dict[str, Any]:
    """Columns of polars of every kind."""
    import polars as pl

    moment = dt.datetime(2024, 1, 1)
    kinds = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64)
    return {
        **{str(kind).lower(): pl.Series([1, 2], dtype=kind) for kind in kinds},
        "gaps": pl.Series([1, None]),
        "bool": pl.Series([True]),
        "text": pl.Series(["a", None]),
        "bytes": pl.Series([b"x"]),
        "date": pl.Series([moment.date()]),
        "datetime": pl.Series([moment]),
        "zone": pl.Series([moment]).dt.replace_time_zone("Europe/Berlin"),
        "time": pl.Series([moment.time()]),
        "duration": pl.Series([dt.timedelta(1)]),
        "categories": pl.Series(["a"], dtype=pl.Categorical),
        "enum": pl.Series(["a"], dtype=pl.Enum(["a", "b"])),
        "decimal": pl.Series([decimal.Decimal("1.5")]),
        "lists": pl.Series([[1, 2]]),
        "arrays": pl.Series([[[1, 2]]], dtype=pl.Array(pl.Array(pl.Int64, 2), 1)),
        "structs": pl.Series([{"x": 1, "y": "a"}]),
        "lists of structs": pl.Series([[{"x": [1.5]}]]),
        "nothing known": pl.Series([None]),
    }


def of_polars(data: Any) -> Cases:
    """Frames of polars."""
    import polars as pl

    columns = polars_columns()
    for name, column in columns.items():
        yield f"polars: {name}", lambda column=column: data.from_polars(pl.DataFrame({"c": column}), "/x").to_dict()
    frame = pl.DataFrame({"a": [1, 2], "b": [1.5, None], "s": ["x", "y"]})
    yield "polars: several columns", lambda: data.from_polars(frame, "s3://b/k", "a", "named", None, "b").to_dict()
    yield "polars: no columns", lambda: data.from_polars(pl.DataFrame(), "/x").to_dict()
    yield "polars: no rows", lambda: data.from_polars(frame.head(0), "/x").to_dict()
    yield "polars: no such targets", lambda: data.from_polars(frame, "/x", targets="q")
    yield "polars: no such predictions", lambda: data.from_polars(frame, "/x", predictions="q")


def of_huggingface(data: Any) -> Cases:
    """Datasets of Hugging Face's library."""
    import datasets

    small = datasets.Dataset.from_dict({"a": [1, 2, 3], "s": ["x", "y", "z"], "l": [[1], [2, 3], []]})
    long = datasets.Dataset.from_dict({"a": list(range(20000))})
    more = {"targets": "a", "name": "n", "data_dir": "d", "data_files": ["x"], "revision": "r"}
    yield "huggingface: small", lambda: data.from_huggingface(small, path="org/name").to_dict()
    yield "huggingface: params", lambda: data.from_huggingface(small, path="org/name", **more).to_dict()
    yield "huggingface: a source", lambda: data.from_huggingface(small, path="p", source="/x").to_dict()
    yield "huggingface: long", lambda: data.from_huggingface(long, path="p").to_dict()
    yield "huggingface: in another order", lambda: data.from_huggingface(long.shuffle(seed=1), path="p").to_dict()
    yield "huggingface: no such targets", lambda: data.from_huggingface(small, targets="q")
    yield "huggingface: several splits", lambda: data.from_huggingface(datasets.DatasetDict({"train": small}))


def of_sources(data: Any) -> Cases:
    """Sources: raw, as JSON, and built."""
    registry = importlib.import_module(f"{data.__name__}.dataset_source_registry")
    sources = importlib.import_module(f"{data.__name__}.sources")
    raw = """/x relative.csv file:///x table_name s3://b/k r2://b@a/k b2://b/k gs://b/k wasbs://c@a.blob.core.windows.net/k
        abfss://c@a.dfs.core.windows.net/k hdfs://h/p viewfs://h/p ftp://h/p sftp://h/p http://h/p.csv https://h/p.csv
        dbfs:/x runs:/abc/x models:/m/1 mlflow-artifacts:/1/2 weird://x /Volumes/a/b""".split()
    for each in (*raw, "", 5, None, {"a": 1}):
        yield f"source: {each!r}", lambda each=each: _told(registry.resolve_dataset_source(each))
    yield (
        "source: one of some kinds",
        lambda: _told(registry.resolve_dataset_source("s3://b/k", [sources.S3ArtifactDatasetSource])),
    )
    yield (
        "source: none of some kinds",
        lambda: _told(registry.resolve_dataset_source("/x", [sources.HTTPDatasetSource])),
    )
    texts = [
        *(("hugging_face", '{"path": "p"}'), ("spark", '{"path": "p"}'), ("delta_table", '{"path": "p"}')),
        *(("uc_volume", '{"path": "/Volumes/a"}'), ("code", "{}"), ("code", '{"tags": {"a": "b"}}'), ("http", "{}")),
        *(("s3", '{"uri": "s3://a/b"}'), ("hdfs", '{"uri": "hdfs://a"}'), ("viewfs", '{"uri": "viewfs://a"}')),
        *(("http", '{"url": "http://x"}'), ("local", "{}"), ("local", '{"uri": "x"}'), ("nobody's", "{}")),
    ]
    for kind, text in texts:
        yield (
            f"source: {kind} {text}",
            lambda kind=kind, text=text: _told(registry.get_dataset_source_from_json(text, kind)),
        )
    huggingface = sources.HuggingFaceDatasetSource
    yield "source: a split", lambda: _told(huggingface("p", "c", "d", {"a": "b"}, "train", "r", False))
    yield "source: a version of a table", lambda: _told(sources.DeltaDatasetSource("p", None, 3))
    yield "source: a table of Unity Catalog", lambda: _told(sources.DeltaDatasetSource(None, "a.b.c", 3, "i"))
    yield "source: a table of Hive", lambda: _told(sources.DeltaDatasetSource(None, "hive_metastore.b.c"))
    yield "source: two tables", lambda: _told(sources.DeltaDatasetSource("p", "a"))
    yield "source: a query", lambda: _told(sources.SparkDatasetSource(sql="select 1"))
    yield "source: nothing for Spark", lambda: _told(sources.SparkDatasetSource())


def of_the_rest(data: Any) -> Cases:
    """Datasets that are not looked at, schemas, records, and constructors."""
    house = data.__name__.partition(".")[0]
    types = importlib.import_module(f"{house}.types")
    entities = importlib.import_module(f"{house}.entities")
    meta = importlib.import_module(f"{data.__name__}.meta_dataset").MetaDataset
    tensors = importlib.import_module(f"{data.__name__}.schema").TensorDatasetSchema
    http = importlib.import_module(f"{data.__name__}.http_dataset_source").HTTPDatasetSource
    register = importlib.import_module(f"{data.__name__}.dataset_registry").register_constructor
    dataset = importlib.import_module(f"{data.__name__}.dataset").Dataset
    columns = types.Schema([types.ColSpec("long", "a")])
    tensor = types.Schema([types.TensorSpec(np.dtype("float64"), (-1, 2))])
    yield "meta", lambda: meta(http("http://x/y")).to_dict()
    yield "meta: name", lambda: meta(http("http://x/y"), name="n").to_dict()
    yield "meta: schema", lambda: meta(http("http://x/y"), name="n", schema=columns).to_dict()
    yield "meta: tensors", lambda: meta(http("http://x/y"), name="n", schema=tensor).to_dict()
    yield "meta: digest", lambda: meta(http("http://x/y"), digest="d").to_dict()
    yield "schema", lambda: [tensors(tensor).to_dict(), tensors(tensor, tensor).to_dict(), str(tensors(tensor))]
    yield "schema: back", lambda: tensors.from_dict(tensors(tensor, tensor).to_dict()).to_dict()
    yield "schema: no schema", lambda: tensors(5)
    yield "schema: an empty dict", lambda: tensors.from_dict({})
    record = entities.Dataset("n", "d", "http", '{"url": "http://x"}')
    yield "get_source: record", lambda: _told(data.get_source(record))
    yield "get_source: input", lambda: _told(data.get_source(entities.DatasetInput(record, [])))
    yield "get_source: dataset", lambda: _told(data.get_source(meta(http("http://x/y"))))
    yield "get_source: number", lambda: _told(data.get_source(5))
    yield "get_source: unknown type", lambda: _told(data.get_source(entities.Dataset("n", "d", "z", "{}")))

    def made(name: Any = None, digest: Any = None) -> Any: ...

    def unnamed(digest: Any = None) -> Any: ...

    def needy(name: Any, digest: Any) -> Any: ...

    for function in (made, unnamed, needy):
        function.__annotations__ = {"return": dataset}
    yield "register: name", lambda: register(made, "from_here")
    yield "register: offered", lambda: hasattr(data, "from_here")
    yield "register: another name", lambda: register(made)
    yield "register: no name", lambda: register(unnamed, "from_nowhere")
    yield "register: nothing optional", lambda: register(needy, "from_need")


def of_evaluation(data: Any) -> Cases:
    """Data as evaluation takes it."""
    room = importlib.import_module(f"{data.__name__}.evaluation_dataset")
    frame = pd.DataFrame({"a": [1, 2], "t": [0, 1], "p": [1, 1]})
    table = np.arange(6).reshape(3, 2)
    given: dict[str, tuple[Any, dict[str, Any]]] = {
        "lists": ([[1, 2], [3, 4]], {"targets": [0, 1]}),
        "array": (table, {"targets": np.arange(3), "name": "n", "path": "p", "feature_names": ["x", "y"]}),
        "float32": (np.arange(6, dtype="f4").reshape(3, 2), {"targets": np.arange(3, dtype="f4")}),
        "float16": (np.arange(6, dtype="f2").reshape(3, 2), {"targets": [True, False, True]}),
        "int16": (np.arange(6, dtype="i2").reshape(3, 2), {"targets": ["a", "b", "c"]}),
        "texts": ([["a", "b"], ["c", "d"]], {"targets": [1.5, None]}),
        "frame of many kinds": (
            pd.DataFrame(
                {"f": np.array([1, 2], "f4"), "i": np.array([1, 2], "i2"), "t": pd.to_datetime(["2024", None])}
            ),
            {"targets": "f", "predictions": "i"},
        ),
        "eleven features": (np.arange(22).reshape(2, 11), {}),
        "frame": (frame, {"targets": "t"}),
        "frame with predictions": (frame, {"targets": "t", "predictions": "p", "digest": "d"}),
        "some features": (frame, {"targets": "t", "feature_names": ["a"]}),
        "many rows": (pd.DataFrame({"a": range(30), "t": ["x"] * 30}), {"targets": "t", "name": "n"}),
        "lists in cells": (pd.DataFrame({"a": [[1, 2], [3]], "b": [np.arange(2)] * 2}), {}),
        "labels of another length": (table, {"targets": [1, 2]}),
        "labels by a name": (table, {"targets": "t"}),
        "labels beside a frame": (frame, {"targets": [1, 2]}),
        "a quotation mark": (frame, {"name": 'a"b'}),
        "text": ("text", {}),
        "one dimension": (np.arange(3), {}),
        "three dimensions": (np.arange(24).reshape(2, 3, 4), {}),
        "rows of different lengths": ([[1, 2], [3]], {}),
        "too few names": (table, {"feature_names": ["x"]}),
        "one name twice": (table, {"feature_names": ["x", "x"]}),
    }
    for name, (values, params) in given.items():
        yield (
            f"evaluation: {name}",
            lambda values=values, params=params: _shown(room.EvaluationDataset(values, **params)),
        )
    convert = room.convert_data_to_mlflow_dataset
    yield "convert: frame", lambda: _without_source(convert(frame, "t", "p", "n").to_dict())
    yield "convert: lists", lambda: _without_source(convert([[1, 2], [3, 4]], [1, 2]).to_dict())
    yield "convert: text", lambda: convert("text")
    made = data.from_pandas(frame, "/x", targets="t", predictions="p", name="n")
    yield "pandas: to_evaluation_dataset", lambda: _shown(made.to_evaluation_dataset(path="/p"))
    arrays = data.from_numpy(table, "/x", np.arange(3))
    yield "numpy: to_evaluation_dataset", lambda: _shown(arrays.to_evaluation_dataset(feature_names=["x", "y"]))
    yield "pandas: to_pyfunc", lambda: [repr(each) for each in vars(made.to_pyfunc()).values()]
    yield "numpy: to_pyfunc", lambda: [repr(each) for each in vars(arrays.to_pyfunc()).values()]


def _shown(made: Any) -> dict[str, str]:
    names = """digest feature_names features_data has_predictions has_targets hash labels_data name path
        predictions_data predictions_name targets_name"""
    return {name: repr(getattr(made, name)) for name in names.split()}


def _without_source(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "source"}


def _told(source: Any) -> list[str]:
    return [type(source).__name__, source._get_source_type(), source.to_json()]


ALL = (of_pandas, of_numpy, of_polars, of_huggingface, of_sources, of_the_rest, of_evaluation)


def cases(data: Any) -> Cases:
    """All of them, for the module ``data``."""
    for part in ALL:
        yield from part(data)


def answer(ask: Callable[[], Any]) -> Any:
    """What a case comes to: something JSON has, or the code or class of the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return json.loads(json.dumps(ask()))
    except Exception as error:
        return {"error": getattr(error, "error_code", type(error).__name__)}


def main(house: str) -> None:
    """Print the answers of ``mlflow`` or ``headrace`` as JSON."""
    logging.disable()
    data = importlib.import_module(f"{house}.data")
    answers = {name: answer(ask) for name, ask in cases(data)}
    print(json.dumps({"polars": version("polars"), "answers": answers}, indent=1, sort_keys=True))


if __name__ == "__main__":
    main(sys.argv[1])
