"""Models as a stranger would change them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml


def say(folder: Path, flavor: str, **said: Any) -> None:
    """Let the MLmodel file of the model in ``folder`` say something else of a flavor."""
    text = yaml.safe_load((folder / "MLmodel").read_text())
    text["flavors"][flavor] |= said
    change(folder, "MLmodel", lambda _: yaml.safe_dump(text).encode())


def change(folder: Path, name: str, into: Callable[[bytes], bytes]) -> None:
    """Make something else of a file of the model in ``folder``, manifest or not."""
    (folder / name).write_bytes(into((folder / name).read_bytes()))
    (folder / "manifest.sha256").unlink(missing_ok=True)
