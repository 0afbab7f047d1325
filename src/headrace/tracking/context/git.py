"""What is checked out where a program lies, read from Git's own files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from headrace.tracking import tag_names

_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
#: ``ref: …`` may point at another ``ref: …`` this often.
_REF_DEPTH = 5
_REMOTE = re.compile(r'^\[remote "[^"\n]*"\]\s*$(?P<body>[^\[]*)', re.MULTILINE)
_URL = re.compile(r"^\s*url\s*=\s*(?P<url>\S+)\s*$", re.MULTILINE)


def tags_of(path: Path) -> dict[str, str]:
    """Commit, branch and remote of the repository that ``path`` lies in, as far as there are such."""
    folder = _folder_of(path)
    if folder is None:
        return {}
    try:
        found = {
            tag_names.MLFLOW_GIT_COMMIT: _commit(folder, "HEAD", _REF_DEPTH),
            tag_names.MLFLOW_GIT_BRANCH: _branch(folder),
            tag_names.MLFLOW_GIT_REPO_URL: _remote(folder),
        }
    except (OSError, UnicodeDecodeError):  # Not ours to read, or not what Git writes.
        return {}
    if found[tag_names.MLFLOW_GIT_COMMIT] is None:
        return {}
    return {key: value for key, value in found.items() if value}


def commit_of(path: Path) -> str | None:
    """The commit that is checked out where ``path`` lies, read from Git's own files; None outside of a repository."""
    return tags_of(path).get(tag_names.MLFLOW_GIT_COMMIT)


def _folder_of(path: Path) -> Path | None:
    start = path if path.is_dir() else path.parent
    return _git_folder(Path(os.path.abspath(start)))


def _branch(folder: Path) -> str | None:
    said = (folder / "HEAD").read_text().strip()
    return said.removeprefix("ref: refs/heads/") if said.startswith("ref: refs/heads/") else None


def _remote(folder: Path) -> str | None:
    """The URL of the first remote, without the name and password that may stand in it."""
    for place in _places(folder):
        try:
            config = (place / "config").read_text()
        except FileNotFoundError:
            continue
        for remote in _REMOTE.finditer(config):
            if found := _URL.search(remote["body"]):
                return _without_credentials(found["url"])
    return None


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.scheme in ("http", "https") else url


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
