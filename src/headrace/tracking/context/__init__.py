"""Where a run comes from: who runs what program, at which commit."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.tracking import providers, tag_names
from headrace.tracking.context import git
from headrace.tracking.context.git import commit_of

__all__ = ["commit_of", "context_tags", "resolve_tags", "user"]


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
    return found | git.tags_of(Path(name)) | providers.run_tags() | _said()


def user() -> str:
    """The name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # An account without a name, as in some containers.
        return str(os.getuid())


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


#: Libraries look for these in ``context.registry``.
_run_context_provider_registry = providers._run_context_provider_registry
registry = sys.modules[__name__]
