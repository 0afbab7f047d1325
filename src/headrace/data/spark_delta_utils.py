"""What Spark is asked beside data: its session, and whether something is a Delta table."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from headrace.base.errors import BadRequest
from headrace.tracking.extras import need


def session() -> Any:
    """The Spark session of this process, which is started when there is none."""
    return need("pyspark.sql", "A Spark data frame", "pyspark").SparkSession.builder.getOrCreate()


def delta_version(spark: Any, table: str, version: str | int | None) -> int | None:
    """The version of a Delta table: the one that is asked for, or else its newest. None when that cannot be told.

    ``table`` is a name or, as SQL has it, ``delta.`path```.
    """
    if version is not None:
        try:
            return int(version)
        except ValueError:
            raise BadRequest(f"The version of a Delta table is a whole number, not {version!r}") from None
    newest = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()
    return int(newest[0]["version"]) if newest else None


def is_delta_path(path: str) -> bool:
    """Whether the files of a Delta table are at a local path. Elsewhere it cannot be told without Delta's library."""
    parts = urlsplit(path)
    if parts.scheme not in ("", "file"):
        return False
    return (Path(unquote(parts.path) if parts.scheme else path) / "_delta_log").is_dir()


def is_delta_table(spark: Any, name: str) -> bool:
    """Whether a table of Spark's catalog is a Delta table."""
    if not spark.catalog.tableExists(name):
        return False
    said = {row["col_name"]: row["data_type"] for row in spark.sql(f"DESCRIBE TABLE EXTENDED {name}").collect()}
    return str(said.get("Provider", "")).lower() == "delta"


def quoted(path: str) -> str:
    """The Delta table at a path, as SQL has it."""
    return "delta.`" + path.replace("`", "``") + "`"
