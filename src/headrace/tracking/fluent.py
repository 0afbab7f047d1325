"""Runs and experiments without a client: the functions of ``import headrace``."""

from __future__ import annotations

import os
from typing import Any

from headrace import _doors
from headrace.base.errors import BadRequest
from headrace.schema.experiments import Experiment
from headrace.schema.runs import Run, RunTag
from headrace.tracking import active, context, tag_names
from headrace.tracking.active import ActiveRun
from headrace.tracking.client import MlflowClient
from headrace.tracking.entities import LifecycleStage, RunStatus
from headrace.tracking.logged import (
    ActiveModel,
    ActiveModelContext,
    clear_active_model,
    create_external_model,
    delete_logged_model_tag,
    finalize_logged_model,
    get_active_model_id,
    get_logged_model,
    initialize_logged_model,
    last_logged_model,
    log_model_params,
    log_outputs,
    search_logged_models,
    set_active_model,
    set_logged_model_tags,
)
from headrace.tracking.logging import (
    delete_tag,
    flush_artifact_async_logging,
    flush_async_logging,
    get_artifact_uri,
    load_table,
    log_artifact,
    log_artifacts,
    log_dict,
    log_figure,
    log_image,
    log_input,
    log_inputs,
    log_metric,
    log_metrics,
    log_param,
    log_params,
    log_stream,
    log_table,
    log_text,
    set_tag,
    set_tags,
)
from headrace.tracking.searches import search_experiments, search_runs

__all__ = [
    "ActiveModel",
    "ActiveModelContext",
    "ActiveRun",
    "active_run",
    "clear_active_model",
    "create_experiment",
    "create_external_model",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_logged_model_tag",
    "delete_run",
    "delete_tag",
    "end_run",
    "finalize_logged_model",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "get_active_model_id",
    "get_artifact_uri",
    "get_experiment",
    "get_experiment_by_name",
    "get_logged_model",
    "get_parent_run",
    "get_run",
    "initialize_logged_model",
    "last_active_run",
    "last_logged_model",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_model_params",
    "log_outputs",
    "log_param",
    "log_params",
    "log_stream",
    "log_table",
    "log_text",
    "restore_experiment",
    "restore_run",
    "search_experiments",
    "search_logged_models",
    "search_runs",
    "set_active_model",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_logged_model_tags",
    "set_tag",
    "set_tags",
    "start_run",
]


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: dict[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Open a run and make it this thread's; ``with`` ends it.

    With ``run_id``, or the setting RUN_ID, a run is taken up again. Inside of another run say ``nested=True``; a run of
    another thread or process is named as ``parent_run_id``. ``log_system_metrics`` is accepted and has no effect yet.
    """
    outer = active.current()
    if outer is not None:
        _may_nest(outer, nested, parent_run_id)
    # Taken out of the environment, so that the runs and processes that follow do not take it up once more.
    said = [os.environ.pop(name, None) for name in ("HEADRACE_RUN_ID", "MLFLOW_RUN_ID")] if outer is None else []
    wanted = run_id or next(filter(None, said), None)
    if wanted:
        return active.opened(_taken_up(wanted, run_name, tags, description))
    parent = parent_run_id or (outer.info.run_id if outer else None)
    own = {str(key): str(value) for key, value in (tags or {}).items()}
    if parent:
        own.setdefault(tag_names.MLFLOW_PARENT_RUN_ID, parent)
    _describe(own, description)
    client = active.client_of(outer.info.run_id if outer else None)
    made = client.create_run(
        experiment_id or active.experiment_id(),
        tags=context.resolve_tags(own),
        run_name=run_name or own.get(tag_names.MLFLOW_RUN_NAME),
    )
    return active.opened(made)


def end_run(status: str = "FINISHED") -> None:
    """End this thread's innermost open run, if there is one."""
    RunStatus.from_string(status)  # Refused before the run is let go of.
    active.end(status)


def active_run() -> ActiveRun | None:
    """This thread's innermost open run, as it was when it was opened."""
    return active.current()


def last_active_run() -> Run | None:
    """This thread's innermost open run, or else the one it closed last, as it is now; None before the first."""
    return active.last_run()


def get_run(run_id: str) -> Run:
    """One run with all that was logged to it, or ``NotFound``."""
    return active.client_of(run_id).get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that a run is nested in, or None."""
    return active.client_of(run_id).get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Mark a run deleted."""
    active.client_of(run_id).delete_run(run_id)


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None, trace_location: Any = None
) -> Experiment:
    """Work in this experiment from now on; one that does not exist is opened if it is given by name."""
    if (experiment_name is None) == (experiment_id is None):
        raise BadRequest("Say which experiment: experiment_name or experiment_id, one of them")
    if experiment_id is not None:
        experiment = MlflowClient().get_experiment(experiment_id)
    else:
        experiment = active.named(str(experiment_name))
    if experiment.lifecycle_stage == LifecycleStage.DELETED:
        raise BadRequest(
            f"The experiment {experiment.name!r} is deleted and cannot be worked in; "
            "restore it with MlflowClient().restore_experiment, or choose another name"
        )
    active.choose(experiment.experiment_id)
    return experiment


