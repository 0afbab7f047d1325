"""The name of whoever sends a request, as far as it is said.

This server asks nobody for a password, so that the name is a claim: that of basic authentication, which a proxy in
front may have checked, or else the one that a client gives of its own accord.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote

from headrace.base.caller import HEADER, UNKNOWN
from headrace.base.paths import CONTROL

_HEADER = HEADER.lower().encode()


def name_in(headers: Mapping[bytes, bytes]) -> str:
    """The name that the headers of a request give."""
    said = headers.get(b"authorization")
    if said is not None and said[:6].lower() == b"basic ":
        try:
            name = base64.b64decode(said[6:].strip(), validate=True).partition(b":")[0].decode()
        except (binascii.Error, UnicodeDecodeError):
            name = ""
    else:
        name = unquote(headers.get(_HEADER, b"").decode("latin-1"))
    return CONTROL.sub("", name).strip() or UNKNOWN
