"""The name of whoever sends a request, as far as it is said.

This server asks nobody for a password, so that the name is a claim: that of basic authentication, which a proxy in
front may have checked, or else the one that a client gives of its own accord.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

from headrace.base.caller import HEADER, UNKNOWN
from headrace.base.paths import CONTROL

_HEADER = HEADER.lower().encode()


def name_in(headers: Mapping[bytes, bytes]) -> str:
    """The name that the headers of a request give."""
    authorization = headers.get(b"authorization")
    if authorization is None or authorization[:6].lower() != b"basic ":
        return _said(headers.get(_HEADER, b""))
    try:
        name = base64.b64decode(authorization[6:].strip(), validate=True).partition(b":")[0].decode()
    except (binascii.Error, UnicodeDecodeError):
        return UNKNOWN
    return _plain(name)


@lru_cache(256)
def _said(header: bytes) -> str:
    return _plain(unquote(header.decode("latin-1")))


def _plain(name: str) -> str:
    return CONTROL.sub("", name).strip() or UNKNOWN
