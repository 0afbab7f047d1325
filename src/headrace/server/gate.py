"""Who may talk to this server at all: the name it is called by, and the page a browser's request comes from.

A page on another site can make a browser send requests to a server on the same machine. Such a request carries the
name under which it was sent (Host) and the page it comes from (Origin); a wrong one of either is refused here, before
anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from headrace.base.errors import BadRequest, Forbidden
from headrace.server.http import Header

#: Requests that change nothing.
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
#: Headers that must not come twice: two readers might each believe another one.
_SINGLE = frozenset(
    (
        b"host",
        b"origin",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"transfer-encoding",
        b"sec-fetch-site",
    )
)
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?")
_PATTERN = re.compile(r"(\*\.)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(:[0-9]{1,5})?|\*")
_ORIGIN = re.compile(r"https?://[^/\s@?#]+")
#: Verdicts remembered, at most.
_REMEMBERED = 1024
_CORS_VERBS = b"GET, POST, PUT, PATCH, DELETE"


class Gate:
    """Judges Host and Origin by what the operator allowed."""

    def __init__(self, *, bind: str = "127.0.0.1", hosts: Sequence[str] = (), origins: Sequence[str] = ()) -> None:
        for host in hosts:
            if not _PATTERN.fullmatch(host):
                raise BadRequest(f"--allowed-hosts: {host!r} is neither a name, '*.' and a name, nor an address")
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise BadRequest(f"--cors-allowed-origins: {origin!r} is no origin such as https://ui.example.com")
        self._any_host = "*" in hosts
        self._names = {host.lower() for host in hosts if not host.startswith("*")} | {"localhost"}
        self._suffixes = tuple(host[1:].lower() for host in hosts if host.startswith("*."))
        self._origins = frozenset(origin.lower() for origin in origins)
        self._bind = bind
        self._verdicts: dict[tuple[bytes, str], bool] = {}

    def check(self, verb: str, headers: dict[bytes, bytes], sent: Sequence[Header], local_address: str) -> None:
        """Raise ``BadRequest`` or ``Forbidden`` for a request that must not come in."""
        if len(headers) != len(sent):
            _refuse_twice(name for name, _ in sent)
        host = headers.get(b"host", b"")
        verdict = self._verdicts.get((host, local_address))
        if verdict is None:
            verdict = self._is_ours(host, local_address)
            if len(self._verdicts) < _REMEMBERED:
                self._verdicts[host, local_address] = verdict
        if not verdict:
            name = ascii(host[:80].decode("latin-1"))
            raise Forbidden(f"This server is not called {name}; start it with --allowed-hosts to allow that name")
        if verb not in SAFE:
            self._check_origin(headers, host)

    def cors_headers(self, headers: dict[bytes, bytes]) -> tuple[Header, ...]:
        """What tells a browser that the page at an allowed origin may read the answer."""
        origin = headers.get(b"origin")
        if origin is None or not self._is_allowed_origin(origin):
            return ()
        return ((b"access-control-allow-origin", origin), (b"vary", b"origin"))

    def preflight(self, headers: dict[bytes, bytes]) -> tuple[Header, ...]:
        """The answer to a browser that asks before it sends; ``Forbidden`` for an origin nobody allowed."""
        allowed = self.cors_headers(headers)
        if not allowed:
            raise Forbidden("Pages of that origin may not call this server; --cors-allowed-origins would allow them")
        return (
            *allowed,
            (b"access-control-allow-methods", _CORS_VERBS),
            (b"access-control-allow-headers", b"content-type, authorization"),
            (b"access-control-max-age", b"600"),
        )

    def _check_origin(self, headers: dict[bytes, bytes], host: bytes) -> None:
        origin = headers.get(b"origin")
        if origin is None:
            if headers.get(b"sec-fetch-site") == b"cross-site":
                raise Forbidden("A page of another site may not change anything here")
            return
        if origin.lower() in (b"http://" + host.lower(), b"https://" + host.lower()):
            return
        if not self._is_allowed_origin(origin):
            name = ascii(origin[:80].decode("latin-1"))
            raise Forbidden(f"A page of {name} may not change anything here; --cors-allowed-origins would allow it")

    def _is_allowed_origin(self, origin: bytes) -> bool:
        said = origin.decode("latin-1").lower()
        return bool(_ORIGIN.fullmatch(said)) and (said in self._origins or "*" in self._origins)

    def _is_ours(self, host: bytes, local_address: str) -> bool:
        text = host.decode("latin-1")
        found = _HOST.fullmatch(text)
        if not found:
            raise BadRequest("The Host header is missing or is not a name or address with an optional port")
        name = found["name"].lower()
        if self._any_host or name in self._names or text.lower() in self._names:
            return True
        if any(name.endswith(suffix) and name != suffix for suffix in self._suffixes):
            return True
        try:
            address = ip_address(name.strip("[]"))
        except ValueError:
            return False
        return address.is_loopback or str(address) in (self._bind.strip("[]"), local_address)


def _refuse_twice(names: Iterable[bytes]) -> None:
    seen = set()
    for name in names:
        if name in seen and name in _SINGLE:
            raise BadRequest(f"The header {name.decode('latin-1')} is given more than once")
        seen.add(name)
