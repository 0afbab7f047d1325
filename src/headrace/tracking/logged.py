"""Logged models without a client."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

from headrace.base.errors import BadRequest
from headrace.schema.logged_models import LoggedModel
from headrace.schema.runs import ModelOutput
from headrace.tracking import active, context, frames, models_here
from headrace.tracking.client import MlflowClient
from headrace.tracking.searches import everything

#: The tag of a model whose files are kept elsewhere.
_EXTERNAL = "mlflow.model.isExternal"


class ActiveModel(LoggedModel, frozen=True):
    """A logged model that is active; as a context manager it is so until the end of the block."""

    def __enter__(self) -> ActiveModel:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> Literal[False]:
        models_here.activate(None)
        return False

    @classmethod
    def _made(cls, logged_model: LoggedModel, set_by_user: bool) -> ActiveModel:  # type: ignore[override]
        return cls(info=logged_model.info, data=logged_model.data)


@dataclass(frozen=True)
class ActiveModelContext:
    """Which logged model is active, and whether the user said so."""

    model_id: str | None = None
    set_by_user: bool = False


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Open a logged model, PENDING until it is finalized. It belongs to the open run unless another is named."""
    return _opened(name, source_run_id, context.resolve_tags(tags), params, model_type, experiment_id)


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Note a model whose files are kept elsewhere. It is READY at once."""
    marked = {**context.resolve_tags(tags), _EXTERNAL: "true"}
    made = _opened(name, source_run_id, marked, params, model_type, experiment_id)
    return finalize_logged_model(made.model_id, "READY")


def finalize_logged_model(model_id: str, status: str) -> LoggedModel:
    """Say whether the files of a logged model arrived: READY or FAILED."""
    return MlflowClient().finalize_logged_model(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """One logged model by its id, or ``NotFound``."""
    return MlflowClient().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The model this process opened last, as it is now."""
    found = models_here.last()
    return None if found is None else get_logged_model(found)


def log_model_params(params: dict[str, str], model_id: str | None = None) -> None:
    """Log params of a logged model, the active one unless another is named."""
    target = model_id or models_here.active()
    if target is None:
        raise BadRequest("Say which logged model: model_id, or set_active_model before")
    MlflowClient().log_model_params(target, params)


def set_logged_model_tags(model_id: str, tags: dict[str, Any]) -> None:
    """Set tags of a logged model."""
    MlflowClient().set_logged_model_tags(model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Remove a tag of a logged model."""
    MlflowClient().delete_logged_model_tag(model_id, key)


def log_outputs(models: list[ModelOutput] | None = None) -> None:
    """Note which logged models the open run made."""
    run = active.current()
    if run is None:
        raise BadRequest("log_outputs needs an open run; call start_run before")
    active.client_of(run.info.run_id).log_outputs(run.info.run_id, models or [])


def search_logged_models(
    experiment_ids: list[str] | None = None,
    filter_string: str | None = None,
    datasets: list[dict[str, str]] | None = None,
    max_results: int | None = None,
    order_by: list[dict[str, Any]] | None = None,
    output_format: Literal["pandas", "list", "polars", "arrow"] = "pandas",
) -> Any:
    """Logged models, of the current experiment unless others are named, as a table or a list."""
    frames.checked(output_format)
    ids = [active.experiment_id()] if experiment_ids is None else experiment_ids
    client = MlflowClient()
    found = everything(
        lambda size, token: client.search_logged_models(ids, filter_string, datasets, size, order_by, token),
        max_results,
    )
    return frames.of_models(found, output_format)


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Link what is measured from now on with a logged model; one that is named and does not exist is made."""
    if (name is None) == (model_id is None):
        raise BadRequest("Say which logged model: name or model_id, one of them")
    if model_id is not None:
        found = get_logged_model(model_id)
    else:
        known = search_logged_models(filter_string=f"name='{name}'", max_results=1, output_format="list")
        found = known[0] if known else create_external_model(name=name)
    models_here.activate(found.model_id)
    return ActiveModel(info=found.info, data=found.data)


def get_active_model_id() -> str | None:
    """The logged model that what is measured is linked with."""
    return models_here.active()


def clear_active_model() -> None:
    """Link what is measured from now on with no logged model."""
    models_here.activate(None)


def _opened(
    name: str | None,
    source_run_id: str | None,
    tags: dict[str, Any],
    params: dict[str, str] | None,
    model_type: str | None,
    experiment_id: str | None,
) -> LoggedModel:
    run = active.current()
    client = active.client_of(run.info.run_id if run else None)
    if source_run_id is None and run is not None:
        source_run_id = run.info.run_id
    if experiment_id is None:
        experiment_id = run.info.experiment_id if run else active.experiment_id()
    made = client.create_logged_model(experiment_id, name, source_run_id, tags, params, model_type)
    models_here.note_last(made.model_id)
    return made
