"""Where artifacts that were somewhere else belong in the store that records come into."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable

from headrace.artifacts import SCHEMES
from headrace.base.errors import NotFound
from headrace.schema.logged_models import GetLoggedModel
from headrace.schema.runs import GetRun
from headrace.stores.port import Store

#: The beginning of a location that is no path.
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
#: A location below the artifacts of a run or logged model.
BELOW = re.compile(r".*/([0-9a-f]{32}|m-[0-9a-f]{32})/artifacts(/.*)?")
#: A path, or the URI of one.
_SLASHED = re.compile("(file://)?/")


class NewPlaces:
    """Tells what becomes of the locations in imported records.

    With ``link`` they stay, as ``link`` spells them; otherwise the store chooses new ones, to which artifacts are
    copied, unless no artifact store here reads the old ones.
    """

    def __init__(self, store: Store | None, link: Callable[[str], str] | None) -> None:
        self._store, self._link = store, link
        self._homes: dict[str, str | None] = {}
        #: How many runs and models keep locations that are read by nobody here, by their scheme.
        self.left: Counter[str] = Counter()

    def kept(self, location: str | None, *, count: bool = False) -> str | None:
        """The location that a record keeps; None where the store is to choose one."""
        if not location:
            return None
        if self._link:
            return self._link(location)
        found = SCHEME.match(location)
        scheme = found[1].lower() if found else "file"
        if scheme in SCHEMES:
            return None
        if count:
            self.left[scheme] += 1
        return location

    def moved(self, location: str | None) -> str | None:
        """A location below a run's or model's artifacts at the source, as it is here; others as they are."""
        if not location:
            return location
        found = BELOW.fullmatch(location)
        home = self._home(found[1]) if found else None
        here = f"{home.rstrip('/')}{found[2] or ''}" if found and home else location
        return self._link(here) if self._link else here

    def _home(self, id: str) -> str | None:
        """Where a run or logged model has its artifacts here; None for one that is not here."""
        if id not in self._homes:
            self._homes[id] = self._asked(id)
        return self._homes[id]

    def _asked(self, id: str) -> str | None:
        if self._store is None:
            return None
        try:
            if id.startswith("m-"):
                return self._store.send(GetLoggedModel(model_id=id)).model.artifact_location
            return self._store.send(GetRun(run_id=id)).run.info.artifact_uri
        except NotFound:
            return None


def is_same_place(one: str, other: str) -> bool:
    """Whether two locations are the same folder of this machine."""
    return all(_SLASHED.match(each) for each in (one, other)) and _path(one) == _path(other)


def _path(location: str) -> str:
    return os.path.normpath(location.removeprefix("file://"))
