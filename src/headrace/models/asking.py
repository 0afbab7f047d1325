"""What models of language are asked: texts, dicts and lists of them, out of whatever holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def plain(value: Any) -> Any:
    """``value`` with numpy's arrays and numbers in it as lists and numbers of Python."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    # Arrays and numpy's numbers alike; a frame has no tolist.
    return plain(value.tolist()) if type(value).__module__ == "numpy" and hasattr(value, "tolist") else value


def rows_of(data: Any) -> Any:
    """The rows of a DataFrame as dicts, or as values where its one column has no name; other ``data`` as it is."""
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        rows = data.to_dict(orient="records")
        return plain([row[0] for row in rows] if list(data.columns) == [0] else rows)
    return plain(data)


def each_of(data: Any, ask: Callable[[Any], Any]) -> Any:
    """What ``ask`` makes of ``data``, or of each row if it is a list; a DataFrame of one row is that row."""
    rows = rows_of(data)
    if isinstance(rows, list) and len(rows) == 1 and not isinstance(data, list):
        rows = rows[0]
    return [ask(row) for row in rows] if isinstance(rows, list) else ask(rows)
