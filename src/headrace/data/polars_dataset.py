"""Data in a polars frame."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

from headrace.data.content import content_digest
from headrace.data.dataset_source import DatasetSource
from headrace.data.tables import FrameDataset, source_or_program
from headrace.models.types import AnyType, Array, ColSpec, DataType, Object, Property, Schema

if TYPE_CHECKING:
    import polars

#: Names of polars' types, and what a schema calls them. Some hold more than their namesake there.
_TYPES = {
    **dict.fromkeys(("Int8", "Int16", "Int32", "UInt8", "UInt16"), DataType.integer),
    **dict.fromkeys(("Int64", "UInt32"), DataType.long),
    "Float32": DataType.float,
    "Float64": DataType.double,
    "Boolean": DataType.boolean,
    **dict.fromkeys(("String", "Categorical", "Enum"), DataType.string),
    "Binary": DataType.binary,
    **dict.fromkeys(("Date", "Datetime"), DataType.datetime),
}


def hash_polars_df(df: polars.DataFrame) -> str:
    """The digest that MLflow has for a polars frame: the sum of polars' hashes of its rows, in decimal digits.

    It is the same for any order of the rows, and of numbers of any type.
    """
    return str(df.hash_rows().sum())


def infer_schema(df: polars.DataFrame) -> Schema:
    """The schema of a polars frame."""
    return Schema([infer_colspec(column) for column in df.iter_columns()])


def infer_colspec(col: polars.Series, *, allow_unknown: bool = True) -> ColSpec:
    """The type of a column, required when it has any value. What fits no type is ``any`` if that is allowed."""
    kind = infer_dtype(col.dtype, col.name, allow_unknown=allow_unknown)
    known = AnyType() if isinstance(kind, str) else kind
    return ColSpec(type=known, name=col.name, required=len(col) > 0)


def infer_dtype(dtype: Any, col_name: str, *, allow_unknown: bool) -> DataType | Array | Object | str:
    """The type that a schema has for one of polars'.

    For one that it has none for, polars' own name, or a ``ValueError`` unless ``allow_unknown``.
    """
    name = dtype.base_type().__name__
    if name in _TYPES:
        return _TYPES[name]
    if name in ("List", "Array"):
        return Array(_inner(dtype.inner, col_name, allow_unknown))
    if name == "Struct":
        return Object([Property(each.name, _inner(each.dtype, col_name, allow_unknown)) for each in dtype.fields])
    if not allow_unknown:
        raise ValueError(f"The column {col_name!r} is of the type {dtype}, for which schemas have none")
    return str(dtype)


def _inner(dtype: Any, col_name: str, allow_unknown: bool) -> Any:
    kind = infer_dtype(dtype, col_name, allow_unknown=allow_unknown)
    return AnyType() if isinstance(kind, str) else kind


class PolarsDataset(FrameDataset):
    """A polars frame and where it came from."""

    class PolarsDatasetConfig(TypedDict):
        """What records have of a polars frame."""

        name: str
        digest: str
        source: str
        source_type: str
        schema: str
        profile: str

    class PolarsDatasetProfile(TypedDict):
        """Figures about a polars frame."""

        num_rows: int
        num_elements: int

    def _compute_digest(self) -> str:
        return hash_polars_df(self._df)

    def _compute_content_digest(self) -> str | None:
        return content_digest(self._df)

    def _frame(self) -> Any:
        return self._df.to_pandas()

    @property
    def profile(self) -> PolarsDatasetProfile:
        """How many rows and how many cells there are."""
        return {"num_rows": self._df.height, "num_elements": self._df.height * self._df.width}

    @cached_property
    def schema(self) -> Schema | None:
        """The columns and their types; None for a frame without any."""
        return infer_schema(self._df) if self._df.width else None

    def to_dict(self) -> PolarsDatasetConfig:  # type: ignore[override]
        """Name, digest, source and its type, schema and profile. No schema is the JSON ``null``, as in MLflow."""
        said = self._with_shape(self._schema_dict())
        said["schema"] = said["schema"] or json.dumps(None)
        return said  # type: ignore[return-value]


def from_polars(
    df: polars.DataFrame,
    source: str | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """A dataset of a polars frame, which came from ``source``: a path, a URL, or this program if it is not given."""
    return PolarsDataset(df, source_or_program(source), targets, name, digest, predictions)
