"""What a store promises about the history of a registry that comes from another store."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from headrace.base.errors import HeadraceError
from headrace.schema.exports import ExportModelVersions, ExportRegisteredModels, ExportRegistryEvents
from headrace.schema.imports import (
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRegistryEvent,
    ImportModelVersions,
    ImportRegisteredModels,
    ImportRegistryEvents,
)
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    GetModelVersionByAlias,
    RenameRegisteredModel,
    SetRegisteredModelAlias,
    TransitionModelVersionStage,
)
from headrace.schema.registry_events import (
    Change,
    GetModelVersionAt,
    RegistryEvent,
    RollBackRegisteredModelAlias,
    SearchRegistryEvents,
)
from headrace.stores.port import Store
from headrace.testing.stores import making

#: When the first event happened that comes in, and how long after it each further one, in milliseconds.
_TIME, _LATER = 1_600_000_000_000, 1000


class ImportOfEventsContract:
    """Events come in as they happened elsewhere, once, in their order, and nothing that is here is changed by them."""

    def test_a_history_is_told_whole_and_in_order(self, store: Store) -> None:
        name, new = making.fresh("model"), making.fresh("new")
        _make(store, name)
        store.send(RenameRegisteredModel(name=name, new_name=new))
        told = _told(store, new)
        assert [each.number for each in told] == list(range(1, len(told) + 1))
        assert {(each.history_id, each.name_now) for each in told} == {(told[0].history_id, new)}
        assert [each.name for each in told] == [name] * (len(told) - 1) + [new]
        assert told == _told(store, new, page=3)
        assert [(each.number, each.restores) for each in told if each.restores] == [(8, 6), (11, 6)]
        assert _told(store, making.fresh("nobody")) == []
        assert told[0].history_id == store.send(ExportRegisteredModels(names=[new])).models[0].history_id

    def test_events_keep_who_when_and_what(self, store: Store) -> None:
        events, *_ = _elsewhere(store)
        assert _became(store, events) == {"new"}
        assert [_of(each) for each in _found(store, events[0].name)] == [_of(each) for each in events]

    def test_events_that_are_sent_again_change_nothing(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        for pieces in (events[:4], events[2:7], events[4:], events, events[3:5]):
            assert _became(store, pieces) <= {"new", "there"}
        _take(store, model, versions)
        for _ in range(2):
            assert _became(store, events) == {"there"}
            _take(store, model, versions)
        assert _told(store, model.name) == events

    def test_a_model_whose_history_came_along_leaves_no_event_of_its_own(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        _became(store, events)
        _take(store, model, versions)
        assert _told(store, model.name) == events
        assert _at(store, model.name, 6, alias="x") == "1"
        assert _at(store, model.name, 7, alias="x") == "2"
        assert _at(store, model.name, 7, stage="Staging") == "2"
        with making.refused("RESOURCE_DOES_NOT_EXIST", "no registered model"):
            _at(store, model.name, 0, alias="x")
        store.send(SetRegisteredModelAlias(name=model.name, alias="x", version="2"))
        assert [each.number for each in _told(store, model.name)] == list(range(1, len(events) + 2))
        call = RollBackRegisteredModelAlias(name=model.name, alias="x")
        assert store.send(call).model_version.version == "1"

    def test_a_model_without_a_history_begins_one_as_of_now(self, store: Store) -> None:
        _, model, versions = _elsewhere(store)
        _take(store, model, versions)
        told = _told(store, model.name)
        kinds = ["registered_model.created", "model_version.created", "model_version_alias.set"]
        assert [each.event for each in told] == [*kinds, "model_version.created", "model_version.transitioned"]
        assert told[0].history_id != model.history_id
        assert min(each.timestamp for each in told) > _TIME + 1000 * _LATER

    def test_what_a_history_does_not_tell_is_noted(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        _became(store, events[:2])
        model = msgspec.structs.replace(model, name=making.fresh("later"))
        _take(store, model, [msgspec.structs.replace(each, name=model.name) for each in versions])
        kinds = [each.event for each in _told(store, model.name)[2:]]
        assert kinds == [
            "registered_model.renamed",
            "model_version_alias.set",
            "model_version.created",
            "model_version.transitioned",
        ]
        assert store.send(GetModelVersionByAlias(name=model.name, alias="x")).model_version.version == "1"

    def test_the_history_of_a_deleted_model_comes_in_by_itself(self, store: Store) -> None:
        name = making.fresh("gone")
        _make(store, name)
        (model,) = store.send(ExportRegisteredModels(names=[name])).models
        store.send(DeleteRegisteredModel(name=name))
        there = _every(store, ExportRegistryEvents(max_results=1000), "events")
        here = [each for each in there if each.history_id == model.history_id]
        assert (here[-1].event, here[-1].name_now) == ("registered_model.deleted", None)
        again = _renamed(here, name, making.fresh("other"))
        assert _became(store, again) == {"new"}
        assert [_of(each) for each in _found(store, again[0].name)] == [_of(each) for each in again]
        more = msgspec.structs.replace(again[0], number=len(again) + 1)
        (outcome,) = store.send(ImportRegistryEvents(events=[more])).outcomes
        assert (outcome.became, "ended" in str(outcome.why)) == ("refused", True)
        store.send(CreateRegisteredModel(name=again[0].name))
        assert len(_found(store, again[0].name)) == 1

    def test_a_history_that_went_on_here_takes_nothing_more(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        _became(store, events[:-1])
        _take(store, model, versions)
        before = _told(store, model.name)
        (outcome,) = store.send(ImportRegistryEvents(events=events[-1:])).outcomes
        assert (outcome.became, outcome.id) == ("refused", f"{model.history_id}/{events[-1].number}")
        other = msgspec.structs.replace(events[0], user_id="somebody else")
        (outcome,) = store.send(ImportRegistryEvents(events=[other])).outcomes
        assert (outcome.became, "Another event" in str(outcome.why)) == ("refused", True)
        assert _told(store, model.name) == before

    def test_a_history_without_its_beginning_is_refused(self, store: Store) -> None:
        events, *_ = _elsewhere(store)
        assert _became(store, events[1:]) == {"refused"}
        assert _became(store, [events[0], *events[2:]]) == {"new", "refused"}
        assert len(_found(store, events[0].name)) == 1

    def test_a_history_whose_name_another_model_has_is_refused(self, store: Store) -> None:
        events, model, *_ = _elsewhere(store)
        store.send(CreateRegisteredModel(name=model.name))
        before = _told(store, model.name)
        assert _became(store, events) == {"refused"}
        (outcome,) = store.send(ImportRegisteredModels(models=[model])).outcomes
        assert (outcome.became, _told(store, model.name)) == ("refused", before)

    def test_a_model_that_was_renamed_here_does_not_come_in_twice(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        _became(store, events)
        _take(store, model, versions)
        new = making.fresh("new")
        store.send(RenameRegisteredModel(name=model.name, new_name=new))
        (outcome,) = store.send(ImportRegisteredModels(models=[model])).outcomes
        assert (outcome.became, new in str(outcome.why)) == ("refused", True)

    def test_a_model_that_was_deleted_here_comes_back_with_a_history_of_its_own(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        _became(store, events)
        _take(store, model, versions)
        store.send(DeleteRegisteredModel(name=model.name))
        assert _became(store, events) == {"there"}
        _take(store, model, versions)
        told = _told(store, model.name)
        assert (told[0].number, told[0].history_id == model.history_id) == (1, False)
        assert len(told) == 5

    def test_a_name_is_followed_to_whoever_had_it_then(self, store: Store) -> None:
        events, model, versions = _elsewhere(store)
        _became(store, events)
        _take(store, model, versions)
        store.send(RenameRegisteredModel(name=model.name, new_name=making.fresh("new")))
        store.send(CreateRegisteredModel(name=model.name))
        gone, *_ = _elsewhere(store)
        # Deleted long ago, and brought in last.
        past = _renamed(gone, gone[0].name, model.name)
        past.append(_end(past, model.name))
        assert _became(store, [msgspec.structs.replace(each, timestamp=each.number) for each in past]) == {"new"}
        assert _at(store, model.name, 7, alias="x") == "2"

    @pytest.mark.parametrize(
        "harm",
        [
            {"number": 0},
            {"number": 2**63},
            {"history_id": "../x"},
            {"event": "registered_model.exploded"},
            {"name": "a/b"},
            {"version": None},
            {"version": 0},
            {"alias": None},
            {"event": "registered_model.created"},
            {"event": "model_version.transitioned", "alias": None},
            {"restores": 1},
            {"event": "model_version_alias.rolled_back", "restores": 5},
            {"user_id": "x" * 501},
        ],
    )
    def test_an_event_that_cannot_have_happened_is_refused(self, store: Store, harm: dict[str, Any]) -> None:
        fields: dict[str, Any] = {
            "history_id": uuid.uuid4().hex,
            "number": 5,
            "event": "model_version_alias.set",
            "timestamp": _TIME,
            "user_id": "ann",
            "name": making.fresh("model"),
            "version": 1,
            "alias": "x",
            "changes": [Change("version", None, "1")],
        }
        with pytest.raises(HeadraceError) as refusal:
            store.send(ImportRegistryEvents(events=[ImportedRegistryEvent(**fields | harm)]))
        assert refusal.value.error_code == "INVALID_PARAMETER_VALUE"


def _make(store: Store, name: str) -> None:
    """A model with two versions and a history."""
    store.send(CreateRegisteredModel(name=name, description="d ü"))
    for _ in range(2):
        store.send(CreateModelVersion(name=name, source="s3://b/p"))
    store.send(TransitionModelVersionStage(name=name, version="2", stage="Staging"))
    for version in ("2", "1", "2"):
        store.send(SetRegisteredModelAlias(name=name, alias="x", version=version))
    store.send(RollBackRegisteredModelAlias(name=name, alias="x"))
    store.send(SetRegisteredModelAlias(name=name, alias="x", version="2"))
    store.send(DeleteRegisteredModelAlias(name=name, alias="x"))
    store.send(RollBackRegisteredModelAlias(name=name, alias="x", steps=2))


def _elsewhere(
    store: Store,
) -> tuple[list[ImportedRegistryEvent], ImportedRegisteredModel, list[ImportedModelVersion]]:
    """What another store tells of a model and its history, long ago; nothing of it is here."""
    name, new = making.fresh("model"), making.fresh("elsewhere")
    _make(store, name)
    (model,) = store.send(ExportRegisteredModels(names=[name])).models
    events = _renamed(_told(store, name), name, new, now=new)
    versions = _every(store, ExportModelVersions(name=name), "versions")
    told = [msgspec.structs.replace(each, name=new) for each in versions]
    return events, msgspec.structs.replace(model, name=new, history_id=events[0].history_id), told


def _renamed(
    events: list[ImportedRegistryEvent], name: str, new: str, *, now: str | None = None
) -> list[ImportedRegistryEvent]:
    """The same events of another model, made by somebody long ago."""
    history_id = uuid.uuid4().hex
    return [
        msgspec.structs.replace(
            each,
            history_id=history_id,
            name=new if each.name == name else each.name,
            name_now=now,
            user_id=f"ann {each.number}",
            timestamp=_TIME + each.number * _LATER,
        )
        for each in events
    ]


def _end(events: list[ImportedRegistryEvent], name: str) -> ImportedRegistryEvent:
    """The deletion of a model."""
    last = events[-1]
    return ImportedRegistryEvent(
        history_id=last.history_id,
        number=last.number + 1,
        event="registered_model.deleted",
        timestamp=last.timestamp + _LATER,
        user_id="ann",
        name=name,
    )


def _take(store: Store, model: ImportedRegisteredModel, versions: list[ImportedModelVersion]) -> None:
    outcomes = store.send(ImportRegisteredModels(models=[model])).outcomes
    outcomes += store.send(ImportModelVersions(versions=versions)).outcomes
    assert {(each.became, each.why) for each in outcomes} <= {("new", None), ("there", None)}


def _became(store: Store, events: list[ImportedRegistryEvent]) -> set[str]:
    outcomes = store.send(ImportRegistryEvents(events=events)).outcomes
    assert [each.id for each in outcomes] == [f"{each.history_id}/{each.number}" for each in events]
    assert all((each.why is None) == (each.became != "refused") for each in outcomes)
    return {each.became for each in outcomes}


def _told(store: Store, name: str, page: int = 1000) -> list[ImportedRegistryEvent]:
    found: list[ImportedRegistryEvent] = _every(store, ExportRegistryEvents(names=[name], max_results=page), "events")
    return found


def _every(store: Store, call: Any, name: str) -> list[Any]:
    found: list[Any] = []
    while True:
        reply = store.send(call)
        found += getattr(reply, name)
        if reply.next_page_token is None:
            return found
        call = msgspec.structs.replace(call, page_token=reply.next_page_token)


def _found(store: Store, name: str) -> list[RegistryEvent]:
    """The events of a model as anybody sees them, the oldest first."""
    return store.send(SearchRegistryEvents(name=name, max_results=1000)).events[::-1]


def _of(event: RegistryEvent | ImportedRegistryEvent) -> tuple[Any, ...]:
    version = None if event.version is None else str(event.version)
    return event.event, event.timestamp, event.user_id, event.name, version, event.alias, event.changes


def _at(store: Store, name: str, number: int, *, alias: str | None = None, stage: str | None = None) -> str:
    """The version as of the event of that number."""
    call = GetModelVersionAt(name=name, at=_TIME + number * _LATER, alias=alias, stage=stage)
    return store.send(call).model_version.version
