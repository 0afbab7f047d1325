"""Data in a pandas frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.data.content import content_digest
from headrace.data.dataset_source import DatasetSource
from headrace.data.digest_utils import compute_pandas_digest
from headrace.data.tables import FrameDataset, source_or_program

if TYPE_CHECKING:
    import pandas


class PandasDataset(FrameDataset):
    """A pandas frame and where it came from."""

    def _compute_digest(self) -> str:
        return compute_pandas_digest(self._df)

    def _compute_content_digest(self) -> str | None:
        return content_digest(self._df)

    def _frame(self) -> Any:
        return self._df

    @property
    def profile(self) -> Any | None:
        """How many rows and how many cells there are."""
        return {"num_rows": len(self._df), "num_elements": int(self._df.size)}


def from_pandas(
    df: pandas.DataFrame,
    source: str | DatasetSource | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """A dataset of a pandas frame, which came from ``source``: a path, a URL, or this program if it is not given."""
    return PandasDataset(df, source_or_program(source), targets, name, digest, predictions)
