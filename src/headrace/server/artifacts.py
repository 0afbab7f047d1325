"""Wrappers around a store: one answers the lists of artifacts, one keeps watch over locations that callers name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, TypeVar, cast

from headrace.artifacts.local import root_of
from headrace.base import settings
from headrace.base.errors import BadRequest, Forbidden, NotSupported
from headrace.base.paths import ArtifactKey, ArtifactUri
from headrace.schema import Call
from headrace.schema.artifacts import (
    ArtifactsFound,
    CreatePresignedDownloadUrl,
    CreatePresignedUploadUrl,
    ListArtifacts,
    ListLoggedModelArtifacts,
    PresignedDownload,
    PresignedUpload,
)
from headrace.schema.experiments import CreateExperiment
from headrace.schema.promptlab import CreatePromptlabRun
from headrace.schema.registry import CreateModelVersion
from headrace.schema.server_info import (
    GetServerInfo,
    GetUiTelemetry,
    PostUiTelemetry,
    ServerInfo,
    UiTelemetry,
    UiTelemetryTaken,
)
from headrace.server import promptlab
from headrace.server.imports import check_import
from headrace.server.options import ServerOptions
from headrace.server.places import Place, Places
from headrace.server.signing import Signer
from headrace.server.sources import check_source
from headrace.stores.port import PromptStore, Store, WouldWait
from headrace.stores.sql import SqlStore

R = TypeVar("R")

#: Schemes that mean something else than a place where an experiment could keep artifacts.
_NO_LOCATION = frozenset(("runs", "models", "data", "javascript", "ftp", "gopher", "dict", "jar"))


class ArtifactsStore:
    """A store that also answers what only the artifacts themselves and the server can say."""

    def __init__(self, store: Store, places: Places, options: ServerOptions, signer: Signer) -> None:
        self._store = store
        self._prompt = store if isinstance(store, SqlStore) else None
        self._places = places
        self._options = options
        self._signer = signer
        self._own: dict[type[Call[Any]], Callable[[Any], Any]] = {
            ListArtifacts: self._list_of_run,
            ListLoggedModelArtifacts: self._list_of_model,
            CreatePresignedUploadUrl: self._presign_upload,
            CreatePresignedDownloadUrl: self._presign_download,
            CreatePromptlabRun: lambda call: promptlab.create(store, places, call),
            GetUiTelemetry: lambda call: UiTelemetry(),
            PostUiTelemetry: lambda call: UiTelemetryTaken(),
            GetServerInfo: lambda call: ServerInfo(
                multipart_uploads_enabled=options.multipart_uploads,
                multipart_downloads_enabled=options.multipart_downloads,
            ),
        }

    def send(self, call: Call[R], /) -> R:
        """Answer ``call`` here or by the store behind."""
        own = self._own.get(type(call))
        return self._store.send(call) if own is None else cast(R, own(call))

    def attempt(self, call: Call[R], /) -> R:
        """Let the store behind answer at once, if it can."""
        if type(call) in self._own or self._prompt is None:
            raise WouldWait
        return self._prompt.attempt(call)

    def close(self) -> None:
        """Close the store behind."""
        self._store.close()

    def _list_of_run(self, call: ListArtifacts) -> ArtifactsFound:
        ArtifactKey.parse(call.path, folder=True)
        uri, place = self._places.of_run(call.run_id)
        return ArtifactsFound(root_uri=uri, files=place.list(call.path))

    def _list_of_model(self, call: ListLoggedModelArtifacts) -> ArtifactsFound:
        ArtifactKey.parse(call.artifact_directory_path, folder=True)
        uri, place = self._places.of_logged_model(call.model_id)
        return ArtifactsFound(root_uri=uri, files=place.list(call.artifact_directory_path))

    def _presign_upload(self, call: CreatePresignedUploadUrl) -> PresignedUpload:
        if bool(call.run_id) == bool(call.model_id):
            raise BadRequest("Give exactly one of 'run_id' and 'model_id'")
        ArtifactKey.parse(call.path)
        if call.run_id:
            _, place = self._places.of_run(call.run_id)
        else:
            _, place = self._places.of_logged_model(str(call.model_id))
        return PresignedUpload(presigned_url=self._signed("PUT", place.key(call.path), place, call.expiration))

    def _presign_download(self, call: CreatePresignedDownloadUrl) -> PresignedDownload:
        ArtifactKey.parse(call.path)
        _, place = self._places.of_run(call.run_id)
        seconds = call.expiration or settings.number("PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", 300)
        url = self._signed("GET", place.key(call.path), place, seconds)
        info = place.store.stat(place.key(call.path))
        if info.is_dir:
            raise BadRequest(f"The artifact {call.path!r} is a folder; name a file in it")
        return PresignedDownload(presigned_url=url, file_size=info.file_size)

    def _signed(self, verb: str, key: ArtifactKey, place: Place, seconds: int) -> str:
        if not place.is_proxied:
            raise NotSupported("Artifacts at this location have no signed addresses")
        if not self._options.public_url:
            raise BadRequest(
                "The artifacts lie behind this server, which signs addresses only when it knows its own: "
                "HEADRACE_PUBLIC_URL on the server says it. Transfer them through the server instead"
            )
        return self._signer.address(self._options.public_url, verb, key, seconds)


class GuardedStore:
    """A store whose callers may not point it at folders of the server's own machine.

    Local paths are refused unless they lie below a root the operator allowed or, as the source of a model version,
    in the artifacts of the run or logged model it comes from.
    """

    def __init__(self, store: PromptStore, allowed_roots: tuple[str, ...] = ()) -> None:
        self._store = store
        self._roots = tuple(PurePosixPath(root_of(root)) for root in allowed_roots)

    def send(self, call: Call[R], /) -> R:
        """Answer ``call`` by the store behind, if its locations may be used."""
        self._check(call)
        return self._store.send(call)

    def attempt(self, call: Call[R], /) -> R:
        """Let the store behind answer at once, if it can and the locations may be used."""
        self._check(call)
        return self._store.attempt(call)

    def close(self) -> None:
        """Close the store behind."""
        self._store.close()

    def _check(self, call: Call[Any]) -> None:
        if isinstance(call, CreateExperiment) and call.artifact_location:
            self._check_location(call.artifact_location)
        elif isinstance(call, CreateModelVersion):
            check_source(call, self._store, self._is_allowed)
        else:
            check_import(call, self._store, self._check_location, self._is_allowed)

    def _check_location(self, text: str) -> None:
        uri = ArtifactUri.parse(text)
        if _is_no_location(uri.scheme):
            raise BadRequest(
                f"Invalid value for 'artifact_location': artifacts cannot be kept at {uri.scheme}: locations"
            )
        if uri.is_local and not self._is_allowed(uri):
            raise Forbidden(
                "Invalid value for 'artifact_location': a folder of the server's machine may be used only below one "
                "that the operator named with --allowed-artifact-roots"
            )

    def _is_allowed(self, uri: ArtifactUri) -> bool:
        return (
            uri.is_local
            and uri.authority in ("", "localhost")
            and any(PurePosixPath(uri.path).is_relative_to(root) for root in self._roots)
        )


def _is_no_location(scheme: str) -> bool:
    # A single letter is a drive.
    return scheme in _NO_LOCATION or len(scheme) == 1
