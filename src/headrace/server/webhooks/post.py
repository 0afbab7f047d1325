"""One POST to an address that was checked, with a deadline for the whole of it.

Nothing is resolved, no proxy is asked, no redirect is followed, and of the answer only the head is read: the status
and Retry-After are all that anybody here wants to know.
"""

from __future__ import annotations

import functools
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from headrace.base.egress import Address, Target
from headrace.base.errors import Unreachable

#: Bytes of the head of an answer, at most.
_HEAD_BYTES = 64 << 10
#: Seconds that one address may take to be reached while there are others.
_CONNECT_SECONDS = 10.0
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r\n)")
_RETRY_AFTER = re.compile(rb"\r\nretry-after:[ \t]*([^\r\n]{1,64}?)[ \t]*\r\n", re.IGNORECASE)


class Reply(NamedTuple):
    """What a receiver answered, and the seconds it asks to be left alone."""

    status: int
    retry_after: float


def post(
    target: Target, addresses: Sequence[Address], headers: Mapping[str, str], body: bytes, seconds: float
) -> Reply:
    """Send ``body`` to the first of ``addresses`` that can be reached; ``Unreachable`` without a whole answer."""
    deadline = time.monotonic() + seconds
    lines = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close", **headers}
    head = f"POST {target.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    try:
        with _connected(target, addresses, deadline) as connection:
            connection.settimeout(_left(deadline))
            connection.sendall(head.encode("latin-1") + b"\r\n" + body)
            return _read(connection, deadline)
    except TimeoutError:
        raise Unreachable(f"It did not answer within {seconds:g} s") from None
    except ssl.SSLError as error:
        raise Unreachable(f"No secure connection: {error.reason or error}") from None
    except OSError as error:
        raise Unreachable(f"It cannot be reached: {error.strerror or error}") from None


def _connected(target: Target, addresses: Sequence[Address], deadline: float) -> socket.socket:
    for number, address in enumerate(addresses, 1):
        last = number == len(addresses)
        patience = _left(deadline) if last else min(_CONNECT_SECONDS, _left(deadline))
        try:
            plain = socket.create_connection((str(address), target.port), timeout=patience)
        except OSError:
            if last:
                raise
            continue
        if target.scheme == "http":
            return plain
        plain.settimeout(_left(deadline))
        return _trust().wrap_socket(plain, server_hostname=target.host)
    raise Unreachable("It has no address")


def _read(connection: socket.socket, deadline: float) -> Reply:
    """The final answer; interim ones (1xx) are passed over."""
    got = b""
    while True:
        while b"\r\n\r\n" not in got:
            connection.settimeout(_left(deadline))
            piece = connection.recv(16 << 10)
            if not piece:
                raise Unreachable("It broke the connection before it answered")
            got += piece
            if len(got) > _HEAD_BYTES:
                raise Unreachable(f"The head of its answer is longer than {_HEAD_BYTES} bytes")
        head, _, got = got.partition(b"\r\n\r\n")
        found = _STATUS.match(head + b"\r\n")
        if not found:
            raise Unreachable("It answered something that is not HTTP/1.1")
        if not found[1].startswith(b"1"):
            asked = _RETRY_AFTER.search(head + b"\r\n")
            return Reply(int(found[1]), _seconds(asked[1].decode("latin-1")) if asked else 0.0)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _seconds(text: str) -> float:
    try:
        return max(float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return 0.0


@functools.cache
def _trust() -> ssl.SSLContext:
    """The authorities this machine trusts; SSL_CERT_FILE can name others."""
    return ssl.create_default_context()
