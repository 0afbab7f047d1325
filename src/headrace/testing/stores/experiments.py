"""What a store promises about experiments."""

from __future__ import annotations

import pytest

from headrace.schema.experiments import (
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    ExperimentTag,
    GetExperiment,
    GetExperimentByName,
    RestoreExperiment,
    SearchExperiments,
    SetExperimentTag,
    UpdateExperiment,
)
from headrace.schema.runs import CreateRun, DeleteRun
from headrace.stores.port import Store
from headrace.testing.stores import making


class ExperimentContract:
    """Experiments are made, found, changed, deleted and restored."""

    def test_the_default_experiment_is_there(self, store: Store) -> None:
        assert store.send(GetExperiment(experiment_id="0")).experiment.name == "Default"

    def test_an_experiment_is_read_back_as_it_was_made(self, store: Store) -> None:
        name = making.fresh("größer ☃")
        made = store.send(CreateExperiment(name=name, tags=[ExperimentTag("a b", "ü\n"), ExperimentTag("c", "")]))
        found = store.send(GetExperiment(experiment_id=made.experiment_id)).experiment
        assert (found.name, found.lifecycle_stage, found.tags) == (name, "active", {"a b": "ü\n", "c": ""})
        assert found.creation_time == found.last_update_time
        assert (found.artifact_location or "").endswith(f"/{made.experiment_id}")
        assert store.send(GetExperimentByName(experiment_name=name)).experiment == found

    def test_a_location_is_kept_as_given(self, store: Store) -> None:
        made = store.send(CreateExperiment(name=making.fresh("e"), artifact_location="s3://bucket/some where/x"))
        found = store.send(GetExperiment(experiment_id=made.experiment_id)).experiment
        assert found.artifact_location == "s3://bucket/some where/x"

    def test_a_name_is_given_once_and_minds_case_and_spaces(self, store: Store) -> None:
        name = making.fresh("once")
        store.send(CreateExperiment(name=name))
        with making.refused("RESOURCE_ALREADY_EXISTS", name):
            store.send(CreateExperiment(name=name))
        store.send(CreateExperiment(name=name.upper()))
        store.send(CreateExperiment(name=name + " "))

    @pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\0b", "\u202eabc", "x" * 501])
    def test_a_bad_name_is_refused(self, store: Store, name: str) -> None:
        with making.refused("INVALID_PARAMETER_VALUE", "name"):
            store.send(CreateExperiment(name=name))

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        with making.refused("RESOURCE_DOES_NOT_EXIST", "999999"):
            store.send(GetExperiment(experiment_id="999999"))
        with making.refused("RESOURCE_DOES_NOT_EXIST", "nobody's"):
            store.send(GetExperimentByName(experiment_name="nobody's"))
        with making.refused("INVALID_PARAMETER_VALUE", "experiment_id"):
            store.send(GetExperiment(experiment_id="abc"))

    def test_deleting_frees_the_name_and_takes_the_runs_along(self, store: Store) -> None:
        name = making.fresh("gone")
        first = store.send(CreateExperiment(name=name)).experiment_id
        kept, dropped = making.run(store, first), making.run(store, first)
        store.send(DeleteRun(run_id=dropped))
        store.send(DeleteExperiment(experiment_id=first))
        assert making.read(store, kept).info.lifecycle_stage == "deleted"
        with making.refused("INVALID_PARAMETER_VALUE", "deleted"):
            store.send(CreateRun(experiment_id=first))
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(DeleteExperiment(experiment_id=first))
        assert store.send(GetExperimentByName(experiment_name=name)).experiment.experiment_id == first
        second = store.send(CreateExperiment(name=name)).experiment_id
        assert store.send(GetExperimentByName(experiment_name=name)).experiment.experiment_id == second
        with making.refused("RESOURCE_ALREADY_EXISTS", name):
            store.send(RestoreExperiment(experiment_id=first))
        store.send(UpdateExperiment(experiment_id=second, new_name=making.fresh("other")))
        store.send(RestoreExperiment(experiment_id=first))
        assert making.read(store, kept).info.lifecycle_stage == "active"
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(RestoreExperiment(experiment_id=first))

    def test_renaming_and_tagging(self, store: Store) -> None:
        key, name = making.experiment(store), making.fresh("new")
        store.send(UpdateExperiment(experiment_id=key, new_name=name))
        store.send(UpdateExperiment(experiment_id=key, new_name=name))
        store.send(SetExperimentTag(experiment_id=key, key="k", value="1"))
        store.send(SetExperimentTag(experiment_id=key, key="k", value="2"))
        found = store.send(GetExperiment(experiment_id=key)).experiment
        assert (found.name, found.tags) == (name, {"k": "2"})
        store.send(DeleteExperimentTag(experiment_id=key, key="k"))
        assert store.send(GetExperiment(experiment_id=key)).experiment.tags == {}
        with making.refused("RESOURCE_DOES_NOT_EXIST", "k"):
            store.send(DeleteExperimentTag(experiment_id=key, key="k"))
        other = making.experiment(store)
        with making.refused("RESOURCE_ALREADY_EXISTS"):
            store.send(UpdateExperiment(experiment_id=other, new_name=name))

    def test_experiments_are_searched_by_name_tag_and_id_in_pages(self, store: Store) -> None:
        mark = making.fresh("mark")
        ids = [
            store.send(CreateExperiment(name=f"{mark} {n}", tags=[ExperimentTag("n", str(n))])).experiment_id
            for n in range(5)
        ]
        assert self._found(store, f"name LIKE '{mark}%'", order=["name DESC"]) == ids[::-1]
        assert sorted(self._found(store, f"name ILIKE '{mark.upper()}%'")) == sorted(ids)
        assert self._found(store, f"name LIKE '{mark.upper()}%'") == []
        assert self._found(store, f"name LIKE '{mark}%' AND tags.n != '3'", order=["name"]) == [
            *ids[:3],
            ids[4],
        ]
        assert self._found(store, f"experiment_id IN ('{ids[1]}', '{ids[2]}', 'zzz')", order=["name DESC"]) == [
            ids[2],
            ids[1],
        ]
        store.send(DeleteExperiment(experiment_id=ids[0]))
        deleted = SearchExperiments(filter=f"name LIKE '{mark}%'", max_results=10, view_type="DELETED_ONLY")
        assert [each.experiment_id for each in store.send(deleted).experiments] == [ids[0]]

    def _found(self, store: Store, filter: str, order: list[str] | None = None) -> list[str]:
        """All ids, two a page."""
        found: list[str] = []
        token = None
        while True:
            page = store.send(SearchExperiments(filter=filter, order_by=order or [], max_results=2, page_token=token))
            found += [each.experiment_id for each in page.experiments]
            token = page.next_page_token
            if token is None:
                return found
