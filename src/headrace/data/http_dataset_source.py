"""A file on the web."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from headrace.data.dataset_source import DatasetSource


class HTTPDatasetSource(DatasetSource):
    """A file at an ``http:`` or ``https:`` URL."""

    def __init__(self, url: Any) -> None:
        self._url = url

    @property
    def url(self) -> Any:
        """The URL."""
        return self._url

    @staticmethod
    def _get_source_type() -> str:
        return "http"

    def load(self, dst_path: Any = None) -> str:
        """A local path of the downloaded file, in ``dst_path`` or else in a fresh temporary folder."""
        from headrace.tracking.artifacts import download_artifacts

        return download_artifacts(self._url, dst_path=dst_path)

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, str) and urlsplit(raw_source).scheme in ("http", "https")

    @classmethod
    def _resolve(cls, raw_source: Any) -> HTTPDatasetSource:
        return cls(raw_source)

    def to_dict(self) -> dict[Any, Any]:
        """``{"url": …}``."""
        return {"url": self._url}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> HTTPDatasetSource:
        """The inverse of ``to_dict``. Raises ``BadRequest`` without ``url``."""
        return cls(cls._needed(source_dict, "url"))
