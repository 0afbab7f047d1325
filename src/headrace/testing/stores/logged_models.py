"""What a store promises about logged models."""

from __future__ import annotations

import pytest

from headrace.schema.logged_models import (
    CreateLoggedModel,
    DeleteLoggedModel,
    DeleteLoggedModelTag,
    FinalizeLoggedModel,
    GetLoggedModel,
    LoggedModelDataset,
    LoggedModelOrder,
    LoggedModelParameter,
    LoggedModelTag,
    LogLoggedModelParams,
    SearchLoggedModels,
    SetLoggedModelTags,
)
from headrace.schema.runs import LogBatch, LogMetric, Metric
from headrace.stores.port import Store
from headrace.testing.stores import making


class LoggedModelContract:
    """Logged models are made, measured, finished, found and deleted."""

    def test_a_logged_model_is_read_back_as_it_was_made(self, store: Store) -> None:
        key = making.experiment(store)
        call = CreateLoggedModel(
            experiment_id=key,
            name="net ü",
            model_type="classifier",
            source_run_id="r",
            params=[LoggedModelParameter("depth", "3")],
            tags=[LoggedModelTag("a", "b")],
        )
        made = store.send(call).model
        assert (made.name, made.model_type, made.source_run_id, made.status) == ("net ü", "classifier", "r", "PENDING")
        assert (made.params, made.tags) == ({"depth": "3"}, {"a": "b"})
        assert made.artifact_location.endswith(f"/{key}/models/{made.model_id}/artifacts")
        assert made.model_id.startswith("m-")
        assert store.send(GetLoggedModel(model_id=made.model_id)).model == made

    def test_a_model_is_finished_tagged_and_deleted(self, store: Store) -> None:
        model_id = self._make(store, making.experiment(store))
        done = store.send(FinalizeLoggedModel(model_id=model_id, status="LOGGED_MODEL_READY")).model
        assert done.status == "READY"
        store.send(SetLoggedModelTags(model_id=model_id, tags=[LoggedModelTag("a", "1"), LoggedModelTag("b", "2")]))
        store.send(LogLoggedModelParams(model_id=model_id, params=[LoggedModelParameter("p", "1")]))
        store.send(DeleteLoggedModelTag(model_id=model_id, tag_key="a"))
        found = store.send(GetLoggedModel(model_id=model_id)).model
        assert (found.tags, found.params) == ({"b": "2"}, {"p": "1"})
        store.send(DeleteLoggedModel(model_id=model_id))
        with making.refused("RESOURCE_DOES_NOT_EXIST", model_id):
            store.send(GetLoggedModel(model_id=model_id))

    @pytest.mark.parametrize("name", ["", "a/b", "a:b", "a.b", "a%b", "a'b", " "])
    def test_a_bad_name_is_refused(self, store: Store, name: str) -> None:
        with making.refused("INVALID_PARAMETER_VALUE", "name"):
            self._make(store, "0", name)

    def test_metrics_are_noted_on_the_model_too(self, store: Store) -> None:
        key = making.experiment(store)
        run_id, model_id = making.run(store, key), self._make(store, key)
        store.send(LogMetric(run_id=run_id, key="acc", value=0.5, timestamp=1, model_id=model_id, dataset_name="d"))
        store.send(LogBatch(run_id=run_id, metrics=[Metric("acc", 0.7, 2, 1, model_id=model_id), Metric("x", 1, 1)]))
        metrics = store.send(GetLoggedModel(model_id=model_id)).model.metrics
        assert [(each.key, each.value, each.step, each.dataset_name, each.run_id) for each in metrics] == [
            ("acc", 0.5, 0, "d", run_id),
            ("acc", 0.7, 1, None, run_id),
        ]
        with making.refused("RESOURCE_DOES_NOT_EXIST", "m-none"):
            store.send(LogMetric(run_id=run_id, key="acc", value=0.5, timestamp=1, model_id="m-none"))

    def test_models_are_searched_ordered_and_paged(self, store: Store) -> None:
        key = making.experiment(store)
        run_id = making.run(store, key)
        ids = [self._make(store, key, f"net{n}") for n in range(3)]
        for n, value in ((0, 0.9), (2, 0.5)):
            point = Metric("acc", value, 1, model_id=ids[n], dataset_name="d", dataset_digest=str(n))
            store.send(LogBatch(run_id=run_id, metrics=[point]))
        store.send(FinalizeLoggedModel(model_id=ids[1], status="LOGGED_MODEL_READY"))
        by_acc = [LoggedModelOrder(field_name="metrics.acc", ascending=False)]
        assert self._found_models(store, key, order_by=by_acc) == [ids[0], ids[2], ids[1]]
        assert self._found_models(store, key, filter="metrics.acc > 0.6") == [ids[0]]
        on_two = [LoggedModelDataset(dataset_name="d", dataset_digest="2")]
        assert self._found_models(store, key, filter="metrics.acc > 0.1", datasets=on_two) == [ids[2]]
        assert self._found_models(store, key, filter="status = 'READY'") == [ids[1]]
        assert self._found_models(store, key, filter="name IN ('net1', 'net2')", order_by=self._by("name")) == ids[1:]
        with making.refused("INVALID_PARAMETER_VALUE"):
            self._found_models(store, key, order_by=self._by("nothing"))

    @staticmethod
    def _by(field: str) -> list[LoggedModelOrder]:
        return [LoggedModelOrder(field_name=field)]

    @staticmethod
    def _make(store: Store, experiment_id: str, name: str | None = None) -> str:
        return store.send(CreateLoggedModel(experiment_id=experiment_id, name=name)).model.model_id

    @staticmethod
    def _found_models(store: Store, experiment_id: str, **options: object) -> list[str]:
        """All ids, one a page."""
        found: list[str] = []
        token = None
        while True:
            call = SearchLoggedModels(
                experiment_ids=[experiment_id],
                max_results=1,
                page_token=token,
                **options,  # type: ignore[arg-type]
            )
            page = store.send(call)
            found += [each.model_id for each in page.models]
            token = page.next_page_token
            if token is None:
                return found
