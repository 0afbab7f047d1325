"""What a store promises about registered models, versions and aliases."""

from __future__ import annotations

import pytest

from headrace.schema.logged_models import CreateLoggedModel, GetLoggedModel, LoggedModelParameter
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    DeleteModelVersionTag,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag,
    GetLatestVersions,
    GetModelVersion,
    GetModelVersionByAlias,
    GetModelVersionDownloadUri,
    GetRegisteredModel,
    ModelVersion,
    ModelVersionTag,
    RegisteredModelTag,
    RenameRegisteredModel,
    SearchModelVersions,
    SearchRegisteredModels,
    SetModelVersionTag,
    SetRegisteredModelAlias,
    SetRegisteredModelTag,
    TransitionModelVersionStage,
    UpdateModelVersion,
    UpdateRegisteredModel,
)
from headrace.stores.port import Store
from headrace.testing.stores import making


class RegistryContract:
    """Versions are counted up and never renumbered; an alias points at one of them."""

    def test_a_registered_model_is_read_back_as_it_was_made(self, store: Store) -> None:
        name = making.fresh("net ü")
        call = CreateRegisteredModel(name=name, tags=[RegisteredModelTag("a", "b")], description="d\ne")
        made = store.send(call).registered_model
        assert (made.name, made.tags, made.description, made.aliases) == (name, {"a": "b"}, "d\ne", {})
        assert store.send(GetRegisteredModel(name=name)).registered_model == made
        with making.refused("RESOURCE_ALREADY_EXISTS", name):
            store.send(CreateRegisteredModel(name=name))

    @pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "a%b", "a\n", "x" * 257])
    def test_a_bad_name_is_refused(self, store: Store, name: str) -> None:
        with making.refused("INVALID_PARAMETER_VALUE", "name"):
            store.send(CreateRegisteredModel(name=name))

    def test_a_model_is_changed_renamed_and_deleted(self, store: Store) -> None:
        name, new = self._model(store), making.fresh("new")
        store.send(UpdateRegisteredModel(name=name, description="x"))
        store.send(SetRegisteredModelTag(name=name, key="k", value="v"))
        store.send(SetRegisteredModelTag(name=name, key="l", value="v"))
        store.send(DeleteRegisteredModelTag(name=name, key="l"))
        self._version(store, name)
        store.send(SetRegisteredModelAlias(name=name, alias="best", version="1"))
        renamed = store.send(RenameRegisteredModel(name=name, new_name=new)).registered_model
        assert (renamed.name, renamed.description, renamed.tags) == (new, "x", {"k": "v"})
        assert store.send(GetModelVersionByAlias(name=new, alias="best")).model_version.name == new
        store.send(DeleteRegisteredModel(name=new))
        for call in (GetRegisteredModel(name=new), GetModelVersion(name=new, version="1")):
            with making.refused("RESOURCE_DOES_NOT_EXIST", new):
                store.send(call)
        store.send(CreateRegisteredModel(name=new))

    def test_versions_are_counted_up_and_numbers_are_not_given_again(self, store: Store) -> None:
        name = self._model(store)
        made = self._version(store, name, tags=[ModelVersionTag("a", "b")], description="first", run_link="http://x")
        assert (made.version, made.status, made.current_stage, made.tags) == ("1", "READY", "None", {"a": "b"})
        assert (made.description, made.run_link, made.source) == ("first", "http://x", "s3://bucket/model")
        assert store.send(GetModelVersion(name=name, version="1")).model_version == made
        assert self._version(store, name).version == "2"
        store.send(DeleteModelVersion(name=name, version="2"))
        assert self._version(store, name).version == "3"
        with making.refused("RESOURCE_DOES_NOT_EXIST", "2"):
            store.send(GetModelVersion(name=name, version="2"))
        with making.refused("INVALID_PARAMETER_VALUE", "version"):
            store.send(GetModelVersion(name=name, version="two"))
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nobody"):
            self._version(store, "nobody")

    def test_a_version_is_described_and_tagged(self, store: Store) -> None:
        name = self._model(store)
        self._version(store, name)
        store.send(UpdateModelVersion(name=name, version="1", description="ß"))
        store.send(SetModelVersionTag(name=name, version="1", key="k", value="1"))
        store.send(SetModelVersionTag(name=name, version="1", key="k", value="2"))
        store.send(SetModelVersionTag(name=name, version="1", key="l", value="2"))
        store.send(DeleteModelVersionTag(name=name, version="1", key="l"))
        found = store.send(GetModelVersion(name=name, version="1")).model_version
        assert (found.description, found.tags) == ("ß", {"k": "2"})

    def test_an_alias_points_at_one_version(self, store: Store) -> None:
        name = self._model(store)
        self._version(store, name)
        self._version(store, name)
        for version in ("1", "2"):
            store.send(SetRegisteredModelAlias(name=name, alias="champion", version=version))
            found = store.send(GetModelVersionByAlias(name=name, alias="champion")).model_version
            assert (found.version, found.aliases) == (version, ["champion"])
        assert store.send(GetModelVersion(name=name, version="1")).model_version.aliases == []
        assert store.send(GetRegisteredModel(name=name)).registered_model.aliases == {"champion": "2"}
        assert store.send(GetModelVersionByAlias(name=name, alias="latest")).model_version.version == "2"
        store.send(DeleteRegisteredModelAlias(name=name, alias="champion"))
        with making.refused("INVALID_PARAMETER_VALUE", "champion"):
            store.send(GetModelVersionByAlias(name=name, alias="champion"))
        for alias in ("latest", "Latest", "v1", "a b", ""):
            with making.refused("INVALID_PARAMETER_VALUE", "alias"):
                store.send(SetRegisteredModelAlias(name=name, alias=alias, version="1"))
        with making.refused("RESOURCE_DOES_NOT_EXIST", "9"):
            store.send(SetRegisteredModelAlias(name=name, alias="a", version="9"))

    def test_stages_hold_their_newest_versions(self, store: Store) -> None:
        name = self._model(store)
        for _ in range(3):
            self._version(store, name)
        for version in ("1", "2"):
            call = TransitionModelVersionStage(
                name=name, version=version, stage="production", archive_existing_versions=True
            )
            assert store.send(call).model_version.current_stage == "Production"
        assert store.send(GetModelVersion(name=name, version="1")).model_version.current_stage == "Archived"
        latest = store.send(GetLatestVersions(name=name)).model_versions
        assert [(each.version, each.current_stage) for each in latest] == [
            ("1", "Archived"),
            ("2", "Production"),
            ("3", "None"),
        ]
        only = store.send(GetLatestVersions(name=name, stages=["Production"])).model_versions
        assert [each.version for each in only] == ["2"]
        told = store.send(GetRegisteredModel(name=name)).registered_model.latest_versions
        assert [each.version for each in told] == ["1", "2", "3"]
        with making.refused("INVALID_PARAMETER_VALUE", "stage"):
            store.send(TransitionModelVersionStage(name=name, version="1", stage="Best"))

    def test_a_version_of_a_logged_model_knows_where_it_came_from(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        params = [LoggedModelParameter("depth", "3")]
        model = store.send(CreateLoggedModel(experiment_id=key, source_run_id=run_id, params=params)).model
        name = self._model(store)
        made = self._version(store, name, source=f"models:/{model.model_id}", model_id=model.model_id)
        assert (made.model_id, made.run_id, made.params) == (model.model_id, run_id, {"depth": "3"})
        place = store.send(GetModelVersionDownloadUri(name=name, version="1")).artifact_uri
        assert place == model.artifact_location
        registered = store.send(GetLoggedModel(model_id=model.model_id)).model.info.registrations
        assert [(each.name, each.version) for each in registered] == [(name, "1")]
        other = self._model(store)
        copy = self._version(store, other, source=f"models:/{name}/1")
        assert (copy.version, copy.model_id, copy.run_id) == ("1", model.model_id, run_id)
        assert store.send(GetModelVersionDownloadUri(name=other, version="1")).artifact_uri == place
        with making.refused("RESOURCE_DOES_NOT_EXIST", "m-none"):
            self._version(store, name, source="models:/m-none", model_id="m-none")

    def test_models_and_versions_are_searched_in_pages(self, store: Store) -> None:
        mark = making.fresh("mark")
        names = [f"{mark}{n}" for n in range(3)]
        for name in names:
            store.send(CreateRegisteredModel(name=name, tags=[RegisteredModelTag("n", name[-1])]))
            self._version(store, name, run_id=f"run-{name[-1]}", tags=[ModelVersionTag("good", "yes")])
            self._version(store, name)
        assert self._models(store, f"name LIKE '{mark}%'") == names
        assert self._models(store, f"name LIKE '{mark}%'", ["name DESC"]) == names[::-1]
        assert self._models(store, f"name LIKE '{mark}%' AND tags.n = '1'") == [names[1]]
        assert self._versions(store, f"name = '{names[0]}'") == [(names[0], "2"), (names[0], "1")]
        assert self._versions(store, f"name LIKE '{mark}%' AND tags.good = 'yes'", ["name DESC"]) == [
            (name, "1") for name in names[::-1]
        ]
        assert self._versions(store, f"run_id = 'run-1' AND name LIKE '{mark}%'") == [(names[1], "1")]

    def test_prompts_stay_out_of_searches_that_do_not_ask_for_them(self, store: Store) -> None:
        name = making.fresh("prompt")
        tag = "mlflow.prompt.is_prompt"
        store.send(CreateRegisteredModel(name=name, tags=[RegisteredModelTag(tag, "true")]))
        self._version(store, name, "dummy-source", tags=[ModelVersionTag(tag, "true")])
        assert self._models(store, f"name = '{name}'") == []
        assert self._models(store, f"name = '{name}' AND tags.`{tag}` = 'true'") == [name]
        assert self._versions(store, f"name = '{name}'") == []
        assert self._versions(store, f"name = '{name}' AND tags.`{tag}` = 'true'") == [(name, "1")]

    @staticmethod
    def _model(store: Store) -> str:
        return store.send(CreateRegisteredModel(name=making.fresh("model"))).registered_model.name

    @staticmethod
    def _version(store: Store, name: str, source: str = "s3://bucket/model", **options: object) -> ModelVersion:
        return store.send(CreateModelVersion(name=name, source=source, **options)).model_version  # type: ignore[arg-type]

    @staticmethod
    def _models(store: Store, filter: str, order: list[str] | None = None) -> list[str]:
        found: list[str] = []
        token = None
        while True:
            call = SearchRegisteredModels(filter=filter, order_by=order or [], max_results=1, page_token=token)
            page = store.send(call)
            found += [each.name for each in page.registered_models]
            token = page.next_page_token
            if token is None:
                return found

    @staticmethod
    def _versions(store: Store, filter: str, order: list[str] | None = None) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        token = None
        while True:
            call = SearchModelVersions(filter=filter, order_by=order or [], max_results=1, page_token=token)
            page = store.send(call)
            found += [(each.name, each.version) for each in page.model_versions]
            token = page.next_page_token
            if token is None:
                return found
