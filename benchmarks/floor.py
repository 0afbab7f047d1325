"""A bare ASGI server: reads the body, writes the rows, answers with bytes made beforehand. Nothing can cost less."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

Message = dict[str, Any]

_kept = sqlite3.connect("floor.db", isolation_level=None)
_kept.execute("PRAGMA journal_mode = WAL")
_kept.execute("PRAGMA synchronous = NORMAL")
_kept.execute("CREATE TABLE points (key TEXT, step INTEGER, value REAL, PRIMARY KEY (key, step)) WITHOUT ROWID")
_COLUMNS = [{"key": f"key_{number}", "value": "value"} for number in range(45)]
_ANSWERS = {
    "/one": msgspec.json.encode({"run": {"data": {"params": _COLUMNS}}}),
    "/search": msgspec.json.encode({"runs": [{"data": {"params": _COLUMNS}}] * 100}),
}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/points":
        rows = [(row["key"], row["step"], row["value"]) for row in msgspec.json.decode(body)["metrics"]]
        _kept.execute("BEGIN")
        _kept.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?)", rows)
        _kept.execute("COMMIT")
    said = _ANSWERS.get(scope["path"], b"{}")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})
