"""What a saved model needs beside itself: a Python, and the distributions in its requirements.txt."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import NamedTuple

from headrace.base.errors import BadRequest
from headrace.models.environment import PYTHON, REQUIREMENTS, environment_of, name_of
from headrace.models.plain import read_yaml
from headrace.models.trust import place_in
from headrace.models.wheeled_model import WHEELS

_VERSION = re.compile(r"3\.\d{1,2}(\.\d{1,3})?")
#: A name, extras, versions and a marker.
_RELEASE = re.compile(r"[A-Za-z0-9][\w.-]*\s*(\[[\w., -]*\])?\s*([<>=!~(][^;@/\\]*)?(;.*)?", re.ASCII)
#: What is ours to install: a model says mlflow, and means whatever reads its format.
_OURS = ("mlflow", "mlflow-skinny", "headrace")


class Needed(NamedTuple):
    """A version of Python as major and minor, and lines for requirements and constraints."""

    python: str
    requirements: list[str]
    constraints: list[str]


def needed(folder: Path) -> Needed:
    """What the model in ``folder`` says it needs, without MLflow or ourselves. Raises ``BadRequest`` if malformed."""
    found = environment_of([], pip_requirements=folder / REQUIREMENTS)
    lines = [line for line in found.requirements if _distribution(line) not in _OURS]
    for line in lines:
        if is_wheel(line):
            place_in(folder, {WHEELS: line}, WHEELS)
    return Needed(_python(folder), lines, found.constraints)


def is_wheel(line: str) -> bool:
    """Whether a requirement is a wheel that travels with the model."""
    return line.startswith(f"{WHEELS}/") and line.endswith(".whl")


def strangers(needs: Needed) -> list[str]:
    """Requirements that are no releases of an index: wheels of the model, addresses, paths and options of pip."""
    return [line for line in (*needs.requirements, *needs.constraints) if not _RELEASE.fullmatch(line)]


def _distribution(line: str) -> str:
    return name_of(line.removeprefix(f"{WHEELS}/").partition("-")[0]) if is_wheel(line) else name_of(line)


def here() -> str:
    """The version of this Python, as major and minor."""
    return ".".join(platform.python_version_tuple()[:2])


def _python(folder: Path) -> str:
    file = folder / PYTHON
    said = read_yaml(file, "The model's file") if file.is_file() else None
    version = said.get("python", here()) if isinstance(said, dict) else here()
    if not _VERSION.fullmatch(str(version)):
        raise BadRequest(f"{PYTHON} of the model must name a version of Python 3, not {str(version)[:40]!r}")
    return ".".join(str(version).split(".")[:2])
