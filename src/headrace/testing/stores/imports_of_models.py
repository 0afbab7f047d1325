"""What a store promises about models and datasets that come from another store."""

from __future__ import annotations

import json
import uuid
from typing import Any

from headrace.schema.evaluation_datasets import GetDataset, GetDatasetExperimentIds, GetDatasetRecords
from headrace.schema.experiments import ExperimentTag
from headrace.schema.imports import (
    ImportedEvaluationDataset,
    ImportedEvaluationRecord,
    ImportedLoggedModel,
    ImportedModelVersion,
    ImportedRegisteredModel,
    ImportEvaluationDatasets,
    ImportLoggedModels,
    ImportModelVersions,
    ImportRegisteredModels,
    ImportRuns,
)
from headrace.schema.logged_models import GetLoggedModel, LoggedModelParameter, LoggedModelTag
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    GetModelVersion,
    GetModelVersionByAlias,
    GetRegisteredModel,
    ModelVersionTag,
    RegisteredModelTag,
)
from headrace.schema.runs import (
    Metric,
)
from headrace.stores.port import Store
from headrace.testing.stores import imported, making
from headrace.testing.stores.imported import TIME


class ImportOfModelsContract:
    """Logged models, the registry and evaluation datasets are taken as they are told, and overwrite nothing."""

    def test_a_logged_model_is_read_back_as_it_was_told(self, store: Store) -> None:
        run = imported.run(store)
        store.send(ImportRuns(runs=[run]))
        told = ImportedLoggedModel(
            model_id=f"m-{uuid.uuid4().hex}",
            experiment_id=run.experiment_id,
            name="net",
            creation_timestamp_ms=TIME,
            last_updated_timestamp_ms=TIME + 1,
            model_type="agent",
            source_run_id=run.run_id,
            params=[LoggedModelParameter("depth", "3")],
            tags=[LoggedModelTag("k", "v")],
            metrics=[Metric("score", 0.5, TIME, 2, None, "table", "digest", run.run_id)],
        )
        assert imported.one(store.send(ImportLoggedModels(models=[told]))).became == "new"
        assert imported.one(store.send(ImportLoggedModels(models=[told]))).became == "there"
        found = store.send(GetLoggedModel(model_id=told.model_id)).model
        assert (found.name, found.status, found.model_type, found.source_run_id) == (
            "net",
            "READY",
            "agent",
            run.run_id,
        )
        assert (found.creation_timestamp, found.last_updated_timestamp) == (TIME, TIME + 1)
        assert (found.tags, found.params) == ({"k": "v"}, {"depth": "3"})
        assert [(each.key, each.value, each.step, each.run_id) for each in found.metrics] == [
            ("score", 0.5, 2, run.run_id)
        ]

    def test_a_deleted_logged_model_comes_in_deleted(self, store: Store) -> None:
        told = ImportedLoggedModel(
            model_id=f"m-{uuid.uuid4().hex}", experiment_id=making.experiment(store), name="half", deleted_time=TIME
        )
        store.send(ImportLoggedModels(models=[told]))
        with making.refused("RESOURCE_DOES_NOT_EXIST", told.model_id):
            store.send(GetLoggedModel(model_id=told.model_id))

    def test_a_registered_model_comes_in_with_versions_stages_and_aliases(self, store: Store) -> None:
        model = _model(tags=[RegisteredModelTag("area", "sales")], last_version=7)
        told = ImportedModelVersion(
            name=model.name,
            version="3",
            creation_timestamp=TIME,
            current_stage="Production",
            source="s3://bucket/model",
            description="third",
            tags=[ModelVersionTag("n", "3")],
            aliases=["champion"],
        )
        assert imported.one(store.send(ImportRegisteredModels(models=[model]))).became == "new"
        assert imported.one(store.send(ImportModelVersions(versions=[told]))).became == "new"
        assert imported.one(store.send(ImportRegisteredModels(models=[model]))).became == "there"
        assert imported.one(store.send(ImportModelVersions(versions=[told]))).became == "there"
        found = store.send(GetRegisteredModel(name=model.name)).registered_model
        assert (found.description, found.tags, found.creation_timestamp) == ("old", {"area": "sales"}, TIME)
        assert found.aliases == {"champion": "3"}
        version = store.send(GetModelVersionByAlias(name=model.name, alias="champion")).model_version
        assert (version.version, version.current_stage, version.tags) == ("3", "Production", {"n": "3"})
        assert version.source == "s3://bucket/model"
        made = store.send(CreateModelVersion(name=model.name, source="s3://bucket/next")).model_version
        assert made.version == "8"

    def test_a_name_that_another_registered_model_has_is_refused(self, store: Store) -> None:
        model = _model()
        store.send(CreateRegisteredModel(name=model.name, description="ours"))
        assert imported.one(store.send(ImportRegisteredModels(models=[model]))).became == "refused"
        assert store.send(GetRegisteredModel(name=model.name)).registered_model.description == "ours"

    def test_a_version_that_is_another_here_stays_and_so_does_its_alias(self, store: Store) -> None:
        model = _model()
        store.send(ImportRegisteredModels(models=[model]))
        store.send(CreateModelVersion(name=model.name, source="s3://bucket/ours"))
        told = ImportedModelVersion(name=model.name, version="1", creation_timestamp=1, source="s3://bucket/theirs")
        assert imported.one(store.send(ImportModelVersions(versions=[told]))).became == "refused"
        assert store.send(GetModelVersion(name=model.name, version="1")).model_version.source == "s3://bucket/ours"

    def test_an_alias_that_points_elsewhere_here_stays_and_is_told(self, store: Store) -> None:
        model = _model()
        store.send(ImportRegisteredModels(models=[model]))
        versions = [
            ImportedModelVersion(
                name=model.name, version=str(n), creation_timestamp=n, source="s3://bucket/x", aliases=["live"]
            )
            for n in (1, 2)
        ]
        first, second = store.send(ImportModelVersions(versions=versions)).outcomes
        assert (first.became, second.became) == ("new", "new")
        assert "live" in str(second.why)
        assert store.send(GetModelVersionByAlias(name=model.name, alias="live")).model_version.version == "1"

    def test_an_evaluation_dataset_comes_in_with_its_records_and_in_pieces(self, store: Store) -> None:
        key = making.experiment(store)
        told = ImportedEvaluationDataset(
            dataset_id=f"d-{uuid.uuid4().hex}",
            name="questions",
            experiment_ids=[key],
            digest="0123abcd",
            created_time=TIME,
            last_update_time=TIME + 1,
            tags=[ExperimentTag("area", "ü")],
            records=[_record("why?"), _record("ü?")],
        )
        more = ImportedEvaluationDataset(dataset_id=told.dataset_id, name="questions", records=[_record("more?")])
        became = [
            imported.one(store.send(ImportEvaluationDatasets(datasets=[each]))).became for each in (told, more, told)
        ]
        assert became == ["new", "added", "there"]
        found = store.send(GetDataset(dataset_id=told.dataset_id)).dataset
        assert (found.name, found.digest, found.created_time, found.last_update_time) == (
            "questions",
            "0123abcd",
            TIME,
            TIME + 1,
        )
        assert json.loads(found.tags or "") == {"area": "ü"}
        assert store.send(GetDatasetExperimentIds(dataset_id=told.dataset_id)).experiment_ids == [key]
        records = json.loads(store.send(GetDatasetRecords(dataset_id=told.dataset_id)).records)
        assert {each["inputs"]["q"] for each in records} == {"why?", "ü?", "more?"}
        assert {each["dataset_record_id"] for each in records} >= {each.dataset_record_id for each in told.records}
        assert all(each["expectations"] == {"a": 1} and each["created_time"] == TIME for each in records)


def _record(question: str) -> ImportedEvaluationRecord:
    return ImportedEvaluationRecord(
        dataset_record_id=f"dr-{uuid.uuid4().hex}",
        inputs=json.dumps({"q": question}, ensure_ascii=False),
        expectations='{"a": 1}',
        created_time=TIME,
        last_update_time=TIME,
    )


def _model(**fields: Any) -> ImportedRegisteredModel:
    defaults: dict[str, Any] = {
        "name": making.fresh("model"),
        "creation_timestamp": TIME,
        "last_updated_timestamp": TIME,
        "description": "old",
    }
    return ImportedRegisteredModel(**defaults | fields)
