"""An environment made for a model by uv, kept under the hash of what the model needs, and programs run in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from headrace.base import settings
from headrace.base.errors import HeadraceError, NotFound
from headrace.models import signing
from headrace.models.environment import CONSTRAINTS, REQUIREMENTS, name_of
from headrace.models.loading import fetch
from headrace.models.trust import allow
from headrace.serving.environments import Needed, is_wheel, needed, strangers

#: Written when everything is installed: without it an environment was cut short, and is made again.
_COMPLETE = "headrace-complete"


def python_for(model_uri: str, override: Sequence[str] = ()) -> Path:
    """The Python of the environment for a model, made when it is not there yet.

    ``override`` are requirements in place of the model's own for the same distributions. Raises ``NotFound`` when
    there is no uv, and ``HeadraceError`` with uv's own words when it cannot install.
    """
    model = fetch(model_uri)
    signing.check(model)
    needs = needed(model)
    # An index has many eyes; what else a model brings runs code of its author's when it is built or imported.
    allow(model_uri, [f"install {line}" for line in strangers(needs)])
    named = {name_of(each) for each in override}
    kept = [line for line in needs.requirements if name_of(line) not in named]
    needs = needs._replace(requirements=[*kept, *override])
    ours, source = _ourselves()
    said = json.dumps([*needs, ours, source]).encode()
    root = Path(settings.text("ENV_ROOT") or Path.home() / ".cache" / "headrace" / "envs").absolute()
    folder = root / hashlib.sha256(said).hexdigest()[:20]
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    root.mkdir(parents=True, exist_ok=True)
    with _only_one(root / f"{folder.name}.lock"):
        if not (folder / _COMPLETE).exists():
            _make(folder, python, needs._replace(requirements=_placed(needs.requirements, model)), ours, source)
    return python


def run(python: Path, words: Sequence[str]) -> int:
    """Run ``headrace`` with ``words`` in an environment; its exit code."""
    return subprocess.run(_command(python, words), env=_surroundings(), check=False).returncode


def ask(python: Path, words: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``headrace`` with ``words`` in an environment, with ``variables`` set; what it said, and its exit code."""
    env = {**_surroundings(), **variables}
    return subprocess.run(_command(python, words), env=env, check=False, capture_output=True, text=True)


def become(python: Path, words: Sequence[str]) -> NoReturn:
    """Go on as ``headrace`` with ``words`` in an environment, where the system can; signals reach it as they are."""
    if sys.platform == "win32":
        sys.exit(run(python, words))
    os.execve(python, _command(python, words), _surroundings())


def _command(python: Path, words: Sequence[str]) -> list[str]:
    return [str(python), "-m", "headrace", *words]


def _surroundings() -> dict[str, str]:
    # What the caller's own Python was told is of another environment.
    return {name: each for name, each in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}


def _make(folder: Path, python: Path, needs: Needed, ours: list[str], source: str | None) -> None:
    uv = _uv()
    _call([uv, "venv", "--quiet", "--clear", "--python", needs.python, str(folder)])
    (folder / REQUIREMENTS).write_text("\n".join([*needs.requirements, *ours]) + "\n", encoding="utf-8")
    (folder / CONSTRAINTS).write_text("\n".join(needs.constraints) + "\n", encoding="utf-8")
    files = ["-r", str(folder / REQUIREMENTS), "-c", str(folder / CONSTRAINTS)]
    _call([uv, "pip", "install", "--quiet", "--python", str(python), *files])
    if source is not None:
        packages = next(iter(sorted(folder.glob("lib/python3.*/site-packages"))), folder / "Lib" / "site-packages")
        (packages / "headrace.pth").write_text(f"{_ours_alone(Path(source), folder)}\n", encoding="utf-8")
    (folder / _COMPLETE).touch()


def _placed(requirements: list[str], model: Path) -> list[str]:
    """Requirements with the wheels among them by their whole paths."""
    return [str(model.absolute() / line) if is_wheel(line) else line for line in requirements]


def _ourselves() -> tuple[list[str], str | None]:
    """The requirements by which this very Headrace comes into an environment, and the folder it is in if it came from
    a checkout, which no index has: then it is not installed but found there."""
    found = metadata.distribution("headrace")
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if not origin:
        return [f"headrace[models]=={found.version}"], None
    lines = []
    for each in found.requires or []:
        requirement, _, marker = each.partition(";")
        if "extra ==" not in marker:
            lines.append(each)
        elif marker.strip() in ("extra == 'models'", 'extra == "models"'):
            lines.append(requirement.strip())
    return lines, str(Path(__file__).parents[2])


def _ours_alone(source: Path, folder: Path) -> Path:
    """A folder to look for Headrace in, and for nothing else: links to it, where others are installed beside it."""
    if source.name not in ("site-packages", "dist-packages"):
        return source
    home = folder / "ours"
    home.mkdir(exist_ok=True)
    for each in (source / "headrace", *source.glob("headrace-*.dist-info")):
        (home / each.name).symlink_to(each)
    return home


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise NotFound("Environments of models are made by uv, which is not there: pip install uv")
    return found


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HeadraceError(f"The environment of the model cannot be made: {done.stderr.strip()[-2000:]}")


@contextmanager
def _only_one(file: Path) -> Iterator[None]:
    """Keep other processes from making the same environment meanwhile."""
    with file.open("w") as lock:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
