"""Files wherever artifacts may be: one kind of source for each scheme of a URI."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, ClassVar, Self

from headrace.data.filesystem_dataset_source import FileSystemDatasetSource

#: Type of source, the schemes of its URIs, and the name of its class. Without a scheme, text is a local path.
_KINDS = [
    ("local", ("", "file"), "LocalArtifactDatasetSource"),
    ("s3", ("s3",), "S3ArtifactDatasetSource"),
    ("r2", ("r2",), "R2ArtifactDatasetSource"),
    ("b2", ("b2",), "B2ArtifactDatasetSource"),
    ("gs", ("gs",), "GCSArtifactDatasetSource"),
    ("wasbs", ("wasbs",), "AzureBlobArtifactDatasetSource"),
    ("ftp", ("ftp",), "FTPArtifactDatasetSource"),
    ("sftp", ("sftp",), "SFTPArtifactDatasetSource"),
    ("hdfs", ("hdfs",), "HdfsArtifactDatasetSource"),
    ("viewfs", ("viewfs",), "HdfsArtifactDatasetSource"),
    ("abfss", ("abfss",), "AzureDataLakeArtifactDatasetSource"),
]
#: One letter is a drive of Windows.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


class _Artifact(FileSystemDatasetSource):
    _type: ClassVar[str]
    _schemes: ClassVar[tuple[str, ...]]

    def __init__(self, uri: str) -> None:
        self._uri = uri

    @property
    def uri(self) -> str:
        """Where the files are."""
        return self._uri

    def load(self, dst_path: Any = None) -> str:
        """A local path of the files: their own when they are on this machine and no ``dst_path`` is given."""
        from headrace.tracking.artifacts import download_artifacts

        return download_artifacts(self._uri, dst_path=dst_path)

    def to_dict(self) -> dict[Any, Any]:
        """``{"uri": …}``."""
        return {"uri": self._uri}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        """The inverse of ``to_dict``. Raises ``BadRequest`` without ``uri``."""
        return cls(cls._needed(source_dict, "uri"))

    def __reduce__(self) -> tuple[Any, ...]:
        # Two classes have one name, as in MLflow.
        return _of, (self._type, self._uri)

    @classmethod
    def _get_source_type(cls) -> str:
        return cls._type

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        return isinstance(raw_source, str | Path) and _scheme(raw_source) in cls._schemes

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        return cls(str(raw_source))


def _made(kind: str, schemes: tuple[str, ...], name: str) -> type[_Artifact]:
    made = type(name, (_Artifact,), {"_type": kind, "_schemes": schemes, "__module__": __name__})
    made.__doc__ = "Files on this machine." if kind == "local" else f"Files at a URI of the scheme {kind}:."
    return made


#: All kinds, in the order in which they are asked.
KINDS = [_made(*each) for each in _KINDS]
#: The classes by their names; of two with one name the last, as in MLflow.
BY_NAME = {kind.__name__: kind for kind in KINDS}


def _of(kind: str, uri: str) -> _Artifact:
    return next(each for each in KINDS if each._type == kind)(uri)


def register_artifact_dataset_sources() -> None:
    """Make the registry ask all kinds of this file; it has them from the start."""
    from headrace.data.dataset_source_registry import get_registered_sources, register_dataset_source

    for kind in KINDS:
        if kind not in get_registered_sources():
            register_dataset_source(kind)


def __getattr__(name: str) -> Any:
    if name not in BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return BY_NAME[name]


def _scheme(raw_source: str | os.PathLike[str]) -> str:
    found = _SCHEME.match(str(raw_source))
    return found[1].lower() if found else ""
