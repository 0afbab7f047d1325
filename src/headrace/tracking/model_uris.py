"""What ``models:/`` URIs say."""

from __future__ import annotations

import re
from typing import NamedTuple

from headrace.base.clock import moment
from headrace.base.errors import BadRequest, NotSupported

_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_AT = re.compile(r"\?at=([^?]*)$")


class ModelUri(NamedTuple):
    """What a ``models:/`` URI names: a logged model, or a version of a registered one; and a path below it.

    With ``at``, in milliseconds since the epoch, the alias or stage is meant as it was then.
    """

    name: str = ""
    version: str = ""
    alias: str = ""
    stage: str = ""
    model_id: str = ""
    path: str = ""
    at: int | None = None

    @classmethod
    def parse(cls, uri: str) -> ModelUri:
        """The parts of ``models:/name/1``, ``models:/name@alias``, ``models:/name/latest`` or ``models:/m-…``.

        All but the first and last may end in ``?at=`` and a moment: ISO 8601, or milliseconds since the epoch.
        """
        if uri.startswith("models://"):
            raise NotSupported(f"{uri!r} names a registry; call set_registry_uri, and write models:/name/version")
        if not uri.startswith("models:/"):
            raise BadRequest(
                f"{uri!r} is not a models:/ URI; write models:/name/version, models:/name@alias or models:/id"
            )
        found = _AT.search(uri)
        if found:
            said = cls.parse(uri[: found.start()])
            if not (said.alias or said.stage):
                raise BadRequest(f"{uri!r} names what never changes; ?at= goes with an alias or a stage")
            return said._replace(at=moment(found[1]))
        first, _, rest = uri.removeprefix("models:/").strip("/").partition("/")
        name, at, alias = first.rpartition("@")
        if at and name and alias:
            return cls(name=name, alias=alias, path=rest)
        if first and (not rest or _MODEL_ID.fullmatch(first)):
            return cls(model_id=first, path=rest)
        which, _, path = rest.partition("/")
        if not first or not which:
            raise BadRequest(f"{uri!r} names no model; write models:/name/version, models:/name@alias or models:/id")
        return cls(name=first, version=which, path=path) if which.isdigit() else cls(name=first, stage=which, path=path)
