"""Records from another store name no place through a server that other records may not name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.base.errors import HeadraceError
from headrace.schema.imports import (
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportedRun,
    ImportExperiments,
    ImportLoggedModels,
    ImportModelVersions,
    ImportRegisteredModels,
    ImportRuns,
)
from headrace.server.artifacts import GuardedStore
from headrace.stores import open_store

RUN = "a" * 32
MODEL = f"m-{'b' * 32}"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedStore]:
    """A store whose callers may name folders below ``/allowed`` only, with a registered model."""
    store: Any = open_store(f"sqlite:///{tmp_path}/h.db", artifact_root="mlflow-artifacts:")
    guarded = GuardedStore(store, ("/allowed",))
    guarded.send(ImportRegisteredModels(models=[ImportedRegisteredModel(name="net")]))
    yield guarded
    store.close()


def calls(location: str) -> list[Any]:
    version = ImportedModelVersion(name="net", version="1", source="s3://bucket/net", storage_location=location)
    return [
        ImportExperiments(experiments=[ImportedExperiment(experiment_id="5", name="one", artifact_location=location)]),
        ImportRuns(runs=[ImportedRun(run_id=RUN, experiment_id="0", artifact_uri=location)]),
        ImportLoggedModels(
            models=[ImportedLoggedModel(model_id=MODEL, experiment_id="0", name="net", artifact_uri=location)]
        ),
        ImportModelVersions(versions=[version]),
        ImportModelVersions(versions=[ImportedModelVersion(name="net", version="2", source=location)]),
    ]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("location", ["/etc", "file:///etc", "/allowed/../etc", "~/../etc", "http://169.254.169.254/x"])
def test_a_place_that_nobody_allowed_is_refused(location: str, number: int, guarded: GuardedStore) -> None:
    with pytest.raises(HeadraceError) as refusal:
        guarded.send(calls(location)[number])
    assert refusal.value.error_code in ("INVALID_PARAMETER_VALUE", "PERMISSION_DENIED")


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("location", ["/allowed/one", "s3://bucket/one"])
def test_a_place_that_is_allowed_is_kept(location: str, number: int, guarded: GuardedStore) -> None:
    (outcome,) = guarded.send(calls(location)[number]).outcomes
    assert outcome.became == "new"
