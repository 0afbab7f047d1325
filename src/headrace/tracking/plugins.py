"""What other packages add to tracking: found by their entry points, under the names MLflow looks for."""

from __future__ import annotations

import functools
import glob
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import importlib.metadata


@functools.cache
def entry_points(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    """The entry points of a group, by their names."""
    if group not in _groups():
        return {}
    import importlib.metadata

    return {each.name: each for each in importlib.metadata.entry_points(group=group)}


@functools.cache
def _groups() -> frozenset[str]:
    """The groups of MLflow's that any installed package has entry points in.

    Read off the files, because almost always there is none, and importlib.metadata takes 40 ms to import.
    """
    found: set[str] = set()
    for place in sys.path:
        for path in glob.iglob(f"{glob.escape(place or '.')}/*-info/entry_points.txt"):
            with open(path, encoding="utf-8", errors="replace") as file:
                found.update(line.strip()[1:-1] for line in file if line.startswith("[mlflow."))
    return frozenset(found)


def loaded(group: str) -> list[Any]:
    """What the entry points of a group name. One that cannot be imported is warned of and left out."""
    return [found for each in entry_points(group).values() if (found := _load(each)) is not None]


def _load(point: importlib.metadata.EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:  # Anything may be wrong with a stranger's module; the user's program goes on without.
        warnings.warn(f"The plugin {point.name!r} ({point.value}) could not be loaded: {error!r}", stacklevel=2)
        return None
