"""A data frame of Spark."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from headrace.base.errors import BadRequest
from headrace.data import spark_delta_utils as delta
from headrace.data.dataset_source import DatasetSource
from headrace.data.delta_dataset_source import DeltaDatasetSource
from headrace.data.digest_utils import get_normalized_md5_digest
from headrace.data.evaluation_dataset import EvaluationDataset
from headrace.data.pyfunc_dataset_mixin import PyFuncInputsOutputs
from headrace.data.spark_dataset_source import SparkDatasetSource
from headrace.data.tables import FrameDataset, source_or_program
from headrace.models.types import AnyType, Array, ColSpec, DataType, Map, Object, Property, Schema, SparkMLVector

if TYPE_CHECKING:
    import pyspark.sql

#: Names of Spark's types, and what a schema calls them.
_TYPES = {
    **dict.fromkeys(("byte", "tinyint", "short", "smallint", "integer", "int"), DataType.integer),
    **dict.fromkeys(("long", "bigint"), DataType.long),
    "float": DataType.float,
    "double": DataType.double,
    "boolean": DataType.boolean,
    **dict.fromkeys(("string", "char", "varchar"), DataType.string),
    "binary": DataType.binary,
    **dict.fromkeys(("date", "timestamp", "timestamp_ntz"), DataType.datetime),
}
#: Milliseconds to count for at most, and the confidence of a count that may be about right.
_COUNT = (5000, 0.20)


class SparkDataset(FrameDataset):
    """A data frame of Spark and where it came from. It has no digest of its whole content, which would be a job."""

    def _compute_digest(self) -> str:
        """MLflow's digest: of the plan of the frame, not of its rows."""
        return get_normalized_md5_digest([self._df.semanticHash().to_bytes(8, "little", signed=True)])

    def _frame(self) -> Any:
        return self._df.toPandas()

    @property
    def source(self) -> SparkDatasetSource | DeltaDatasetSource:
        """Where the data came from."""
        return self._source  # type: ignore[return-value]

    @cached_property
    def profile(self) -> Any | None:
        """About how many rows there are; None where Spark cannot count so, as from afar, or not in the time it has."""
        # Spark Connect has frames of another class, without RDDs.
        if "connect" in type(self._df).__module__:
            return None
        # As RDD.countApprox, which says 0 of what it had no time to count.
        found = self._df.rdd.mapPartitions(lambda rows: [float(sum(1 for _ in rows))]).sumApprox(*_COUNT)
        return {"approx_count": int(found)} if found.confidence else None

    @cached_property
    def schema(self) -> Schema | None:
        """The columns and their types; None for a frame without any."""
        fields = self._df.schema.fields
        return Schema([ColSpec(_type(field.dataType), field.name) for field in fields]) if fields else None

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """The columns that a model is given, and those it should answer with, as pandas frames."""
        return super().to_pyfunc()

    def to_evaluation_dataset(self, path: Any = None, feature_names: Any = None) -> EvaluationDataset:
        """The first 10,000 rows as evaluation takes them."""
        return EvaluationDataset(
            data=self._df.limit(EvaluationDataset.SPARK_DATAFRAME_LIMIT).toPandas(),
            targets=self._targets,
            predictions=self._predictions,
            name=self.name,
            path=path,
            feature_names=feature_names,
            digest=self.digest,
        )


def load_delta(
    path: str | None = None,
    table_name: str | None = None,
    version: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> SparkDataset:
    """A dataset of a Delta table, by its path or its name, at a version or else the newest one."""
    if (path is None) == (table_name is None):
        raise BadRequest("Say which Delta table: path or table_name, one of them")
    spark = delta.session()
    known = delta.delta_version(spark, table_name or delta.quoted(str(path)), version)
    source = DeltaDatasetSource(path=path, delta_table_name=table_name, delta_table_version=known)
    return SparkDataset(source.load(), source, targets, name, digest)


def from_spark(
    df: pyspark.sql.DataFrame,
    path: str | None = None,
    table_name: str | None = None,
    version: str | None = None,
    sql: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> SparkDataset:
    """A dataset of a Spark frame, which came from a path, a table or a query, or this program if none is given.

    ``version`` is that of the Delta table which is there.
    """
    if sum(each is not None for each in (path, table_name, sql)) > 1:
        raise BadRequest("Say where the frame came from: path, table_name or sql, one of them at most")
    if sql is not None and version is not None:
        raise BadRequest("A query has no version; version goes with path or table_name")
    source: DatasetSource
    if path is not None and delta.is_delta_path(path):
        known = delta.delta_version(df.sparkSession, delta.quoted(path), version)
        source = DeltaDatasetSource(path=path, delta_table_version=known)
    elif table_name is not None and delta.is_delta_table(df.sparkSession, table_name):
        known = delta.delta_version(df.sparkSession, table_name, version)
        source = DeltaDatasetSource(delta_table_name=table_name, delta_table_version=known)
    elif path is None and table_name is None and sql is None:
        source = source_or_program(None)
    elif version is not None:
        raise BadRequest(f"{path or table_name!r} is no Delta table, which alone has versions; leave version out")
    else:
        source = SparkDatasetSource(path=path, table_name=table_name, sql=sql)
    return SparkDataset(df, source, targets, name, digest, predictions)


def _type(kind: Any) -> Any:
    name = kind.typeName()
    if name in _TYPES:
        return _TYPES[name]
    if name == "array":
        return Array(_type(kind.elementType))
    if name == "map":
        return Map(_type(kind.valueType))
    if name == "struct" and kind.fields:
        return Object([Property(each.name, _type(each.dataType), not each.nullable) for each in kind.fields])
    return SparkMLVector() if type(kind).__name__ == "VectorUDT" else AnyType()
