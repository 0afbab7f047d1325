"""Pipelines of the real Spark, in a session of one thread on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import SQLTransformer, VectorAssembler
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession

from headrace.base.errors import BadRequest, NotSupported, Untrusted
from headrace.flavors import pyfunc, spark
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import say
from tests.libraries import genuine

pytestmark = pytest.mark.slow
X = pd.DataFrame({"a": np.arange(20.0) % 7, "b": np.arange(20.0) % 3})


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[Any]:
    told = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "512m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
    }
    made = SparkSession.builder.master("local[1]").config(map=told).getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def fitted(session: Any) -> Any:
    rows = session.createDataFrame(X.assign(label=X["a"] * 2 + X["b"]))
    return Pipeline(stages=[VectorAssembler(inputCols=["a", "b"], outputCol="features"), LinearRegression()]).fit(rows)


class TestSpark(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return spark.FLAVOR

    @pytest.fixture
    def model(self, fitted: Any) -> Any:
        return fitted

    @pytest.fixture
    def data(self) -> Any:
        return X


def test_a_model_answers_the_same_on_both_sides(fitted: Any, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    told: dict[str, Any] = {"input_example": X, "pip_requirements": []}
    spark.save_model(fitted, ours, **told)
    genuine.call("spark.save_model", fitted, str(theirs), **told)
    expected = genuine.answer(theirs, X)
    assert isinstance(expected, list)
    for folder in (ours, theirs):
        assert pyfunc.load_model(str(folder)).predict(X) == expected
        assert genuine.answer(folder, X) == expected
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours, _without_chance) == genuine.files(theirs, _without_chance)


def test_a_cluster_has_the_files_where_it_is_told(fitted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    spark.save_model(fitted, tmp_path / "m", dfs_tmpdir=str(shared), pip_requirements=[])
    assert list(shared.iterdir()) == []
    assert (tmp_path / "m/sparkml/metadata").is_dir()
    loaded = spark.load_model(str(tmp_path / "m"), dfs_tmpdir=shared.as_uri())
    assert len(list(shared.iterdir())) == 1
    assert loaded.stages[1].coefficients.toArray() == pytest.approx([2, 1])


def test_a_frame_of_spark_is_answered_with_one(fitted: Any, session: Any, tmp_path: Path) -> None:
    spark.save_model(fitted, tmp_path / "m", pip_requirements=[])
    answer = pyfunc.load_model(str(tmp_path / "m")).predict(session.createDataFrame(X))
    assert answer.columns == ["a", "b", "features", "prediction"]


def test_a_transformer_alone_becomes_a_pipeline(fitted: Any, tmp_path: Path) -> None:
    spark.save_model(fitted.stages[0], tmp_path / "m", pip_requirements=[])
    assert isinstance(spark.load_model(str(tmp_path / "m")), PipelineModel)
    with pytest.raises(BadRequest, match="no column 'prediction'"):
        pyfunc.load_model(str(tmp_path / "m")).predict(X)


def test_what_is_no_fitted_model_is_refused(tmp_path: Path) -> None:
    for model in (object(), LinearRegression(), LogisticRegression()):
        with pytest.raises(BadRequest, match="no fitted model"):
            spark.save_model(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_spark_connect_is_refused_by_name(fitted: Any, tmp_path: Path) -> None:
    connected = type("StandardScalerModel", (), {"__module__": "pyspark.ml.connect.feature"})
    with pytest.raises(NotSupported, match=r"Spark Connect.*StandardScalerModel"):
        spark.save_model(connected(), tmp_path / "m")
    spark.save_model(fitted, tmp_path / "m", pip_requirements=[])
    say(tmp_path / "m", "spark", model_class="pyspark.ml.connect.pipeline.PipelineModel")
    with pytest.raises(NotSupported, match="Spark Connect"):
        spark.load_model(str(tmp_path / "m"))
    say(tmp_path / "m", "spark", model_class="os.system")
    with pytest.raises(BadRequest, match=r"os\.system"):
        spark.load_model(str(tmp_path / "m"))


def test_a_strangers_pipeline_names_no_class_and_no_sql(
    fitted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark.save_model(fitted, tmp_path / "m", pip_requirements=[])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    statement = "SELECT *, java_method('java.lang.System', 'getProperty', 'user.home') AS x FROM __THIS__"
    spark.save_model(SQLTransformer(statement=statement), tmp_path / "sql", pip_requirements=[])
    _rename(tmp_path / "m", "joblib.numpy_pickle")
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"build joblib\.numpy_pickle"):
        pyfunc.load_model(str(tmp_path / "m"))
    with pytest.raises(Untrusted, match=r"run the SQL.*java_method"):
        pyfunc.load_model(str(tmp_path / "sql"))


def test_a_broken_pipeline_is_said_to_be_broken(fitted: Any, tmp_path: Path) -> None:
    spark.save_model(fitted, tmp_path / "m", pip_requirements=[])
    _rename(tmp_path / "m", "org.apache.spark.ml.Nothing")
    with pytest.raises(BadRequest, match="Spark cannot read the model in sparkml"):
        spark.load_model(str(tmp_path / "m"))


def _rename(folder: Path, kind: str) -> None:
    """Let the first stage of a saved pipeline be of another class."""
    stage = next((folder / "sparkml/stages").glob("0_*/metadata"))
    file = next(stage.glob("part-*"))
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "class": kind}))
    for each in stage.glob(".*.crc"):
        each.unlink()
    (folder / "manifest.sha256").unlink(missing_ok=True)


def _without_chance(name: str) -> str:
    """The name of a file without what Spark draws by lot."""
    return "-".join(part for part in name.split("-") if not _is_drawn(part))


def _is_drawn(part: str) -> bool:
    return all(each in "0123456789abcdef" for each in part)
