"""Server-sent events: how parts of an answer travel.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html, one ``data`` line for each event.
"""

from __future__ import annotations

import json
from typing import Any

from headrace.serving import answers

#: The media type of a stream, and the event that ends one.
MEDIA = b"text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"


def event(part: Any) -> bytes:
    """The event that carries ``part``. Raises ``HeadraceError`` when JSON cannot carry it."""
    return b"data: " + answers.encode_part(part) + b"\n\n"


def fault(said: Any) -> bytes:
    """The event that says what went wrong in the middle of a stream."""
    return b"data: " + json.dumps({"error": said}).encode() + b"\n\n"
