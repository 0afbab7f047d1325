"""Names and ids that other programs give, as names and ids here."""

from __future__ import annotations

import hashlib
import math
import re

_NO_LETTER = re.compile(r"[^\w.\-: /]")
#: Characters of a key, at most.
_KEY_LENGTH = 250


def key_of(name: str) -> str:
    """A metric's or param's key for a name that may have characters which keys do not: those become ``_``."""
    parts = [part for part in _NO_LETTER.sub("_", name).split("/") if part]
    plain = "/".join("_" * len(part) if part in (".", "..") else part for part in parts)
    return plain[:_KEY_LENGTH].rstrip("/") or "_"


def file_of(name: str) -> str:
    """A path of artifacts for a name: what ``key_of`` gives, without what paths may not begin with."""
    return "/".join(part.replace(":", "_").strip(" ") or "_" for part in key_of(name).split("/"))


def run_id_of(*parts: str) -> str:
    """The id that a run of another program always gets here: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def millis(seconds: float) -> int:
    """Milliseconds since the epoch of a time in seconds; 0 for what is no time."""
    return max(0, min(round(seconds * 1000), 2**53)) if math.isfinite(seconds) else 0
