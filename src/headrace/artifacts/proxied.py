"""Artifacts behind a tracking server: ``mlflow-artifacts:`` locations, streamed both ways."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import msgspec
import urllib3

from headrace.artifacts.port import CHUNK, key_of
from headrace.base import connection, settings
from headrace.base.errors import BY_CODE, BadRequest, HeadraceError, NotFound, NotSupported, Unreachable, from_code
from headrace.base.files import replacing, save
from headrace.base.paths import ArtifactKey, ArtifactUri
from headrace.schema.artifacts import FileInfo

_ROUTE = "/mlflow-artifacts/artifacts"
#: Seconds of the first pause between two attempts; each pause is twice the one before.
_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
#: Parts of one file under way at the same time.
_ABREAST = 8
#: Bytes from which a file is large.
_LARGE = 500 << 20


def open_store(uri: str, tracking_uri: str | None) -> ProxiedStore:
    """The store at an ``mlflow-artifacts:`` location, or at the URL of such a location on its server."""
    if uri.lower().startswith("http"):
        server, _, path = uri.partition(_ROUTE)
        server = connection.without_credentials(server)
        return ProxiedStore(server + _ROUTE, path.strip("/"), _headers(server, tracking_uri or ""))
    location = ArtifactUri.parse(uri)
    if not tracking_uri or not tracking_uri.lower().startswith(("http://", "https://")):
        raise BadRequest(
            f"{uri} lies behind a tracking server, but the tracking URI is {tracking_uri!r}; "
            "call set_tracking_uri with the http:// or https:// address of the server"
        )
    server = connection.without_credentials(tracking_uri).rstrip("/")
    if location.authority:
        server = server.replace(urlsplit(server).netloc, location.authority, 1)
    return ProxiedStore(f"{server}/api/2.0{_ROUTE}", location.path.strip("/"), _headers(server, tracking_uri))


def _headers(server: str, tracking_uri: str) -> dict[str, str]:
    # A location may name any server. Only the one the credentials are for gets to see them.
    ours, theirs = urlsplit(connection.without_credentials(tracking_uri)), urlsplit(server)
    same = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
    return connection.headers(tracking_uri) if same else {}


class ProxiedStore:
    """Files below ``root`` behind the artifact routes at the URL ``base``."""

    def __init__(self, base: str, root: str, headers: dict[str, str]) -> None:
        self._base = base
        self._root = ArtifactKey.parse(root, folder=True)
        self._headers = {**headers, "Accept-Encoding": "identity"}

    def put(self, source: Path, key: str) -> None:
        """Send the bytes of the local file ``source``."""
        key = key_of(key)
        size = source.stat().st_size
        if settings.flag("ENABLE_PROXY_MULTIPART_UPLOAD"):
            large = size >= max(1, settings.number("MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", _LARGE))
            if large and self._send_parts(key, source, size):
                return
        with open(source, "rb") as file:
            self._send(key, file)

    def write(self, key: str, chunks: Iterable[bytes]) -> None:
        """Send what ``chunks`` yields. It is collected on local disk first, so that it can be sent again."""
        key = key_of(key)
        with tempfile.TemporaryFile() as file:
            for chunk in chunks:
                file.write(chunk)
            file.seek(0)
            self._send(key, file)

    def get(self, key: str, target: Path) -> Path:
        """Copy one stored file to ``target``."""
        key = key_of(key)
        found = self._signed(key) if settings.flag("ENABLE_PROXY_MULTIPART_DOWNLOAD") else None
        size = (found and found.file_size) or 0
        if found and size >= max(1, settings.number("MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", _LARGE)):
            return _fetch_ranges(found, target)
        return save(self.read(key), target)

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of one stored file from ``start`` on. A connection that breaks is taken up where it broke."""
        return _Pieces(self, key_of(key), start)

    def list(self, key: str = "") -> list[FileInfo]:
        """The files and folders directly in the folder ``key``."""
        key = key_of(key, folder=True)
        try:
            with self._request("GET", None, fields={"path": self._full(key)}) as response:
                body = response.read()
        except NotFound:
            return []
        found = msgspec.json.decode(body, type=_Listing).files
        return sorted((_below(key, info) for info in found), key=lambda info: info.path)

    def stat(self, key: str) -> FileInfo:
        """The size of one stored file, or that it is a folder."""
        key = key_of(key, folder=True)
        if not key:
            return FileInfo("", True)
        for info in self.list(ArtifactKey(key.rpartition("/")[0])):
            if info.path == key:
                return info
        raise NotFound(f"No artifact at {key!r}")

    def delete(self, key: str) -> None:
        """Remove a file, or a folder and all in it."""
        try:
            self._request("DELETE", key_of(key)).drain_conn()
        except NotFound:
            return

    def _send(self, key: ArtifactKey, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        self._request("PUT", key, headers=headers, body=_Exactly(file, size)).drain_conn()

    def _send_parts(self, key: ArtifactKey, source: Path, size: int) -> bool:
        """Send a large file as parts, side by side. False when the server takes none."""
        chunk = settings.number("MULTIPART_UPLOAD_CHUNK_SIZE", 10 << 20)
        starts = range(0, size, chunk)
        about: dict[str, Any] = {"path": str(key).rpartition("/")[2], "num_parts": len(starts)}
        try:
            made = msgspec.json.decode(self._ask_for("create", key, about), type=_Upload)
        except NotSupported:
            return False
        about = {"path": about["path"], "upload_id": made.upload_id}

        def send(credential: _Credential, start: int) -> dict[str, Any]:
            with open(source, "rb") as file:
                file.seek(start)
                piece = file.read(chunk)
            # The address is leave enough, and may be another server's: it gets no credentials of ours.
            response = _ask("PUT", credential.url, {**credential.headers}, key, body=piece)
            response.drain_conn()
            return {"part_number": credential.part_number, "etag": response.headers["ETag"], "url": credential.url}

        try:
            with ThreadPoolExecutor(_ABREAST) as pool:
                parts = list(pool.map(send, made.credentials, starts))
            self._ask_for("complete", key, {**about, "parts": parts})
        except BaseException:
            with suppress(HeadraceError):
                self._ask_for("abort", key, about)
            raise
        return True

    def _ask_for(self, step: str, key: ArtifactKey, about: dict[str, Any]) -> bytes:
        folder = quote(self._full(key).rpartition("/")[0])
        url = f"{self._base.removesuffix('/artifacts')}/mpu/{step}/{folder}"
        headers = {**self._headers, "Content-Type": "application/json"}
        with _ask("POST", url, headers, key, body=msgspec.json.encode(about)) as response:
            return response.read()

    def _signed(self, key: ArtifactKey) -> _SignedAddress | None:
        """The signed address of a stored file, if the server gives any."""
        url = f"{self._base.removesuffix('/artifacts')}/presigned/{quote(self._full(key))}"
        try:
            with _ask("GET", url, self._headers, key) as response:
                return msgspec.json.decode(response.read(), type=_SignedAddress)
        except NotSupported:
            return None

    def _full(self, key: str) -> str:
        return f"{self._root}/{key}" if self._root and key else key or self._root

    def _request(
        self, verb: str, key: ArtifactKey | None, *, headers: dict[str, str] | None = None, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        """The answer, its body still to be read; an answer that is an error is raised."""
        url = self._base if key is None else f"{self._base}/{quote(self._full(key))}"
        return _ask(verb, url, {**self._headers, **(headers or {})}, key, **options)


def _ask(
    verb: str, url: str, headers: dict[str, str], key: ArtifactKey | None, **options: Any
) -> urllib3.BaseHTTPResponse:
    retries = urllib3.Retry(
        connection.attempts(),
        status_forcelist=connection.TRANSIENT,
        allowed_methods=None,
        backoff_factor=_PAUSE,
        backoff_max=_LONGEST_PAUSE,
        raise_on_status=False,
    )
    place = url.partition("?")[0]
    try:
        response = _pool("://".join(urlsplit(url)[:2])).request(
            verb, url, headers=headers, preload_content=False, retries=retries, **options
        )
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"Cannot reach the artifacts at {place}: {_plain(error)}") from error
    if response.status >= 400:
        with response:
            raise _error_of(response.status, response.read(1 << 16, decode_content=True), key or "")
    return response


def _plain(error: Exception) -> str:
    """What an error says, without the query of an address, which may be a signature."""
    return re.sub(r"\?\S*", "", str(error))


def _fetch_ranges(found: _SignedAddress, target: Path) -> Path:
    """Copy what a signed address leads to, in ranges side by side, to ``target``."""
    size, chunk = found.file_size or 0, settings.number("MULTIPART_DOWNLOAD_CHUNK_SIZE", 100 << 20)
    target.parent.mkdir(parents=True, exist_ok=True)

    def fetch(file: int, start: int) -> None:
        end = min(start + chunk, size)
        headers = {**found.headers, "Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        at = start
        with _ask("GET", found.url, headers, None) as response:
            for piece in response.stream(CHUNK, decode_content=False):
                at += os.pwrite(file, piece[: end - at], at)
        if at != end:
            raise Unreachable(f"The download of bytes {start} to {end} broke off at {at}; download it again")

    with replacing(target) as file, ThreadPoolExecutor(_ABREAST) as pool:
        list(pool.map(lambda start: fetch(file.fileno(), start), range(0, size, chunk)))
    return target


class _Credential(msgspec.Struct):
    url: str
    part_number: int
    headers: dict[str, str] = {}


class _Upload(msgspec.Struct):
    upload_id: str
    credentials: list[_Credential]


class _SignedAddress(msgspec.Struct):
    url: str
    headers: dict[str, str] = {}
    file_size: int | None = None


class _Listing(msgspec.Struct):
    files: list[FileInfo] = []


class _Exactly:
    """A file as long as it was when its length was announced, though it may be growing."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._file.tell()
        piece = self._file.read(min(left, size if size >= 0 else left))
        if left and size and not piece:
            raise HeadraceError("The file became shorter while it was being sent; log it again")
        return piece

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, position: int) -> int:
        return self._file.seek(position)


class _Pieces(Iterator[bytes]):
    """The body of a download in pieces, over as many connections as it takes."""

    def __init__(self, store: ProxiedStore, key: ArtifactKey, start: int) -> None:
        self._store, self._key, self._at = store, key, start
        self._left = connection.attempts()
        self._version: str | None = None
        self._stream = self._open(resumed=False)

    def __next__(self) -> bytes:
        while True:
            try:
                piece = next(self._stream)
            except urllib3.exceptions.HTTPError as error:
                if not self._left or not self._version:
                    raise Unreachable(f"The download of {self._key!r} broke after {self._at} bytes: {error}") from error
                self._left -= 1
                self._stream = self._open(resumed=True)
                continue
            self._at += len(piece)
            return piece

    def _open(self, *, resumed: bool) -> Iterator[bytes]:
        headers = {"Range": f"bytes={self._at}-"} if self._at else {}
        if resumed and self._version and self._at:
            headers["If-Range"] = self._version
        try:
            response = self._store._request("GET", self._key, headers=headers)
        except HeadraceError as error:
            if error.details.get("status") == 416:
                return iter(())
            raise
        if resumed and self._at and response.status != 206:
            response.close()
            raise Unreachable(f"The artifact {self._key!r} changed while it was being read; read it again")
        self._version = response.headers.get("ETag") or response.headers.get("Last-Modified")
        skip = self._at if response.status != 206 else 0
        return _skipping(response, skip)


def _skipping(response: urllib3.BaseHTTPResponse, skip: int) -> Iterator[bytes]:
    with response:
        for piece in response.stream(CHUNK, decode_content=False):
            kept = piece[skip:]
            skip = max(0, skip - len(piece))
            if kept:
                yield kept


def _below(folder: str, info: FileInfo) -> FileInfo:
    # Servers name what is in a folder without the folder. A name that is more than a name is not taken from anybody.
    name = info.path.removeprefix(f"{folder}/") if folder else info.path
    if "/" in name or name in ("", ".", ".."):
        raise BadRequest(
            f"The server listed {info.path!r} in the folder {folder!r}, which is not a name of a file in it"
        )
    return FileInfo(f"{folder}/{name}" if folder else name, info.is_dir, None if info.is_dir else info.file_size or 0)


def _error_of(status: int, body: bytes, key: str) -> HeadraceError:
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = {}
    message = str(said.get("message") or f"The server answered {status} for the artifact {key!r}")
    error = from_code(str(said["error_code"]), message) if "error_code" in said else None
    if error is None:
        kind = next((kind for kind in BY_CODE.values() if kind.status == status), HeadraceError)
        error = kind(message)
    error.details["status"] = status
    return error


@functools.cache
def _pool(origin: str) -> urllib3.PoolManager:
    options: dict[str, Any] = {
        **connection.kept(),
        "timeout": urllib3.Timeout(connection.timeout_of_files()),
        "blocksize": 1 << 18,
        **(connection.tls() if origin.startswith("https:") else {}),
    }
    proxy = connection.proxy_for(origin)
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)


# A connection must not be spoken on by two processes.
os.register_at_fork(after_in_child=_pool.cache_clear)
