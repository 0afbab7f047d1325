"""What other packages add to tracking: found by their entry points, under the names MLflow looks for."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import importlib.metadata


@functools.cache
def entry_points(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    """The entry points of a group, by their names."""
    import importlib.metadata

    return {each.name: each for each in importlib.metadata.entry_points(group=group)}


def loaded(group: str) -> list[Any]:
    """What the entry points of a group name. One that cannot be imported is warned of and left out."""
    return [found for each in entry_points(group).values() if (found := _load(each)) is not None]


def _load(point: importlib.metadata.EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:  # Anything may be wrong with a stranger's module; the user's program goes on without.
        warnings.warn(f"The plugin {point.name!r} ({point.value}) could not be loaded: {error!r}", stacklevel=2)
        return None
