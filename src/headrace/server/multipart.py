"""Large artifacts in parts, sent side by side, and signed addresses to fetch one from.

The parts of an upload wait below the root of all artifacts, in a folder that no listing shows, as files of their own;
so any server process can take any part, and what was sent once is kept when the sender starts again. They become one
artifact, whole or not at all, when the upload is completed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

from msgspec import Meta

from headrace.artifacts import open_store as open_artifacts
from headrace.artifacts.port import ArtifactStore
from headrace.base import settings
from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.base.paths import ArtifactKey
from headrace.schema.call import Anyone, Edit, Read, Record
from headrace.server.http import FILE_HEADERS, Answer, Question
from headrace.server.options import ServerOptions
from headrace.server.places import Place, Places
from headrace.server.routing import ROOTS, ByteRoute
from headrace.server.signing import SIGNED, UPLOAD_SECONDS, Signer
from headrace.server.transfers import Transfers
from headrace.wire import codec

#: Parts of one upload, at most, as in S3.
PARTS = 10_000
#: Bytes of a request that names all parts.
_BODY = 8 << 20
#: The folder of all parts, by a name that no listing shows and no key may have.
_FOLDER = ".headrace-0000000000000000.part"

_UploadId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]


class CreateUpload(Record, frozen=True, kw_only=True):
    """What asks for an upload in parts."""

    path: str
    num_parts: Annotated[int, Meta(ge=1, le=PARTS)] = 1


class PartAddress(Record, frozen=True, kw_only=True, omit_defaults=False):
    """Where one part is to be PUT; the answer's ETag is wanted when the upload is completed."""

    url: str
    part_number: int
    headers: dict[str, str] = {}


class UploadCreated(Record, frozen=True, kw_only=True):
    """An upload that waits for its parts."""

    upload_id: str
    credentials: list[PartAddress]


class Part(Record, frozen=True, kw_only=True):
    """One part that was sent, and the ETag it was answered with."""

    part_number: Annotated[int, Meta(ge=1, le=PARTS)]
    etag: Annotated[str, Meta(max_length=200)]
    url: str | None = None


class CompleteUpload(Record, frozen=True, kw_only=True):
    """What makes one artifact of all parts."""

    path: str
    upload_id: _UploadId
    parts: Annotated[list[Part], Meta(min_length=1, max_length=PARTS)]


class AbortUpload(Record, frozen=True, kw_only=True):
    """What gives an upload up."""

    path: str
    upload_id: _UploadId


class SignedDownload(Record, frozen=True, kw_only=True, omit_defaults=False):
    """Where to fetch one artifact from, by ranges if need be, and its size in bytes."""

    url: str
    headers: dict[str, str] = {}
    file_size: int | None = None


