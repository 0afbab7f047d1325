"""The bytes of artifacts, in and out, a piece at a time: nothing here holds a whole file."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import quote

from headrace.base.errors import BadRequest, NotFound, TooLarge, Unreachable
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import ArtifactsFound, FileInfo
from headrace.schema.call import Edit, Read
from headrace.server.crew import Crew
from headrace.server.http import FILE_HEADERS, Answer, Disconnected, Header, Question
from headrace.server.places import Place, Places
from headrace.server.routing import ROOTS, ByteRoute
from headrace.stores.port import Store
from headrace.wire import codec

T = TypeVar("T")

#: Transfers at the same time, at most.
TRANSFERS = 64
#: Bytes that upload-artifact takes.
UPLOAD_BYTES = 10 << 20

_GET = ("GET", "HEAD")
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")
#: Types a browser may be told; all others are plain text or mere bytes, so that no upload is ever a page or a script.
_SHOWN = frozenset(("application/json", "application/pdf", "text/csv", "text/plain"))
_TEXT = frozenset(
    ("application/javascript", "application/xml", "application/x-yaml", "application/yaml", "image/svg+xml")
)
_UNSAFE = re.compile(r"[^A-Za-z0-9._ +=@~,()\[\]-]")


class Transfers:
    """Answers the routes of artifact bytes."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places
        self._crew = Crew(TRANSFERS, "headrace-bytes")
        self._uploads = 0

    def routes(self) -> list[ByteRoute]:
        """All routes of bytes, each with what it needs."""
        routes = [
            ByteRoute(_GET, "/get-artifact", Read.run("run_id"), self.of_run),
            ByteRoute(_GET, "/model-versions/get-artifact", Read.registered_model("name"), self.of_version),
        ]
        for root in ROOTS:
            proxied = f"{root}/2.0/mlflow-artifacts/artifacts"
            routes += [
                ByteRoute(("GET",), proxied, Read.workspace(), self.list_folder),
                ByteRoute(_GET, f"{proxied}/*", Read.workspace(), self.download),
                ByteRoute(("PUT",), f"{proxied}/*", Edit.workspace(), self.upload),
                ByteRoute(("DELETE",), f"{proxied}/*", Edit.workspace(), self.delete),
                ByteRoute(("POST",), f"{root}/2.0/mlflow/upload-artifact", Edit.run("run_id"), self.upload_to_run),
                ByteRoute(
                    _GET,
                    f"{root}/2.0/mlflow/logged-models/*/artifacts/files",
                    Read.logged_model("model_id"),
                    self.of_logged_model,
                ),
            ]
        return routes

    def stop(self) -> None:
        """Nothing here goes on for ever."""

    async def close(self) -> None:
        """Finish the transfers that are under way."""
        await self._crew.close()

    async def of_run(self, question: Question, answer: Answer, rest: str) -> None:
        """One artifact of a run."""
        run_id, path = question.one("run_id", "run_uuid"), question.one("path")
        ArtifactKey.parse(path)
        await self.send(question, answer, path, lambda: self._places.of_run(run_id)[1])

    async def of_version(self, question: Question, answer: Answer, rest: str) -> None:
        """One artifact of a version of a registered model."""
        name, version, path = question.one("name"), question.one("version"), question.one("path")
        ArtifactKey.parse(path)
        await self.send(question, answer, path, lambda: self._places.of_version(name, version))

    async def of_logged_model(self, question: Question, answer: Answer, rest: str) -> None:
        """One artifact of a logged model."""
        path = question.one("artifact_file_path")
        ArtifactKey.parse(path)
        await self.send(question, answer, path, lambda: self._places.of_logged_model(rest)[1])

    async def download(self, question: Question, answer: Answer, rest: str) -> None:
        """One artifact that was sent through this server."""
        ArtifactKey.parse(rest)
        await self.send(question, answer, rest, lambda: self._places.proxied)

    async def list_folder(self, question: Question, answer: Answer, rest: str) -> None:
        """The files and folders in one folder, by their bare names."""
        said = dict(question.pairs())
        path = ArtifactKey.parse(said.get("path", ""), folder=True)
        found = await self.run(lambda: self._places.proxied.list(path))
        files = [FileInfo(info.path.rpartition("/")[2], info.is_dir, info.file_size) for info in found]
        await answer.json(codec.encode(ArtifactsFound(root_uri="", files=files)))

    async def upload(self, question: Question, answer: Answer, rest: str) -> None:
        """Store what the body brings, as it arrives."""
        key = ArtifactKey.parse(rest)
        await self.store_body(question, lambda: self._places.proxied, key, None)
        await answer.whole(b"", FILE_HEADERS)

    async def delete(self, question: Question, answer: Answer, rest: str) -> None:
        """Remove a file or a folder; the root stays."""
        key = ArtifactKey.parse(rest)
        await self.run(lambda: self._places.proxied.store.delete(key))
        await answer.json(b"{}")

    async def upload_to_run(self, question: Question, answer: Answer, rest: str) -> None:
        """Store a small body as an artifact of a run."""
        run_id, path = question.one("run_uuid", "run_id"), question.one("path")
        key = ArtifactKey.parse(path)
        await self.store_body(question, lambda: self._places.of_run(run_id)[1], key, UPLOAD_BYTES)
        await answer.json(b"{}")

    async def send(self, question: Question, answer: Answer, path: str, place: Callable[[], Place]) -> None:
        """Answer with the artifact ``path`` of a place, or the range of it that was asked for."""

        def look() -> tuple[Place, FileInfo]:
            found = place()
            key = found.key(path)
            try:
                return found, found.store.stat(key)
            except BadRequest as error:
                # The key is in order, so what stands there is no file: a link, a pipe, or something below a file.
                raise NotFound(error.message) from None

        where, info = await self.run(look)
        if info.is_dir or info.file_size is None:
            raise BadRequest(f"The artifact {path!r} is a folder; name a file in it")
        status, start, end = _range(question.headers.get(b"range"), info.file_size)
        headers: tuple[Header, ...] = (
            *FILE_HEADERS,
            (b"content-type", _kind(path).encode()),
            (b"content-disposition", _disposition(path)),
            (b"accept-ranges", b"bytes"),
        )
        if status != 200:
            span = f"{start}-{end - 1}" if status == 206 else "*"
            headers = (*headers, (b"content-range", f"bytes {span}/{info.file_size}".encode()))
        if status == 416 or question.verb == "HEAD":
            await answer.start(status, (*headers, (b"content-length", str(end - start).encode())))
            await answer.piece(b"", last=True)
            return
        pieces = await self.run(lambda: where.store.read(where.key(path), start))
        await answer.start(status, (*headers, (b"content-length", str(end - start).encode())))
        left = end - start
        while left > 0:
            piece = await self.run(lambda: next(pieces, b""))
            if not piece:
                # The file became shorter while it was read. The caller must see that it has not got all of it.
                raise Disconnected
            await answer.piece(piece[:left])
            left -= len(piece)
        await answer.piece(b"", last=True)

    async def store_body(
        self,
        question: Question,
        place: Callable[[], Place],
        key: ArtifactKey,
        limit: int | None,
        watch: Callable[[bytes], object] = len,
    ) -> None:
        """Store the body as ``key`` of a place, as it arrives; ``watch`` sees every piece of it."""
        question.refuse_compressed()
        if limit is not None and question.announced() > limit:
            raise TooLarge(f"The body has {question.announced()} bytes; {limit} are allowed here")
        if self._uploads >= TRANSFERS // 2:
            raise Unreachable("The server is taking as many uploads as it can; try again")
        self._uploads += 1
        try:
            loop = asyncio.get_running_loop()

            def pieces() -> Iterator[bytes]:
                size = 0
                while piece := asyncio.run_coroutine_threadsafe(question.next_piece(), loop).result():
                    size += len(piece)
                    if limit is not None and size > limit:
                        raise TooLarge(f"The body has more than the {limit} bytes that are allowed here")
                    watch(piece)
                    yield piece

            def write() -> None:
                where = place()
                where.store.write(where.key(key), pieces())

            await self.run(write)
        finally:
            self._uploads -= 1

    async def run(self, job: Callable[[], T]) -> T:
        """Do what may wait for a disk in a thread of its own."""
        return await self._crew.do(job)


def _range(header: bytes | None, size: int) -> tuple[int, int, int]:
    """The status, first byte and end of what a Range header asks of ``size`` bytes. Several ranges are not served."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if not found or found.groups() == (b"", b""):
        return 200, 0, size
    first, last = found.groups()
    if not first:
        count = min(int(last), size)
        return (206, size - count, size) if count else (416, 0, 0)
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return 200, 0, size
    return (206, start, end) if start < size else (416, 0, 0)


def _kind(path: str) -> str:
    kind, packed = mimetypes.guess_type(path)
    if packed or kind is None:
        return "application/octet-stream"
    if kind in _SHOWN and not kind.startswith("text/"):
        return kind
    if kind.startswith("text/") or kind in _TEXT or kind.endswith(("+xml", "+json")):
        return f"{kind if kind in _SHOWN else 'text/plain'}; charset=utf-8"
    return kind if kind.startswith(("image/", "audio/", "video/")) else "application/octet-stream"


def _disposition(path: str) -> bytes:
    """Says that the answer is a file to save, and its name: in ASCII for all, and in full by RFC 5987."""
    name = path.rpartition("/")[2]
    plain = _UNSAFE.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode("ascii")
