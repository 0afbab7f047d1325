"""Artifacts by URI: the functions of ``headrace.artifacts``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest
from headrace.schema.artifacts import FileInfo
from headrace.tracking import files
from headrace.tracking.client import MlflowClient
from headrace.tracking.extras import need
from headrace.tracking.locations import Place, of_run, place_of


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """A local path with the files of a URI, or of a run.

    What is on this machine already is not copied unless ``dst_path`` asks for it. Without ``dst_path`` the copy is in a
    fresh temporary folder, which is the caller's to remove.
    """
    place = _named(artifact_uri, run_id, artifact_path, tracking_uri, registry_uri)
    return files.download(place.root, place.key, dst_path, place.tracking_uri)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """What is directly in the folder of a URI, or of a run's artifacts."""
    place = _named(artifact_uri, run_id, artifact_path, tracking_uri, None)
    return files.listing(place.root, place.key, place.tracking_uri)


def get_artifact_uri(run_id: str, artifact_path: str | None = None, tracking_uri: str | None = None) -> str:
    """Where a run's artifacts are, or one of them."""
    return files.joined(MlflowClient(tracking_uri).artifact_location(run_id), artifact_path)


def _download_artifact_from_uri(artifact_uri: str, output_path: str | None = None, **_: Any) -> str:
    """What flavors outside of this house call to fetch a model."""
    return download_artifacts(artifact_uri, dst_path=output_path)


def load_text(artifact_uri: str) -> str:
    """The text of a file."""
    raw = _bytes(artifact_uri)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(
            f"{artifact_uri!r} is not UTF-8 text; download it with download_artifacts and read it as what it is",
            error_code="BAD_REQUEST",
        ) from None


def load_dict(artifact_uri: str) -> Any:
    """What the JSON in a file says."""
    import json

    try:
        return json.loads(load_text(artifact_uri))
    except json.JSONDecodeError as error:
        raise BadRequest(f"{artifact_uri!r} is not JSON: {error}", error_code="BAD_REQUEST") from None


def load_image(artifact_uri: str) -> Any:
    """The picture in a file, as a PIL image."""
    import io

    pillow = need("PIL.Image", "A picture", "pillow")
    try:
        picture = pillow.open(io.BytesIO(_bytes(artifact_uri)))
        picture.load()
    except pillow.UnidentifiedImageError:
        raise BadRequest(f"{artifact_uri!r} is not a picture", error_code="BAD_REQUEST") from None
    return picture


def _named(
    artifact_uri: str | None,
    run_id: str | None,
    artifact_path: str | None,
    tracking_uri: str | None,
    registry_uri: str | None,
) -> Place:
    if (artifact_uri is None) == (run_id is None):
        raise BadRequest("Say whose artifacts: run_id or artifact_uri, one of them")
    client = MlflowClient(tracking_uri, registry_uri)
    if run_id is not None:
        return of_run(run_id, artifact_path, client)
    if artifact_path is not None:
        raise BadRequest("artifact_path goes with run_id; write the path into artifact_uri")
    return place_of(str(artifact_uri), client)


def _bytes(artifact_uri: str) -> bytes:
    place = _named(artifact_uri, None, None, None, None)
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        return Path(files.download(place.root, place.key, folder, place.tracking_uri)).read_bytes()
