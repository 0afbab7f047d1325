"""Protocol buffers, as far as one must read them: a message is a row of numbered fields.

The encoding is described at protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

from headrace.base.errors import BadRequest

#: A number as it stands in the message, or the bytes of text, of a message in it, or of packed numbers.
Value: TypeAlias = int | bytes
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message: number and value, in the order in which they stand. Raises ``BadRequest`` for damage."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value: Value
            value, at = _varint(message, at)
        elif kind == _BYTES:
            size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        elif kind == _FIXED64:
            value, at = int.from_bytes(message[at : at + 8], "little"), at + 8
        elif kind == _FIXED32:
            value, at = int.from_bytes(message[at : at + 4], "little"), at + 4
        else:
            raise BadRequest(f"A message has a field of the kind {kind}, which nobody writes")
        if at > end:
            raise BadRequest("A message ends within one of its fields")
        yield number, value


def last(message: bytes, number: int) -> Value | None:
    """The value of a field that stands once; the last one counts."""
    found = None
    for each, value in fields(message):
        if each == number:
            found = value
    return found


def text(value: Value | None) -> str:
    """A field of text; what is no UTF-8 is replaced."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def message(value: Value | None) -> bytes:
    """A field that is a message; empty where it is none."""
    return value if isinstance(value, bytes) else b""


def integer(value: Value | None) -> int:
    """A field of a signed whole number."""
    number = value if isinstance(value, int) else 0
    return number - (1 << 64) if number >> 63 else number


def double(value: Value | None) -> float:
    """A field of 64 bits that are a floating-point number."""
    return float(struct.unpack("<d", (value if isinstance(value, int) else 0).to_bytes(8, "little"))[0])


def single(value: Value | None) -> float:
    """A field of 32 bits that are a floating-point number."""
    return float(struct.unpack("<f", (value if isinstance(value, int) else 0).to_bytes(4, "little"))[0])


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise BadRequest("A message ends within a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
