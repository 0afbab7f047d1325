"""A Delta table, at a version."""

from __future__ import annotations

from typing import Any, NoReturn

from headrace.base.errors import BadRequest
from headrace.data.dataset_source import DatasetSource
from headrace.data.spark_delta_utils import session


class DeltaDatasetSource(DatasetSource):
    """A Delta table by its path or its name, at a version if one is known."""

    def __init__(
        self,
        path: str | None = None,
        delta_table_name: str | None = None,
        delta_table_version: int | None = None,
        delta_table_id: str | None = None,
    ) -> None:
        if (path is None) == (delta_table_name is None):
            raise BadRequest("Say which Delta table: path or delta_table_name, one of them")
        self._path, self._name = path, delta_table_name
        self._version, self._id = delta_table_version, delta_table_id

    @property
    def path(self) -> str | None:
        """Where the table's files are."""
        return self._path

    @property
    def delta_table_name(self) -> str | None:
        """The name of the table."""
        return self._name

    @property
    def delta_table_version(self) -> int | None:
        """The version of the table."""
        return self._version

    @property
    def delta_table_id(self) -> str | None:
        """The id that Unity Catalog has for the table."""
        return self._id

    @staticmethod
    def _get_source_type() -> str:
        return "delta_table"

    def load(self, **kwargs: Any) -> Any:
        """The data frame at the noted version; ``kwargs`` are options of Spark's reader."""
        version = {} if self._version is None else {"versionAsOf": self._version}
        reader = session().read.format("delta").options(**version, **kwargs)
        return reader.load(self._path) if self._path is not None else reader.table(self._name)

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> NoReturn:
        raise NotImplementedError("Text does not say that it names a Delta table; build a DeltaDatasetSource")

    def to_dict(self) -> dict[Any, Any]:
        """What is known of path, name, version and id, and whether the name is one of Unity Catalog's."""
        said = {
            "path": self._path,
            "delta_table_name": self._name,
            "delta_table_version": self._version,
            "is_databricks_uc_table": _in_unity_catalog(self._name) or None,
            "delta_table_id": self._id,
        }
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> DeltaDatasetSource:
        """The inverse of ``to_dict``."""
        names = ("path", "delta_table_name", "delta_table_version", "delta_table_id")
        return cls(**{name: source_dict.get(name) for name in names})


def _in_unity_catalog(name: str | None) -> bool:
    """Whether a name has three parts, of which the first is no catalog of Spark's own."""
    parts = (name or "").split(".")
    return len(parts) == 3 and parts[0] not in ("hive_metastore", "spark_catalog", "global_temp")
