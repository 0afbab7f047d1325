"""How this process introduces itself to a tracking server: headers, TLS and patience, from the settings."""

from __future__ import annotations

import base64
import os
from typing import Any
from urllib.parse import unquote, urlsplit

from headrace.base import settings

#: Answers after which the same request may be made again.
TRANSIENT = frozenset({408, 429, 502, 503, 504})


def headers(url: str) -> dict[str, str]:
    """Headers for requests to ``url``: a token if one is set, else a name and password, else those in the URL."""
    said = {"User-Agent": "headrace-python-client"}
    if token := settings.text("TRACKING_TOKEN"):
        said["Authorization"] = f"Bearer {token}"
        return said
    parts = urlsplit(url)
    name = settings.text("TRACKING_USERNAME") or unquote(parts.username or "")
    if name:
        password = settings.text("TRACKING_PASSWORD") or unquote(parts.password or "")
        said["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    return said


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


def attempts() -> int:
    """How often a request is made again after it failed in transit."""
    return settings.number("HTTP_REQUEST_MAX_RETRIES", 5)


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
