"""What commands print: plain tables, JSON, times and numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

TRACKING = click.option(
    "--tracking-uri",
    metavar="URI",
    help="Where the records are: a folder, a database or a server. [default: MLFLOW_TRACKING_URI, else ./mlruns]",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text for people.")
#: Characters of a cell of a table, at most.
_CELL = 60


def client(tracking_uri: str | None) -> Any:
    """A client of the store that a command asks."""
    from headrace.tracking.client import MlflowClient

    return MlflowClient(tracking_uri)


def print_json(said: Any) -> None:
    """Print ``said`` as indented JSON. Numbers JSON has no word for stand as the texts MLflow's protocol has."""
    click.echo(msgspec.json.format(msgspec.json.encode(_spelled(said)), indent=2))


def print_line(said: Any) -> None:
    """Print ``said`` as one line of JSON."""
    click.echo(msgspec.json.encode(_spelled(said)))


def print_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows below their headings, in columns as wide as they need."""
    cells = [["" if cell is None else _one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    for line in (head, ["-" * width for width in widths], *cells):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def moment(milliseconds: int | None) -> str:
    """A time in milliseconds since the epoch, as people write it."""
    if milliseconds is None:
        return ""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"


def number(value: float) -> str:
    """A number in six digits, or as short as it is."""
    return str(int(value)) if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def plain(value: Any) -> Any:
    """A record as dictionaries and lists."""
    return msgspec.to_builtins(value)


def _spelled(said: Any) -> Any:
    match said:
        case float() if not math.isfinite(said):
            return "NaN" if math.isnan(said) else "Infinity" if said > 0 else "-Infinity"
        case dict():
            return {key: _spelled(value) for key, value in said.items()}
        case list() | tuple():
            return [_spelled(value) for value in said]
        case msgspec.Struct():
            return _spelled(plain(said))
    return said


def _one_line(text: str) -> str:
    shown = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return shown if len(shown) <= _CELL else shown[: _CELL - 1] + "…"
