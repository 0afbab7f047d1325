"""A model asked by the workers of a real Spark, in one process of Java."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import headrace as mlflow
from headrace.base.errors import BadRequest, NotSupported

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark runs on Java"),
    # pandas 3 and this Spark, sockets that Spark leaves to the end of the process.
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:pyspark"),
]

SCRIPT = """
import os

import numpy
import pandas
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Answers(PythonModel):
    def predict(self, context, x, params=None):
        n = len(x)
        what = (context.model_config or {}).get("what")
        if what == "table":
            return pandas.DataFrame({"s": ["t"] * n, "f": [1.5] * n, "i": numpy.arange(n, dtype="int32"),
                                     "l": numpy.arange(n, dtype="int64") + 2**40, "b": [True] * n})
        if what == "array":
            return numpy.arange(2.0 * n).reshape(n, 2)
        if what == "lists":
            return [[1, 2]] * n
        if what == "dicts":
            return [{"a": 1, "b": "x"}] * n
        if what == "nothing":
            return [None] * n
        said = ",".join(f"{name}:{type(x[name].iloc[0]).__name__}" for name in x.columns)
        return [f"{said} {params} {os.environ.get('SAID')}"] * n


set_model(Answers())
"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session with one thread, whose workers run this Python."""
    from pyspark.sql import SparkSession

    os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[1]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.sql.warehouse.dir": str(folder),
        "spark.local.dir": str(folder),
        "spark.sql.shuffle.partitions": "1",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    del os.environ["JDK_JAVA_OPTIONS"], os.environ["PYSPARK_PYTHON"]


@pytest.fixture
def ask(spark: Any, tmp_path: Path) -> Callable[..., list[Any]]:
    """Save a model that answers one way, and ask it about a table of two rows."""
    frame = spark.createDataFrame(
        [(1.0, 2, "x", [1, 2]), (3.0, 4, "y", [3])], "a double, b long, c string, d array<int>"
    )
    (tmp_path / "answers.py").write_text(SCRIPT)

    def _ask(what: str, result_type: Any, *columns: Any, signature: Any = None, **said: Any) -> list[Any]:
        from pyspark.sql.functions import struct

        folder = tmp_path / f"{what}{len(list(tmp_path.iterdir()))}"
        mlflow.pyfunc.save_model(
            str(folder), python_model=str(tmp_path / "answers.py"), signature=signature, pip_requirements=["numpy"],
            model_config={"what": what},
        )  # fmt: skip
        udf = mlflow.pyfunc.spark_udf(spark, str(folder), result_type=result_type, **said)
        # An empty tuple asks for the columns that the signature names.
        made = udf() if columns and isinstance(columns[0], tuple) else udf(*(columns or (struct("a", "b"),)))
        return [row[0] for row in frame.select(made).collect()]

    return _ask


def test_the_leftmost_column_that_fits_is_taken_and_all_that_fit_make_an_array(ask: Callable[..., list[Any]]) -> None:
    from pyspark.sql import types

    big = 2**40
    assert ask("table", "int") == [0, 1]
    assert ask("table", types.LongType()) == [0, 1]
    assert ask("table", "double") == [1.5, 1.5]
    assert ask("table", "boolean") == [True, True]
    assert ask("table", "array<bigint>") == [[0, big], [1, big + 1]]
    assert ask("table", "array<double>") == [[1.5, 0.0, float(big)], [1.5, 1.0, big + 1.0]]
    assert ask("table", "array<string>")[0] == ["t", "1.5", "0", str(big), "True"]
    rows = ask("table", "l long, s string")
    assert [row.asDict() for row in rows] == [{"l": big, "s": "t"}, {"l": big + 1, "s": "t"}]


def test_arrays_lists_and_dicts_become_columns(ask: Callable[..., list[Any]]) -> None:
    assert ask("array", None) == [0.0, 2.0]
    assert ask("array", "array<float>") == [[0.0, 1.0], [2.0, 3.0]]
    assert [tuple(row) for row in ask("array", "x double, y double")] == [(0.0, 1.0), (2.0, 3.0)]
    assert ask("lists", "array<int>") == [[1, 2], [1, 2]]
    assert [row.asDict() for row in ask("dicts", "a long, b string")] == [{"a": 1, "b": "x"}] * 2


def test_columns_are_given_as_a_struct_or_in_the_order_of_the_signature(ask: Callable[..., list[Any]]) -> None:
    from pyspark.sql.functions import struct

    table = pandas.DataFrame({"a": [1.0], "b": [1]})
    signature = mlflow.models.infer_signature(table, pandas.DataFrame({"n": ["x"]}))
    assert ask("said", "string", "a", "b")[0].startswith("0:float64,1:int64")
    assert ask("said", "string", struct("a", "c", "d"))[0].startswith("a:float64,c:str,d:list")
    assert ask("said", None, "a", "b", signature=signature)[0].startswith("a:float64,b:int64")
    # Nobody names columns: those of the signature, of the type that it says.
    assert ask("said", None, (), signature=signature)[0].startswith("a:float64,b:int64")
    assert ask("said", None, struct("a", "b", "c"), signature=signature)[0].startswith("a:float64,b:int64 ")


def test_the_signature_says_what_comes_out(ask: Callable[..., list[Any]]) -> None:
    table = pandas.DataFrame({"a": [1.0], "b": [1]})
    several = mlflow.models.infer_signature(table, pandas.DataFrame({"s": ["x"], "l": [1]}))
    assert [row.asDict()["l"] for row in ask("table", None, signature=several)] == [2**40, 2**40 + 1]
    tensor = mlflow.models.infer_signature(table, numpy.array([[1.0, 2.0]]))
    assert ask("array", None, signature=tensor) == [[0.0, 1.0], [2.0, 3.0]]


def test_params_and_variables_reach_the_workers(ask: Callable[..., list[Any]]) -> None:
    table = pandas.DataFrame({"a": [1.0], "b": [1]})
    signature = mlflow.models.infer_signature(table, pandas.DataFrame({"n": ["x"]}), params={"k": 1})
    said = ask("said", None, signature=signature, params={"k": 5}, extra_env={"SAID": "hello"})
    assert said[0].endswith("{'k': 5} hello")
    assert "{'k': 1}" in ask("said", None, signature=signature)[0]


def test_what_does_not_fit_is_said(ask: Callable[..., list[Any]]) -> None:
    from pyspark.errors import PythonException

    table = pandas.DataFrame({"a": [1.0], "b": [1]})
    signature = mlflow.models.infer_signature(table)
    for said in (("said", "double"), ("table", "timestamp"), ("dicts", "z long"), ("table", "map<string,int>")):
        with pytest.raises(PythonException, match="BadRequest"):
            ask(*said)
    with pytest.raises(PythonException, match="missing"):
        ask("said", "string", "a", signature=signature)
    with pytest.raises(PythonException, match="takes 2 columns"):
        ask("said", "string", "a", "b", "c", signature=signature)
    with pytest.raises(BadRequest, match="no type of Spark"):
        ask("said", "nonsense<")
    with pytest.raises(BadRequest, match="names no columns"):
        ask("said", "string", ())


def test_environments_that_workers_do_not_have_are_refused(ask: Callable[..., list[Any]]) -> None:
    with pytest.raises(NotSupported, match="env_manager='local'"):
        ask("said", "string", env_manager="virtualenv")
    with pytest.raises(NotSupported, match="prebuilt"):
        ask("said", "string", prebuilt_env_uri="dbfs:/x.tar.gz")
