"""What Spark reads: a path, a table or a query."""

from __future__ import annotations

from typing import Any, NoReturn

from headrace.base.errors import BadRequest
from headrace.data.dataset_source import DatasetSource
from headrace.data.spark_delta_utils import session


class SparkDatasetSource(DatasetSource):
    """A path, a table or a query for Spark; one of them."""

    def __init__(self, path: str | None = None, table_name: str | None = None, sql: str | None = None) -> None:
        if sum(each is not None for each in (path, table_name, sql)) != 1:
            raise BadRequest("Say where Spark reads: path, table_name or sql, one of them")
        self._path, self._table_name, self._sql = path, table_name, sql

    @staticmethod
    def _get_source_type() -> str:
        return "spark"

    def load(self, **kwargs: Any) -> Any:
        """The data frame; ``kwargs`` are options of Spark's reader."""
        spark = session()
        if self._sql is not None:
            return spark.sql(self._sql)
        reader = spark.read.options(**kwargs)
        return reader.load(self._path) if self._path is not None else reader.table(self._table_name)

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> NoReturn:
        raise NotImplementedError("Text does not say that Spark reads it; build a SparkDatasetSource")

    def to_dict(self) -> dict[Any, Any]:
        """The one of path, table and query that is known."""
        said = {"path": self._path, "table_name": self._table_name, "sql": self._sql}
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> SparkDatasetSource:
        """The inverse of ``to_dict``."""
        return cls(**{name: source_dict.get(name) for name in ("path", "table_name", "sql")})
