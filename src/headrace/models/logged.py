"""How a model is logged: create the logged model, save it aside, upload it, and say that it is ready."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import apart, manifest
from headrace.models.flavor import Flavor, Logging, Saving
from headrace.models.model import MLMODEL_FILE_NAME, Model, ModelInfo
from headrace.models.saving import described_in, save


def log(flavor: Flavor[Any], model: Any, saving: Saving, options: Any, logging: Logging) -> ModelInfo:
    """Log ``model`` with a flavor of this house."""

    def write(path: Path, description: Model) -> None:
        saving.mlflow_model = description
        save(flavor, model, path, saving, options)

    if apart.wanted(flavor.script(model, options)):
        return _log_apart(flavor, model, saving, options, logging)
    flavor.check(model, saving, options)
    return log_files(write, logging, flavor.name)


def _log_apart(flavor: Flavor[Any], model: Any, saving: Saving, options: Any, logging: Logging) -> ModelInfo:
    """Log a model that is a script: it is saved first, so that nothing is logged of a script that fails."""
    with TemporaryDirectory(prefix="headrace-model-") as made:
        saved = Path(made) / "model"
        save(flavor, model, saved, saving, options)

        def write(path: Path, description: Model) -> None:
            named = {name: getattr(description, name) for name in ("artifact_path", "run_id", "model_id", "prompts")}
            said = described_in(saved, description)
            for name, value in {**named, "model_uuid": named["model_id"]}.items():
                setattr(said, name, value)
            said.save(saved / MLMODEL_FILE_NAME)
            saved.rename(path)

        return log_files(write, logging, flavor.name)


def log_with_module(module: Any, **said: Any) -> ModelInfo:
    """Log with the ``save_model`` of somebody else's flavor module, as ``Model.log`` of other packages asks."""
    named = {name: said.pop(name) for name in Logging.__struct_fields__ if name in said}
    described = {name: said.pop(name) for name in ("metadata", "resources", "auth_policy") if name in said}

    def write(path: Path, description: Model) -> None:
        for name, value in described.items():
            setattr(description, name, value)
        module.save_model(path=str(path), mlflow_model=description, **said)
        manifest.write(path)

    return log_files(write, Logging(**named), getattr(module, "FLAVOR_NAME", None))


def log_files(write: Callable[[Path, Model], None], logging: Logging, flavor: str | None) -> ModelInfo:
    """Log what ``write`` saves into a folder; the logged model is marked failed when it could not be uploaded."""
    from headrace.tracking.client import MlflowClient

    client = MlflowClient()
    run_id, logged = _logged_model(client, logging, flavor)
    description = Model(
        artifact_path=logged.artifact_location,
        run_id=run_id,
        model_id=logged.model_id,
        prompts=logging.prompts,
    )
    folder = Path(mkdtemp(prefix="headrace-model-"))
    status = "FAILED"
    try:
        write(folder / "model", description)
        client.log_model_artifacts(logged.model_id, str(folder / "model"))
        status = "READY"
    finally:
        client.finalize_logged_model(logged.model_id, status)
        shutil.rmtree(folder, ignore_errors=True)
    if run_id:
        _link(client, run_id, logged.model_id, logging.step)
    info = Model.from_dict(description.to_dict()).get_model_info(client.get_logged_model(logged.model_id))
    if logging.registered_model_name:
        from headrace.registry import register_model

        version = register_model(
            info.model_uri, logging.registered_model_name, await_registration_for=logging.await_registration_for or 0
        )
        info.registered_model_version = int(version.version)
    return info


def _logged_model(client: Any, logging: Logging, flavor: str | None) -> tuple[str | None, Any]:
    """The run that a model belongs to, if any, and the logged model, created now or given by its id."""
    from headrace.tracking import fluent

    if logging.name is not None and logging.artifact_path is not None:
        raise BadRequest("Give name; artifact_path is its older spelling, and both were given")
    active = fluent.active_run()
    run_id = logging.run_id or (active.info.run_id if active else None)
    if logging.model_id is not None:
        return run_id, client.get_logged_model(logging.model_id)
    logged = fluent.initialize_logged_model(
        name=logging.name if logging.name is not None else logging.artifact_path,
        source_run_id=run_id,
        tags=logging.tags,
        params=logging.params,
        model_type=logging.model_type,
        experiment_id=client.get_run(run_id).info.experiment_id if logging.run_id else None,
    )
    return run_id, logged


def _link(client: Any, run_id: str, model_id: str, step: int) -> None:
    from headrace.schema.runs import ModelOutput

    client.log_outputs(run_id, [ModelOutput(model_id=model_id, step=step)])
