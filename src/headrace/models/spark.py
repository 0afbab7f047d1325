"""Pipelines of Spark in a folder: written and read by Spark itself, where it has its files, and copied from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from headrace.base import settings
from headrace.base.errors import BadRequest, NotSupported

_PIPELINE = "pyspark.ml.pipeline.PipelineModel"
_CONNECT = "pyspark.ml.connect."


def session() -> Any:
    """The session of Spark that is active, or else one on this machine alone."""
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    own = SparkSession.builder.appName("headrace").master("local[1]")
    quiet: Any = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    return own.config(map=quiet).getOrCreate()


def pipeline_of(model: Any) -> Any:
    """The pipeline that is saved of ``model``. Raises for what Spark cannot write, or writes through Spark Connect."""
    from pyspark.ml import PipelineModel, Transformer
    from pyspark.ml.util import MLReadable, MLWritable

    if type(model).__module__.startswith(_CONNECT):
        raise NotSupported(_connect(type(model).__name__))
    if not all(isinstance(model, kind) for kind in (Transformer, MLReadable, MLWritable)):
        raise BadRequest(
            f"A {type(model).__name__} is no fitted model of Spark: give a PipelineModel, or a transformer that Spark "
            "can write and read"
        )
    return model if isinstance(model, PipelineModel) else PipelineModel([model])


def write(pipeline: Any, folder: Path, tmpdir: str | None) -> None:
    """Write ``pipeline`` into ``folder``, by way of ``tmpdir``, where every machine of the cluster has its files."""
    if tmpdir is None and _is_local():
        _write(pipeline, folder.absolute().as_uri())
        return
    with _place(tmpdir) as (place, files, path):
        _write(pipeline, place)
        files.copyToLocalFile(False, path(place), path(folder.absolute().as_uri()), True)


def read(folder: Path, said: Any, tmpdir: str | None) -> Any:
    """The pipeline in ``folder``; ``said`` is the class that the MLmodel file names."""
    from py4j.protocol import Py4JJavaError
    from pyspark.ml import PipelineModel

    if str(said).startswith(_CONNECT):
        raise NotSupported(_connect(str(said)))
    if said not in (None, _PIPELINE):
        raise BadRequest(f"Malformed MLmodel: the model's class must be {_PIPELINE}, not {said!r}")
    active = session()
    if type(active).__module__.startswith("pyspark.sql.connect."):
        raise NotSupported(_connect("the active session"))
    try:
        if tmpdir is None and _is_local():
            return PipelineModel.load(folder.absolute().as_uri())
        # What is read is read again whenever the model is asked, so it stays there.
        with _place(tmpdir, stays=True) as (place, files, path):
            files.copyFromLocalFile(False, True, path(folder.absolute().as_uri()), path(place))
            return PipelineModel.load(place)
    except (Py4JJavaError, ValueError, LookupError, TypeError, AttributeError, ImportError, OSError) as error:
        said = str(error).strip().splitlines()
        raise BadRequest(f"Spark cannot read the model in {folder.name}: {said[0] if said else error!r}") from error


def ask(pipeline: Any, data: Any) -> Any:
    """The column ``prediction`` as a list; for a frame of Spark, the frame with what the pipeline adds."""
    import numpy
    import pandas

    if type(data).__module__.startswith("pyspark.sql."):
        return pipeline.transform(data)
    rows = data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(data)
    rows = rows.set_axis([str(each) for each in rows.columns], axis=1)
    answer = pipeline.transform(session().createDataFrame(rows))
    if "prediction" not in answer.columns:
        raise BadRequest(f"The pipeline gives no column 'prediction'; it gives {answer.columns}")
    found = [row[0] for row in answer.select("prediction").collect()]
    return [numpy.asarray(each.toArray()) if hasattr(each, "toArray") else each for each in found]


def _write(pipeline: Any, place: str) -> None:
    from py4j.protocol import Py4JJavaError

    try:
        pipeline.write().overwrite().save(place)
    except (Py4JJavaError, ValueError, TypeError, AttributeError) as error:
        raise BadRequest(f"Spark cannot write this model: {str(error).strip().splitlines()[0]}") from error


def _is_local() -> bool:
    """Whether Spark runs on this machine alone, so that it sees the files that are here."""
    return str(session().sparkContext.master).startswith("local")


@contextmanager
def _place(tmpdir: str | None, stays: bool = False) -> Iterator[tuple[str, Any, Any]]:
    """A new place in ``tmpdir``, Hadoop's file system there, and how that makes a path of a text."""
    context = session().sparkContext
    jvm = context._jvm
    root = tmpdir or str(settings.text("DFS_TMP", "/tmp/mlflow"))
    place = f"{root.rstrip('/')}/{uuid4()}"
    path = jvm.org.apache.hadoop.fs.Path
    files = path(place).getFileSystem(context._jsc.hadoopConfiguration())
    files.mkdirs(path(root))
    try:
        yield str(files.makeQualified(path(place))), files, path
    finally:
        if not stays:
            files.delete(path(place), True)


def _connect(what: str) -> str:
    return (
        f"Models of Spark Connect cannot be saved or loaded ({what}): start a classic session, with "
        "SparkSession.builder.master(...), and use pyspark.ml"
    )
