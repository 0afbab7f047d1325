"""One file of inputs scored by a model, without a server."""

from __future__ import annotations

import sys
from pathlib import Path

from headrace.base.errors import BadRequest, NotFound
from headrace.models.payload import CSV, JSON
from headrace.serving import answers
from headrace.serving.dialects import Model, reader_of

_MEDIA = {"json": JSON, "csv": CSV}


def read_inputs(source: Path | None, content_type: str) -> tuple[bytes, str]:
    """The bytes in ``source``, or on standard input, and their media type. Raises when either is not there."""
    media = _MEDIA.get(content_type)
    if media is None:
        raise BadRequest(f"The content type must be one of {list(_MEDIA)}, not {content_type!r}")
    if source is not None and not source.is_file():
        raise NotFound(f"There is no file {str(source)!r} with inputs")
    return (sys.stdin.buffer.read() if source is None else source.read_bytes()), media


def predict(model: Model, inputs: tuple[bytes, str], target: Path | None) -> None:
    """Score the inputs and write the answer, as JSON, to ``target`` or standard output."""
    payload = reader_of(model).read(*inputs)
    answer = answers.encode(model.predict(payload.data, params=payload.params), wrapped=payload.wrapped)
    if target is None:
        print(answer.decode())
    else:
        target.write_bytes(answer)
