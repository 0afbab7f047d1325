"""What happened in the registry: who changed what, and when; and the registry as it was."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from headrace.schema.call import Call, Edit, Read, Record, call
from headrace.schema.registry import ModelVersionFound
from headrace.schema.types import Alias, Int64, LookupName, Millis, Name, PageToken, Version

EventKind = Literal[
    "registered_model.created",
    "registered_model.updated",
    "registered_model.renamed",
    "registered_model.deleted",
    "registered_model_tag.set",
    "registered_model_tag.deleted",
    "model_version.created",
    "model_version.updated",
    "model_version.transitioned",
    "model_version.deleted",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.set",
    "model_version_alias.deleted",
    "model_version_alias.rolled_back",
]


class Change(Record, frozen=True, kw_only=False):
    """One field before and after; what was not there is absent."""

    #: Such as ``description``, ``stage``, ``version`` (of an alias), or ``tags.`` and the key of a tag.
    field: str
    before: str | None = None
    after: str | None = None


class RegistryEvent(Record, frozen=True, kw_only=True):
    """One change of the registry."""

    event_id: Int64
    event: EventKind
    timestamp: Int64
    user_id: str
    #: The name that the model had after the change.
    name: str
    version: str | None = None
    alias: str | None = None
    changes: list[Change] = []


class RegistryEventsFound(Record, frozen=True, kw_only=True):
    """A page of events."""

    events: list[RegistryEvent] = []
    next_page_token: str | None = None


@call("GET", "registered-models/events", needs=Read.workspace())
class SearchRegistryEvents(Call[RegistryEventsFound], frozen=True, kw_only=True):
    """The changes of the registry or of one model, the newest first. A renamed model keeps its events."""

    #: The name of a model: the one that has it now, or else the ones that had it.
    name: LookupName | None = None
    version: Version | None = None
    alias: Alias | None = None
    user_id: Name | None = None
    events: Annotated[list[EventKind], Meta(max_length=20)] = []
    #: Only events at or after the first time, and before the second.
    start_time: Millis | None = None
    end_time: Millis | None = None
    max_results: Annotated[int, Meta(ge=1, le=1000)] = 100
    page_token: PageToken | None = None


@call("GET", "registered-models/version-at", needs=Read.registered_model("name"))
class GetModelVersionAt(Call[ModelVersionFound], frozen=True, kw_only=True):
    """The version an alias pointed at, or the newest one in a stage, at some time.

    Give either the one or the other; the alias or the stage ``latest`` is the newest version of that time. Its other
    fields are those of today.
    """

    name: LookupName
    at: Millis
    alias: Alias | None = None
    stage: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


@call("POST", "registered-models/roll-back-alias", needs=Edit.registered_model("name"), writes=True)
class RollBackRegisteredModelAlias(Call[ModelVersionFound], frozen=True, kw_only=True):
    """Point an alias at the version it pointed at before.

    Without ``to`` it goes so many ``steps`` back; what was rolled back before is not counted again.
    """

    name: LookupName
    alias: Alias
    to: Millis | None = None
    steps: Annotated[int, Meta(ge=1, le=10_000)] | None = None
