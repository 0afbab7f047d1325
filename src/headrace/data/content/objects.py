"""Columns of Python objects of several kinds, for which Arrow has no type."""

from __future__ import annotations

import datetime
import decimal
import hashlib
import struct
from collections.abc import Iterable
from typing import Any

from headrace.base.errors import NotSupported


class Objects:
    """A stream of Python objects. Raises ``NotSupported`` for one that is no plain value."""

    name = "object"

    def __init__(self, column: str) -> None:
        self._column, self._hash = column, hashlib.blake2b(digest_size=16)

    def add(self, array: Iterable[Any]) -> None:
        """Take the next values."""
        for value in array:
            self._hash.update(self._told(value))

    def hexdigest(self) -> str:
        """128 bits of all that was taken."""
        return self._hash.hexdigest()

    def _told(self, value: Any) -> bytes:
        """A value as a letter for its kind, the number of its bytes, and its bytes."""
        match value:
            case None:
                return _framed("n", b"")
            case bool():
                return _framed("b", bytes([value]))
            case int():
                return _framed("i", str(value).encode())
            case float():
                return _framed("n", b"") if value != value else _framed("f", struct.pack("<d", value))
            case complex():
                return _framed("c", struct.pack("<dd", value.real, value.imag))
            case str():
                return _framed("s", value.encode(errors="surrogatepass"))
            case bytes() | bytearray() | memoryview():
                return _framed("y", bytes(value))
            case datetime.date() | datetime.time():
                return _framed("t", f"{type(value).__name__} {value.isoformat()}".encode())
            case datetime.timedelta():
                return _framed("d", str(value // datetime.timedelta(microseconds=1)).encode())
            case decimal.Decimal():
                return _framed("m", str(value).encode())
            case list() | tuple():
                return _framed("l", b"".join(map(self._told, value)))
            case set() | frozenset():
                return _framed("e", b"".join(sorted(map(self._told, value))))
            case dict():
                return _framed("o", b"".join(sorted(self._told(key) + self._told(each) for key, each in value.items())))
        if type(value).__name__ in ("NAType", "NaTType"):
            return _framed("n", b"")
        if hasattr(value, "tolist") and hasattr(value, "dtype"):  # An array or a number of numpy's.
            return self._told(value.tolist())
        raise NotSupported(
            f"The column {self._column!r} holds a {type(value).__name__}, which has no digest; make it plain values"
        )


def _framed(kind: str, raw: bytes) -> bytes:
    return kind.encode() + len(raw).to_bytes(8, "little") + raw
