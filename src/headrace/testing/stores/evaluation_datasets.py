"""What a store promises about evaluation datasets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from headrace.schema.evaluation_datasets import (
    AddDatasetToExperiments,
    CreateDataset,
    DeleteDataset,
    DeleteDatasetRecords,
    DeleteDatasetTag,
    EvaluationDataset,
    GetDataset,
    GetDatasetExperimentIds,
    GetDatasetRecords,
    RemoveDatasetFromExperiments,
    SearchEvaluationDatasets,
    SetDatasetTags,
    UpsertDatasetRecords,
)
from headrace.schema.experiments import DeleteExperiment
from headrace.schema.purge import ClaimDeleted, PurgeClaimed
from headrace.stores.port import Store
from headrace.testing.stores import making


class EvaluationDatasetContract:
    """Records are told apart by their inputs, and keep everything else that was said of them."""

    @pytest.fixture
    def dataset(self, store: Store) -> EvaluationDataset:
        """A new dataset of one experiment."""
        call = CreateDataset(
            name=making.fresh("dataset"), experiment_ids=[making.experiment(store)], tags='{"team": "red", "n": 5}'
        )
        return store.send(call).dataset

    def test_a_dataset_is_read_back_as_it_was_made(self, store: Store, dataset: EvaluationDataset) -> None:
        read = _read(store, dataset)
        assert (read.name, json.loads(read.tags or ""), read.digest) == (
            dataset.name,
            {"team": "red", "n": "5"},
            dataset.digest,
        )
        assert read.created_time == read.last_update_time == dataset.created_time
        assert _experiments(store, dataset) == dataset.experiment_ids != []

    def test_names_are_not_unique(self, store: Store, dataset: EvaluationDataset) -> None:
        other = store.send(CreateDataset(name=dataset.name)).dataset
        assert other.dataset_id != dataset.dataset_id
        assert _found(store, f"name = '{dataset.name}'") == {dataset.dataset_id, other.dataset_id}

    def test_records_with_the_same_inputs_are_merged(self, store: Store, dataset: EvaluationDataset) -> None:
        first = {"inputs": {"q": "ä", "k": [1, {"x": None}]}, "expectations": {"a": 1}, "tags": {"t": "1"}}
        again = {
            "inputs": {"k": [1, {"x": None}], "q": "ä"},
            "expectations": {"b": 2},
            "tags": {"u": "2"},
            "outputs": 3,
        }
        assert _merge(store, dataset, first, {"inputs": {"q": "other"}}) == (2, 0)
        assert _merge(store, dataset, again, {"inputs": {"q": "third"}}, {"inputs": {"q": "third"}}) == (1, 2)
        told = _records(store, dataset)
        assert [each["inputs"] for each in told] == [first["inputs"], {"q": "other"}, {"q": "third"}]
        merged = told[0]
        assert merged["expectations"] == {"a": 1, "b": 2}
        assert (merged["tags"], merged["outputs"]) == ({"t": "1", "u": "2"}, 3)
        assert merged["dataset_id"] == dataset.dataset_id
        assert told[1]["outputs"] == {}
        assert "expectations" not in told[1]

    def test_many_who_bring_the_same_records_make_one_of_each(self, store: Store, dataset: EvaluationDataset) -> None:
        records = [{"inputs": {"n": n}, "tags": {"t": "1"}} for n in range(50)]
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda _: _merge(store, dataset, *records), range(12)))
        assert [sum(counts) for counts in zip(*done, strict=True)] == [50, 550]
        assert [each["inputs"]["n"] for each in _records(store, dataset)] == list(range(50))
        assert json.loads(_read(store, dataset).profile or "") == {"num_records": 50}

    def test_the_profile_and_schema_follow_the_records(self, store: Store, dataset: EvaluationDataset) -> None:
        assert dataset.profile is None
        _merge(store, dataset, {"inputs": {"q": "a", "n": 1, "f": 0.5, "b": True}, "outputs": {"o": []}})
        _merge(store, dataset, {"inputs": {"q": 1, "d": {}}, "expectations": {"e": None}, "outputs": "text"})
        read = _read(store, dataset)
        assert json.loads(read.profile or "") == {"num_records": 2}
        assert json.loads(read.schema or "") == {
            "inputs": {"q": "string", "n": "integer", "f": "float", "b": "boolean", "d": "object"},
            "outputs": {"o": "array"},
            "expectations": {"e": "null"},
            "version": "1.0",
        }
        assert read.digest != dataset.digest

    def test_outputs_that_are_text_first_may_be_objects_later(self, store: Store, dataset: EvaluationDataset) -> None:
        _merge(store, dataset, {"inputs": {"q": 1}, "outputs": "text"}, {"inputs": {"q": 2}, "outputs": {"a": 1}})
        assert [each["outputs"] for each in _records(store, dataset)] == ["text", {"a": 1}]
        assert json.loads(_read(store, dataset).schema or "")["outputs"] == {"a": "integer"}

    def test_the_source_is_told_as_it_was_first_given(self, store: Store, dataset: EvaluationDataset) -> None:
        source = {"source_type": "trace", "source_data": {"trace_id": "tr-1"}}
        _merge(store, dataset, {"inputs": {}, "source": source, "tags": {"mlflow.user": "ann"}})
        _merge(store, dataset, {"inputs": {}, "source": {"source_type": "HUMAN"}, "tags": {"mlflow.user": "eve"}})
        (told,) = _records(store, dataset)
        assert told["source"] == {"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}}
        assert (told["source_id"], told["source_type"]) == ("tr-1", "TRACE")
        assert (told["created_by"], told["last_updated_by"]) == ("ann", "eve")
        assert _read(store, dataset).last_updated_by == "eve"

    @pytest.mark.parametrize(
        "records",
        [
            *("nonsense", "null", '"x"', "{}", "[1]", '[{"inputs": "text"}]', '[{"inputs": null}]'),
            *(
                '[{"inputs": {}, "expectations": 1}]',
                '[{"inputs": {}, "tags": "t"}]',
                '[{"inputs": {}, "source": "s"}]',
            ),
            *('[{"source": {"source_type": "WEIRD"}}]', '[{"source": {"source_data": {}}}]'),
            '[{"inputs": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}]",
        ],
        ids=lambda text: text[:40],
    )
    def test_bad_records_are_refused_and_leave_nothing(
        self, store: Store, dataset: EvaluationDataset, records: str
    ) -> None:
        with making.refused("INVALID_PARAMETER_VALUE", "records"):
            store.send(UpsertDatasetRecords(dataset_id=dataset.dataset_id, records=records))
        assert _records(store, dataset) == []

    def test_records_come_in_pages_and_can_be_removed(self, store: Store, dataset: EvaluationDataset) -> None:
        _merge(store, dataset, *({"inputs": {"n": n}} for n in range(1203)))
        told = _records(store, dataset, page=500)
        assert [each["inputs"]["n"] for each in told] == list(range(1203))
        ids = [each["dataset_record_id"] for each in told]
        delete = DeleteDatasetRecords(dataset_id=dataset.dataset_id, dataset_record_ids=[*ids[:1200], "nobody"])
        assert store.send(delete).deleted_count == 1200
        assert [each["dataset_record_id"] for each in _records(store, dataset)] == ids[1200:]
        assert json.loads(_read(store, dataset).profile or "") == {"num_records": 3}

    def test_tags_are_set_and_removed(self, store: Store, dataset: EvaluationDataset) -> None:
        store.send(SetDatasetTags(dataset_id=dataset.dataset_id, tags='{"team": "blue", "x": null, "y/z": 1.5}'))
        assert json.loads(_read(store, dataset).tags or "") == {"n": "5", "team": "blue", "y/z": "1.5"}
        for _ in range(2):
            store.send(DeleteDatasetTag(dataset_id=dataset.dataset_id, key="team"))
        assert json.loads(_read(store, dataset).tags or "") == {"n": "5", "y/z": "1.5"}
        for tags in ("[1]", "{", '{"": "1"}', json.dumps({"k" * 251: "1"})):
            with making.refused("INVALID_PARAMETER_VALUE", "tags"):
                store.send(SetDatasetTags(dataset_id=dataset.dataset_id, tags=tags))

    def test_experiments_are_added_and_removed(self, store: Store, dataset: EvaluationDataset) -> None:
        (first,), second = dataset.experiment_ids, making.experiment(store)
        add = AddDatasetToExperiments(dataset_id=dataset.dataset_id, experiment_ids=[second, first, second])
        assert store.send(add).dataset.experiment_ids == [first, second]
        assert _found(store, experiment_ids=[second]) == {dataset.dataset_id}
        remove = RemoveDatasetFromExperiments(dataset_id=dataset.dataset_id, experiment_ids=[first, "99999999"])
        assert store.send(remove).dataset.experiment_ids == [second] == _experiments(store, dataset)
        assert _found(store, experiment_ids=[first]) == set()
        with making.refused("RESOURCE_DOES_NOT_EXIST"):
            store.send(AddDatasetToExperiments(dataset_id=dataset.dataset_id, experiment_ids=["99999999"]))

    def test_an_experiment_that_is_gone_for_good_leaves_its_datasets(
        self, store: Store, dataset: EvaluationDataset
    ) -> None:
        ids = dataset.experiment_ids
        store.send(DeleteExperiment(experiment_id=ids[0]))
        assert _experiments(store, dataset) == ids
        assert store.send(ClaimDeleted(kind="experiment", ids=ids)).ids == ids
        assert store.send(PurgeClaimed(kind="experiment", ids=ids)).ids == ids
        assert _experiments(store, dataset) == []
        assert _read(store, dataset).name == dataset.name

    def test_datasets_are_searched(self, store: Store) -> None:
        here = [making.experiment(store)]
        made = {
            letter: store.send(CreateDataset(name=name, experiment_ids=here, tags=tags)).dataset.dataset_id
            for letter, name, tags in (
                ("a", "alpha", '{"mlflow.user": "ann", "team": "x"}'),
                ("b", "Beta", '{"team": "y"}'),
                ("c", "gamma", None),
            )
        }
        for text, letters in (
            ("", "abc"),
            ("name ILIKE 'AL%' OR name = 'Beta'", "ab"),
            ("name > 'a'", "ac"),
            ("created_by = 'ann' AND tags.team = 'x'", "a"),
            ("tags.team IS NULL", "c"),
            ("created_time > now() - 1h", "abc"),
            (f"dataset_id IN ('{made['b']}')", "b"),
        ):
            assert _found(store, text, experiment_ids=here) == {made[letter] for letter in letters}, text
        call = SearchEvaluationDatasets(experiment_ids=here, order_by=["name DESC"], max_results=2)
        page = store.send(call)
        assert [each.name for each in page.datasets] == ["gamma", "alpha"]
        rest = SearchEvaluationDatasets(
            experiment_ids=here, order_by=["name DESC"], max_results=2, page_token=page.next_page_token
        )
        assert [each.name for each in store.send(rest).datasets] == ["Beta"]

    def test_a_deleted_dataset_is_gone(self, store: Store, dataset: EvaluationDataset) -> None:
        _merge(store, dataset, {"inputs": {"a": 1}})
        for _ in range(2):
            store.send(DeleteDataset(dataset_id=dataset.dataset_id))
        for call in (
            GetDataset(dataset_id=dataset.dataset_id),
            GetDatasetRecords(dataset_id=dataset.dataset_id),
            GetDatasetExperimentIds(dataset_id=dataset.dataset_id),
            UpsertDatasetRecords(dataset_id=dataset.dataset_id, records="[]"),
            DeleteDatasetRecords(dataset_id=dataset.dataset_id),
            SetDatasetTags(dataset_id=dataset.dataset_id, tags="{}"),
            AddDatasetToExperiments(dataset_id=dataset.dataset_id),
        ):
            with making.refused("RESOURCE_DOES_NOT_EXIST", dataset.dataset_id):
                store.send(call)


def _read(store: Store, dataset: EvaluationDataset) -> EvaluationDataset:
    return store.send(GetDataset(dataset_id=dataset.dataset_id)).dataset


def _experiments(store: Store, dataset: EvaluationDataset) -> list[str]:
    return store.send(GetDatasetExperimentIds(dataset_id=dataset.dataset_id)).experiment_ids


def _merge(store: Store, dataset: EvaluationDataset, *records: dict[str, Any]) -> tuple[int, int]:
    done = store.send(UpsertDatasetRecords(dataset_id=dataset.dataset_id, records=json.dumps(records)))
    return done.inserted_count, done.updated_count


def _records(store: Store, dataset: EvaluationDataset, page: int = 1000) -> list[Any]:
    found, token = [], None
    while True:
        reply = store.send(GetDatasetRecords(dataset_id=dataset.dataset_id, max_results=page, page_token=token))
        found += json.loads(reply.records)
        token = reply.next_page_token
        if token is None:
            return found


def _found(store: Store, text: str = "", experiment_ids: list[str] | None = None) -> set[str]:
    call = SearchEvaluationDatasets(filter_string=text, experiment_ids=experiment_ids or [])
    return {each.dataset_id for each in store.send(call).datasets}
