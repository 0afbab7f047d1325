"""What a run read is noted, found again by it, and loaded from where it came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from headrace.entities import DatasetInput, InputTag

import headrace
from headrace.data.code_dataset_source import CodeDatasetSource
from headrace.data.dataset import Dataset
from headrace.data.meta_dataset import MetaDataset

_FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, None, 2.5]})


def _huggingface(path: str) -> Dataset:
    import datasets

    return headrace.data.from_huggingface(datasets.Dataset.from_pandas(_FRAME), source=path, name="n")


class Own(Dataset):
    """A dataset that a user wrote."""

    schema = profile = None

    def _compute_digest(self) -> str:
        return f"of {self.name}"


KINDS: dict[str, Callable[[str], Dataset]] = {
    "pandas": lambda path: headrace.data.from_pandas(_FRAME, path, "a", "n", None, "b"),
    "polars": lambda path: headrace.data.from_polars(pl.from_pandas(_FRAME), path, name="n"),
    "numpy": lambda path: headrace.data.from_numpy(np.arange(6).reshape(2, 3), path, np.arange(2), "n"),
    "huggingface": _huggingface,
    "arrow": lambda path: headrace.data.from_dataframe(pa.Table.from_pandas(_FRAME), path, name="n"),
    "meta": lambda path: MetaDataset(headrace.data.from_pandas(_FRAME, path).source, "n"),
    "own": lambda path: Own(headrace.data.from_pandas(_FRAME, path).source, "n"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_says_what_it_read_and_is_found_by_it(kind: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    _FRAME.to_csv(path)
    dataset = KINDS[kind](str(path))
    with headrace.start_run() as run, headrace.start_run(nested=True):
        headrace.log_input(Own(CodeDatasetSource({}), "another"))
    headrace.MlflowClient().log_inputs(run.info.run_id)
    with headrace.start_run(run_id=run.info.run_id):
        headrace.log_input(dataset, "training", {"split": "half"})
    (noted,) = headrace.get_run(run.info.run_id).inputs.dataset_inputs
    assert noted.dataset == dataset._to_mlflow_entity()
    tags = {tag.key: tag.value for tag in noted.tags}
    content = {} if dataset.content_digest is None else {"headrace.data.digest": dataset.content_digest}
    assert tags == {"split": "half", "mlflow.data.context": "training", **content}
    assert (dataset.content_digest is None) == (kind in ("meta", "own"))
    source = headrace.data.get_source(noted)
    assert (type(source), Path(source.load())) == (type(dataset.source), path)
    for asked in ("dataset.name = 'n'", f"dataset.digest = '{dataset.digest}'", "dataset.context = 'training'"):
        found = headrace.search_runs(filter_string=asked, output_format="list")
        assert [each.info.run_id for each in found] == [run.info.run_id]


def test_several_datasets_are_noted_with_their_contexts(place: str) -> None:
    one, two = (headrace.data.from_pandas(_FRAME.head(rows), name=f"rows {rows}") for rows in (1, 2))
    with headrace.start_run() as run:
        headrace.log_inputs([one, two], ["train", None], [None, {"k": "v"}])
    noted = headrace.get_run(run.info.run_id).inputs.dataset_inputs
    tags = {each.dataset.name: {tag.key: tag.value for tag in each.tags} for each in noted}
    assert tags == {
        "rows 1": {"mlflow.data.context": "train", "headrace.data.digest": one.content_digest},
        "rows 2": {"k": "v", "headrace.data.digest": two.content_digest},
    }


def test_the_client_takes_the_records_of_datasets(place: str) -> None:
    dataset = headrace.data.from_pandas(_FRAME, name="n")
    with headrace.start_run() as run:
        record = DatasetInput(dataset._to_mlflow_entity(), [InputTag("mlflow.data.context", "eval")])
        headrace.MlflowClient().log_inputs(run.info.run_id, [record])
    (noted,) = headrace.get_run(run.info.run_id).inputs.dataset_inputs
    assert (noted.dataset.digest, noted.tags) == (dataset.digest, [InputTag("mlflow.data.context", "eval")])
    assert isinstance(headrace.data.get_source(noted), CodeDatasetSource)


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_the_whole_content_is_not_read_when_nobody_wants_its_digest(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_DATASET_CONTENT_DIGEST", "false")
    with headrace.start_run() as run:
        headrace.log_input(headrace.data.from_pandas(_FRAME))
    (noted,) = headrace.get_run(run.info.run_id).inputs.dataset_inputs
    assert noted.tags == []


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_program_is_the_source_of_what_it_made(place: str) -> None:
    said = json.loads(headrace.data.from_pandas(_FRAME).source.to_json())
    assert {"mlflow.user", "mlflow.source.name", "mlflow.source.type"} <= set(said["tags"])
    with pytest.raises(NotImplementedError, match="run the program"):
        headrace.data.from_pandas(_FRAME).source.load()


def test_tables_of_any_library_are_datasets() -> None:
    import duckdb

    arrow = pa.Table.from_pandas(_FRAME)
    tables = [_FRAME, pl.from_pandas(_FRAME), pl.from_pandas(_FRAME).lazy(), arrow, duckdb.from_arrow(arrow)]
    made = [headrace.data.from_dataframe(each, "/x", "a", "n", None, "b") for each in tables]
    names = ["PandasDataset", "PolarsDataset", "DataFrameDataset", "DataFrameDataset", "DataFrameDataset"]
    assert [type(each).__name__ for each in made] == names
    assert len({each.content_digest for each in made}) == 1
    assert {each.digest for each in made[2:]} == {made[0].content_digest}
    assert all(re.fullmatch("[0-9a-f]{32}", each.digest) for each in made[2:])
    assert {json.dumps(each.profile) for each in made} == {'{"num_rows": 3, "num_elements": 6}'}
    assert {each.to_dict()["schema"] for each in made[2:]} == {made[0].to_dict()["schema"]}
    for each in made:
        evaluated = each.to_evaluation_dataset()
        assert (evaluated.targets_name, evaluated.predictions_name, evaluated.feature_names) == ("a", "b", [])
        assert list(each.to_pyfunc().inputs.columns) == ["b"]


@pytest.mark.parametrize("thing", [5, "text", [1]])
def test_what_is_no_table_is_no_dataset(thing: Any) -> None:
    with pytest.raises(headrace.MlflowException, match="no table that narwhals reads"):
        headrace.data.from_dataframe(thing)


def test_columns_that_are_not_there_are_named() -> None:
    for make, frame in (
        (headrace.data.from_dataframe, pa.Table.from_pandas(_FRAME)),
        (headrace.data.from_polars, pl.from_pandas(_FRAME)),
    ):
        with pytest.raises(
            headrace.MlflowException, match=r"no column 'q' for the targets; the columns are \['a', 'b'\]"
        ):
            make(frame, targets="q")
