"""How a model is saved, whatever its library: check, example, signature, files, environment, MLmodel."""

from __future__ import annotations

import logging
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from headrace.base.errors import AlreadyExists, BadRequest, NotFound
from headrace.models import apart, dependencies_schemas, manifest
from headrace.models.code import copy_code
from headrace.models.environment import environment_of
from headrace.models.examples import InputExample
from headrace.models.flavor import Flavor, Saving
from headrace.models.inference import infer_params, infer_schema
from headrace.models.loading import fetch
from headrace.models.model import MLMODEL_FILE_NAME, Model
from headrace.models.resources import described
from headrace.models.signature import ModelSignature, infer_signature
from headrace.models.uv_project import project_of

_log = logging.getLogger(__name__)


def save(flavor: Flavor[Any], model: Any, path: str | Path, saving: Saving, options: Any) -> Model:
    """Save ``model`` into the folder ``path`` and return its description. Nothing is left there when it fails."""
    if apart.wanted(flavor.script(model, options)):
        apart.save(flavor, model, Path(path), saving, options)
        return described_in(Path(path), saving.mlflow_model)
    flavor.check(model, saving, options)
    example = None if saving.input_example is None else InputExample(saving.input_example)
    with _new_folder(Path(path)) as folder:
        said = saving.mlflow_model or Model()
        code = copy_code(saving.code_paths, folder)
        saved = flavor.save(model, folder, options)
        said.signature = _signature(flavor, model, saving, options, example)
        _describe(said, flavor, saved, code, saving, example, folder)
        _copy_extra(saving.extra_files, folder)
        if example is not None:
            example.save(folder)
            said.saved_input_example_info = example.info
        said.model_size_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        said.save(folder / MLMODEL_FILE_NAME)
        manifest.write(folder)
    return said


def described_in(folder: Path, said: Model | None) -> Model:
    """The description of the model in ``folder``; ``said`` becomes it, if it is given."""
    found = Model.load(folder)
    if said is None:
        return found
    vars(said).update(vars(found))
    return said


def _describe(
    said: Model, flavor: Flavor[Any], saved: Any, code: str | None, saving: Saving, example: Any, folder: Path
) -> None:
    frames = {"pandas"} if example is not None and example.kind == "dataframe" else set()
    asked = (saving.conda_env, saving.pip_requirements, saving.extra_pip_requirements)
    env = environment_of(saved.needs | frames, *asked, _locked(saving, folder)).save(folder)
    if saved.pyfunc is not None:
        in_code = {"code": code} if code or saved.own is None else {}
        fields = {"loader_module": flavor.loader_module, **saved.pyfunc, **in_code}
        said.add_flavor("python_function", **fields, env=env, python_version=platform.python_version())
    if saved.own is not None:
        said.add_flavor(flavor.name, **saved.own, code=code)
    said.metadata = saving.metadata if saving.metadata is not None else said.metadata
    if retrievers := dependencies_schemas.take():
        said.metadata = {**(said.metadata or {}), **retrievers}
    said.resources = _resources(saving.resources) or said.resources
    policy = saving.auth_policy
    said.auth_policy = (policy.to_dict() if hasattr(policy, "to_dict") else policy) or said.auth_policy


def _locked(saving: Saving, folder: Path) -> list[str]:
    """What the project of uv requires that a user named, if one was; its files are put into the model in any case."""
    named = (saving.uv_project_path, saving.uv_groups, saving.uv_extras)
    project = project_of(*named)
    if project is None:
        return []
    project.copy_to(folder)
    given = saving.conda_env is not None or saving.pip_requirements is not None
    return project.requirements() if any(named) and not given else []


def _signature(
    flavor: Flavor[Any], model: Any, saving: Saving, options: Any, example: InputExample | None
) -> ModelSignature | None:
    """What the model declares, the user gave, or the example shows; ``signature=False`` asks for none."""
    if saving.signature is False:
        return None
    declared = flavor.signature_of(model, options)
    if declared is not None:
        # A type hint says nothing of params.
        declared.params = getattr(saving.signature, "params", None)
        if declared.params is None and example is not None and example.params:
            declared.params = infer_params(example.params)
        return declared
    if saving.signature is not None:
        return _checked(saving.signature)
    if example is None:
        return None
    try:
        output = flavor.asked(model, options).predict(example.data, example.params)
    except Exception as error:  # the user's model: an example it cannot answer must not lose the trained model
        _log.warning(
            "The model could not predict its input example (%s: %s), so its signature says nothing of the output",
            type(error).__name__,
            error,
        )
        output = None
    declared = infer_signature(example.data, output, example.params)
    columns = declared.inputs is not None and not declared.inputs.is_tensor_spec()
    if columns and type(output).__name__ == "ndarray" and output.ndim == 1:
        import pandas

        # An array beside columns is one answer to each row, and MLflow calls that a column as well.
        declared.outputs = infer_schema(pandas.Series(output))
    return declared


def _checked(signature: Any) -> ModelSignature:
    if not isinstance(signature, ModelSignature):
        raise BadRequest(f"signature must be a ModelSignature, or False for none, not {type(signature).__name__}")
    return signature


def _copy_extra(files: Any, folder: Path) -> None:
    if not files:
        return
    target = folder / "extra_files"
    target.mkdir()
    for each in files:
        source = Path(each) if Path(str(each)).exists() else fetch(str(each))
        if not source.exists():
            raise NotFound(f"There is no file {str(each)!r}")
        shutil.copy2(source, target / source.name)


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` that takes its place when all went well, and is removed when not."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise AlreadyExists(f"{str(path)!r} exists and is not an empty folder: give another path, or remove it first")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    made.chmod(0o755)
    try:
        yield made
        if path.exists():
            path.rmdir()
        made.rename(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _resources(said: Any) -> dict[str, Any] | None:
    return described(said) if said else None
