"""What the exam asks about the history of the registry."""

from __future__ import annotations

import pytest

from headrace.base import caller
from headrace.base.clock import now_ms
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    DeleteModelVersionTag,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    GetModelVersionByAlias,
    ModelVersionTag,
    RegisteredModelTag,
    RenameRegisteredModel,
    SetModelVersionTag,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
    UpdateRegisteredModel,
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

#: What is found of an event: its kind, version, alias and changes.
Found = tuple[str, str | None, str | None, list[Change]]


class RegistryHistoryContract:
    """Every change leaves an event; nothing changes or removes one; and what was can be asked for."""

    def test_every_change_of_a_model_is_told_with_before_and_after(self, store: Store) -> None:
        name, new = making.fresh("model"), making.fresh("new")
        store.send(CreateRegisteredModel(name=name, description="d", tags=[RegisteredModelTag("a", "1")]))
        store.send(UpdateRegisteredModel(name=name, description="e"))
        store.send(SetRegisteredModelTag(name=name, key="a", value="2"))
        store.send(DeleteRegisteredModelTag(name=name, key="a"))
        store.send(RenameRegisteredModel(name=name, new_name=new))
        store.send(DeleteRegisteredModel(name=new))
        events = _events(store, new)
        assert [_told(each) for each in events] == [
            ("registered_model.created", None, None, [Change("description", None, "d"), Change("tags.a", None, "1")]),
            ("registered_model.updated", None, None, [Change("description", "d", "e")]),
            ("registered_model_tag.set", None, None, [Change("tags.a", "1", "2")]),
            ("registered_model_tag.deleted", None, None, [Change("tags.a", "2", None)]),
            ("registered_model.renamed", None, None, [Change("name", name, new)]),
            ("registered_model.deleted", None, None, [Change("description", "e", None)]),
        ]
        assert [each.name for each in events] == [*[name] * 4, new, new]
        assert {each.user_id for each in events} == {caller.account()}
        assert [each.timestamp for each in events] == sorted(each.timestamp for each in events)

    def test_every_change_of_a_version_is_told_with_before_and_after(self, store: Store) -> None:
        name = _model(store)
        tags = [ModelVersionTag("t", "1")]
        store.send(CreateModelVersion(name=name, source="s3://b/p", description="d", tags=tags))
        store.send(UpdateModelVersion(name=name, version="1", description="e"))
        store.send(SetModelVersionTag(name=name, version="1", key="t", value="2"))
        store.send(DeleteModelVersionTag(name=name, version="1", key="t"))
        store.send(TransitionModelVersionStage(name=name, version="1", stage="Staging"))
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        store.send(DeleteModelVersion(name=name, version="1"))
        made = [Change("source", None, "s3://b/p"), Change("description", None, "d"), Change("tags.t", None, "1")]
        gone = [Change("stage", "Staging"), Change("source", "s3://b/p"), Change("description", "e")]
        assert [_told(each) for each in _events(store, name)[1:]] == [
            ("model_version.created", "1", None, made),
            ("model_version.updated", "1", None, [Change("description", "d", "e")]),
            ("model_version_tag.set", "1", None, [Change("tags.t", "1", "2")]),
            ("model_version_tag.deleted", "1", None, [Change("tags.t", "2")]),
            ("model_version.transitioned", "1", None, [Change("stage", "None", "Staging")]),
            ("model_version_alias.set", "1", "x", [Change("version", None, "1")]),
            ("model_version_alias.deleted", "1", "x", [Change("version", "1")]),
            ("model_version.deleted", "1", None, gone),
        ]

    def test_what_changes_nothing_leaves_no_event(self, store: Store) -> None:
        name = _model(store, 1)
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        before = _events(store, name)
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        store.send(DeleteRegisteredModelAlias(name=name, alias="nobody"))
        store.send(DeleteModelVersionTag(name=name, version="1", key="nobody"))
        store.send(UpdateModelVersion(name=name, version="1"))
        store.send(RenameRegisteredModel(name=name, new_name=name))
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(SetRegisteredModelAlias(name=name, alias="x", version="9"))
        assert _events(store, name) == before

    def test_a_deleted_model_keeps_its_events_and_a_new_one_of_its_name_has_its_own(self, store: Store) -> None:
        name = _model(store, 2)
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="2"))
        store.send(DeleteRegisteredModel(name=name))
        kinds = [each.event for each in _events(store, name)]
        assert kinds[-4:] == [
            "model_version_alias.deleted",
            "model_version.deleted",
            "model_version.deleted",
            "registered_model.deleted",
        ]
        store.send(CreateRegisteredModel(name=name))
        assert [each.event for each in _events(store, name)] == ["registered_model.created"]

    def test_events_are_found_by_version_alias_kind_and_time_in_pages(self, store: Store) -> None:
        name = _model(store, 3)
        for version in ("1", "2", "3"):
            store.send(SetRegisteredModelAlias(name=name, alias="x", version=version))
        assert len(_events(store, name, version="2")) == 2
        assert [each.version for each in _events(store, name, alias="x")] == ["1", "2", "3"]
        assert len(_events(store, name, events=["model_version.created", "registered_model.created"])) == 4
        assert len(_events(store, name, user_id=caller.account())) == 7
        assert _events(store, name, user_id="nobody") == []
        last = _events(store, name)[-1].timestamp
        assert _events(store, name, start_time=last + 1) == []
        assert len(_events(store, name, end_time=last + 1)) == 7
        found, token = [], None
        while True:
            page = store.send(SearchRegistryEvents(name=name, max_results=2, page_token=token))
            found += page.events
            token = page.next_page_token
            if token is None:
                break
        assert found[::-1] == _events(store, name)
        with making.refused("INVALID_PARAMETER_VALUE", "page_token"):
            store.send(SearchRegistryEvents(name=name, page_token="zz"))
        assert _events(store, making.fresh("nobody")) == []
        for _ in range(2):
            store.send(DeleteRegisteredModel(name=name))
            store.send(CreateRegisteredModel(name=name))
        store.send(DeleteRegisteredModel(name=name))
        token = store.send(SearchRegistryEvents(name=name, max_results=2)).next_page_token
        store.send(CreateRegisteredModel(name=name))
        with making.refused("INVALID_PARAMETER_VALUE", "page_token"):
            store.send(SearchRegistryEvents(name=name, max_results=2, page_token=token))

    def test_an_alias_is_followed_as_it_was(self, store: Store) -> None:
        name = _model(store, 2)
        before = _tick()
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        first = _tick()
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="2"))
        second = _tick()
        store.send(DeleteRegisteredModelAlias(name=name, alias="x"))
        gone = _tick()
        assert [_at(store, name, at, alias="x") for at in (first, second)] == ["1", "2"]
        for at in (before, gone):
            with making.refused("RESOURCE_DOES_NOT_EXIST", "alias 'x'"):
                _at(store, name, at, alias="x")
        store.send(DeleteModelVersion(name=name, version="1"))
        with making.refused("RESOURCE_DOES_NOT_EXIST", "deleted since"):
            _at(store, name, first, alias="x")
        with making.refused("RESOURCE_DOES_NOT_EXIST", "no registered model"):
            _at(store, name, 1, alias="x")
        with making.refused("INVALID_PARAMETER_VALUE", "alias or a stage"):
            store.send(GetModelVersionAt(name=name, at=first))

    def test_a_name_means_the_model_that_had_it_then(self, store: Store) -> None:
        name, new = _model(store, 1), making.fresh("new")
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="1"))
        then = _tick()
        store.send(RenameRegisteredModel(name=name, new_name=new))
        _tick()
        store.send(CreateRegisteredModel(name=name))
        now = _tick()
        found = store.send(GetModelVersionAt(name=name, at=then, alias="x")).model_version
        assert (found.name, found.version) == (new, "1")
        for asked, at in ((name, now), (new, then)):
            with making.refused("RESOURCE_DOES_NOT_EXIST"):
                _at(store, asked, at, alias="x")

    def test_stages_and_the_newest_version_are_found_as_they_were(self, store: Store) -> None:
        name = _model(store, 2)
        early = _tick()
        for version in ("1", "2"):
            store.send(
                TransitionModelVersionStage(
                    name=name, version=version, stage="Production", archive_existing_versions=True
                )
            )
            _tick()
        store.send(CreateModelVersion(name=name, source="s3://b/p"))
        late = _tick()
        assert (_at(store, name, early, stage="None"), _at(store, name, late, stage="none")) == ("2", "3")
        assert _at(store, name, late, stage="Production") == "2"
        assert _at(store, name, late, stage="Archived") == "1"
        assert [_at(store, name, at, alias="latest") for at in (early, late)] == ["2", "3"]
        with making.refused("RESOURCE_DOES_NOT_EXIST", "Production"):
            _at(store, name, early, stage="Production")
        with making.refused("INVALID_PARAMETER_VALUE", "stage"):
            _at(store, name, late, stage="Museum")

    def test_an_alias_goes_back_step_by_step(self, store: Store) -> None:
        name = _model(store, 3)
        for version in ("1", "2", "3"):
            store.send(SetRegisteredModelAlias(name=name, alias="x", version=version))
        assert [_roll_back(store, name), _roll_back(store, name)] == ["2", "1"]
        with making.refused("INVALID_PARAMETER_VALUE", "back"):
            _roll_back(store, name)
        assert store.send(GetModelVersionByAlias(name=name, alias="x")).model_version.version == "1"
        last = _events(store, name)[-1]
        assert _told(last) == ("model_version_alias.rolled_back", "1", "x", [Change("version", "2", "1")])
        store.send(SetRegisteredModelAlias(name=name, alias="x", version="3"))
        assert _roll_back(store, name) == "1"

    def test_an_alias_goes_back_to_a_time(self, store: Store) -> None:
        name = _model(store, 3)
        times = []
        for version in ("1", "2", "3"):
            store.send(SetRegisteredModelAlias(name=name, alias="x", version=version))
            times.append(_tick())
        assert _roll_back(store, name, to=times[0]) == "1"
        assert _roll_back(store, name, to=times[2]) == "3"
        assert _roll_back(store, name, steps=1) == "1"
        with making.refused("RESOURCE_DOES_NOT_EXIST", "no alias"):
            _roll_back(store, name, to=1)
        with making.refused("INVALID_PARAMETER_VALUE", "already"):
            _roll_back(store, name, to=times[0])
        with making.refused("INVALID_PARAMETER_VALUE", "not both"):
            _roll_back(store, name, to=times[0], steps=1)

    def test_a_deleted_alias_is_brought_back(self, store: Store) -> None:
        name = _model(store, 2)
        for version in ("1", "2"):
            store.send(SetRegisteredModelAlias(name=name, alias="x", version=version))
        store.send(DeleteRegisteredModelAlias(name=name, alias="x"))
        assert _roll_back(store, name) == "2"
        store.send(DeleteModelVersion(name=name, version="1"))
        with making.refused("RESOURCE_DOES_NOT_EXIST", "deleted since"):
            _roll_back(store, name)
        assert store.send(GetModelVersionByAlias(name=name, alias="x")).model_version.version == "2"

    @pytest.mark.parametrize("alias", ["nobody", "latest"])
    def test_an_alias_that_never_was_does_not_go_back(self, store: Store, alias: str) -> None:
        name = _model(store, 1)
        with making.refused("INVALID_PARAMETER_VALUE", alias):
            store.send(RollBackRegisteredModelAlias(name=name, alias=alias))
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(RollBackRegisteredModelAlias(name=making.fresh("nobody"), alias=alias))


def _model(store: Store, versions: int = 0) -> str:
    name = making.fresh("model")
    store.send(CreateRegisteredModel(name=name))
    for _ in range(versions):
        store.send(CreateModelVersion(name=name, source="s3://b/p"))
    return name


def _events(store: Store, name: str, **filters: object) -> list[RegistryEvent]:
    """The events of a model, the oldest first."""
    return store.send(SearchRegistryEvents(name=name, max_results=1000, **filters)).events[::-1]  # type: ignore[arg-type]


def _told(event: RegistryEvent) -> Found:
    return event.event, event.version, event.alias, event.changes


def _at(store: Store, name: str, at: int, *, alias: str | None = None, stage: str | None = None) -> str:
    return store.send(GetModelVersionAt(name=name, at=at, alias=alias, stage=stage)).model_version.version


def _roll_back(store: Store, name: str, *, to: int | None = None, steps: int | None = None) -> str:
    call = RollBackRegisteredModelAlias(name=name, alias="x", to=to, steps=steps)
    return store.send(call).model_version.version


def _tick() -> int:
    """A moment that is after all that was done before, and before all that is done later."""
    moment = now_ms()
    while now_ms() == moment:
        pass
    moment = now_ms()
    while now_ms() == moment:
        pass
    return moment
