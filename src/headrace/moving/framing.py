"""Files of records one after the other, each with its length and a check sum: those of TensorFlow, and of LevelDB's log
as W&B writes it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from headrace.base.errors import BadRequest

#: Bytes of one record, at most: longer ones are held to be damage.
RECORD_BYTES = 256 << 20
#: W&B: what a file begins with, and the size of its blocks and of the head of each piece of a record.
_WANDB, _BLOCK, _HEAD = b":W&B\xe1\xbe\x00", 32_768, 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


class Reader:
    """So many bytes at a time of what comes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._kept = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end."""
        while len(self._kept) - self._at < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._kept = self._kept[self._at :] + piece
            self._at = 0
        found = self._kept[self._at : self._at + size]
        self._at += len(found)
        return found


def tf_records(pieces: Iterator[bytes], *, check: bool = True) -> Iterator[bytes]:
    """The records of a TFRecord file: length, its masked CRC-32C, data, its masked CRC-32C (tensorflow.org/tutorials/
    load_data/tfrecord).

    A last record that is cut short is still being written and passed over. Raises ``BadRequest`` for damage. Records
    that were read before need no ``check``, which takes longer than all the rest.
    """
    reader = Reader(pieces)
    while len(head := reader.read(12)) == 12:
        size, expected = struct.unpack("<QI", head)
        if masked_crc32c(head[:8]) != expected:
            raise BadRequest("A record has a length that is damaged")
        if size > RECORD_BYTES:
            raise BadRequest(f"A record says that it has {size} bytes, which is too long to be true")
        data = reader.read(size + 4)
        if len(data) < size + 4:
            return
        if check and masked_crc32c(data[:-4]) != int.from_bytes(data[-4:], "little"):
            raise BadRequest("A record is damaged")
        yield data[:-4]


def wandb_records(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The records of a ``.wandb`` file: pieces of CRC-32, length and kind in blocks of 32 KiB (LevelDB's log format).

    A last record that is cut short is still being written and passed over. Raises ``BadRequest`` for damage.
    """
    reader = Reader(pieces)
    head = reader.read(len(_WANDB))
    if head[:4] != _WANDB[:4] or len(head) < len(_WANDB):
        if _WANDB.startswith(head):
            return
        raise BadRequest("It is no file of W&B")
    at = len(_WANDB)
    parts: list[bytes] = []
    total = 0
    while True:
        left = _BLOCK - at % _BLOCK
        if left < _HEAD:
            at += len(reader.read(left))
            continue
        head = reader.read(_HEAD)
        if len(head) < _HEAD:
            return
        check, size, kind = struct.unpack("<IHB", head)
        if not check and not size and not kind:
            at += _HEAD + len(reader.read(left - _HEAD))  # A block that was made longer in advance.
            continue
        if not _FULL <= kind <= _LAST or size > left - _HEAD:
            raise BadRequest("A record has a head that is damaged")
        data = reader.read(size)
        if len(data) < size:
            return
        at += _HEAD + size
        if zlib.crc32(data, zlib.crc32(bytes([kind]))) != check:
            raise BadRequest("A record is damaged")
        if kind in (_FULL, _FIRST):
            parts, total = [], 0
        elif not parts:
            raise BadRequest("A record lacks its beginning")
        parts.append(data)
        total += size
        if total > RECORD_BYTES:
            raise BadRequest("A record is too long to be true")
        if kind in (_FULL, _LAST):
            yield b"".join(parts)
            parts = []


def masked_crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) as TensorFlow writes it: turned by 15 bits, plus a constant."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()
