"""The two types through which every artifact path and every location goes.

Text is decoded once, by the HTTP layer. What arrives here is either a plain key or is refused; nothing is repaired,
normalised or decoded again, because a second reading of the same text is how a path leaves its root.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from headrace.base.errors import BadRequest

#: Bytes of one segment, bytes of a whole key, and segments of a key, at most.
SEGMENT_BYTES, KEY_BYTES, KEY_DEPTH = 255, 1024, 32
#: Characters of a location, at most.
URI_LENGTH = 2000

#: C0 and C1 controls, surrogates, and marks that change the direction of the text around them.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_KEY_REFUSES = re.compile(r"[\\%#?]")
_URI_REFUSES = re.compile(r"[\\%#?;]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_DRIVE = re.compile(r"[A-Za-z]:")


class ArtifactKey(str):
    """A relative path below an artifact root: plain segments joined by ``/``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str, *, folder: bool = False) -> ArtifactKey:
        """The key spelled by ``text``, or ``BadRequest``.

        With ``folder`` the text may be empty (the root itself) and may end in one ``/``.
        """
        if folder:
            text = text[:-1] if text.endswith("/") and text != "/" else text
            if not text:
                return cls("")
        _refuse(_fault_of_key(text), "artifact path", text)
        return cls(text)

    def child(self, name: str) -> ArtifactKey:
        """The key ``name`` below this one."""
        return ArtifactKey.parse(f"{self}/{name}" if self else name)


@dataclass(frozen=True, slots=True)
class ArtifactUri:
    """Where artifacts live: a scheme, an authority and a path. Local paths have the scheme ``file``."""

    scheme: str
    authority: str
    path: str

    @classmethod
    def parse(cls, text: str) -> ArtifactUri:
        """The location spelled by ``text``, or ``BadRequest``. Says nothing of whether the caller may use it."""
        _refuse(_fault_of_uri(text), "artifact location", text)
        found = _SCHEME.match(text)
        if not found:
            if not text.startswith("/"):
                _refuse("is relative; give an absolute path or a URI", "artifact location", text)
            return cls("file", "", text)
        scheme, rest = found[1].lower(), text[found.end() :]
        authority, path = "", rest
        if rest.startswith("//"):
            authority, slash, path = rest[2:].partition("/")
            path = slash + path
        if "@" in authority or _is_address(authority):
            _refuse("names a host by address, or carries a password", "artifact location", text)
        if not authority and not path.strip("/") and scheme != "mlflow-artifacts":
            _refuse("has no path", "artifact location", text)
        return cls(scheme, authority, path)

    def __str__(self) -> str:
        if self.scheme == "file":
            return self.path if not self.authority else f"file://{self.authority}{self.path}"
        slashes = f"//{self.authority}" if self.authority else ""
        return f"{self.scheme}:{slashes}{self.path}"

    @property
    def is_local(self) -> bool:
        """Whether this is a path of some machine's own file system."""
        return self.scheme == "file"

    def join(self, key: str) -> ArtifactUri:
        """This location and ``key`` below it."""
        return ArtifactUri(self.scheme, self.authority, f"{self.path.rstrip('/')}/{key}" if key else self.path)


def _fault_of_key(text: str) -> str | None:
    if not text:
        return "is empty"
    if CONTROL.search(text):
        return "has a control character"
    if found := _KEY_REFUSES.search(text):
        return f"has the character {found[0]!r}, which artifact paths may not have"
    if text.startswith("/"):
        return "is absolute; give a path relative to the artifact root"
    if text.startswith(("~", ":")) or _DRIVE.match(text) or "://" in text:
        return "names a home, a drive or a scheme; give a path relative to the artifact root"
    segments = text.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        return "has an empty, '.' or '..' segment"
    if len(segments) > KEY_DEPTH:
        return f"is more than {KEY_DEPTH} folders deep"
    if len(text.encode()) > KEY_BYTES:
        return f"is longer than {KEY_BYTES} bytes"
    if any(len(segment.encode()) > SEGMENT_BYTES for segment in segments):
        return f"has a segment longer than {SEGMENT_BYTES} bytes"
    return None


def _fault_of_uri(text: str) -> str | None:
    if not text:
        return "is empty"
    if len(text) > URI_LENGTH:
        return f"is longer than {URI_LENGTH} characters"
    if CONTROL.search(text):
        return "has a control character"
    if found := _URI_REFUSES.search(text):
        return f"has the character {found[0]!r}, which locations may not have"
    if any(segment in (".", "..") for segment in re.split(r"[/:]", text)):
        return "has a '.' or '..' segment"
    if text.startswith("//"):
        return "has no scheme before '//'"
    return None


def _is_address(authority: str) -> bool:
    host = authority.strip("[]").partition("%")[0]
    if re.fullmatch(r"[0-9.]+|0x[0-9a-fA-F.x]+", host):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refuse(fault: str | None, what: str, text: str) -> None:
    if fault:
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise BadRequest(f"Invalid {what} {shown!r}: it {fault}")
