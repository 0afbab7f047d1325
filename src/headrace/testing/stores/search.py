"""What a store promises about searching runs."""

from __future__ import annotations

import math

import pytest

from headrace.schema.datasets import Dataset, DatasetInput, InputTag, LogInputs
from headrace.schema.experiments import GetExperiment, SearchDatasets, SetExperimentTag
from headrace.schema.runs import DeleteRun, LogBatch, Metric, SearchRuns, SetTag, UpdateRun
from headrace.stores.port import Store
from headrace.testing.stores import making


class SearchContract:
    """Runs are found by what was logged, in the order asked for, each once."""

    @pytest.fixture(scope="class")
    @classmethod
    def zoo(cls, store: Store) -> dict[str, str]:
        """Runs of one experiment, by a letter; ``?`` is the experiment."""
        key = making.experiment(store)
        runs = {
            "a": making.logged(
                store, key, metrics={"acc": 0.5, "n": 1}, params={"lr": "0.1", "net": "Big_net"}, tags={"t": "x%y"}
            ),
            "b": making.logged(
                store, key, metrics={"acc": 0.9}, params={"lr": "10", "net": "small"}, tags={"t": "xzy"}, start_time=2
            ),
            "c": making.logged(store, key, metrics={"acc": math.nan}, params={"lr": "9"}, start_time=3),
            "d": making.logged(store, key, metrics={"acc": math.inf}, tags={"t": "it's ß"}, start_time=4),
            "e": making.logged(store, key, start_time=5),
        }
        batch = LogBatch(run_id=runs["a"], metrics=[Metric("loss", v, 1, s) for s, v in enumerate((3.0, 1.0, 2.0))])
        store.send(batch)
        for letter, number in (("a", "5x"), ("b", "0.5"), ("c", "1e999"), ("d", "7\n"), ("e", "1e1")):
            store.send(SetTag(run_id=runs[letter], key="n", value=number))
        store.send(UpdateRun(run_id=runs["b"], status="FINISHED", end_time=50))
        dataset = Dataset(name="iris", digest="d1", source_type="local", source="{}")
        inputs = [DatasetInput(tags=[InputTag("mlflow.data.context", "train")], dataset=dataset)]
        store.send(LogInputs(run_id=runs["c"], datasets=inputs))
        return {**runs, "?": key}

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ("", "edcba"),
            ("metrics.acc > 0.5", "db"),
            ("metrics.acc >= 0.5 and params.lr = '0.1'", "a"),
            ("metrics.acc < 1", "ba"),
            ("metrics.acc != 0.5", "dcb"),
            ("metrics.nobody > 0", ""),
            ("metrics.loss = 2", "a"),
            ("metrics.loss.min = 1 AND metrics.loss.max = 3 AND metrics.loss.first = 3", "a"),
            ("metrics.loss.mean = 2 AND metrics.loss.count = 3", "a"),
            ("params.lr > 0.5", "cb"),
            ("params.net LIKE 'Big%'", "a"),
            ("params.net LIKE 'big%'", ""),
            ("params.net ILIKE 'BIG%'", "a"),
            ("params.net != 'small'", "a"),
            ("params.net IS NULL", "edc"),
            ("params.net IS NOT NULL", "ba"),
            ("tags.t LIKE 'x_y'", "ba"),
            ('tags.t = "it\'s ß"', "d"),
            ("tags.t = 'a'' OR 1=1'", ""),
            ("attributes.status = 'FINISHED'", "b"),
            ("status != 'FINISHED'", "edca"),
            ("start_time >= 3", "edc"),
            ("start_time BETWEEN 2 AND 3", "cb"),
            ("end_time > 1", "b"),
            ("end_time IS NULL AND start_time < 3", "a"),
            ("dataset.name = 'iris' AND dataset.context = 'train'", "c"),
            ("dataset.digest IN ('d1', 'd2')", "c"),
            ("metrics.acc > 0.6 OR params.lr = '9'", "dcb"),
            ("NOT (metrics.acc > 0.6)", "eca"),
            ("(params.lr = '10' OR params.lr = '9') AND metrics.acc IS NOT NULL", "cb"),
            ("params.lr IN ('9', '10')", "cb"),
            ("params.net RLIKE '^[A-Z]'", "a"),
            ("params.net NOT RLIKE 'a(l|z)+$'", "edca"),
            ("tags.t RLIKE 'x.y' AND tags.t RLIKE '(?i)X%'", "a"),
            ("tags.t RLIKE 'ß$' OR user_id RLIKE 'nobody'", "d"),
            ("dataset.name RLIKE 'r.s'", "c"),
            ("status NOT RLIKE 'RUN|SCHED'", "b"),
            ("tags.n > 5", "e"),
            ("tags.n BETWEEN -1 AND 1e3", "eb"),
            ("tags.n = 0.5 OR tags.n != 0.5", "eb"),
            ("duration >= 48ms AND duration < 1s", "b"),
            ("duration IS NULL", "edca"),
            ("metric.acc > 0.5 AND", None),
            ("metrics.acc > '0.5'", None),
            ("params.lr = 0.1; DROP TABLE runs", None),
            ("nonsense", None),
        ],
    )
    def test_filters(self, store: Store, zoo: dict[str, str], filter: str, found: str | None) -> None:
        if found is None:
            with making.refused("INVALID_PARAMETER_VALUE"):
                self._find(store, zoo, filter)
        else:
            assert self._find(store, zoo, filter) == found

    def test_ids_can_be_listed(self, store: Store, zoo: dict[str, str]) -> None:
        assert self._find(store, zoo, f"run_id IN ('{zoo['a']}', '{zoo['d']}')") == "da"
        assert self._find(store, zoo, f"run_id NOT IN ('{zoo['a']}', '{zoo['d']}')") == "ecb"

    def test_runs_are_found_by_their_parent_and_experiment(self, store: Store) -> None:
        key, other = making.experiment(store), making.experiment(store)
        store.send(SetExperimentTag(experiment_id=key, key="team", value="red"))
        parent = making.logged(store, key, metrics={"acc": 0.9}, params={"net": "big"}, tags={"t": "7"}, start_time=5)
        poor = making.logged(store, other, metrics={"acc": 0.1}, start_time=4)
        child = making.logged(store, key, metrics={"acc": 0.3}, tags={"mlflow.parentRunId": parent}, start_time=3)
        stray = making.logged(store, other, tags={"mlflow.parentRunId": poor}, start_time=2)
        lost = making.logged(store, other, tags={"mlflow.parentRunId": "0" * 32}, start_time=1)
        letters = {parent: "p", poor: "q", child: "c", stray: "s", lost: "l"}
        name = store.send(GetExperiment(experiment_id=key)).experiment.name
        for text, found in (
            ("parent.metrics.acc > 0.5", "c"),
            ("parent.metrics.acc.max < 0.5", "s"),
            ("parent.params.net = 'big' AND parent.tags.t > 6", "c"),
            ("parent.status = 'RUNNING'", "cs"),
            (f"parent.run_id IN ('{parent}', '{lost}')", "c"),
            ("parent.start_time = 4 OR parent.attributes.run_name RLIKE '^nobody$'", "s"),
            ("NOT parent.metrics.acc > 0.5", "pqsl"),
            ("parent.run_id IS NULL", "pql"),
            ("parent.params.net IS NULL", "pqsl"),
            ("parent.experiment_id = '1'", None),
            (f"experiment.name = '{name}'", "pc"),
            ("experiment.tags.team = 'red' AND parent.metrics.acc > 0", "c"),
            ("experiment.tags.team IS NULL", "qsl"),
            (f"experiment.experiment_id != '{key}' AND experiment.name RLIKE '^exp'", "qsl"),
            ("experiment.creation_time < now() - 1d", ""),
        ):
            call = SearchRuns(experiment_ids=[key, other], filter=text)
            if found is None:
                with making.refused("INVALID_PARAMETER_VALUE", "no attribute 'experiment_id'"):
                    store.send(call)
            else:
                assert "".join(letters[each.info.run_id] for each in store.send(call).runs) == found, text

    @pytest.mark.parametrize(
        ("order", "found"),
        [
            (["metrics.acc"], "abdce"),
            (["metrics.acc DESC"], "dbace"),
            (["metrics.loss.min"], "aedcb"),
            (["params.lr"], "abced"),
            (["params.lr DESC"], "cbaed"),
            (["tags.t", "start_time"], "dabce"),
            (["end_time DESC", "start_time"], "bacde"),
            (["attributes.start_time ASC"], "abcde"),
            (["status", "metrics.acc DESC"], "bdace"),
        ],
    )
    @pytest.mark.parametrize("page", [1, 2, 100])
    def test_orders_hold_across_pages(
        self, store: Store, zoo: dict[str, str], order: list[str], found: str, page: int
    ) -> None:
        assert self._find(store, zoo, "", order, page) == found

    @pytest.mark.parametrize("order", ["metrics.a; DROP", "(SELECT 1)", "nothing", "metrics.a UP", "start_time ASC x"])
    def test_a_bad_order_is_refused(self, store: Store, zoo: dict[str, str], order: str) -> None:
        with making.refused("INVALID_PARAMETER_VALUE"):
            self._find(store, zoo, "", [order])

    def test_views_tell_deleted_runs_from_others(self, store: Store) -> None:
        key = making.experiment(store)
        kept, gone = making.run(store, key), making.run(store, key)
        store.send(DeleteRun(run_id=gone))
        for view, expected in (("ACTIVE_ONLY", {kept}), ("DELETED_ONLY", {gone}), ("ALL", {kept, gone})):
            call = SearchRuns(experiment_ids=[key], run_view_type=view)  # type: ignore[arg-type]
            assert {each.info.run_id for each in store.send(call).runs} == expected

    def test_a_search_tells_runs_as_reading_them_does(self, store: Store, zoo: dict[str, str]) -> None:
        found = store.send(SearchRuns(experiment_ids=[zoo["?"]])).runs
        for each in found:
            assert repr(each) == repr(making.read(store, each.info.run_id))

    def test_a_search_goes_through_thousands_of_experiments(self, store: Store, zoo: dict[str, str]) -> None:
        others = [str(10**9 + n) for n in range(19_999)]
        call = SearchRuns(experiment_ids=[zoo["?"], *others], filter="params.lr = '10'")
        assert [each.info.run_id for each in store.send(call).runs] == [zoo["b"]]

    def test_datasets_that_runs_read_are_told_once_for_each_context(self, store: Store) -> None:
        key, other = making.experiment(store), making.experiment(store)
        runs = [making.run(store, key) for _ in range(4)]
        dataset = Dataset(name="iris", digest="d1", source_type="local", source="{}")
        for run, context in zip(runs, ("train", "test", "train", "gone"), strict=True):
            inputs = [DatasetInput(tags=[InputTag("mlflow.data.context", context)], dataset=dataset)]
            store.send(LogInputs(run_id=run, datasets=inputs))
        plain = Dataset(name="iris", digest="d2", source_type="local", source="{}")
        store.send(LogInputs(run_id=runs[0], datasets=[DatasetInput(dataset=plain)]))
        store.send(DeleteRun(run_id=runs[3]))
        told = store.send(SearchDatasets(experiment_ids=[key, other])).dataset_summaries
        assert sorted((each.name, each.digest, each.context or "") for each in told) == [
            ("iris", "d1", "test"),
            ("iris", "d1", "train"),
            ("iris", "d2", ""),
        ]
        assert {each.experiment_id for each in told} == {key}
        assert store.send(SearchDatasets(experiment_ids=[other])).dataset_summaries == []

    def test_no_experiments_have_no_runs(self, store: Store) -> None:
        assert store.send(SearchRuns()).runs == []
        assert store.send(SearchRuns(experiment_ids=["99999999"])).runs == []

    def _find(
        self, store: Store, zoo: dict[str, str], filter: str, order: list[str] | None = None, page: int = 100
    ) -> str:
        letters = {run_id: letter for letter, run_id in zoo.items()}
        found, token = "", None
        while True:
            call = SearchRuns(
                experiment_ids=[zoo["?"]], filter=filter, order_by=order or [], max_results=page, page_token=token
            )
            reply = store.send(call)
            found += "".join(letters[each.info.run_id] for each in reply.runs)
            token = reply.next_page_token
            if token is None:
                return found
