"""Files at a URI."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from headrace.data.dataset_source import DatasetSource


class FileSystemDatasetSource(DatasetSource):
    """A file or folder at a URI; to load it is to bring it to this machine."""

    @property
    @abstractmethod
    def uri(self) -> Any:
        """Where the files are."""

    @abstractmethod
    def load(self, dst_path: Any = None) -> str:
        """A local path of the files, which are copied below ``dst_path`` if they must be copied."""

    @abstractmethod
    def to_dict(self) -> dict[Any, Any]:
        """``{"uri": …}``."""

    @classmethod
    @abstractmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> FileSystemDatasetSource:
        """The inverse of ``to_dict``."""
