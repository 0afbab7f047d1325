"""Pipelines of John Snow Labs: the files as they are documented, since the library runs with a licence only.

What stands in for it loads the folder with the real Spark, and is asked as its pipelines are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import Tokenizer
from pyspark.sql import SparkSession

from headrace.base.errors import BadRequest, NotSupported, Untrusted
from headrace.flavors import johnsnowlabs, pyfunc
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import say
from tests.libraries import genuine

pytestmark = pytest.mark.slow
TEXTS = pd.DataFrame({"text": ["a fine day", "rain"]})


class _Pipe:
    """Asked as a pipeline of the library is: texts in, a frame out."""

    def __init__(self, pipeline: Any) -> None:
        self.vanilla_transformer_pipe = pipeline

    def predict(self, data: Any, output_level: str = "document") -> Any:
        texts = data["text"] if hasattr(data, "columns") else [data] if isinstance(data, str) else data
        rows = SparkSession.getActiveSession().createDataFrame([(each,) for each in texts], ["text"])
        found = self.vanilla_transformer_pipe.transform(rows).collect()
        return pd.DataFrame({"words": [len(row["words"]) for row in found], "level": output_level})


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[Any]:
    told = {"spark.ui.enabled": "false", "spark.driver.memory": "512m", "spark.driver.host": "127.0.0.1"}
    made = SparkSession.builder.master("local[1]").config(map=told).getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in, nlp = ModuleType("johnsnowlabs"), ModuleType("johnsnowlabs.nlp")
    nlp.load = lambda path: _Pipe(PipelineModel.load(f"file://{path}"))  # type: ignore[attr-defined]
    stand_in.nlp = nlp  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "johnsnowlabs", stand_in)
    monkeypatch.setitem(sys.modules, "johnsnowlabs.nlp", nlp)


@pytest.fixture
def pipe(session: Any) -> Any:
    rows = session.createDataFrame([("a b",)], ["text"])
    return _Pipe(Pipeline(stages=[Tokenizer(inputCol="text", outputCol="words")]).fit(rows))


class TestJohnSnowLabs(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return johnsnowlabs.FLAVOR

    @pytest.fixture
    def model(self, pipe: Any) -> Any:
        return pipe

    @pytest.fixture
    def data(self) -> Any:
        return TEXTS

    def test_a_loaded_model_predicts_what_the_saved_one_did(self, saved: Path, data: Any, expected: Any) -> None:
        assert pyfunc.load_model(str(saved)).predict(data).equals(expected)

    def test_the_environment_is_pinned(self, saved: Path) -> None:
        # What is not installed has no version to pin.
        lines = (saved / "requirements.txt").read_text().splitlines()
        assert "johnsnowlabs" in lines
        assert any(each.startswith("pyspark==") for each in lines)


def test_the_mlmodel_file_is_that_of_genuine_mlflow(pipe: Any, tmp_path: Path) -> None:
    johnsnowlabs.save_model(pipe, tmp_path / "m", pip_requirements=[])
    flavors = genuine.described(tmp_path / "m")["flavors"]
    assert flavors["johnsnowlabs"].keys() == {"code", "model_data", "pyspark_version"}
    assert flavors["johnsnowlabs"]["model_data"] == flavors["python_function"]["data"] == "jsl-model"
    assert flavors["python_function"]["loader_module"] == "mlflow.johnsnowlabs"
    assert (tmp_path / "m/jsl-model/metadata").is_dir()


def test_params_reach_the_pipeline(pipe: Any, tmp_path: Path) -> None:
    from headrace.models import infer_signature

    signature = infer_signature(TEXTS, params={"output_level": "token"})
    johnsnowlabs.save_model(pipe, tmp_path / "m", signature=signature, pip_requirements=[])
    answer = pyfunc.load_model(str(tmp_path / "m")).predict(TEXTS)
    assert answer.to_dict("list") == {"words": [3, 1], "level": ["token", "token"]}


def test_a_licence_is_never_kept_in_a_model(pipe: Any, tmp_path: Path) -> None:
    with pytest.raises(NotSupported, match="JOHNSNOWLABS_LICENSE_JSON"):
        johnsnowlabs.save_model(pipe, tmp_path / "m", store_license=True)
    with pytest.raises(BadRequest, match="no fitted model"):
        johnsnowlabs.save_model(object(), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_strangers_pipeline_builds_no_class_of_others(
    pipe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    johnsnowlabs.save_model(pipe, tmp_path / "m", pip_requirements=[])
    stage = next((tmp_path / "m/jsl-model/stages").glob("0_*/metadata/part-*"))
    stage.write_text(stage.read_text().replace("org.apache.spark.ml.feature.Tokenizer", "com.other.Tokenizer"))
    (tmp_path / "m/manifest.sha256").unlink()
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"build com\.other\.Tokenizer"):
        pyfunc.load_model(str(tmp_path / "m"))
    say(tmp_path / "m", "johnsnowlabs", model_data="../..")
    monkeypatch.delenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION")
    with pytest.raises(BadRequest, match="not in the model's folder"):
        johnsnowlabs.load_model(str(tmp_path / "m"))


def test_the_library_is_named_where_it_is_missing(pipe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    johnsnowlabs.save_model(pipe, tmp_path / "m", pip_requirements=[])
    monkeypatch.setitem(sys.modules, "johnsnowlabs", None)
    with pytest.raises(BadRequest, match=r"module johnsnowlabs.* is not installed"):
        johnsnowlabs.load_model(str(tmp_path / "m"))
