"""Files that are whole or absent: written beside their place, then moved into it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

#: Names of files that are being written. Nobody else may use such a name, and no listing shows it.
UNFINISHED = re.compile(r"\.headrace-[0-9a-f]{16}\.part")


def unfinished_name() -> str:
    """A name nobody has used for a file that is being written."""
    return f".headrace-{secrets.token_hex(8)}.part"


def save(pieces: Iterable[bytes], target: Path) -> Path:
    """Write ``pieces`` to the file ``target``, whose folder is made if need be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file:
        for piece in pieces:
            file.write(piece)
    return target


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file to write that becomes ``target`` when the block ends, and leaves no trace when it raises."""
    part = target.parent / unfinished_name()
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
