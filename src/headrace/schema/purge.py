"""Purging: what is deleted goes for good. Whoever purges finds, claims, removes the artifacts, and then the records.

What is claimed stays deleted and can no longer be restored, so that nothing comes back whose artifacts are half gone;
a purge that was cut short is taken up by the next one, which finds what is claimed first.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from headrace.schema.call import Call, Manage, Record, call
from headrace.schema.types import ExperimentIds, Int64, Location, Millis, PageToken

Kind = Literal["run", "logged_model", "experiment"]
Ids = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=1000)]


class Deleted(Record, frozen=True, kw_only=True):
    """A deleted run, logged model or experiment."""

    id: str
    experiment_id: str
    #: Where its artifacts are, and those of its experiment.
    artifact_uri: str
    experiment_location: str
    #: When it was deleted; absent when it is claimed.
    deleted_time: Int64 | None = None
    #: A model version that is made of its artifacts.
    needed_by: str | None = None
    #: Runs and logged models in an experiment, and how many of them are not deleted.
    members: Int64 = 0
    alive: Int64 = 0


class DeletedFound(Record, frozen=True, kw_only=True):
    """A page of what is deleted."""

    items: list[Deleted] = []
    next_page_token: str | None = None


class Claimed(Record, frozen=True, kw_only=True):
    """What can no longer be restored."""

    ids: list[str] = []


class Purged(Record, frozen=True, kw_only=True):
    """What is gone for good."""

    ids: list[str] = []
    #: Points of metrics that went, of these and of those that are not yet gone.
    points: Int64 = 0


class Unnamed(Record, frozen=True, kw_only=True):
    """Folders that no record names."""

    folders: list[str] = []


@call("POST", "purge/find", since=3, needs=Manage.workspace())
class FindDeleted(Call[DeletedFound], frozen=True, kw_only=True):
    """What is deleted, those whose purge was begun first. Logged models are deleted with their experiment.

    Of ``ids`` each must be there and deleted before ``deleted_before``, or the call is refused.
    """

    kind: Kind
    deleted_before: Millis | None = None
    ids: Ids = []
    experiment_ids: ExperimentIds = []
    max_results: Annotated[int, Meta(ge=1, le=5000)] = 1000
    page_token: PageToken | None = None


@call("POST", "purge/claim", since=3, needs=Manage.workspace(), writes=True)
class ClaimDeleted(Call[Claimed], frozen=True, kw_only=True):
    """Make deleted things unrestorable, as their artifacts are about to go.

    Passed over, and not in the reply: what is not deleted, what a model version needs unless ``needed_too``, and
    experiments that still have a run or logged model.
    """

    kind: Kind
    ids: Ids
    needed_too: bool = False


@call("POST", "purge/records", since=3, needs=Manage.workspace(), writes=True)
class PurgeClaimed(Call[Purged], frozen=True, kw_only=True):
    """Remove the records of claimed things, as many as fit a short transaction; ask again for the others."""

    kind: Kind
    ids: Ids


@call("POST", "purge/find-unnamed", since=3, needs=Manage.workspace())
class FindUnnamed(Call[Unnamed], frozen=True, kw_only=True):
    """Which of some folders no record has as, or above, the location of its artifacts."""

    folders: Annotated[list[Location], Meta(max_length=1000)]
