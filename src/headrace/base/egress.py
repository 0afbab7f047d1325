"""Where this process may send what others asked it to send: by scheme, by spelling, and by resolved address.

A name is resolved once. Every address it has must be allowed, and whoever sends connects to one of these addresses and
resolves nothing again, so that a name cannot mean something harmless when it is checked and something else when it is
used.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from headrace.base.errors import BadRequest, Forbidden, Unreachable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
#: A name whose last part is a number is an address in some spelling, to some reader.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
#: Printable ASCII without blanks, quotes and backslashes, which readers of URLs disagree about.
_TARGET = re.compile(r"[!#-&(-;=?-\[\]-z~_|]*")
_PORTS = {"http": 80, "https": 443}

#: What no public host has, beyond what the standard library knows; among it all ways to write IPv4 into IPv6.
_NEVER = tuple(
    ip_network(each)
    for each in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
    203.0.113.0/24
    224.0.0.0/4 240.0.0.0/4
    ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20
    5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
    """.split()
)


class Target(NamedTuple):
    """What a URL says: where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    #: Path and query, as they are sent.
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


class Egress(NamedTuple):
    """What an operator allows."""

    schemes: frozenset[str] = frozenset(("https",))
    #: Networks that are allowed though they are not public.
    networks: tuple[Network, ...] = ()
    #: Whether every address is allowed.
    anywhere: bool = False

    def parse(self, url: str) -> Target:
        """The target of ``url``, or ``BadRequest`` saying what is wrong with it. Resolves nothing."""
        if not _TARGET.fullmatch(url):
            raise _refusal(url, "has blanks, control characters or letters beyond ASCII; percent-encode them")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _refusal(url, f"cannot be read: {error}") from None
        scheme = parts.scheme.lower()
        if scheme not in self.schemes or scheme not in _PORTS:
            raise _refusal(url, f"must begin with {' or '.join(f'{each}://' for each in sorted(self.schemes))}")
        if "@" in parts.netloc:
            raise _refusal(url, "has a name or password in it; a secret is what webhooks are signed with")
        if parts.fragment or "#" in url:
            raise _refusal(url, "has a fragment, which is never sent")
        if port == 0 or parts.netloc.endswith(":"):
            raise _refusal(url, "has no usable port")
        host = _plain_host(parts.hostname or "", url)
        path = parts.path or "/"
        return Target(scheme, host, port or _PORTS[scheme], f"{path}?{parts.query}" if parts.query else path)

    def resolve(self, target: Target) -> list[Address]:
        """The addresses of a target, all of them allowed.

        Raises ``Forbidden`` when any is not, and ``Unreachable`` when there is none.
        """
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise Unreachable(f"The host {target.host!r} has no address: {why}") from None
        addresses = list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))
        for address in addresses:
            if not self.allows(address):
                raise Forbidden(
                    f"The host {target.host!r} is at {address}, which is no public address; "
                    "HEADRACE_WEBHOOK_ALLOWED_NETWORKS on the server can allow it"
                )
        return addresses

    def allows(self, address: Address) -> bool:
        """Whether this process may connect to an address."""
        if self.anywhere or any(address in network for network in self.networks):
            return True
        return address.is_global and not address.is_multicast and not any(address in network for network in _NEVER)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as ``10.0.0.0/8``; ``BadRequest`` for what is none."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise BadRequest(f"HEADRACE_WEBHOOK_ALLOWED_NETWORKS: {error}; write networks such as 10.0.0.0/8") from None


def _plain_host(host: str, url: str) -> str:
    """A host name or address in the one spelling that everybody reads alike."""
    if not host:
        raise _refusal(url, "names no host")
    if ":" in host:
        try:
            return str(IPv6Address(host)) if "%" not in host else _no_host(url)
        except ValueError:
            _no_host(url)
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        _no_host(url)
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _refusal(url, "has an address in an unusual spelling; write four numbers with dots") from None
    return host


def _no_host(url: str) -> str:
    raise _refusal(url, "has no valid host name")


def _refusal(url: str, why: str) -> BadRequest:
    shown = url if len(url) <= 80 else url[:77] + "..."
    return BadRequest(f"Invalid webhook URL {shown!r}: it {why}")
