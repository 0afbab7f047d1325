"""What a model requires beside what is installed: a model that loads may answer otherwise with other libraries."""

from __future__ import annotations

import logging
import operator
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from headrace.models.environment import REQUIREMENTS, name_of

_log = logging.getLogger(__name__)
#: What MLflow's names stand for here is not the distribution of that version.
_NOT_ASKED = {"mlflow", "mlflow-skinny", "headrace"}
_LINE = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*((?:(?:[=<>!~]=|<|>)\s*[\w.*+!-]+\s*,?\s*)*)")
_BOUND = re.compile(r"([=<>!~]=|<|>)\s*([\w.*+!-]+)")
_HOLDS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def warn_dependency_requirement_mismatches(model_requirements: Iterable[str]) -> None:
    """Log what of ``model_requirements`` is not installed here, or in another version."""
    found = list(mismatches(model_requirements))
    if found:
        _log.warning(
            "The model was saved with other versions than are installed here, and may answer otherwise:\n%s\n"
            "get_model_dependencies(model_uri) names the file with what it requires.",
            "\n".join(f"  {each}" for each in found),
        )


def warn_of(folder: Path) -> None:
    """The same, of what the model in ``folder`` requires."""
    file = folder / REQUIREMENTS
    if file.is_file() and _log.isEnabledFor(logging.WARNING):
        warn_dependency_requirement_mismatches(file.read_text(encoding="utf-8", errors="replace").splitlines())


def mismatches(requirements: Iterable[str]) -> Iterator[str]:
    """Each requirement that what is installed does not meet. Those with markers, and names of files, are left out."""
    for line in requirements:
        text = line.partition("#")[0].strip()
        found = _LINE.fullmatch(text)
        if found is None or name_of(found[1]) in _NOT_ASKED:
            continue
        here = installed(found[1])
        if here is None:
            yield f"{text}, which is not installed"
        elif not all(_meets(here, bound, asked) for bound, asked in _BOUND.findall(found[2])):
            yield f"{text}, and {here} is installed"


def installed(name: str) -> str | None:
    """The version of a distribution that is installed here."""
    folders = tuple(
        (folder, os.stat(folder).st_mtime_ns) for folder in dict.fromkeys(sys.path) if os.path.isdir(folder)
    )
    return _versions(folders).get(name_of(name))


@lru_cache(maxsize=2)
def _versions(folders: tuple[tuple[str, int], ...]) -> dict[str, str]:
    """The versions of all distributions, read off the names of what installers leave behind."""
    found: dict[str, str] = {}
    for folder, _ in folders:
        for name in os.listdir(folder):
            if name.endswith((".dist-info", ".egg-info")) and "-" in name:
                distribution, _, version = name.rpartition(".")[0].partition("-")
                # Of two the one that is imported comes first.
                found.setdefault(name_of(distribution), version.partition("-")[0])
    return found


def _meets(here: str, bound: str, asked: str) -> bool:
    if bound == "==" and (here == asked or here.partition("+")[0] == asked):
        return True
    mine, theirs = _release(here), _release(asked.removesuffix(".*"))
    if asked.endswith(".*"):
        return (mine[: len(theirs)] == theirs) is (bound == "==")
    if bound == "~=":
        return mine >= theirs and mine[: len(theirs) - 1] == theirs[:-1]
    length = max(len(mine), len(theirs))
    return _HOLDS[bound](mine + (0,) * (length - len(mine)), theirs + (0,) * (length - len(theirs)))


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version; what it says of candidates and builds is left out."""
    found = re.match(r"(?:\d+!)?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
