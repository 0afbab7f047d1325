"""Which installed distribution a module comes from, read off what installers leave behind; nothing is imported."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

_INFO = re.compile(r"(.+?)(-[^-]+.*)?\.(dist|egg)-info")
#: The first part of each path in a RECORD, which is a CSV of paths, digests and sizes.
_FIRST_PARTS = re.compile(r'^"?([^/,"\n]+)', re.MULTILINE)
#: What setuptools and the library editables write for a package that is used where its source lies.
_MAPPING = re.compile(r"^MAPPING(?:: dict\[str, str\])? = (\{.*\})", re.MULTILINE)
_MAPPED = re.compile(r"map_module\('([^']+)'")


def owners(modules: Iterable[str]) -> set[str]:
    """The names of the installed distributions that have the ``modules``, whose names may have dots."""
    index = _index()
    return {name for module in modules for name in _owners(module, index.get(module.partition(".")[0], ()))}


def is_installed(top: str) -> bool:
    """Whether a distribution has a module or package called ``top``."""
    return top in _index()


def forget() -> None:
    """Read anew what is installed the next time it is asked for. Only needed where files changed under a folder."""
    for kept in (_index_of, _record, _name):
        kept.cache_clear()


def _owners(module: str, homes: tuple[Path, ...]) -> list[str]:
    top = module.partition(".")[0]
    # Without files of that name it is one that is used where its source lies.
    whole = [home for home in homes if _has(home, f"{top}/__init__.", f"{top}.") or not _has(home, f"{top}/")]
    if whole:
        return sorted(map(_name, whole))[:1]
    # A namespace has parts of several distributions, or is nobody's: its own name tells nothing.
    depth = {home: _depth(module, home) for home in homes}
    deepest = [_name(home) for home in homes if depth[home] == max(depth.values()) > 1]
    return deepest if len(deepest) == 1 else []


def _depth(module: str, home: Path) -> int:
    """How many parts of the module's name a distribution has files for."""
    parts = module.split(".")
    for depth in range(len(parts), 0, -1):
        path = "/".join(parts[:depth])
        if _has(home, f"{path}/", f"{path}."):
            return depth
    return 0


def _has(home: Path, *starts: str) -> bool:
    return any(f"\n{start}" in _record(home) for start in starts)


@lru_cache(maxsize=64)
def _record(home: Path) -> str:
    """The paths of a distribution's files, each after a newline."""
    return "\n" + _text(home / "RECORD").replace('"', "")


def _index() -> dict[str, tuple[Path, ...]]:
    """The distributions that have each top-level name, as it is on the path now."""
    return _index_of(tuple((folder, _changed(folder)) for folder in dict.fromkeys(sys.path)))


@lru_cache(maxsize=4)
def _index_of(folders: tuple[tuple[str, int], ...]) -> dict[str, tuple[Path, ...]]:
    found: dict[str, tuple[Path, ...]] = {}
    seen: set[str] = set()
    for folder, changed in folders:
        for name in sorted(os.listdir(folder)) if changed else ():
            match = _INFO.fullmatch(name)
            # A distribution that is installed twice is imported from where it is found first.
            if match and match[1].lower() not in seen:
                seen.add(match[1].lower())
                for top in _tops(Path(folder) / name):
                    found[top] = (*found.get(top, ()), Path(folder) / name)
    return found


def _changed(folder: str) -> int:
    """When something was last installed into a folder, in ns; 0 if it is none."""
    try:
        return os.stat(folder).st_mtime_ns if os.path.isdir(folder) else 0
    except OSError:
        return 0


def _tops(home: Path) -> set[str]:
    """The top-level names that can be imported from a distribution."""
    declared = _text(home / "top_level.txt").split()
    if declared:
        return {name.partition("/")[0] for name in declared}
    record = _text(home / "RECORD")
    parts = {part.partition(".")[0] for part in _FIRST_PARTS.findall(record) if not part.endswith((".pth", "-info"))}
    return {part for part in parts if part.isidentifier()} | set(_edited(home, record))


def _edited(home: Path, record: str) -> Iterator[str]:
    """The top-level names of a distribution that is used where its source lies."""
    for name in re.findall(r"^[^/,\n]*edit[^/,\n]*\.(?:pth|py)", record, re.MULTILINE):
        text = _text(home.parent / name)
        if mapping := _MAPPING.search(text):
            yield from (key.partition(".")[0] for key in ast.literal_eval(mapping[1]))
        yield from _MAPPED.findall(text)
        for line in text.splitlines() if name.endswith(".pth") else ():
            source = Path(line)
            # Beside a package there may be scripts that are not of it; in a folder src there are none.
            wanted = None if source.name == "src" else _match(home)
            for each in source.iterdir() if line and source.is_dir() else ():
                if (each / "__init__.py").is_file() and wanted in (None, each.name.lower()):
                    yield each.name


def _match(home: Path) -> str:
    return re.sub(r"[-_.]+", "_", _name(home)).lower()


@lru_cache(maxsize=1024)
def _name(home: Path) -> str:
    """The name of a distribution as its metadata has it."""
    said = _text(home / "METADATA") or _text(home / "PKG-INFO")
    found = re.search(r"^Name: *(\S+)", said, re.MULTILINE)
    parts = _INFO.fullmatch(home.name)
    return found[1] if found else parts[1] if parts else home.name


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Installers leave out what a distribution has none of.
        return ""
