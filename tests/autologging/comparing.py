"""What may differ between what headrace and genuine MLflow recorded of the same program."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

#: Where each case may differ, and why. A path is looked for anywhere in the place of a difference.
MEANT = {
    # How long something took.
    "": ("fit_time", "score_time"),
    # MLflow sends what it found out before a fit beside the fit; when that fails, not all of it arrives.
    "failing": (".inputs", ".params", ".tags.estimator_"),
    "failing_in_a_run": (".inputs", ".params", ".tags.estimator_"),
    # MLflow finds the run of the best candidate by what its params look like, and not always.
    "grid_search_of_estimators": (".models[1].metrics",),
    # MLflow gives a model what an earlier one in the same run was and measured; the run keeps the name of the first.
    "twice_in_a_run": (".models[0].metrics", ".models[0].params", ".tags.estimator_"),
    # MLflow notes no array as a dataset whose target is a pandas Series.
    "input_example": (".inputs", ".metrics"),
    # MLflow's registry notes versions on the logged model as a tag.
    "registered": (".tags.mlflow.modelVersions",),
}


def differences(name: str, ours: Any, theirs: Any) -> list[str]:
    """Where the two differ, and are not meant to."""
    meant = (*MEANT[""], *MEANT.get(name, ()))
    return [each for each in _walk(ours, theirs, "") if not any(place in each for place in meant)]


def _walk(ours: Any, theirs: Any, place: str) -> Iterator[str]:
    ours, theirs = _read(ours), _read(theirs)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if key in ours and key in theirs:
                yield from _walk(ours[key], theirs[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}: only {'ours' if key in ours else 'theirs'}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            # A measure is [name, value, dataset]: its name is part of the place.
            label = f".{one[0]}" if isinstance(one, list) and one and isinstance(one[0], str) else ""
            yield from _walk(one, other, f"{place}[{at}]{label}")
    elif ours != theirs and not (_number(ours) and _number(theirs) and math.isclose(ours, theirs, rel_tol=1e-5)):
        yield f"{place}: {ours!r} here, {theirs!r} there"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read(value: Any) -> Any:
    """A text that is JSON, as what it says: the order of its keys says nothing."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
