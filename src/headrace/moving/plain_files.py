"""Files that somebody else wrote, read line by line and never through a link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from headrace.base.errors import BadRequest

#: Bytes of one line, at most.
_LINE_BYTES = 256 << 20


def lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, which may not be a link."""
    with os.fdopen(open_plain(file), "rb", buffering=1 << 20) as opened:
        while line := opened.readline(_LINE_BYTES):
            if len(line) == _LINE_BYTES:
                raise BadRequest(f"{file.name} has a line of more than {_LINE_BYTES} bytes")
            yield line


def open_plain(file: Path) -> int:
    """A descriptor of a file, which may not be a link."""
    try:
        return os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise BadRequest(f"{file} cannot be read: {error.strerror}") from None
