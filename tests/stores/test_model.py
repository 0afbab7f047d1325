"""Every store beside a plain Python model of it: whatever is done, in whatever order, both say the same."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from headrace.schema import Call
from headrace.schema.experiments import CreateExperiment, DeleteExperiment, GetExperimentByName, RestoreExperiment
from headrace.schema.registry import (
    CreateModelVersion,
    CreateRegisteredModel,
    DeleteModelVersion,
    DeleteRegisteredModel,
    DeleteRegisteredModelAlias,
    GetModelVersionByAlias,
    SearchModelVersions,
    SetRegisteredModelAlias,
    TransitionModelVersionStage,
)
from headrace.schema.runs import (
    CreateRun,
    DeleteRun,
    DeleteTag,
    GetMetricHistory,
    GetRun,
    LogBatch,
    LogMetric,
    LogParam,
    Metric,
    RestoreRun,
    RunTag,
    SearchRuns,
    SetTag,
    UpdateRun,
)
from headrace.stores import Store
from headrace.testing.stores import making
from tests.stores.test_stores import opened_as

KEYS = st.sampled_from(["a", "ä d"])
VALUES = st.sampled_from([0.0, -0.0, 1.5, 5e-324, math.nan, math.inf, -math.inf])
STEPS = st.sampled_from([0, 2**63 - 1, -(2**63)])
POINTS = st.builds(Metric, KEYS, VALUES, st.integers(0, 1), STEPS)
TEXTS = st.sampled_from(["", "x", "y", "Ä"])
NAMES = st.integers(0, 2)
#: Filters, and whether a run of the model passes.
FILTERS: dict[str, Callable[[Any], bool]] = {
    "": lambda run: True,
    "metrics.a > 1": lambda run: run.last("a") > 1,
    "metrics.`ä d` <= 0": lambda run: run.last("ä d") <= 0,
    "params.a = 'x'": lambda run: run.params.get("a") == "x",
    "tags.`ä d` != 'x'": lambda run: run.tags.get("ä d", "x") != "x",
    "attributes.status = 'FINISHED'": lambda run: run.status == "FINISHED",
    "metrics.a > 1 AND attributes.status = 'RUNNING'": lambda run: run.last("a") > 1 and run.status == "RUNNING",
}


class ModelRun:
    """What a run should be."""

    def __init__(self) -> None:
        self.status, self.deleted = "RUNNING", False
        self.points: dict[str, list[Metric]] = {}
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}

    def last(self, key: str) -> float:
        """The last value of a metric; NaN, which no comparison finds, when there is none."""
        return max(self.points[key], key=_place).value if key in self.points else math.nan

    def log(self, points: list[Metric], *, again: bool) -> None:
        """Append points; those that are there already only ``again``."""
        for point in points:
            there = self.points.setdefault(point.key, [])
            if again or _spelled(point) not in map(_spelled, there):
                there.append(point)


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model."""

    store: Store
    runs = Bundle("runs")
    experiments = Bundle("experiments")

    @initialize()
    def begin(self) -> None:
        self.home = self.store.send(CreateExperiment(name=making.fresh("home"))).experiment_id
        self.prefix, self.writer, self.sequence = making.fresh("n"), making.fresh("writer"), 0
        self.model: dict[str, ModelRun] = {}
        self.live: dict[str, str] = {}
        self.registry: dict[str, dict[str, str]] = {}
        self.next_version: dict[str, int] = {}
        self.aliases: dict[str, str] = {}
        #: Numbers of writes that were done.
        self.done: set[int] = set()

    def ask(self, call: Call[Any], code: str = "") -> Any:
        """The reply, or the error that must come instead."""
        if code:
            with making.refused(code):
                self.store.send(call)
            return None
        return self.store.send(call)

    @rule(target=experiments, name=NAMES)
    def create_experiment(self, name: int) -> tuple[str, str]:
        said = f"{self.prefix} {name}"
        reply = self.ask(CreateExperiment(name=said), "RESOURCE_ALREADY_EXISTS" if said in self.live else "")
        if reply:
            self.live[said] = reply.experiment_id
        return said, reply.experiment_id if reply else self.live[said]

    @rule(experiment=experiments, restore=st.booleans())
    def delete_or_restore_experiment(self, experiment: tuple[str, str], restore: bool) -> None:
        name, key = experiment
        is_live = self.live.get(name) == key
        if not restore:
            self.ask(DeleteExperiment(experiment_id=key), "" if is_live else "RESOURCE_DOES_NOT_EXIST")
            if is_live:
                del self.live[name]
            return
        taken = "RESOURCE_ALREADY_EXISTS" if name in self.live else ""
        self.ask(RestoreExperiment(experiment_id=key), "RESOURCE_DOES_NOT_EXIST" if is_live else taken)
        self.live.setdefault(name, key)

    @rule(name=NAMES)
    def look_experiment_up(self, name: int) -> None:
        said = f"{self.prefix} {name}"
        if said in self.live:
            assert self.ask(GetExperimentByName(experiment_name=said)).experiment.experiment_id == self.live[said]

    @rule(target=runs)
    def create_run(self) -> str:
        run_id = self.ask(CreateRun(experiment_id=self.home, run_name="r")).run.info.run_id
        self.model[run_id] = ModelRun()
        self.model[run_id].tags["mlflow.runName"] = "r"
        return str(run_id)

    @rule(run_id=runs, point=POINTS, numbered=st.booleans(), resent=st.booleans())
    def log_metric(self, run_id: str, point: Metric, numbered: bool, resent: bool) -> None:
        call = LogMetric(run_id=run_id, key=point.key, value=point.value, timestamp=point.timestamp, step=point.step,
                         writer=self.writer if numbered else "", sequence=self._number(numbered))  # fmt: skip
        for _ in range(1 + resent):
            self._write(run_id, call, lambda run: run.log([point], again=numbered))

    @rule(run_id=runs, points=st.lists(POINTS, max_size=8), tag=KEYS, value=TEXTS, numbered=st.booleans())
    def log_batch(self, run_id: str, points: list[Metric], tag: str, value: str, numbered: bool) -> None:
        def done(run: ModelRun) -> None:
            run.log(points, again=numbered)
            run.tags[tag] = value

        call = LogBatch(run_id=run_id, metrics=points, tags=[RunTag(tag, value)],
                        writer=self.writer if numbered else "", sequence=self._number(numbered))  # fmt: skip
        self._write(run_id, call, done)

    @rule(run_id=runs, key=KEYS, value=TEXTS)
    def log_param(self, run_id: str, key: str, value: str) -> None:
        other = self.model[run_id].params.get(key, value) != value
        call = LogParam(run_id=run_id, key=key, value=value)
        self._write(run_id, call, lambda run: run.params.update({key: value}), refused=other)

    @rule(run_id=runs, key=KEYS, value=TEXTS)
    def set_tag(self, run_id: str, key: str, value: str) -> None:
        call = SetTag(run_id=run_id, key=key, value=value)
        self._write(run_id, call, lambda run: run.tags.update({key: value}))

    @rule(run_id=runs, key=KEYS)
    def delete_tag(self, run_id: str, key: str) -> None:
        run = self.model[run_id]
        if not run.deleted:
            self.ask(DeleteTag(run_id=run_id, key=key), "" if key in run.tags else "RESOURCE_DOES_NOT_EXIST")
            run.tags.pop(key, None)

    @rule(run_id=runs, status=st.sampled_from(["FINISHED", "FAILED", "RUNNING"]))
    def update_run(self, run_id: str, status: Any) -> None:
        self._write(run_id, UpdateRun(run_id=run_id, status=status), lambda run: setattr(run, "status", status))

    @rule(run_id=runs, deleted=st.booleans())
    def delete_or_restore_run(self, run_id: str, deleted: bool) -> None:
        self.ask(DeleteRun(run_id=run_id) if deleted else RestoreRun(run_id=run_id))
        self.model[run_id].deleted = deleted

    @rule(run_id=runs)
    def read_run(self, run_id: str) -> None:
        run, found = self.model[run_id], self.ask(GetRun(run_id=run_id)).run
        assert (found.info.status, found.info.lifecycle_stage == "deleted") == (run.status, run.deleted)
        assert (found.data.params, found.data.tags) == (run.params, run.tags)
        assert found.data.metrics.keys() == run.points.keys()
        for metric in found.data.metric_list:
            assert _place(metric) == _place(max(run.points[metric.key], key=_place))
            points = self.ask(GetMetricHistory(run_id=run_id, metric_key=metric.key)).metrics
            assert Counter(map(_spelled, points)) == Counter(map(_spelled, run.points[metric.key]))
            times = [(each.timestamp, each.step) for each in points]
            assert times == sorted(times)

    def teardown(self) -> None:
        """Look at everything once more."""
        for run_id in self.__dict__.get("model", ()):
            self.read_run(run_id)

    @rule(asked=st.sampled_from(sorted(FILTERS)))
    def search_runs(self, asked: str) -> None:
        found = self.ask(SearchRuns(experiment_ids=[self.home], filter=asked)).runs
        wanted = {key for key, run in self.model.items() if not run.deleted and FILTERS[asked](run)}
        assert {each.info.run_id for each in found} == wanted

    @rule(name=NAMES)
    def create_model(self, name: int) -> None:
        said = f"{self.prefix} {name}"
        self.ask(CreateRegisteredModel(name=said), "RESOURCE_ALREADY_EXISTS" if said in self.registry else "")
        self.registry.setdefault(said, {})
        self.next_version.setdefault(said, 1)

    @rule(name=NAMES)
    def delete_model(self, name: int) -> None:
        said = f"{self.prefix} {name}"
        self.ask(DeleteRegisteredModel(name=said), "" if said in self.registry else "RESOURCE_DOES_NOT_EXIST")
        self.next_version.pop(said, None)
        for version in self.registry.pop(said, {}):
            self._forget(said, version)

    @rule(name=NAMES)
    def create_version(self, name: int) -> None:
        said = f"{self.prefix} {name}"
        if said in self.registry:
            version = self.ask(CreateModelVersion(name=said, source="s3://b/k")).model_version.version
            assert version == str(self.next_version[said])
            self.next_version[said] += 1
            self.registry[said][version] = "None"

    @rule(name=NAMES, version=st.sampled_from("123"), what=st.sampled_from(["delete", "alias", "stage", "archive"]))
    def change_version(self, name: int, version: str, what: str) -> None:
        said = f"{self.prefix} {name}"
        there = self.registry.get(said, {})
        code = "" if version in there else "RESOURCE_DOES_NOT_EXIST"
        match what:
            case "delete":
                self.ask(DeleteModelVersion(name=said, version=version), code)
                there.pop(version, None)
                self._forget(said, version)
            case "alias":
                self.ask(SetRegisteredModelAlias(name=said, alias="best", version=version), code)
                if not code:
                    self.aliases[said] = version
            case _:
                archive = what == "archive"
                call = TransitionModelVersionStage(name=said, version=version, stage="Production",
                                                   archive_existing_versions=archive)  # fmt: skip
                self.ask(call, code)
                if not code:
                    moved = {each: "Archived" for each, stage in there.items() if archive and stage == "Production"}
                    there.update(moved | {version: "Production"})

    @rule(name=NAMES)
    def drop_alias(self, name: int) -> None:
        said = f"{self.prefix} {name}"
        if said in self.aliases:
            self.ask(DeleteRegisteredModelAlias(name=said, alias="best"))
            del self.aliases[said]

    @rule(name=NAMES)
    def read_registry(self, name: int) -> None:
        said = f"{self.prefix} {name}"
        found = self.ask(SearchModelVersions(filter=f"name = '{said}'")).model_versions
        assert {each.version: each.current_stage for each in found} == self.registry.get(said, {})
        if said in self.aliases:
            alias = self.ask(GetModelVersionByAlias(name=said, alias="best")).model_version
            assert alias.version == self.aliases[said]

    def _number(self, numbered: bool) -> int:
        self.sequence += numbered
        return self.sequence if numbered else 0

    def _write(
        self, run_id: str, call: Call[Any], change: Callable[[ModelRun], None], *, refused: bool = False
    ) -> None:
        """Ask for a change of a run. In the model, as in the store, what is numbered is done once."""
        run, number = self.model[run_id], getattr(call, "sequence", 0)
        self.ask(call, "INVALID_PARAMETER_VALUE" if refused or run.deleted else "")
        if not (refused or run.deleted or number in self.done):
            change(run)
            self.done |= {number} - {0}

    def _forget(self, name: str, version: str) -> None:
        if self.aliases.get(name) == version:
            del self.aliases[name]


def _spelled(point: Metric) -> tuple[int, int, str]:
    return point.timestamp, point.step, repr(point.value)


def _place(point: Metric) -> tuple[int, int, float, int]:
    """Where a point stands among those of its metric: the last one has the highest step, then time, then value."""
    value, most = point.value, sys.float_info.max
    if math.isnan(value):
        return point.step, point.timestamp, 0.0, 1
    special = {math.inf: 2, -math.inf: 3}.get(value, 4 if repr(value) == "-0.0" else 0)
    return point.step, point.timestamp, max(-most, min(most, value)), special


@pytest.fixture(params=["sqlite", "postgresql", "mysql", "remote"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store of each kind."""
    yield from opened_as(request.param, request, tmp_path_factory.mktemp("store"))


def test_a_store_does_what_the_model_does(store: Store) -> None:
    machine = type("Machine", (StoreMachine,), {"store": store})
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    wanted = settings(
        max_examples=30, stateful_step_count=50, deadline=None, derandomize=True, database=None, phases=phases
    )
    run_state_machine_as_test(machine, settings=wanted)