class Multipart:
    """Answers the routes of uploads in parts and of signed addresses."""

    def __init__(self, transfers: Transfers, places: Places, options: ServerOptions, signer: Signer) -> None:
        self._transfers = transfers
        self._places = places
        self._options = options
        self._signer = signer

    def routes(self) -> list[ByteRoute]:
        """All routes, each with what it needs; a signed address is leave enough."""
        routes = [ByteRoute(("GET", "HEAD"), f"{SIGNED}/*", Anyone, self.fetch)]
        routes.append(ByteRoute(("PUT",), f"{SIGNED}/*", Anyone, self.take))
        for root in ROOTS:
            base = f"{root}/2.0/mlflow-artifacts"
            routes += [
                ByteRoute(("POST",), f"{base}/mpu/create/*", Edit.workspace(), self.create),
                ByteRoute(("POST",), f"{base}/mpu/complete/*", Edit.workspace(), self.complete),
                ByteRoute(("POST",), f"{base}/mpu/abort/*", Edit.workspace(), self.abort),
                ByteRoute(("GET",), f"{base}/presigned/*", Read.workspace(), self.presign),
            ]
        return routes

    async def create(self, question: Question, answer: Answer, rest: str) -> None:
        """Open an upload, and say where each part goes."""
        self._require(self._options.multipart_uploads, "uploads in parts", "ENABLE_PROXY_MULTIPART_UPLOAD")
        asked = codec.decode(await question.body(_BODY), CreateUpload)
        key = _key(rest, asked.path)
        upload = secrets.token_hex(8)

        def begin() -> None:
            # What could not be stored at the end is refused before the first byte of it is sent.
            with suppress(NotFound):
                if self._places.proxied.store.stat(key).is_dir:
                    raise BadRequest(f"The artifact {key!r} is a folder; give the file another name")
            self._parts().write(_target(upload), [key.encode()])

        await self._transfers.run(begin)
        base = self._base(question)
        addresses = [
            PartAddress(
                url=self._signer.address(base, "PUT", key, UPLOAD_SECONDS, upload=upload, part=str(part)),
                part_number=part,
            )
            for part in range(1, asked.num_parts + 1)
        ]
        await answer.json(codec.encode(UploadCreated(upload_id=upload, credentials=addresses)))

    async def take(self, question: Question, answer: Answer, rest: str) -> None:
        """Store what is PUT to a signed address: a part of an upload, or a whole artifact."""
        said = self._signer.check(question.verb, rest, question.pairs())
        digest = hashlib.md5(usedforsecurity=False)
        if "upload" not in said:
            await self._transfers.store_body(question, lambda: self._places.proxied, ArtifactKey.parse(rest), None)
            await answer.whole(b"", FILE_HEADERS)
            return
        upload = said["upload"]

        def place() -> Place:
            self._require_open(upload, rest)
            return Place(self._parts(), upload)

        await self._transfers.store_body(question, place, ArtifactKey(said["part"]), None, digest.update)
        await answer.whole(b"", (*FILE_HEADERS, (b"etag", f'"{digest.hexdigest()}"'.encode())))

    async def complete(self, question: Question, answer: Answer, rest: str) -> None:
        """Make one artifact of the parts."""
        self._require(self._options.multipart_uploads, "uploads in parts", "ENABLE_PROXY_MULTIPART_UPLOAD")
        asked = codec.decode(await question.body(_BODY), CompleteUpload)
        key = _key(rest, asked.path)
        numbers = [part.part_number for part in asked.parts]
        if numbers != sorted(set(numbers)):
            raise BadRequest("Invalid value for 'parts': each part is named once, in the order of the numbers")

        def join() -> None:
            self._require_open(asked.upload_id, key)
            self._places.proxied.store.write(key, _joined(self._parts(), asked))
            self._parts().delete(asked.upload_id)

        await self._transfers.run(join)
        await answer.json(b"{}")

    async def abort(self, question: Question, answer: Answer, rest: str) -> None:
        """Give an upload up, and forget its parts."""
        self._require(self._options.multipart_uploads, "uploads in parts", "ENABLE_PROXY_MULTIPART_UPLOAD")
        asked = codec.decode(await question.body(_BODY), AbortUpload)
        key = _key(rest, asked.path)

        def drop() -> None:
            self._require_open(asked.upload_id, key)
            self._parts().delete(asked.upload_id)

        await self._transfers.run(drop)
        await answer.json(b"{}")

    async def presign(self, question: Question, answer: Answer, rest: str) -> None:
        """Say where an artifact can be fetched from for a while, without any other leave."""
        key = ArtifactKey.parse(rest)
        self._require(self._options.multipart_downloads, "signed downloads", "ENABLE_PROXY_MULTIPART_DOWNLOAD")
        info = await self._transfers.run(lambda: self._places.proxied.store.stat(key))
        if info.is_dir:
            raise BadRequest(f"The artifact {rest!r} is a folder; name a file in it")
        seconds = settings.number("PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", 300)
        url = self._signer.address(self._base(question), "GET", key, seconds)
        await answer.json(codec.encode(SignedDownload(url=url, file_size=info.file_size)))

    async def fetch(self, question: Question, answer: Answer, rest: str) -> None:
        """One artifact, to whoever has its signed address."""
        self._signer.check(question.verb, rest, question.pairs())
        await self._transfers.send(question, answer, rest, lambda: self._places.proxied)

    def _base(self, question: Question) -> str:
        """The address of this server, as its callers know it."""
        host = question.headers[b"host"].decode("latin-1")
        return self._options.public_url or f"http://{host}{self._options.static_prefix}"

    def _parts(self) -> ArtifactStore:
        if not self._options.serve_artifacts:
            raise NotSupported("This server does not serve artifacts; it was started with --no-serve-artifacts")
        return open_artifacts(f"{self._options.artifacts_destination.rstrip('/')}/{_FOLDER}")

    def _require_open(self, upload: str, key: str) -> None:
        try:
            target = b"".join(self._parts().read(_target(upload))).decode()
        except NotFound:
            target = None
        if target != key:
            raise NotFound(f"No upload {upload} of {key!r} is open; it was completed, given up, or never begun")

    def _require(self, on: bool, what: str, setting: str) -> None:
        if not on:
            raise NotSupported(
                f"This server does not offer {what}; HEADRACE_{setting}=true on the server switches them on"
            )


def _key(folder: str, path: str) -> ArtifactKey:
    """The artifact of an upload: clients name its folder in the address, and the file as they call it in the body."""
    return ArtifactKey.parse(folder).child(re.split(r"[/\\]", path)[-1])


def _target(upload: str) -> str:
    """Where it is written down which artifact an upload is for."""
    return f"{upload}/target"


def _joined(store: ArtifactStore, asked: CompleteUpload) -> Iterator[bytes]:
    """The bytes of all parts. Raises ``BadRequest`` at one that is not what its sender was told it is."""
    for part in asked.parts:
        digest = hashlib.md5(usedforsecurity=False)
        try:
            for piece in store.read(f"{asked.upload_id}/{part.part_number}"):
                digest.update(piece)
                yield piece
        except NotFound:
            raise BadRequest(f"Part {part.part_number} was never sent") from None
        if part.etag.strip('"') != digest.hexdigest():
            raise BadRequest(f"Part {part.part_number} is not the one with the ETag {part.etag!r}; send it again")
