"""Records that are long come in pages that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.schema.evaluation_datasets import CreateDataset, GetDatasetRecords, UpsertDatasetRecords
from headrace.stores import open_store
from headrace.stores.sql import evaluation_records


def test_a_page_of_long_records_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_records, "PAGE_BYTES", 100_000)
    store = open_store(str(tmp_path))
    dataset = store.send(CreateDataset(name="long")).dataset.dataset_id
    records = [{"inputs": {"n": n, "text": "x" * 1000}} for n in range(1700)]
    store.send(UpsertDatasetRecords(dataset_id=dataset, records=json.dumps(records)))
    found, sizes, token = [], [], None
    while True:
        page = store.send(GetDatasetRecords(dataset_id=dataset, max_results=1600, page_token=token))
        told = json.loads(page.records)
        found += [each["inputs"]["n"] for each in told]
        sizes.append(len(told))
        token = page.next_page_token
        if token is None:
            break
    store.close()
    assert found == list(range(1700))
    assert sizes == [500, 500, 500, 200]
