"""Records of artifact transfers in parts and by presigned URLs, as artifact repositories of others exchange them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class MultipartUploadPart:
    """One part that was uploaded."""

    part_number: int
    etag: str | None
    url: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """This part as a dictionary."""
        return asdict(self)


@dataclass
class MultipartUploadCredential:
    """Where one part is uploaded to."""

    url: str
    part_number: int
    headers: dict[str, Any]

    @classmethod
    def from_dict(cls, dict_: dict[str, Any]) -> MultipartUploadCredential:
        """The credential that such a dictionary tells of."""
        return cls(dict_["url"], int(dict_["part_number"]), dict_.get("headers", {}))


@dataclass
class CreateMultipartUploadResponse:
    """An upload in parts that was opened."""

    upload_id: str | None
    credentials: list[MultipartUploadCredential]

    @classmethod
    def from_dict(cls, dict_: dict[str, Any]) -> CreateMultipartUploadResponse:
        """The response that such a dictionary tells of."""
        return cls(dict_.get("upload_id"), [MultipartUploadCredential.from_dict(each) for each in dict_["credentials"]])


@dataclass
class PresignedDownloadUrlResponse:
    """Where a file can be downloaded without further credentials."""

    url: str
    headers: dict[str, str]
    file_size: int | None = None

    @classmethod
    def from_dict(cls, dict_: dict[str, Any]) -> PresignedDownloadUrlResponse:
        """The response that such a dictionary tells of."""
        return cls(dict_["url"], dict_.get("headers", {}), dict_.get("file_size"))

    def to_dict(self) -> dict[str, Any]:
        """This response as a dictionary; a size that is not known is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass
class CreatePresignedUploadResponse:
    """Where a file can be uploaded without further credentials."""

    presigned_url: str
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> CreatePresignedUploadResponse:
        """The response that such a dictionary tells of."""
        return cls(d["presigned_url"], d.get("headers", {}))

    def to_dict(self) -> dict[str, Any]:
        """This response as a dictionary."""
        return asdict(self)