def create_experiment(
    name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None, trace_location: Any = None
) -> str:
    """Open an experiment; its id."""
    return MlflowClient().create_experiment(name, artifact_location, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """One experiment by its id, or ``NotFound``."""
    return MlflowClient().get_experiment(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """One experiment by its name; None when there is none."""
    return MlflowClient().get_experiment_by_name(name)


def delete_experiment(experiment_id: str) -> None:
    """Mark an experiment and its runs deleted."""
    MlflowClient().delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Take back the deletion of an experiment."""
    MlflowClient().restore_experiment(experiment_id)


def restore_run(run_id: str) -> None:
    """Take back the deletion of a run."""
    MlflowClient().restore_run(run_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the experiment this process works in."""
    MlflowClient().set_experiment_tag(active.experiment_id(), key, value)


def set_experiment_tags(tags: dict[str, Any]) -> None:
    """Set tags of the experiment this process works in."""
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    """Remove a tag of the experiment this process works in."""
    MlflowClient().delete_experiment_tag(active.experiment_id(), key)


def _may_nest(outer: ActiveRun, nested: bool, parent_run_id: str | None) -> None:
    if not nested:
        raise BadRequest(
            f"The run {outer.info.run_id} is open already; end it with end_run(), or open this one with nested=True"
        )
    if parent_run_id and parent_run_id != outer.info.run_id:
        raise BadRequest(
            f"The run {outer.info.run_id} is open, but {parent_run_id} was named as the parent; end the open run first"
        )


def _taken_up(run_id: str, run_name: str | None, tags: dict[str, Any] | None, description: str | None) -> Run:
    client = MlflowClient()
    run = client.get_run(run_id)
    chosen = active.chosen()
    if chosen is not None and chosen != run.info.experiment_id:
        raise BadRequest(
            f"The run {run_id} is in the experiment {run.info.experiment_id}, but {chosen} is the one chosen with "
            "set_experiment; choose the run's experiment, or none"
        )
    if run.info.lifecycle_stage == LifecycleStage.DELETED:
        raise BadRequest(f"The run {run_id} is deleted; restore it with MlflowClient().restore_run first")
    client.update_run(run_id, status="RUNNING", name=run_name)
    own = {str(key): str(value) for key, value in (tags or {}).items()}
    _describe(own, description)
    if own:
        client.log_batch(run_id, tags=[RunTag(key, value) for key, value in own.items()])
    return client.get_run(run_id)


def _describe(tags: dict[str, str], description: str | None) -> None:
    if description is None:
        return
    if tag_names.MLFLOW_RUN_NOTE in tags:
        raise BadRequest(f"Give the description once: as description, or as the tag {tag_names.MLFLOW_RUN_NOTE}")
    tags[tag_names.MLFLOW_RUN_NOTE] = description


def __getattr__(name: str) -> Any:
    # Autologging stands upstairs of this room.
    if name != "autolog":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _doors.open_door(name)


#: The name under which other libraries look for it.
_get_experiment_id = active.experiment_id
