"""Lists of artifacts. Their bytes are not calls and have doors of their own."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from headrace.schema.call import Call, Edit, Read, Record, call
from headrace.schema.types import Int64, ModelId, PageToken, RunId

#: Checked by ``headrace.base.paths.ArtifactKey`` where it is used.
_Path = Annotated[str, Meta(max_length=5000, description="Path below the artifact root.")]


class FileInfo(Record, frozen=True, kw_only=False):
    """A file or folder below an artifact root. ``file_size`` is in bytes, and absent for folders."""

    path: str
    is_dir: bool
    file_size: Int64 | None = None


class ArtifactsFound(Record, frozen=True, kw_only=True):
    """The artifacts in one folder."""

    root_uri: str
    files: list[FileInfo] = []
    next_page_token: str | None = None


@call("GET", "artifacts/list", needs=Read.run("run_id"))
class ListArtifacts(Call[ArtifactsFound], frozen=True, kw_only=True):
    """The artifacts of a run in one folder."""

    run_id: RunId
    path: _Path = ""
    page_token: PageToken | None = None


@call("GET", "logged-models/{model_id}/artifacts/directories", needs=Read.logged_model("model_id"))
class ListLoggedModelArtifacts(Call[ArtifactsFound], frozen=True, kw_only=True):
    """The artifacts of a logged model in one folder."""

    model_id: ModelId
    artifact_directory_path: _Path = ""
    page_token: PageToken | None = None


#: Seconds a signed address may be good for.
_Seconds = Annotated[int, Meta(ge=1, le=7 * 24 * 3600, description="Seconds, a week at most.")]


class PresignedUpload(Record, frozen=True, kw_only=True):
    """Where to PUT one artifact, and the headers to send with it."""

    presigned_url: str
    headers: dict[str, str] = {}


class PresignedDownload(Record, frozen=True, kw_only=True):
    """Where to fetch one artifact from, and its size in bytes."""

    presigned_url: str
    headers: dict[str, str] = {}
    file_size: Int64 | None = None


@call("POST", "artifacts/presigned-upload-url", needs=Edit.workspace())
class CreatePresignedUploadUrl(Call[PresignedUpload], frozen=True, kw_only=True):
    """An address where one artifact of a run or a logged model may be PUT for a while. Give one of the two ids."""

    path: Annotated[_Path, Meta(min_length=1)]
    run_id: RunId | None = None
    model_id: ModelId | None = None
    expiration: _Seconds = 900


@call("POST", "artifacts/presigned-download-url", needs=Read.run("run_id"))
class CreatePresignedDownloadUrl(Call[PresignedDownload], frozen=True, kw_only=True):
    """An address where one artifact of a run may be fetched for a while."""

    run_id: RunId
    path: Annotated[_Path, Meta(min_length=1)]
    expiration: _Seconds | None = None
