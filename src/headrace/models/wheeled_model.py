"""A model with the wheels of what it requires beside it, so that its environment is made without any index.

The format is MLflow's: ``requirements.txt`` and ``conda.yaml`` name files below ``wheels/``, what they named before is
in ``original_requirements.txt``, and the MLmodel file says under ``wheels`` for which platform they are.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from headrace.base import settings
from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.models import manifest
from headrace.models.environment import CONDA, REQUIREMENTS, change_conda
from headrace.models.loading import open_model
from headrace.models.model import MLMODEL_FILE_NAME, Model, ModelInfo

WHEELS, ORIGINAL = "wheels", "original_requirements.txt"
#: Options of pip that a setting may name: those that choose wheels, and none that reads or writes another place.
_OPTIONS = frozenset(
    """
    --prefer-binary --ignore-requires-python --no-build-isolation --use-pep517 --check-build-dependencies
    --require-hashes --no-deps --no-verify --no-clean --pre --only-binary=:all: --only-binary=:none: --no-binary=:all:
    --no-binary=:none:
    """.split()
)


def add_libraries_to_model(
    model_uri: str, run_id: str | None = None, registered_model_name: str | None = None
) -> ModelInfo:
    """Log a copy of a registered model that has the wheels of its requirements, as the next version of that model.

    ``run_id`` is the run it belongs to, else the one the model came from; ``registered_model_name`` another name to
    register it under. The wheels are those that pip finds for this Python and platform. Returns its ModelInfo.
    """
    return WheeledModel(model_uri)._log(run_id, registered_model_name)


class WheeledModel:
    """A registered model that is to have wheels."""

    def __init__(self, model_uri: str) -> None:
        from headrace.tracking.model_uris import ModelUri

        said = ModelUri.parse(model_uri) if model_uri.startswith("models:") else None
        if said is None or said.model_id:
            raise BadRequest(
                f"Wheels are added to versions of registered models (models:/name/3), not to {model_uri!r}"
            )
        self._model_uri, self._name = model_uri, said.name

    @classmethod
    def get_wheel_artifact_path(cls, original_artifact_path: str) -> str:
        """The name of the copy of a model that was logged as ``original_artifact_path``."""
        return f"{original_artifact_path}_{WHEELS}"

    @classmethod
    def log_model(cls, model_uri: str, registered_model_name: str | None = None) -> ModelInfo:
        """Log the copy; the same as ``add_libraries_to_model``."""
        return cls(model_uri)._log(None, registered_model_name)

    def save_model(self, path: str, mlflow_model: Model | None = None) -> None:
        """Save the copy into the folder ``path``, which must not be there yet or be empty."""
        target = Path(path)
        if target.is_dir() and any(target.iterdir()):
            raise BadRequest(f"{path!r} is not an empty folder: give another path")
        model, folder = open_model(self._model_uri)
        if WHEELS in model.others or (folder / WHEELS).exists():
            raise BadRequest(f"The model {self._model_uri!r} has wheels already")
        shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True)
        (target / manifest.MANIFEST).unlink(missing_ok=True)
        names = _download(target / REQUIREMENTS, target / WHEELS)
        shutil.move(target / REQUIREMENTS, target / ORIGINAL)
        (target / REQUIREMENTS).write_text("\n".join(names), encoding="utf-8")
        if (target / CONDA).is_file():
            change_conda(target / CONDA, names)
        said = model.to_dict() | {WHEELS: {"platform": platform.platform()}}
        if mlflow_model is not None:
            known = ("artifact_path", "run_id", "model_id", "model_uuid", "utc_time_created")
            said |= {key: getattr(mlflow_model, key) for key in known}
            vars(mlflow_model).update(vars(Model.from_dict(said)))
        Model.from_dict(said).save(target / MLMODEL_FILE_NAME)
        manifest.write(target)

    def _log(self, run_id: str | None, registered_model_name: str | None) -> ModelInfo:
        from headrace.models.flavor import Logging
        from headrace.models.logged import log_files

        model, _ = open_model(self._model_uri)
        logging = Logging(
            name=self.get_wheel_artifact_path(_name_of(model)),
            registered_model_name=registered_model_name or self._name,
            run_id=run_id or model.run_id,
        )
        return log_files(lambda path, said: self.save_model(str(path), said), logging, None)


def _name_of(model: Model) -> str:
    from headrace.tracking.client import MlflowClient

    if model.model_id:
        name: str = MlflowClient().get_logged_model(model.model_id).name
        return name
    return Path(model.artifact_path or "model").name


def _download(requirements: Path, folder: Path) -> list[str]:
    """Fetch the wheels of ``requirements``, and of all they require, into ``folder``; their paths in the model."""
    if not requirements.is_file():
        raise BadRequest(f"The model has no {REQUIREMENTS}, so nobody knows which wheels it needs")
    options = (settings.text("WHEELED_MODEL_PIP_DOWNLOAD_OPTIONS") or "--only-binary=:all:").split()
    if unknown := sorted(set(options) - _OPTIONS):
        raise BadRequest(
            f"HEADRACE_WHEELED_MODEL_PIP_DOWNLOAD_OPTIONS may name {sorted(_OPTIONS)}, not {unknown}; pip reads all "
            "others from variables of its own, such as PIP_INDEX_URL"
        )
    folder.mkdir()
    # Relative paths in the file are meant from its own folder.
    words = ["wheel", "--quiet", "--wheel-dir", str(folder), "-r", requirements.name, "--no-cache-dir", *options]
    done = subprocess.run([*_pip(), *words], cwd=requirements.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HeadraceError(f"pip cannot get the wheels: {(done.stderr or done.stdout).strip()[-2000:]}")
    return sorted(f"{WHEELS}/{file.name}" for file in folder.iterdir())


def _pip() -> list[str]:
    import importlib.util

    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is None:
        raise NotFound("Wheels are fetched by pip, which is not there: python -m ensurepip")
    return [uv, "tool", "run", "--quiet", "--python", sys.executable, "pip"]
