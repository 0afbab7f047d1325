"""How this process introduces itself to a tracking server: headers, TLS and patience, from the settings."""

from __future__ import annotations

import base64
import os
import random
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from headrace.base import caller, settings
from headrace.base.errors import BadRequest

#: Answers after which the same request may be made again.
TRANSIENT = frozenset({408, 429, 502, 503, 504})
#: Seconds between two attempts, at most, unless the settings begin with more.
_LONGEST_WAIT = 10.0

#: From verb, URL, headers and body of a request to the headers it goes with: what plugins add, and nothing otherwise.
dressers: list[Callable[[str, str, Mapping[str, str], bytes | None], dict[str, str]]] = []


def dressed(verb: str, url: str, headers: dict[str, str], body: bytes | None = None) -> dict[str, str]:
    """The headers a request goes with."""
    for each in dressers:
        headers = each(verb, url, headers, body)
    return headers


def headers(url: str) -> dict[str, str]:
    """Headers for a few requests to ``url`` made now, with what plugins add."""
    return dressed("GET", url, own_headers(url))


def own_headers(url: str) -> dict[str, str]:
    """Headers for requests to ``url``: a token if one is set, else a name and password, else those in the URL.

    The name of the account goes along, for the history that servers keep.
    """
    said = {"User-Agent": "headrace-python-client", caller.HEADER: quote(caller.account())}
    if token := settings.text("TRACKING_TOKEN"):
        said["Authorization"] = f"Bearer {token}"
        return said
    name, password = name_and_password(url)
    if name:
        said["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    return said


def name_and_password(url: str = "") -> tuple[str, str]:
    """Who asks: as the settings say, or else the URL, or else the user's file ``~/.mlflow/credentials``."""
    parts = urlsplit(url)
    name = settings.text("TRACKING_USERNAME") or unquote(parts.username or "")
    password = settings.text("TRACKING_PASSWORD") or unquote(parts.password or "")
    return (name, password) if name else _kept_credentials()


def _kept_credentials() -> tuple[str, str]:
    path = os.path.expanduser("~/.mlflow/credentials")
    if not os.path.isfile(path):
        return "", ""
    import configparser

    kept = configparser.ConfigParser(interpolation=None)
    try:
        kept.read(path)
    except configparser.Error as error:
        raise BadRequest(f"{path} is not a file of credentials; it needs a section [mlflow]: {error}") from None
    names = ("mlflow_tracking_username", "mlflow_tracking_password")
    name, password = (kept.get("mlflow", each, fallback="") for each in names)
    return name, password


def without_credentials(url: str) -> str:
    """``url`` without the name and password that may stand before its host."""
    scheme, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}"


def tls() -> dict[str, Any]:
    """Options of a connection pool that say whom to trust and what to show."""
    options: dict[str, Any] = {}
    if settings.flag("TRACKING_INSECURE_TLS"):
        options |= {"cert_reqs": "CERT_NONE", "assert_hostname": False}
    elif path := settings.text("TRACKING_SERVER_CERT_PATH"):
        options["ca_certs"] = path
    if path := settings.text("TRACKING_CLIENT_CERT_PATH"):
        options["cert_file"] = path
    return options


def timeout() -> float:
    """Seconds to wait for a connection, or for the next byte of an answer."""
    return settings.number("HTTP_REQUEST_TIMEOUT", 120)


def timeout_of_files() -> float:
    """Seconds to wait for the next byte of a file."""
    return settings.number("ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT", int(timeout()))


def attempts() -> int:
    """How often a request is made again after it failed in transit."""
    return settings.number("HTTP_REQUEST_MAX_RETRIES", 5)


def patience() -> Patience:
    """How long to wait between one attempt and the next."""
    return Patience(
        settings.fraction("HTTP_REQUEST_BACKOFF_FACTOR", 0.1),
        settings.fraction("HTTP_REQUEST_BACKOFF_JITTER", 0.0),
        settings.flag("HTTP_RESPECT_RETRY_AFTER_HEADER", True),
    )


class Patience(NamedTuple):
    """Waits between attempts, in seconds."""

    first: float
    jitter: float
    as_asked: bool

    def before(self, attempt: int) -> float:
        """Before the attempt after ``attempt`` failed ones: doubled each time, at most 10 seconds, spread at random."""
        spread = random.uniform(0.5, 1) * min(self.first * 2.0**attempt, max(self.first, _LONGEST_WAIT))
        return spread + random.uniform(0, self.jitter)


def kept() -> dict[str, Any]:
    """Options of a connection pool: how many connections are kept, and how a dead one is noticed."""
    options: dict[str, Any] = {"maxsize": settings.number("HTTP_POOL_MAXSIZE", 16)}
    if settings.flag("HTTP_TCP_KEEPALIVE", True):
        options["socket_options"] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), *_keepalive()]
    return options


def _keepalive() -> Iterator[tuple[int, int, int]]:
    yield socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1
    # Not every system has every one of these.
    for option, name, default in (
        ("TCP_KEEPIDLE", "HTTP_TCP_KEEPALIVE_IDLE", 30),
        ("TCP_KEEPINTVL", "HTTP_TCP_KEEPALIVE_INTERVAL", 10),
        ("TCP_KEEPCNT", "HTTP_TCP_KEEPALIVE_COUNT", 3),
    ):
        if hasattr(socket, option):
            yield socket.IPPROTO_TCP, getattr(socket, option), settings.number(name, default)


def proxy_for(origin: str) -> str | None:
    """The proxy that the environment (``https_proxy``, ``no_proxy`` …) says leads to a server, if any."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(origin)
    if not parts.hostname or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
