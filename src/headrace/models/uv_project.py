"""The project of uv that a model is made in: its lock travels with the model, and can say what the model requires."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from headrace.base import settings
from headrace.base.errors import BadRequest, NotFound

#: What travels with a model; the first two make a folder a project.
FILES = ("uv.lock", "pyproject.toml", ".python-version")
#: Seconds that uv may take to read a lock.
_PATIENCE = 60


class Project(NamedTuple):
    """A project, and the optional parts of it that a model requires."""

    folder: Path
    groups: Sequence[str] = ()
    extras: Sequence[str] = ()

    def copy_to(self, folder: Path) -> None:
        """Put the project's files into a model, unless ``LOG_UV_FILES`` says not to."""
        if not settings.flag("LOG_UV_FILES", default=True):
            return
        for name in FILES:
            if (self.folder / name).is_file():
                shutil.copyfile(self.folder / name, folder / name)

    def requirements(self) -> list[str]:
        """Every distribution in the lock that the project and the chosen parts need, pinned, development's left out.

        Raises ``BadRequest`` when uv cannot read it, and ``NotFound`` when there is no uv.
        """
        words = [uv(), "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--project", str(self.folder)]
        words += ["--no-hashes", "--no-annotate", "--no-header"]
        words += [word for group in self.groups for word in ("--group", group)]
        words += [word for extra in self.extras for word in ("--extra", extra)]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False, timeout=_PATIENCE)
        if done.returncode:
            raise BadRequest(f"uv cannot read the project {str(self.folder)!r}: {done.stderr.strip()[-2000:]}")
        return [line.strip() for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")]


def project_of(said: str | Path | None, groups: Sequence[str] | None, extras: Sequence[str] | None) -> Project | None:
    """The project that was named, or the one in the working directory, if there is one and nobody switched that off.

    Raises ``BadRequest`` when what was named is no project, or parts were named of none.
    """
    if said is not None:
        folder = Path(said)
        if missing := [name for name in FILES[:2] if not (folder / name).is_file()]:
            raise BadRequest(f"uv_project_path={str(said)!r} is no project of uv: it has no {' and no '.join(missing)}")
        return Project(folder.resolve(), groups or (), extras or ())
    found = settings.flag("UV_AUTO_DETECT", default=True) and all(Path(name).is_file() for name in FILES[:2])
    if not found and (groups or extras):
        raise BadRequest("uv_groups and uv_extras are parts of a project: give its uv_project_path")
    return Project(Path.cwd(), groups or (), extras or ()) if found else None


def uv() -> str:
    """The path of uv: the one beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise NotFound("What a project of uv requires is read by uv, which is not there: pip install uv")
    return found
