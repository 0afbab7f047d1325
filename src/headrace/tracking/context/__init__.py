"""Where a run comes from: who runs what program, at which commit."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.tracking import providers, tag_names

_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
#: ``ref: …`` may point at another ``ref: …`` this often.
_REF_DEPTH = 5


def resolve_tags(tags: Mapping[str, Any] | None = None, ignore: list[Any] | None = None) -> dict[str, Any]:
    """The tags that say where this process comes from, and ``tags``, which win."""
    return {**context_tags(), **(tags or {})}


def context_tags() -> dict[str, str]:
    """User, program, kind of program and commit, as far as they can be known."""
    kind, name = _program()
    found = {
        tag_names.MLFLOW_USER: user(),
        tag_names.MLFLOW_SOURCE_NAME: name,
        tag_names.MLFLOW_SOURCE_TYPE: kind,
    }
    if commit := commit_of(Path(name)):
        found[tag_names.MLFLOW_GIT_COMMIT] = commit
    return found | providers.run_tags() | _said()


def user() -> str:
    """The name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # An account without a name, as in some containers.
        return str(os.getuid())


def commit_of(path: Path) -> str | None:
    """The commit that is checked out where ``path`` lies, read from Git's own files; None outside of a repository."""
    start = path if path.is_dir() else path.parent
    folder = _git_folder(Path(os.path.abspath(start)))
    if folder is None:
        return None
    try:
        return _commit(folder, "HEAD", _REF_DEPTH)
    except (OSError, UnicodeDecodeError):  # Not ours to read, or not what Git writes.
        return None


def _program() -> tuple[str, str]:
    if path := _notebook():
        return "NOTEBOOK", path
    return "LOCAL", (sys.argv[0] if sys.argv else "") or "<console>"


def _said() -> dict[str, str]:
    text = settings.text("RUN_CONTEXT")
    if not text:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise BadRequest(f"HEADRACE_RUN_CONTEXT must be a JSON object of strings: {error}") from None


def _notebook() -> str | None:
    # Jupyter's own variables; VS Code sets a global of its own in the notebook's namespace.
    if "ipykernel" not in sys.modules:
        return None
    main = sys.modules.get("__main__")
    return os.environ.get("JPY_SESSION_NAME") or getattr(main, "__vsc_ipynb_file__", None)


def _git_folder(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        found = folder / ".git"
        if found.is_dir():
            return found
        if found.is_file():  # A worktree or a submodule: one line that says where its files are.
            said = found.read_text(errors="replace").strip()
            return Path(os.path.join(folder, said.removeprefix("gitdir: "))) if said.startswith("gitdir: ") else None
    return None


def _commit(folder: Path, ref: str, depth: int) -> str | None:
    """What ``ref`` points at. Refs a worktree does not have itself are in the folder it shares with the others."""
    if depth == 0:
        return None
    for place in _places(folder):
        try:
            said = (place / ref).read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if said.startswith("ref: "):
            return _commit(folder, said.removeprefix("ref: "), depth - 1)
        return said if _HASH.fullmatch(said) else None
    return _packed(folder, ref)


def _places(folder: Path) -> list[Path]:
    try:
        shared = (folder / "commondir").read_text().strip()
    except FileNotFoundError:
        return [folder]
    return [folder, Path(os.path.join(folder, shared))]


def _packed(folder: Path, ref: str) -> str | None:
    for place in _places(folder):
        try:
            lines = (place / "packed-refs").read_text().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            commit, _, name = line.partition(" ")
            if name == ref and _HASH.fullmatch(commit):
                return commit
    return None


#: Libraries look for resolve_tags in ``context.registry``.
registry = sys.modules[__name__]
