"""Logging to this thread's open run, which is opened when there is none."""

from __future__ import annotations

import io
from typing import Any

from headrace.base import settings
from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest
from headrace.schema.datasets import Dataset, DatasetInput, InputTag, ModelInput
from headrace.schema.runs import Metric, Param, RunTag
from headrace.tracking import active, later
from headrace.tracking.client import MlflowClient
from headrace.tracking.files import joined
from headrace.tracking.models_here import ids_for_metric
from headrace.tracking.operations import RunOperations
from headrace.tracking.tag_names import MLFLOW_DATASET_CONTEXT
from headrace.tracking.values import named, number, whole

#: The tag, on a dataset as a run read it, of the digest of its whole content.
_CONTENT_DIGEST = "headrace.data.digest"


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Append one point to a metric: now (in milliseconds) and at step 0, unless told otherwise.

    ``model_id`` and ``dataset`` say what was measured on what; without ``model_id`` it is the active model, or those
    that this run logged at the same step.
    """
    return log_metrics({key: value}, step, synchronous, run_id, timestamp, model_id, dataset)


def log_metrics(
    metrics: dict[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Append one point to each of several metrics, all at one step and time."""
    metrics = named(metrics, "log_metrics")
    run, client = _target(run_id)
    at = now_ms() if timestamp is None else whole(timestamp, "timestamp")
    index = whole(step or 0, "step")
    models = [model_id] if model_id else ids_for_metric(run, index)
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    if len(metrics) == len(models) == 1:
        for key, value in metrics.items():
            return client.log_metric(run, key, value, at, index, synchronous, name, digest, models[0])
    points = [
        Metric(key, number(value, key), at, index, model_id=model, dataset_name=name, dataset_digest=digest)
        for key, value in metrics.items()
        for model in models
    ]
    return client.log_batch(run, metrics=points, synchronous=synchronous)


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a param; its value. Once logged a param does not change."""
    run, client = _target(None)
    return client.log_param(run, key, value, synchronous)


def log_params(
    params: dict[str, Any], synchronous: bool | None = None, run_id: str | None = None
) -> RunOperations | None:
    """Log several params."""
    run, client = _target(run_id)
    said = [Param(key, str(value)) for key, value in named(params, "log_params").items()]
    return client.log_batch(run, params=said, synchronous=synchronous)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """Set a tag."""
    run, client = _target(None)
    return client.set_tag(run, key, value, synchronous)


def set_tags(tags: dict[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    """Set several tags."""
    run, client = _target(None)
    said = [RunTag(key, str(value)) for key, value in named(tags, "set_tags").items()]
    return client.log_batch(run, tags=said, synchronous=synchronous)


def delete_tag(key: str) -> None:
    """Remove a tag."""
    run, client = _target(None)
    client.delete_tag(run, key)


def log_artifact(local_path: str, artifact_path: str | None = None, run_id: str | None = None) -> None:
    """Store one file as an artifact, or one folder under its own name."""
    run, client = _target(run_id)
    client.log_artifact(run, local_path, artifact_path)


def log_artifacts(local_dir: str, artifact_path: str | None = None, run_id: str | None = None) -> None:
    """Store what is in a folder as artifacts."""
    run, client = _target(run_id)
    client.log_artifacts(run, local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Store a text as an artifact."""
    run, client = _target(run_id)
    client.log_text(run, text, artifact_file)


def log_dict(dictionary: dict[str, Any], artifact_file: str, run_id: str | None = None) -> None:
    """Store a dictionary as an artifact: YAML where the name ends in .yaml or .yml, else JSON."""
    run, client = _target(run_id)
    client.log_dict(run, dictionary, artifact_file)


def log_stream(stream: io.BufferedIOBase | io.RawIOBase, artifact_file: str, run_id: str | None = None) -> None:
    """Store what a binary stream has left as an artifact."""
    run, client = _target(run_id)
    client.log_stream(run, stream, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
    """Store a matplotlib or plotly figure as an artifact."""
    run, client = _target(None)
    client.log_figure(run, figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Store a picture: under a file name, or as the next one of the series ``key``."""
    run, client = _target(None)
    client.log_image(run, image, artifact_file, key, step, timestamp, synchronous)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store a data frame, or a dictionary of columns; a table already there grows."""
    run, client = _target(run_id)
    client.log_table(run, data, artifact_file)


def load_table(artifact_file: str, run_ids: list[str] | None = None, extra_columns: list[str] | None = None) -> Any:
    """One data frame of the tables that runs of the current experiment logged under one name."""
    return MlflowClient().load_table(active.experiment_id(), artifact_file, run_ids, extra_columns)


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: dict[str, str] | None = None,
    model: ModelInput | None = None,
) -> None:
    """Note a dataset or a logged model that the run read."""
    datasets = None if dataset is None else [dataset]
    log_inputs(datasets, [context], [tags], None if model is None else [model])


def log_inputs(
    datasets: list[Any] | None = None,
    contexts: list[str | None] | None = None,
    tags_list: list[dict[str, str] | None] | None = None,
    models: list[ModelInput] | None = None,
) -> None:
    """Note datasets and logged models that the run read; contexts and tags go with the datasets one by one."""
    run, client = _target(None)
    given = datasets or []
    contexts, tags_list = contexts or [None] * len(given), tags_list or [None] * len(given)
    if given and not len(given) == len(contexts) == len(tags_list):
        raise BadRequest("datasets, contexts and tags_list must be of one length")
    inputs = [dataset_input(*each) for each in zip(given, contexts, tags_list, strict=False) if each[0] is not None]
    client.log_inputs(run, inputs, models)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the open run's artifacts are, or one of them."""
    run, client = _target(None)
    return joined(client.artifact_location(run), artifact_path)


def flush_async_logging() -> None:
    """Wait until everything that is logged later has arrived. What could not be logged was warned of."""
    later.flush()


def flush_artifact_async_logging() -> None:
    """Wait until every artifact that is logged later has arrived. What could not be logged was warned of."""
    later.flush()


def _target(run_id: str | None) -> tuple[str, MlflowClient]:
    if run_id is None:
        run = active.current()
        if run is None:
            from headrace.tracking.fluent import start_run

            run = start_run()
        run_id = run.info.run_id
    return run_id, active.client_of(run_id)


def dataset_input(dataset: Any, context: str | None, tags: dict[str, str] | None = None) -> DatasetInput:
    """A dataset as a run read it, with the tags that say what for."""
    said = dict(tags or {})
    if context is not None:
        said[MLFLOW_DATASET_CONTEXT] = context
    if not isinstance(dataset, Dataset):
        if isinstance(content := _content_digest(dataset), str):
            said[_CONTENT_DIGEST] = content
        fields = dataset.to_dict()
        dataset = Dataset(**{name: fields[name] for name in Dataset.__struct_fields__ if fields.get(name) is not None})
    return DatasetInput(tags=[InputTag(key, str(value)) for key, value in said.items()], dataset=dataset)


def _content_digest(dataset: Any) -> Any:
    """What a dataset says of its whole content, which takes a look at all of it."""
    return getattr(dataset, "content_digest", None) if settings.flag("DATASET_CONTENT_DIGEST", True) else None
