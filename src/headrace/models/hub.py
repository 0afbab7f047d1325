"""Snapshots of models of the Hugging Face hub, as ``hf:/owner/name`` and ``hf:/owner/name@revision``."""

from __future__ import annotations

import re
from pathlib import Path

from headrace.base.errors import BadRequest, NotFound, Unreachable

SCHEME = "hf:/"
#: A repository of models, and the branch, tag or commit of it.
_REPOSITORY = re.compile(r"(\w[\w.-]{0,95}(?:/\w[\w.-]{0,95})?)(?:@(\w[\w./-]{0,254}))?", re.ASCII)


def is_of_hub(uri: str) -> bool:
    """Whether ``uri`` names a repository of the hub."""
    return uri.startswith(SCHEME)


def repository(uri: str) -> tuple[str, str | None]:
    """The repository that ``uri`` names, and its revision if it says one. Raises ``BadRequest`` for what is none."""
    found = _REPOSITORY.fullmatch(uri.removeprefix(SCHEME).lstrip("/"))
    if found is None or ".." in uri or "--" in found[1]:
        raise BadRequest(
            f"{uri[:120]!r} names no repository of the hub; write hf:/owner/name, or hf:/owner/name@revision"
        )
    return found[1], found[2]


def snapshot(uri: str) -> Path:
    """The folder with the files of a repository, fetched when they are not in the hub's own cache.

    Raises ``NotFound`` without the library or the repository, and ``Unreachable`` when the hub does not answer.
    """
    name, revision = repository(uri)
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ModuleNotFoundError as error:
        raise NotFound(
            f"{uri!r} is fetched by huggingface_hub, which is not installed: pip install huggingface_hub"
        ) from error
    try:
        return Path(huggingface_hub.snapshot_download(name, revision=revision))
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise NotFound(f"The hub has no {uri!r} for you: {str(error).strip().splitlines()[0]}") from error
    except (errors.LocalEntryNotFoundError, errors.HfHubHTTPError, errors.OfflineModeIsEnabled) as error:
        raise Unreachable(f"{uri!r} cannot be fetched from the hub: {str(error).strip().splitlines()[0]}") from error
