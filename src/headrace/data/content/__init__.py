"""A digest of everything a table or tensor holds, whichever library holds it and however it is cut into chunks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from headrace.data.content.frames import columns_of
from headrace.data.content.streams import Stream
from headrace.data.content.tensors import tensor_stream

__all__ = ["column_digests", "content_digest", "tensor_digest"]

#: Goes into every digest, so that one of another recipe is never taken for one of this.
_TABLE, _TENSORS = "headrace table 1", "headrace tensors 1"


def content_digest(table: Any) -> str:
    """128 bits, as 32 hexadecimal digits, of all rows of ``table`` in their order, its names and its types.

    ``table`` is a data frame of pandas, polars or any library narwhals reads, an Arrow table or reader, or a Hugging
    Face dataset. One table has one digest in all of them. Memory in use does not grow with the number of rows. Raises
    ``NotSupported`` for values that have no order of bytes, such as objects of a class of one's own.
    """
    rows, streams = columns_of(table)
    return _sealed([_TABLE, rows, _described(streams)])


def column_digests(table: Any) -> dict[str, str]:
    """The digest of each column of ``table`` by its name, which tells in what two tables differ."""
    _, streams = columns_of(table)
    return {name: stream.hexdigest() for name, stream in streams}


def tensor_digest(**parts: Any) -> str:
    """128 bits, as 32 hexadecimal digits, of numpy arrays: shapes, types and every element.

    A part is an array, a dict of arrays by name, or None for one that is not there.
    """
    return _sealed([_TENSORS, [[name, _tensors(part)] for name, part in parts.items() if part is not None]])


def _tensors(part: Any) -> list[Any]:
    named = sorted(part.items()) if isinstance(part, dict) else [(None, part)]
    return [[name, list(array.shape), *_said(tensor_stream(array))] for name, array in named]


def _described(streams: Iterable[tuple[str, Stream]]) -> list[list[str]]:
    return [[name, *_said(stream)] for name, stream in streams]


def _said(stream: Stream) -> list[str]:
    return [stream.name, stream.hexdigest()]


def _sealed(said: list[Any]) -> str:
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
