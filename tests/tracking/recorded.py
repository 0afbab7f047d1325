"""MLflow's public names and signatures as they were recorded, and what ours look like."""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import headrace

#: Arguments: name, kind, and how the default is written (None when there is none).
Arguments = list[tuple[str, str, str | None]]


class Row(NamedTuple):
    """A public name, what it is, and its signature or value."""

    name: str
    kind: str
    said: str


def rows(assets: Path = Path(__file__).parent / "assets") -> list[Row]:
    """Every name of tiers 1 and 2 of some areas, without those that convert to and from protobuf messages."""
    path = assets / "python_api.tsv"
    return [Row(*line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()]


def grouped(found: list[Row]) -> dict[str, list[Row]]:
    """The rows by the class they are in; functions and modules by themselves."""
    classes = {row.name for row in found if row.kind in _CLASSES}
    groups: dict[str, list[Row]] = {}
    for row in found:
        owner = row.name.rpartition(".")[0]
        groups.setdefault(owner if owner in classes else row.name, []).append(row)
    return groups


_CLASSES = {"class", "dataclass", "enum", "exception", "typeddict", "pydantic model"}


def differences(row: Row) -> Iterator[str]:
    """How what we have under that name differs."""
    try:
        ours = _found(row.name.removeprefix("mlflow."))
    except (AttributeError, ModuleNotFoundError) as error:
        yield f"{row.name} is not there: {error}"
        return
    if row.kind in ("class constant", "enum member"):
        plain = ours.value if isinstance(ours, enum.Enum) else ours
        if repr(plain) != row.said:
            yield f"{row.name} is {plain!r}, and {row.said} in MLflow"
    elif row.said.startswith("(") and row.said != "(?)" and row.kind not in ("enum", "typeddict"):
        here, there = arguments_of(ours), spelled(row.said)
        if not _takes(here, there):
            yield f"{row.name} takes {here}, and {there} in MLflow"


def _found(name: str) -> Any:
    parts = name.split(".")
    thing: Any = headrace
    for n, part in enumerate(parts):
        try:
            thing = getattr(thing, part)
        except AttributeError:
            if not inspect.ismodule(thing):
                fields = getattr(thing, "__annotations__", {})
                if part in fields and n == len(parts) - 1:
                    return fields[part]
                raise
            thing = importlib.import_module(f"headrace.{'.'.join(parts[: n + 1])}")
    return thing


def _takes(ours: Arguments, theirs: Arguments) -> bool:
    """Whether who gives what MLflow takes is understood: the same, but that what MLflow demands may have a default."""
    return len(ours) == len(theirs) and all(
        here[:2] == there[:2] and (there[2] is None or here[2] == there[2])
        for here, there in zip(ours, theirs, strict=True)
    )


def arguments_of(function: Any) -> Arguments:
    """What a function of ours, or the making of a class, takes."""
    return [
        (each.name, each.kind.name, None if each.default is each.empty else _written(each.default))
        for each in inspect.signature(function).parameters.values()
    ]


def _written(default: Any) -> str:
    return repr(default.value if isinstance(default, enum.Enum) else default)


def spelled(signature: str) -> Arguments:
    """What a recorded signature says, without the types."""
    found: Arguments = []
    kind = "POSITIONAL_OR_KEYWORD"
    for text in _parts(signature[1:-1]):
        if text == "*":
            kind = "KEYWORD_ONLY"
        elif text == "/":
            found = [(name, "POSITIONAL_ONLY", default) for name, _, default in found]
        elif text.startswith("**"):
            found.append((text[2:].partition(":")[0], "VAR_KEYWORD", None))
        elif text.startswith("*"):
            found.append((text[1:].partition(":")[0], "VAR_POSITIONAL", None))
            kind = "KEYWORD_ONLY"
        else:
            name, has_default, default = _halves(text)
            found.append((name, kind, _default(default) if has_default else None))
    return found


def _parts(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{<") - (letter in ")]}>")
        if letter == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text[start:].strip():
        yield text[start:].strip()


def _halves(text: str) -> tuple[str, bool, str]:
    name, typed, rest = text.partition(":")
    if not typed or "=" in name:
        name, has_default, default = text.partition("=")
        return name.strip(), bool(has_default), default.strip()
    _, has_default, default = rest.rpartition(" = ")
    return name.strip(), bool(has_default), default.strip()


def _default(text: str) -> str:
    member = re.fullmatch(r"<[\w.]+: (.*)>", text)
    return member[1] if member else text
