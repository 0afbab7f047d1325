"""Runs and what is logged to them, as ``MlflowClient`` offers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest
from headrace.schema.datasets import DatasetInput, LogInputs, ModelInput
from headrace.schema.runs import (
    CreateRun,
    DeleteRun,
    DeleteTag,
    GetMetricHistory,
    GetRun,
    LogBatch,
    LogMetric,
    LogOutputs,
    LogParam,
    Metric,
    ModelOutput,
    Param,
    RestoreRun,
    Run,
    RunTag,
    SearchRuns,
    SetTag,
    UpdateRun,
)
from headrace.tracking import later, models_here, tag_names
from headrace.tracking.client.asking import Asking, tag_texts
from headrace.tracking.entities import RunStatus, ViewType, view_type_word
from headrace.tracking.limits import MAX_ENTITIES_PER_BATCH, MAX_PARAMS_TAGS_PER_BATCH
from headrace.tracking.operations import RunOperations, at_once
from headrace.tracking.paged import PagedList
from headrace.tracking.values import number, several, whole
from headrace.tracking.writer import next_write

#: Points of a metric fetched at a time.
_POINTS = 25_000


class Runs(Asking):
    """Methods of the client about runs."""

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: dict[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Open a run. ``start_time`` is in milliseconds since the epoch, now unless given."""
        texts = tag_texts(tags)
        call = CreateRun(
            experiment_id=str(experiment_id),
            user_id=dict(texts).get(tag_names.MLFLOW_USER, "unknown"),
            run_name=run_name,
            start_time=now_ms() if start_time is None else whole(start_time, "start_time"),
            tags=[RunTag(key, value) for key, value in texts],
        )
        return self._send(call).run

    def get_run(self, run_id: str) -> Run:
        """One run with all that was logged to it, or ``NotFound``."""
        return self._send(GetRun(run_id=run_id)).run

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run that a run is nested in, or None."""
        parent = self.get_run(run_id).data.tags.get(tag_names.MLFLOW_PARENT_RUN_ID)
        return None if parent is None else self.get_run(parent)

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change the status or the name of a run."""
        self._send(UpdateRun(run_id=run_id, status=_status(status), run_name=name))

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """Say that a run is over: FINISHED and now, unless told otherwise. What is still on its way arrives before."""
        later.flush((self._tracking_uri, run_id))
        ended = now_ms() if end_time is None else whole(end_time, "end_time")
        self._send(UpdateRun(run_id=run_id, status=_status(status or "FINISHED"), end_time=ended))

    def delete_run(self, run_id: str) -> None:
        """Mark a run deleted."""
        self._send(DeleteRun(run_id=run_id))

    def restore_run(self, run_id: str) -> None:
        """Take back the deletion of a run."""
        self._send(RestoreRun(run_id=run_id))

    def search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """A page of runs."""
        found = self._send(
            SearchRuns(
                experiment_ids=several(experiment_ids),
                filter=filter_string or "",
                run_view_type=view_type_word(run_view_type),
                max_results=max_results,
                order_by=several(order_by),
                page_token=page_token or None,
            )
        )
        return PagedList(found.runs, found.next_page_token)

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> RunOperations | None:
        """Append one point to a metric: now, and at step 0, unless told otherwise."""
        at = now_ms() if timestamp is None else whole(timestamp, "timestamp")
        index = whole(step or 0, "step")
        if not at_once(synchronous):
            point = Metric(key, number(value, key), at, index, model_id, dataset_name, dataset_digest)
            return self._later(run_id, metrics=[point])
        writer, sequence = next_write()
        call = LogMetric(
            run_id=run_id,
            key=key,
            value=number(value, key),
            timestamp=at,
            step=index,
            model_id=model_id,
            dataset_name=dataset_name,
            dataset_digest=dataset_digest,
            writer=writer,
            sequence=sequence,
        )
        self._send(call)
        return None

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log a param; its value, or what to wait for where it is logged later."""
        if not at_once(synchronous):
            return self._later(run_id, params=[Param(key, str(value))])
        self._send(LogParam(run_id=run_id, key=key, value=str(value)))
        return value

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
        """Set a tag of a run."""
        if not at_once(synchronous):
            return self._later(run_id, tags=[RunTag(key, str(value))])
        self._send(SetTag(run_id=run_id, key=key, value=str(value)))
        return None

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag of a run."""
        self._send(DeleteTag(run_id=run_id, key=key))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """Log metrics, params and tags of a run together. More than one request may carry is sent in several."""
        points = [
            each
            if type(each.value) is float and type(each.step) is int
            else msgspec.structs.replace(each, value=number(each.value, each.key), step=whole(each.step or 0, "step"))
            for each in metrics
        ]
        texts = [Param(each.key, str(each.value)) for each in params]
        marks = [RunTag(each.key, str(each.value)) for each in tags]
        if not at_once(synchronous):
            return self._later(run_id, points, texts, marks)
        for batch in _batches(run_id, points, texts, marks):
            self._send(batch)
        return None

    def get_metric_history(self, run_id: str, key: str) -> PagedList[Metric]:
        """Every point of one metric, in order of time, then step."""
        points: list[Metric] = []
        token: str | None = None
        while True:
            call = GetMetricHistory(run_id=run_id, metric_key=key, page_token=token, max_results=_POINTS)
            found = self._send(call)
            points += found.metrics
            token = found.next_page_token
            if not token:
                return PagedList(points, None)

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[DatasetInput] | None = None,
        models: Sequence[ModelInput] | None = None,
    ) -> None:
        """Note which datasets and models a run read."""
        self._send(LogInputs(run_id=run_id, datasets=list(datasets or ()), models=list(models or ())))

    def log_outputs(self, run_id: str, models: list[ModelOutput]) -> None:
        """Note which logged models a run made."""
        self._send(LogOutputs(run_id=run_id, models=list(models)))
        models_here.note_made(run_id, models)

    def _later(
        self,
        run_id: str,
        metrics: list[Metric] | None = None,
        params: list[Param] | None = None,
        tags: list[RunTag] | None = None,
    ) -> RunOperations:
        return RunOperations([later.log(self, run_id, metrics or [], params or [], tags or [])])


def _is_plain(metric: Metric) -> bool:
    return type(metric.value) is float and type(metric.step) is int


def _made_plain(metric: Metric) -> Metric:
    value, step = number(metric.value, metric.key), whole(metric.step or 0, "step")
    return msgspec.structs.replace(metric, value=value, step=step)


def _batches(run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]) -> Iterator[LogBatch]:
    # Params and tags go first: a refused param then stops the batch before any metric is written.
    while params or tags or metrics:
        these_params, params = params[:MAX_PARAMS_TAGS_PER_BATCH], params[MAX_PARAMS_TAGS_PER_BATCH:]
        these_tags, tags = tags[:MAX_PARAMS_TAGS_PER_BATCH], tags[MAX_PARAMS_TAGS_PER_BATCH:]
        room = MAX_ENTITIES_PER_BATCH - len(these_params) - len(these_tags)
        these_metrics, metrics = metrics[:room], metrics[room:]
        writer, sequence = next_write()
        yield LogBatch(
            run_id=run_id,
            metrics=these_metrics,
            params=these_params,
            tags=these_tags,
            writer=writer,
            sequence=sequence,
        )


def _status(status: str | int | None) -> Any:
    if status is None or isinstance(status, int):
        return None if status is None else RunStatus.to_string(status)
    if not isinstance(status, str):
        raise BadRequest(f"The status of a run must be a word, not {status!r}")
    RunStatus.from_string(status)
    return status
