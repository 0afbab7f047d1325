"""Frames of a real Spark, in one process of Java."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.base.errors import BadRequest
from headrace.data.sources import DeltaDatasetSource, SparkDatasetSource

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark runs on Java"),
    # pandas 3 and this Spark, sockets that Spark leaves to the end of the process.
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session with one thread."""
    from pyspark.sql import SparkSession

    # A program this short is over before Java's better compiler pays.
    os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[1]")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.sql.warehouse.dir": str(folder),
        "spark.local.dir": str(folder),
        "spark.sql.shuffle.partitions": "1",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
    del os.environ["JDK_JAVA_OPTIONS"]


ALL_TYPES = """SELECT cast(1 AS byte) by, cast(1 AS short) sh, 1 i, 1L l, cast(1 AS float) f, 1d d, true b, 'x' s,
    cast('x' AS binary) bi, current_date() dt, current_timestamp() ts, array(1, 2) ar, named_struct('x', 1) st"""


def test_frames_of_spark(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, for Spark takes seconds to start."""
    monkeypatch.setattr("headrace.data.spark_dataset._COUNT", (120_000, 0.20))
    path = str(tmp_path / "table.parquet")
    spark.createDataFrame([(1, "x", 1.5), (2, "y", None)], ["a", "s", "b"]).write.parquet(path)
    frame = spark.read.parquet(path)
    dataset = headrace.data.from_spark(frame, path=path, targets="a", predictions="b", name="n")
    said = dataset.to_dict()
    assert (said["source_type"], said["source"]) == ("spark", json.dumps({"path": path}))
    assert len(said["digest"]) == 8
    assert headrace.data.from_spark(spark.read.parquet(path)).digest == said["digest"]
    assert json.loads(said["profile"]) == {"approx_count": 2}
    assert headrace.data.get_source(dataset._to_mlflow_entity()).load().collect() == frame.collect()
    assert dataset.content_digest is None
    assert headrace.data.from_spark(frame).source._get_source_type() == "code"
    assert type(headrace.data.from_dataframe(frame)) is type(dataset)

    columns = headrace.data.from_spark(spark.sql(ALL_TYPES), sql=ALL_TYPES).to_dict()["schema"]
    kinds = "integer integer integer long float double boolean string binary datetime datetime array object".split()
    assert [each["type"] for each in json.loads(columns)["mlflow_colspec"]] == kinds
    assert all(each["required"] for each in json.loads(columns)["mlflow_colspec"])
    odd = headrace.data.from_spark(spark.sql("SELECT map('a', 1) m, cast(1 AS decimal(5, 2)) d"), sql="…").schema
    assert [each.to_dict()["type"] for each in odd.inputs] == ["map", "any"]

    given = dataset.to_pyfunc()
    assert (list(given.inputs.columns), given.outputs.tolist()) == (["s", "b"], [1, 2])
    evaluated = dataset.to_evaluation_dataset()
    assert (evaluated.feature_names, evaluated.labels_data.tolist()) == (["s"], [1, 2])

    frame.createOrReplaceTempView("view")
    assert SparkDatasetSource(table_name="view").load().count() == 2
    assert SparkDatasetSource(sql="SELECT 1 a").load().count() == 1
    for wrong in (
        {"path": path, "sql": "SELECT 1"},
        {"sql": "SELECT 1", "version": "1"},
        {"path": path, "version": "1"},
        {"table_name": "view", "version": "1"},
        {"path": path, "targets": "q"},
    ):
        with pytest.raises(BadRequest):
            headrace.data.from_spark(frame, **wrong)
    with pytest.raises(BadRequest, match="one of them"):
        headrace.data.load_delta()

    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    at = headrace.data.from_spark(frame, path=str(tmp_path / "delta"), version="3")
    assert isinstance(at.source, DeltaDatasetSource)
    assert at.source.to_dict() == {"path": str(tmp_path / "delta"), "delta_table_version": 3}
