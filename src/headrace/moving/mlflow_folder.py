"""Files of MLflow's file store: documents of YAML, values that are a file each, and lines of points."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError
from headrace.moving.port import Lost
from headrace.moving.trees import Parts, Tree

_META = "meta.yaml"
#: Bytes of a document or a value, and of one line of points, at most.
_DOCUMENT, _LINE = 16 << 20, 4096
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def whole(text: str) -> int | None:
    """The whole number that a text spells, if it fits in 64 bits."""
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


class Meta:
    """The fields of a ``meta.yaml``."""

    def __init__(self, where: str, said: dict[Any, Any]) -> None:
        self._where, self._said = where, said

    def text(self, name: str) -> str | None:
        """A field that is text, or None where it is absent or empty."""
        value = self._said.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, (dict, list)):
            raise BadRequest(f"{self._where}: {name} is no text")
        return str(value)

    def required(self, name: str) -> str:
        """A field that must be there. Raises ``BadRequest`` where it is not."""
        value = self.text(name)
        if value is None:
            raise BadRequest(f"{self._where} has no {name}")
        return value

    def number(self, name: str) -> int | None:
        """A field that is a whole number."""
        value = self.text(name)
        if value is None:
            return None
        number = whole(value)
        if number is None:
            raise BadRequest(f"{self._where}: {name} is no whole number")
        return number

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """A field that is a mapping of texts."""
        value = self._said.get(name) or {}
        if not isinstance(value, dict):
            raise BadRequest(f"{self._where}: {name} is no mapping")
        return [(str(key), str(text)) for key, text in value.items()]

    def is_kind(self, kind: str) -> bool:
        """Whether what the record leads to is of a kind."""
        return self.text("destination_type") == kind


class Folder:
    """A folder of the file store. Nothing is read through a link."""

    def __init__(self, root: Path) -> None:
        self.tree = Tree(root)

    def meta(self, parts: Parts) -> Meta:
        """The document of a folder. Raises ``HeadraceError`` where it is missing or damaged."""
        import yaml

        where = "/".join((*parts, _META))
        raw = self.tree.read((*parts, _META), _DOCUMENT)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            said = yaml.load(raw, loader)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise BadRequest(f"{where} is no YAML: {str(error).splitlines()[0]}") from None
        if not isinstance(said, dict):
            raise BadRequest(f"{where} is empty or no mapping")
        return Meta(where, said)

    def keys(self, parts: Parts) -> Iterator[tuple[str, Parts | None]]:
        """Every key below a folder, whose slashes are folders, and its file; None for what is no plain file."""
        for below, size in self.tree.files(parts):
            yield "/".join(below), None if size is None else (*parts, *below)

    def values(self, parts: Parts, lost: list[Lost] | None = None) -> list[tuple[str, str]]:
        """The keys below a folder and the values in their files. What cannot be read is added to ``lost``."""
        found = []
        for key, file in self.keys(parts):
            try:
                if file is None:
                    raise BadRequest("It is a link, a pipe or a device, and is not followed")
                found.append((key, self.tree.read(file, _DOCUMENT).decode()))
            except (HeadraceError, UnicodeDecodeError) as error:
                if lost is not None:
                    lost.append(Lost(parts[-1].removesuffix("s"), f"{'/'.join(parts[-2:-1])}/{key}", str(error)))
        return found

    def lines(self, file: Parts) -> Iterator[str]:
        """The lines of a file. One that is no text, or too long to be one, comes as it can be shown."""
        rest = b""
        for piece in self.tree.pieces(file):
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield line.decode(errors="replace").removesuffix("\r")
            if len(rest) > _LINE:
                rest = rest[:_LINE]
        if rest:
            yield rest.decode(errors="replace")
