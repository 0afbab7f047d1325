"""Files in a volume of Databricks' Unity Catalog."""

from __future__ import annotations

from typing import Any

from headrace.data.dataset_source import DatasetSource


class UCVolumeDatasetSource(DatasetSource):
    """A path in a volume, ``/Volumes/…``. It is a note of where data was: nothing here can load it."""

    def __init__(self, path: str) -> None:
        self.path = path

    @staticmethod
    def _get_source_type() -> str:
        return "uc_volume"

    def load(self) -> None:
        """None: the volume is Databricks'."""

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> UCVolumeDatasetSource:
        return cls(str(raw_source))

    def to_dict(self) -> dict[Any, Any]:
        """``{"path": …}``."""
        return {"path": self.path}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> UCVolumeDatasetSource:
        """The inverse of ``to_dict``. Raises ``BadRequest`` without ``path``."""
        return cls(cls._needed(source_dict, "path"))
