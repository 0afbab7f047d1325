"""A dataset of the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from headrace.data.dataset_source import DatasetSource
from headrace.tracking.extras import need

if TYPE_CHECKING:
    import datasets

#: One file, several, or files by the name of their split.
DataFiles = str | Sequence[str] | Mapping[str, str | Sequence[str]]


class HuggingFaceDatasetSource(DatasetSource):
    """What ``datasets.load_dataset`` is asked for."""

    def __init__(
        self,
        path: str,
        config_name: str | None = None,
        data_dir: str | None = None,
        data_files: DataFiles | None = None,
        split: str | datasets.Split | None = None,
        revision: str | datasets.Version | None = None,
        trust_remote_code: bool | None = None,
    ) -> None:
        self.path, self.config_name = path, config_name
        self.data_dir, self.data_files = data_dir, data_files
        self.split, self.revision = split, revision
        self.trust_remote_code = trust_remote_code

    @staticmethod
    def _get_source_type() -> str:
        return "hugging_face"

    def load(self, **kwargs: Any) -> Any:
        """The dataset; ``kwargs`` go to ``datasets.load_dataset`` and win over what was noted."""
        library = need("datasets", "A dataset of the Hugging Face Hub")
        # Newer versions of the library do not know the word any more, older ones need it.
        trusted = {} if self.trust_remote_code is None else {"trust_remote_code": self.trust_remote_code}
        noted = {
            "path": self.path,
            "name": self.config_name,
            "data_dir": self.data_dir,
            "data_files": self.data_files,
            "split": None if self.split in (None, "None") else self.split,
            "revision": self.revision,
        }
        return library.load_dataset(**{**noted, **trusted, **kwargs})

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> NoReturn:
        raise NotImplementedError(
            "Text does not say that it names a Hugging Face dataset; give from_huggingface a path"
        )

    def to_dict(self) -> dict[Any, Any]:
        """Path, config, files, split and revision. No split is the text ``None``, as in MLflow."""
        return {
            "path": self.path,
            "config_name": self.config_name,
            "data_dir": self.data_dir,
            "data_files": self.data_files,
            "split": str(self.split),
            "revision": None if self.revision is None else str(self.revision),
        }

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> HuggingFaceDatasetSource:
        """The inverse of ``to_dict``. Raises ``BadRequest`` without ``path``."""
        split = source_dict.get("split")
        return cls(
            path=cls._needed(source_dict, "path"),
            config_name=source_dict.get("config_name"),
            data_dir=source_dict.get("data_dir"),
            data_files=source_dict.get("data_files"),
            split=None if split == "None" else split,
            revision=source_dict.get("revision"),
        )
