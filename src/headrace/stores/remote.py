"""A store on the other side of HTTP. Nothing here knows any particular call."""

from __future__ import annotations

import os
import time
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.util import Timeout

from headrace.base import connection
from headrace.base.errors import (
    BadRequest,
    Forbidden,
    HeadraceError,
    NoSuchEndpoint,
    TooLarge,
    Unauthenticated,
    Unreachable,
    from_code,
)
from headrace.schema import Call
from headrace.stores.exchange import PlainConnection, Reply, SecureConnection
from headrace.wire import codec

R = TypeVar("R")

_RETRIED = frozenset((429, 502, 503, 504))
#: Seconds a server may ask us to wait.
_LONGEST_ASKED = 60.0
#: Longer query strings travel as a JSON body instead.
_QUERY_BYTES = 4096


class RemoteStore:
    """Answers calls by asking the server at a URL. Safe to share between threads, and to use after a fork.

    The environment says how patient it is (HTTP_REQUEST_MAX_RETRIES, HTTP_REQUEST_TIMEOUT in seconds) and who asks
    (TRACKING_USERNAME and TRACKING_PASSWORD, or TRACKING_TOKEN), each with the prefix HEADRACE_ or MLFLOW_.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadRequest(f"{url!r} is no address of a server; give one such as http://127.0.0.1:5000")
        bare = urlsplit(connection.without_credentials(url))
        self._origin = f"{bare.scheme}://{bare.netloc}"
        self._prefix = parts.path.rstrip("/")
        self._headers = connection.own_headers(url)
        self._json_headers = {**self._headers, "Content-Type": "application/json"}
        self._retries, self._patience = connection.attempts(), connection.patience()
        seconds = connection.timeout()
        self._timeout = Timeout(connect=min(seconds, 20), read=seconds)
        self._owner = 0
        self._pool: urllib3.HTTPConnectionPool | urllib3.PoolManager

    @property
    def url(self) -> str:
        """The address of the server, without credentials."""
        return self._origin + self._prefix

    def send(self, call: Call[R], /) -> R:
        """Answer ``call`` by asking the server. Errors are the server's own, or ``Unreachable``."""
        route = call.route
        path = f"{self._prefix}/api/{route.since}.0/mlflow/{_filled(route.path, call)}"
        body = None
        if route.verb == "GET":
            query = urlencode(codec.to_query(call))
            if len(query) > _QUERY_BYTES:
                body = codec.encode_call(call)
            elif query:
                path = f"{path}?{query}"
        else:
            body = codec.encode_call(call)
        # What its writer numbered is done once, however often it arrives.
        retriable = not route.writes or bool(getattr(call, "sequence", 0))
        response = self._ask(route.verb, path, body, retriable=retriable)
        if response.status != 200:
            raise self._error(response)
        try:
            return cast(R, codec.decode(response.data, route.reply))
        except BadRequest as error:
            raise HeadraceError(f"{self.url} answered {_about(response)}, which is no reply: {error}") from None

    def close(self) -> None:
        """Let go of the kept connections."""
        if self._owner != os.getpid():
            return
        self._owner = 0
        if isinstance(self._pool, urllib3.PoolManager):
            self._pool.clear()
        else:
            self._pool.close()

    def _ask(self, verb: str, path: str, body: bytes | None, *, retriable: bool) -> Reply:
        attempt = 0
        while True:
            wait = self._patience.before(attempt)
            try:
                response = self._once(verb, path, body)
            except HTTPError as error:
                if attempt >= self._retries or not (retriable or _never_sent(error)):
                    raise self._unreachable(error, attempt) from error
            else:
                if response.status not in _RETRIED or attempt >= self._retries:
                    return response
                if self._patience.as_asked:
                    wait = max(wait, _asked_wait(response.headers.get("Retry-After")))
            attempt += 1
            time.sleep(wait)

    def _once(self, verb: str, path: str, body: bytes | None) -> Reply:
        if self._owner != os.getpid():
            self._open()
        headers = self._headers if body is None else self._json_headers
        if connection.dressers:
            headers = connection.dressed(verb, self._origin + path, headers, body)
        target = self._origin + path if isinstance(self._pool, urllib3.PoolManager) else path
        answer = self._pool.urlopen(
            verb, target, body=body, headers=headers, timeout=self._timeout, retries=False, redirect=False
        )
        return cast(Reply, answer)

    def _open(self) -> None:
        """Make connections of this process's own: those made before a fork belong to the parent."""
        options = connection.kept()
        if self._origin.startswith("https:"):
            options |= connection.tls()
        proxy = connection.proxy_for(self._origin)
        if proxy:
            self._pool = urllib3.ProxyManager(proxy, **options)
        else:
            self._pool = urllib3.connection_from_url(self._origin, **options)
            secure = isinstance(self._pool, urllib3.HTTPSConnectionPool)
            self._pool.ConnectionCls = SecureConnection if secure else PlainConnection  # type: ignore[assignment]
        self._owner = os.getpid()

    def _unreachable(self, error: HTTPError, attempt: int) -> Unreachable:
        if isinstance(error, SSLError):
            why = "offers no certificate that is trusted here; MLFLOW_TRACKING_SERVER_CERT_PATH names one to trust"
        elif _never_sent(error):
            why = "cannot be reached; is the server running, and is this its address?"
        elif isinstance(error, TimedOut):
            why = f"did not answer within {self._timeout.read_timeout} s; the call may have been carried out"
        else:
            why = "broke the connection before it answered; the call may have been carried out"
        tried = f" ({attempt + 1} attempts)" if attempt else ""
        return Unreachable(f"{self.url} {why}{tried} [{_reason(error)}]")

    def _error(self, response: Reply) -> HeadraceError:
        status = response.status
        try:
            said = msgspec.json.decode(response.data)
            code, message = str(said["error_code"]), str(said.get("message", ""))
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
            return self._error_without_words(response)
        return TooLarge(message) if status == 413 else from_code(code, message)

    def _error_without_words(self, response: Reply) -> HeadraceError:
        said = f"{self.url} answered {_about(response)}"
        match response.status:
            case 401:
                return Unauthenticated(f"{said}: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or a token")
            case 403:
                return Forbidden(f"{said}: this caller or this name of the server is not allowed")
            case 413:
                return TooLarge(f"{said}: the call is larger than the server takes")
            case status if 300 <= status < 400:
                target = response.headers.get("Location", "another address")
                return HeadraceError(f"{said}, a redirect to {target}: use that address as the tracking URI")
            case 404 | 405:
                return NoSuchEndpoint(f"{said}: no server of this protocol answers at this address")
            case status if status in _RETRIED:
                return Unreachable(f"{said}: it is too busy or not up")
        return HeadraceError(f"{said}, which is no reply of this protocol")


def _filled(path: str, call: Call[Any]) -> str:
    for name in call.route.in_path:
        path = path.replace(f"{{{name}}}", quote(getattr(call, name), safe=""))
    return path


def _never_sent(error: HTTPError) -> bool:
    """Whether the request had not left this machine when ``error`` happened."""
    return isinstance(error, (NewConnectionError, ConnectTimeoutError))


def _asked_wait(header: str | None) -> float:
    """Seconds that a Retry-After header asks for."""
    if not header:
        return 0.0
    try:
        seconds = float(header) if header.isdigit() else parsedate_to_datetime(header).timestamp() - time.time()
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_ASKED)


def _about(response: Reply) -> str:
    kind = response.headers.get("Content-Type", "no content type").partition(";")[0]
    return f"{response.status} ({kind})"


def _reason(error: HTTPError) -> str:
    return str(error).rpartition(": ")[2] or type(error).__name__
