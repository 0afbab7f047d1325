"""A table of any library that speaks Arrow, or that narwhals reads."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from headrace.base.errors import BadRequest
from headrace.data.content import content_digest
from headrace.data.dataset import Dataset
from headrace.data.dataset_source import DatasetSource
from headrace.data.tables import FrameDataset, source_or_program
from headrace.models.inference import infer_schema
from headrace.models.types import Schema
from headrace.tracking.extras import need

#: Rows that a schema is read off.
_SAMPLE = 10_000


class DataFrameDataset(FrameDataset):
    """A table of a library that MLflow does not know; its digest is that of its whole content.

    A table that is only planned, as those of DuckDB or Dask or a lazy frame of polars, is computed for that.
    """

    def __init__(
        self,
        df: Any,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        narwhals = need("narwhals", "A table of any library", "headrace[data]")
        try:
            self._narwhal = narwhals.from_native(df)
        except TypeError:
            raise BadRequest(
                f"A {type(df).__name__} is no table that narwhals reads; turn it into an Arrow table"
            ) from None
        super().__init__(df, source, targets, name, digest, predictions)

    def _columns(self) -> list[str]:
        return self._narwhal.collect_schema().names()  # type: ignore[no-any-return]  # narwhals is not imported to check

    def _compute_digest(self) -> str:
        return content_digest(self._df)

    def _compute_content_digest(self) -> str | None:
        return self._compute_digest()

    def _eager(self) -> Any:
        return self._narwhal.collect() if hasattr(self._narwhal, "collect") else self._narwhal

    def _frame(self) -> Any:
        return self._eager().to_pandas()

    @cached_property
    def profile(self) -> Any | None:
        """How many rows and how many cells there are."""
        import narwhals

        if hasattr(self._narwhal, "collect"):
            rows = int(self._narwhal.select(narwhals.len()).collect().item())
        else:
            rows = len(self._narwhal)
        return {"num_rows": rows, "num_elements": rows * len(self._narwhal.collect_schema())}

    def _infer_schema(self) -> Schema | None:
        head = self._narwhal.head(_SAMPLE)
        table = (head.collect() if hasattr(head, "collect") else head).to_arrow()
        return infer_schema(table) if table.num_columns else None


def from_dataframe(
    df: Any,
    source: str | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> Dataset:
    """A dataset of a table of any library that narwhals reads: an Arrow table, a relation of DuckDB, Modin, Dask, …

    A frame of pandas, polars or Spark is what ``from_pandas``, ``from_polars`` and ``from_spark`` make of it.
    """
    library, kind = type(df).__module__.partition(".")[0], type(df).__name__
    if library == "pandas":
        from headrace.data.pandas_dataset import PandasDataset

        return PandasDataset(df, source_or_program(source), targets, name, digest, predictions)
    if library == "polars" and kind == "DataFrame":
        from headrace.data.polars_dataset import PolarsDataset

        return PolarsDataset(df, source_or_program(source), targets, name, digest, predictions)
    if library == "pyspark":
        from headrace.data.spark_dataset import SparkDataset

        return SparkDataset(df, source_or_program(source), targets, name, digest, predictions)
    return DataFrameDataset(df, source_or_program(source), targets, name, digest, predictions)
