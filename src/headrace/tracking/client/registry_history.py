"""The history of the registry, as ``MlflowClient`` offers it; MLflow has nothing of the kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, cast

from headrace.base.clock import moment
from headrace.base.errors import NoSuchEndpoint, NotSupported
from headrace.schema import Call
from headrace.schema.registry import ModelVersion
from headrace.schema.registry_events import (
    EventKind,
    GetModelVersionAt,
    RegistryEvent,
    RollBackRegisteredModelAlias,
    SearchRegistryEvents,
)
from headrace.tracking.client.asking import Asking
from headrace.tracking.paged import PagedList

R = TypeVar("R")

#: Milliseconds since the epoch, ISO 8601 text (in UTC unless it says otherwise), or a ``datetime``.
Moment = int | str | datetime


class RegistryHistory(Asking):
    """Methods of the client about what happened in the registry."""

    def search_registry_events(
        self,
        name: str | None = None,
        version: str | None = None,
        alias: str | None = None,
        user_id: str | None = None,
        events: Sequence[str] = (),
        start_time: Moment | None = None,
        end_time: Moment | None = None,
        max_results: int = 100,
        page_token: str | None = None,
    ) -> PagedList[RegistryEvent]:
        """A page of changes of the registry, the newest first: who changed what, when, before and after."""
        call = SearchRegistryEvents(
            name=name,
            version=None if version is None else str(version),
            alias=alias,
            user_id=user_id,
            events=cast("list[EventKind]", list(events)),
            start_time=None if start_time is None else moment(start_time),
            end_time=None if end_time is None else moment(end_time),
            max_results=max_results,
            page_token=page_token or None,
        )
        found = self._ask_history(call)
        return PagedList(found.events, found.next_page_token)

    def get_model_version_at(
        self, name: str, at: Moment, alias: str | None = None, stage: str | None = None
    ) -> ModelVersion:
        """The version an alias pointed at, or the newest one in a stage, at some time."""
        return self._ask_history(GetModelVersionAt(name=name, at=moment(at), alias=alias, stage=stage)).model_version

    def roll_back_registered_model_alias(
        self, name: str, alias: str, to: Moment | None = None, steps: int | None = None
    ) -> ModelVersion:
        """Point an alias at the version it pointed at before: so many steps back (one), or at some time."""
        call = RollBackRegisteredModelAlias(name=name, alias=alias, to=None if to is None else moment(to), steps=steps)
        return self._ask_history(call).model_version

    def _ask_history(self, call: Call[R]) -> R:
        try:
            return self._ask_registry(call)
        except NoSuchEndpoint as error:
            raise NotSupported(f"The registry at {self.registry_uri} keeps no history; Headrace's does") from error
