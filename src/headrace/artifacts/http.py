"""Files that any web server gives away, read only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import urllib3

from headrace.artifacts.port import CHUNK, key_of
from headrace.base import connection
from headrace.base.errors import Forbidden, HeadraceError, NotFound, NotSupported, Unreachable
from headrace.base.files import save
from headrace.schema.artifacts import FileInfo


def open_store(url: str) -> HttpStore:
    """The file at ``url``, or the files below it."""
    return HttpStore(url)


class HttpStore:
    """What ``url`` answers GET with. The empty key is ``url`` itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, key: str, target: Path) -> Path:
        """Copy one file to ``target``. What the server calls it does not matter."""
        return save(self.read(key), target)

    def read(self, key: str = "", start: int = 0) -> Iterator[bytes]:
        """The bytes of one file from ``start`` on."""
        response = self._open("GET", key)
        return _pieces(response, start, self._url)

    def stat(self, key: str = "") -> FileInfo:
        """The size of one file, as far as the server tells it."""
        with self._open("HEAD", key) as response:
            length = response.headers.get("Content-Length", "")
        return FileInfo(key, False, int(length) if length.isdigit() else None)

    def list(self, key: str = "") -> list[FileInfo]:
        """Nothing: a web server does not say what it has."""
        return []

    def put(self, source: Path, key: str) -> NoReturn:
        """Refused."""
        raise _read_only(self._url)

    def write(self, key: str, chunks: Iterable[bytes]) -> NoReturn:
        """Refused."""
        raise _read_only(self._url)

    def delete(self, key: str) -> NoReturn:
        """Refused."""
        raise _read_only(self._url)

    def _open(self, verb: str, key: str) -> urllib3.BaseHTTPResponse:
        url = self._url
        if key := key_of(key, folder=True):
            parts = urlsplit(url)
            url = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(key)}"))
        pool = _pool(url)
        retries = urllib3.Retry(
            connection.attempts(), status_forcelist=connection.TRANSIENT, backoff_factor=0.5, raise_on_status=False
        )
        headers = {"Accept-Encoding": "identity"}
        try:
            response = pool.request(verb, url, headers=headers, preload_content=False, retries=retries)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"Cannot reach {url}: {error}") from error
        if response.status >= 400:
            response.close()
            kind = {401: Forbidden, 403: Forbidden, 404: NotFound, 410: NotFound}.get(response.status, HeadraceError)
            raise kind(f"{url} answered {response.status}")
        return response


def _pool(url: str) -> urllib3.PoolManager:
    # Certificates and leniency are meant for the tracking server; this is any other one.
    timeout = urllib3.Timeout(connection.timeout())
    proxy = connection.proxy_for(url)
    return urllib3.ProxyManager(proxy, timeout=timeout) if proxy else urllib3.PoolManager(timeout=timeout)


def _pieces(response: urllib3.BaseHTTPResponse, skip: int, url: str) -> Iterator[bytes]:
    try:
        with response:
            for piece in response.stream(CHUNK, decode_content=False):
                kept = piece[skip:]
                skip = max(0, skip - len(piece))
                if kept:
                    yield kept
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"The download of {url} broke: {error}") from error


def _read_only(url: str) -> NotSupported:
    return NotSupported(f"{url} can only be read; write to a folder or to mlflow-artifacts:")
