"""Evaluation datasets from Python, in a folder and through a server."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pandas
import polars
import pytest
from headrace.entities import DatasetRecord, DatasetRecordSource, DatasetRecordSourceType
from headrace.entities.evaluation_dataset import EvaluationDataset
from headrace.exceptions import MlflowException
from headrace.genai import datasets

import headrace


@pytest.fixture
def golden(place: str) -> EvaluationDataset:
    """A dataset of the experiment in use, with three records."""
    made = datasets.create_dataset(name="golden", tags={"team": "red", "size": 3})
    return made.merge_records(
        [
            {"inputs": {"q": "one"}, "expectations": {"answer": 1}},
            {"inputs": {"q": "two"}, "outputs": "2", "tags": {"hard": "yes"}},
            {"inputs": {"q": "three"}, "source": DatasetRecordSource("document", {"doc_uri": "a.md"})},
        ]
    )


def test_a_dataset_knows_what_it_holds(golden: EvaluationDataset) -> None:
    assert {**golden.tags, "mlflow.user": "?"} == {"team": "red", "size": "3", "mlflow.user": "?"}
    assert golden.experiment_ids == [headrace.set_experiment(_experiment_name(golden)).experiment_id]
    assert json.loads(golden.profile or "") == {"num_records": 3}
    assert json.loads(golden.schema or "")["inputs"] == {"q": "string"}
    first, second, third = golden.records
    assert (first.inputs, first.expectations, first.outputs) == ({"q": "one"}, {"answer": 1}, {})
    assert [each.source and each.source.source_type for each in golden.records] == ["HUMAN", "CODE", "DOCUMENT"]
    assert second.tags is not None
    assert (second.outputs, second.tags["hard"]) == ("2", "yes")
    assert third.source == DatasetRecordSource(DatasetRecordSourceType.DOCUMENT, {"doc_uri": "a.md"})
    assert first.created_by == golden.created_by == first.last_updated_by


def _experiment_name(dataset: EvaluationDataset) -> str:
    return headrace.get_experiment(dataset.experiment_ids[0]).name


def test_records_come_from_data_frames(golden: EvaluationDataset) -> None:
    golden.merge_records(
        pandas.DataFrame(
            [
                {"inputs": {"q": "one"}, "expectations": {"more": numpy.float64(2)}},
                {"inputs": {"q": numpy.int64(4), "v": numpy.arange(2)}},
            ]
        )
    )
    golden.merge_records(polars.DataFrame({"inputs": [{"q": "five"}]}))
    assert [each.inputs["q"] for each in golden.records] == ["one", "two", "three", 4, "five"]
    assert golden.records[0].expectations == {"answer": 1, "more": 2.0}
    assert golden.records[3].inputs == {"q": 4, "v": [0, 1]}
    frame = golden.to_df()
    assert list(frame.columns) == [
        *("inputs", "outputs", "expectations", "tags", "source_type", "source_id", "source", "created_time"),
        "dataset_record_id",
    ]
    assert list(frame.inputs) == [each.inputs for each in golden.records]


@pytest.mark.parametrize(
    "records",
    ["text", None, [1], [{"q": 1}], [{"inputs": "text"}], [{"inputs": {"a": object()}}], pandas.DataFrame({"x": [1]})],
    ids=range(7),
)
def test_what_is_no_record_is_refused(golden: EvaluationDataset, records: Any) -> None:
    with pytest.raises(MlflowException) as caught:
        golden.merge_records(records)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(golden.records) == 3


def test_records_are_removed(golden: EvaluationDataset) -> None:
    assert golden.delete_records([golden.records[0].dataset_record_id, "nobody"]) == 1
    assert not golden.has_records()
    assert [each.inputs["q"] for each in golden.records] == ["two", "three"]
    assert golden.has_records()


def test_many_records_go_in_several_requests(golden: EvaluationDataset) -> None:
    golden.merge_records([{"inputs": {"n": n}} for n in range(2500)])
    assert [each.inputs["n"] for each in golden.records[3:]] == list(range(2500))


def test_a_dataset_is_told_as_a_dictionary(golden: EvaluationDataset) -> None:
    told = golden.to_dict()
    again = EvaluationDataset.from_dict(json.loads(json.dumps(told)))
    assert again == golden
    assert again.records == golden.records
    assert (told["source_type"], json.loads(told["source"])) == (
        "mlflow_evaluation_dataset",
        {"dataset_id": golden.dataset_id},
    )
    with pytest.raises(MlflowException, match="dataset_id"):
        EvaluationDataset.from_dict({"name": "x"})
    with pytest.raises(MlflowException, match="inputs"):
        DatasetRecord.from_dict({"dataset_id": "d"})


def test_a_run_names_a_dataset_as_its_input(golden: EvaluationDataset) -> None:
    with headrace.start_run() as run:
        headrace.log_input(golden, context="eval")
    inputs = headrace.get_run(run.info.run_id).inputs
    assert inputs is not None
    (used,) = inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("golden", golden.digest)
    assert golden.source.load().digest == golden.digest


def test_datasets_are_found(golden: EvaluationDataset) -> None:
    client = headrace.MlflowClient()
    here = golden.experiment_ids
    other = datasets.create_dataset("other's", here)
    assert {each.name for each in client.search_datasets(here)} == {"golden", "other's"}
    assert datasets.search_datasets(here[0], "tags.team = 'red'") == [golden]
    assert [each.name for each in datasets.search_datasets(here, order_by=["name DESC"], max_results=1)] == ["other's"]
    page = client.search_datasets(here, max_results=1)
    assert client.search_datasets(here, max_results=1, page_token=page.token)[0] != page[0]
    assert datasets.get_dataset(dataset_id=golden.dataset_id) == golden
    client.set_dataset_tags(golden.dataset_id, {"team": "blue", "none": None})
    client.delete_dataset_tag(golden.dataset_id, "size")
    assert client.get_dataset(golden.dataset_id).tags.keys() == {"team", "mlflow.user"}
    assert client.add_dataset_to_experiments(golden.dataset_id, ["0"]).experiment_ids == [*here, "0"]
    assert client.remove_dataset_from_experiments(golden.dataset_id, here).experiment_ids == ["0"]
    datasets.delete_dataset(dataset_id=other.dataset_id)
    with pytest.raises(MlflowException, match=other.dataset_id):
        client.get_dataset(other.dataset_id)


def test_a_name_must_mean_one_dataset(golden: EvaluationDataset) -> None:
    name = f"it's {golden.dataset_id}"
    first = datasets.create_dataset(name)
    assert datasets.get_dataset(name=name).dataset_id == first.dataset_id
    datasets.create_dataset(name)
    with pytest.raises(MlflowException, match="Several"):
        datasets.get_dataset(name=name)
    with pytest.raises(MlflowException, match="No evaluation dataset"):
        datasets.get_dataset(name="nobody")
    for arguments in ({}, {"name": "a", "dataset_id": "b"}):
        with pytest.raises(ValueError, match="either"):
            datasets.get_dataset(**arguments)
    with pytest.raises(ValueError, match="name"):
        datasets.create_dataset()
