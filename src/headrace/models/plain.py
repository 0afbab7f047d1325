"""YAML that somebody else may have written, read as plain data: no tags, no depths, no aliases that multiply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest

#: Bytes of a file, and values in it once every alias stands for what it names, at most.
BYTES, VALUES = 16 << 20, 4_000_000
#: Bytes, and marks that may open a level, up to which the parser in C is used: a tenth of what overflows its stack.
_SHORT, _OPENING = 256 << 10, 3000


def read_yaml(file: Path, what: str) -> Any:
    """The data in ``file``. Raises ``BadRequest`` naming ``what`` it is when that is no plain YAML."""
    import yaml

    if file.stat().st_size > BYTES:
        raise BadRequest(f"{what} {str(file)!r} is larger than {BYTES} bytes")
    try:
        text = file.read_text(encoding="utf-8")
        said = yaml.load(text, Loader=_loader(text))  # both are safe loaders
        count = _count(said, {})
    except RecursionError:
        raise BadRequest(f"{what} {str(file)!r} is nested too deeply") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, OverflowError) as error:
        # A number of a million digits is none to Python, a date may have no such day.
        raise BadRequest(f"{what} {str(file)!r} is not plain YAML: {error}") from error
    if count > VALUES:
        raise BadRequest(f"{what} {str(file)!r} has aliases that stand for more than {VALUES} values")
    return said


def _loader(text: str) -> Any:
    """The loader for a text: the one in C is ten times as fast, and runs out of stack where the other says so."""
    import yaml

    # Levels by indentation take as many spaces as there are levels, and so are few in a short text.
    if len(text) > _SHORT or sum(map(text.count, ("[", "{", "- ", "-\t", "-\n", "? ", "?\t", "?\n"))) > _OPENING:
        return yaml.SafeLoader
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _count(said: Any, known: dict[int, int]) -> int:
    """Values in ``said``. Raises ``ValueError`` for what contains itself."""
    if not isinstance(said, dict | list):
        return 1
    found = known.get(id(said))
    if found == 0:
        raise ValueError("an alias stands for what it is in")
    if found is None:
        known[id(said)] = 0
        found = 1 + sum(_count(each, known) for each in (said.values() if isinstance(said, dict) else said))
        known[id(said)] = found
    return found
