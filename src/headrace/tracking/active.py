"""What this process is working in: the experiment it chose, and the runs each thread has open."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from types import TracebackType
from typing import Literal

from headrace.base import settings
from headrace.base.errors import AlreadyExists, BadRequest, HeadraceError
from headrace.schema.experiments import Experiment
from headrace.schema.runs import Run
from headrace.tracking import providers, uri
from headrace.tracking.client import MlflowClient

#: Where runs go when nobody chose.
DEFAULT_EXPERIMENT = "0"


class ActiveRun(Run, frozen=True):
    """A run that is open; as a context manager it ends with its block, FAILED when the block raises."""

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> Literal[False]:
        if any(run.info.run_id == self.info.run_id for run in stack()):
            end("FINISHED" if exc_type is None else "FAILED")
        return False

    @classmethod
    def _made(cls, run: Run) -> ActiveRun:  # type: ignore[override]
        return cls(info=run.info, data=run.data, inputs=run.inputs, outputs=run.outputs)


class _Thread(threading.local):
    def __init__(self) -> None:
        self.runs: list[ActiveRun] = []
        self.last: tuple[str, str] | None = None


_here = _Thread()
#: Run id -> tracking URI of every run that any thread has open. A run stays where it began, wherever others go later.
_open: dict[str, str] = {}
#: Those of them that were open before this process was forked off.
_inherited: set[str] = set()
#: Tracking URI -> the experiment chosen there. A choice made at one place says nothing about another.
_chosen: dict[str, str] = {}


def stack() -> list[ActiveRun]:
    """The runs this thread has open, innermost last."""
    return _here.runs


def current() -> ActiveRun | None:
    """The innermost run this thread has open."""
    return _here.runs[-1] if _here.runs else None


def last_run() -> Run | None:
    """This thread's innermost open run, or else the one it closed last, as it is now."""
    if run := current():
        return client_of(run.info.run_id).get_run(run.info.run_id)
    if _here.last is None:
        return None
    run_id, place = _here.last
    return MlflowClient(tracking_uri=place).get_run(run_id)


def opened(run: Run) -> ActiveRun:
    """Note that this thread opened a run."""
    active = ActiveRun._made(run)
    place = uri.get_tracking_uri()
    _here.runs.append(active)
    _open[run.info.run_id] = place
    return active


def end(status: str) -> None:
    """End the innermost run of this thread. It is closed here even if the store cannot be told."""
    if not _here.runs:
        return
    run_id = _here.runs.pop().info.run_id
    _here.last = (run_id, _open[run_id])
    client_of(run_id).set_terminated(run_id, status)
    _open.pop(run_id, None)


def client_of(run_id: str | None) -> MlflowClient:
    """A client of the place where a run was opened; of the current one if it was not opened here."""
    place = _open.get(run_id) if run_id else None
    return MlflowClient() if place is None else MlflowClient(tracking_uri=place)


def choose(experiment_id: str) -> None:
    """Work in this experiment from now on."""
    _chosen[uri.get_tracking_uri()] = experiment_id


def chosen() -> str | None:
    """The experiment this process chose at the current tracking URI."""
    return _chosen.get(uri.get_tracking_uri())


def experiment_id() -> str:
    """The experiment to work in: the chosen one, else what the environment or a plugin says, else the default one."""
    if found := chosen():
        return found
    name, said = settings.text("EXPERIMENT_NAME"), settings.text("EXPERIMENT_ID")
    if not name:
        return said or providers.default_experiment() or DEFAULT_EXPERIMENT
    experiment = named(name)
    if said and said != experiment.experiment_id:
        raise BadRequest(
            f"HEADRACE_EXPERIMENT_NAME is {name!r}, which has the id {experiment.experiment_id}, "
            f"but HEADRACE_EXPERIMENT_ID is {said}; set one of them"
        )
    return experiment.experiment_id


def named(name: str) -> Experiment:
    """The experiment of this name, opened if there is none. Several processes may ask at once."""
    client = MlflowClient()
    found = client.get_experiment_by_name(name)
    if found:
        return found
    try:
        return client.get_experiment(client.create_experiment(name))
    except AlreadyExists:  # Somebody was faster.
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return found


def _end_all() -> None:
    """End what the program left open: FAILED if an exception ended it, else FINISHED."""
    failed = getattr(sys, "last_type", None) is not None and not hasattr(sys, "ps1")
    for run_id, place in reversed(list(_open.items())):
        if run_id in _inherited:
            continue
        try:
            MlflowClient(tracking_uri=place).set_terminated(run_id, "FAILED" if failed else "FINISHED")
        except HeadraceError as error:
            print(f"headrace: the run {run_id} could not be ended: {error}", file=sys.stderr)
    _open.clear()
    _here.runs.clear()


def _inherit() -> None:
    # What the parent opened is the parent's to end; this process may go on logging to it.
    _inherited.update(_open)


atexit.register(_end_all)
os.register_at_fork(after_in_child=_inherit)
