"""A dataset of Hugging Face's library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.base.errors import BadRequest
from headrace.data.content import content_digest
from headrace.data.dataset_source import DatasetSource
from headrace.data.digest_utils import MAX_ROWS, compute_pandas_digest
from headrace.data.huggingface_dataset_source import DataFiles, HuggingFaceDatasetSource
from headrace.data.tables import TableDataset, source_or_program
from headrace.models.inference import infer_schema
from headrace.models.types import Schema
from headrace.tracking.extras import need

if TYPE_CHECKING:
    import datasets


class HuggingFaceDataset(TableDataset):
    """A ``datasets.Dataset``: one table, which is one split."""

    def __init__(
        self,
        ds: datasets.Dataset,
        source: HuggingFaceDatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        self._ds, self._targets = ds, targets
        self._must_have(ds.column_names)
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        return compute_pandas_digest(self._head())

    def _compute_content_digest(self) -> str | None:
        return content_digest(self._ds)

    def _head(self) -> Any:
        """The rows that MLflow looks at, as a pandas frame."""
        return next(self._ds.with_format("pandas").iter(MAX_ROWS), None) if len(self._ds) else self._ds.to_pandas()

    def _frame(self) -> Any:
        return self._ds.to_pandas()

    def _infer_schema(self) -> Schema | None:
        head = self._head()
        return infer_schema(head) if len(head.columns) else None

    @property
    def ds(self) -> datasets.Dataset:
        """The dataset of Hugging Face's library."""
        return self._ds

    @property
    def source(self) -> HuggingFaceDatasetSource:
        """Where the data came from."""
        return self._source  # type: ignore[return-value]

    @property
    def profile(self) -> Any | None:
        """How many rows there are, and how many bytes, as far as the library knows."""
        return {
            "num_rows": self._ds.num_rows,
            "dataset_size": self._ds.dataset_size,
            "size_in_bytes": self._ds.size_in_bytes,
        }


def from_huggingface(
    ds: Any,
    path: str | None = None,
    targets: str | None = None,
    data_dir: str | None = None,
    data_files: DataFiles | None = None,
    revision: Any = None,
    name: str | None = None,
    digest: str | None = None,
    trust_remote_code: bool | None = None,
    source: str | DatasetSource | None = None,
) -> HuggingFaceDataset:
    """A dataset of one ``datasets.Dataset``, which came from ``source``, or from ``path`` on the Hugging Face Hub.

    The other arguments say what ``datasets.load_dataset`` was given, so that it can be loaded again.
    """
    if not isinstance(ds, need("datasets", "A Hugging Face dataset").Dataset):
        raise BadRequest(f"from_huggingface takes a datasets.Dataset, which is one split, not a {type(ds).__name__}")
    if source is None and path is not None:
        source = HuggingFaceDatasetSource(
            path=path,
            config_name=ds.config_name,
            data_dir=data_dir,
            data_files=data_files,
            split=ds.split,
            revision=revision,
            trust_remote_code=trust_remote_code,
        )
    return HuggingFaceDataset(ds, source_or_program(source), targets, name, digest)  # type: ignore[arg-type]
