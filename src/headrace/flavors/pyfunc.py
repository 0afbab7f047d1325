"""Models asked as a Python function: a ``PythonModel``, a plain function, a script, or a loader module of one's own."""

from __future__ import annotations

import logging
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace import _doors
from headrace.base.errors import BadRequest, NotFound
from headrace.models import hub, imports, notebooks, pickles
from headrace.models.agents import ChatAgent, ChatModel, ResponsesAgent
from headrace.models.code import read_config, run_script
from headrace.models.conversing import Conversing, kind_of
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.hints import schema_of_hint, schema_of_output_hint
from headrace.models.loading import fetch
from headrace.models.model import Model
from headrace.models.pyfunc import PyFuncModel, PythonModelWrapper, get_model_dependencies, load_model
from headrace.models.python_model import (
    PythonModel,
    PythonModelContext,
    _FunctionPythonModel,
    hints_of,
    python_model_of,
    streams,
)
from headrace.models.reading import read_script
from headrace.models.signature import ModelSignature
from headrace.models.trust import file_in, place_in

__all__ = [
    "FLAVOR_NAME",
    "ChatAgent",
    "ChatModel",
    "EnvType",
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "ResponsesAgent",
    "add_to_model",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "get_model_dependencies",
    "load_model",
    "load_pyfunc",
    "log_model",
    "save_model",
]

_log = logging.getLogger(__name__)

FLAVOR_NAME = "python_function"


class EnvType:
    """The kinds of environment a model's description names."""

    CONDA = "conda"
    VIRTUALENV = "virtualenv"


_PICKLED, _SCRIPTED = "mlflow.pyfunc.model", "mlflow.pyfunc.loaders.code_model"


class Options(msgspec.Struct, kw_only=True):
    """The model itself, in one of its forms, and what travels with it."""

    loader_module: str | None = None
    data_path: Any = None
    infer_code_paths: bool = False
    python_model: Any = None
    artifacts: dict[str, Any] | None = None
    model_config: Any = None
    streamable: bool | None = None
    #: The PythonModel that python_model stands for, once it is known.
    made: Any = None
    #: Its source, where it was defined in a notebook.
    captured: notebooks.Captured | None = None


class PyFunc(Flavor[Options]):
    """What has no library of its own."""

    name = FLAVOR_NAME
    loader_module = _PICKLED
    takes_model = False
    save_order = (
        "path loader_module data_path code_paths infer_code_paths conda_env mlflow_model python_model artifacts "
        "signature input_example pip_requirements extra_pip_requirements metadata model_config streamable resources "
        "auth_policy uv_project_path uv_groups uv_extras extra_files"
    )
    log_order = (
        "artifact_path loader_module data_path code_paths infer_code_paths conda_env python_model artifacts "
        "registered_model_name signature input_example await_registration_for pip_requirements extra_pip_requirements "
        "metadata model_config streamable resources auth_policy uv_project_path uv_groups uv_extras prompts name "
        "params tags model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if options.loader_module is None and options.python_model is None:
            raise BadRequest("Give python_model (a PythonModel, a function or a script), or loader_module")
        if options.loader_module is not None and options.python_model is not None:
            raise BadRequest("Give either python_model or loader_module, not both")
        if options.loader_module is not None and options.artifacts is not None:
            raise BadRequest("artifacts belong to python_model; with loader_module give data_path")
        if options.python_model is not None and options.data_path is not None:
            raise BadRequest("data_path belongs to loader_module; with python_model give artifacts")
        options.model_config = read_config(options.model_config)
        if options.python_model is not None and options.made is None:
            options.captured = notebooks.capture(options.python_model)
            if options.infer_code_paths:
                saving.code_paths = [*(saving.code_paths or []), *_own_sources(options)]
            if script := _script(options):
                read_script(script, saving.code_paths)
            elif options.captured:
                options.captured.tell(saving.code_paths)
            options.made = _made(options)
            if kind := kind_of(options.made):
                _as_conversing(kind, saving)
                self._try(saving.input_example, options)

    def script(self, model: Any, options: Options) -> Path | None:
        return _script(options)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        if options.loader_module is not None:
            return _save_loader(folder, options)
        import cloudpickle

        kind = kind_of(options.made)
        said: dict[str, Any] = {"cloudpickle_version": cloudpickle.__version__, "streamable": _streams(options)}
        if script := _script(options):
            shutil.copy2(script, folder / script.name)
            said |= {"loader_module": _SCRIPTED, "model_code_path": str(script)}
            needs = imports.distributions(imports.modules_of_source(script.read_text(encoding="utf-8")))
        else:
            with (folder / "python_model.pkl").open("wb") as file:
                pickles.dump(options.made, file)
            if options.captured:
                (folder / notebooks.SOURCE).write_text(options.captured.text, encoding="utf-8")
            said |= {"loader_module": kind.loader if kind else _PICKLED, "python_model": "python_model.pkl"}
            needs = {"cloudpickle", *imports.distributions(_modules(options, folder / "python_model.pkl"))}
        if kind:
            needs |= kind.needs
        if options.model_config is not None:
            said["config"] = options.model_config
        if options.artifacts:
            said["artifacts"] = {name: _copy(str(uri), folder) for name, uri in options.artifacts.items()}
        return Saved(pyfunc=said, needs=needs)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
        pyfunc = saved[FLAVOR_NAME]
        if "python_model" in pyfunc:
            made = python_model_of(pickles.load_file(file_in(folder, pyfunc, "python_model")))
        else:
            # The path says where the script lay when it was saved; in the model it lies at the top.
            name = Path(str(pyfunc.get("model_code_path"))).name
            made = python_model_of(run_script(file_in(folder, {"model_code_path": name}, "model_code_path"), config))
        copied = pyfunc.get("artifacts") or {}
        if not isinstance(copied, dict) or not all(isinstance(each, dict) for each in copied.values()):
            raise BadRequest("Malformed MLmodel: 'artifacts' must name each artifact and its path")
        artifacts = {name: str(place_in(folder, each, "path")) for name, each in copied.items()}
        context = PythonModelContext(artifacts, dict(config) if config else None)
        made.load_context(context)
        return _wrapped(made, context)

    def asked(self, model: Any, options: Options) -> Any:
        # A copy: load_context may fill the model with what cannot be pickled.
        made = options.made if _script(options) else pickles.copy(options.made)
        artifacts = {name: _local(str(uri)) for name, uri in (options.artifacts or {}).items()}
        context = PythonModelContext(artifacts, options.model_config)
        made.load_context(context)
        return _wrapped(made, context)

    def _try(self, example: dict[str, Any], options: Options) -> None:
        """Ask a conversing model its example: what it answers must be of the right kind. It may fail to answer."""
        try:
            self.asked(None, options).predict(example)
        except BadRequest:
            raise
        except Exception as error:  # the user's model: it may need what is not here, a service or a key
            _log.warning("The model could not answer its input example (%s: %s)", type(error).__name__, error)

    def signature_of(self, model: Any, options: Options) -> ModelSignature | None:
        if options.made is None:
            return None
        if kind := kind_of(options.made):
            return kind.signature()
        hints = hints_of(options.made)
        try:
            inputs = schema_of_hint(hints.input)
        except BadRequest:
            # Hints such as pandas.DataFrame tell readers something, and a schema nothing.
            return None
        try:
            outputs = schema_of_output_hint(hints.output)
        except BadRequest:
            outputs = None
        declared = ModelSignature(inputs, outputs)
        declared._is_signature_from_type_hint = True
        return declared


def _as_conversing(kind: type[Conversing], saving: Saving) -> None:
    """Say of a conversing model what is the same for all of its kind."""
    if saving.signature not in (None, False):
        raise BadRequest(f"Every model of the task {kind.task} has one signature; leave out signature")
    saving.signature = None
    saving.input_example = kind.example(saving.input_example)
    saving.metadata = {"task": kind.task, **(saving.metadata or {})}


def _wrapped(made: PythonModel, context: PythonModelContext) -> Any:
    return (kind_of(made) or PythonModelWrapper)(made, context)


def _made(options: Options) -> PythonModel:
    script = _script(options)
    if script is None:
        return python_model_of(options.python_model)
    return python_model_of(run_script(script, options.model_config))


def _script(options: Options) -> Path | None:
    said = options.python_model
    return Path(said) if isinstance(said, str | Path) else None


def _own_sources(options: Options) -> list[Path]:
    if script := _script(options):
        if not script.is_file():
            raise NotFound(f"There is no script {str(script)!r}")
        modules = imports.modules_of_source(script.read_text(encoding="utf-8"))
    else:
        modules = {type(options.python_model).__module__} | imports.modules_of_functions(type(options.python_model))
        modules |= imports.modules_of_source(options.captured.text) if options.captured else set()
    return sorted(imports.local_sources(modules).values())


def _modules(options: Options, pickled: Path) -> set[str]:
    found = {module for module, _ in imports.globals_of_pickle(pickled.read_bytes())}
    if isinstance(options.made, _FunctionPythonModel):
        function = options.made.func
        return found | set(imports.modules_of_code(function.__code__) if hasattr(function, "__code__") else ())
    return found | imports.modules_of_functions(type(options.made))


def _streams(options: Options) -> bool:
    if options.streamable is not None or options.made is None:
        return bool(options.streamable)
    return streams(options.made)


def _save_loader(folder: Path, options: Options) -> Saved:
    said: dict[str, Any] = {"loader_module": options.loader_module, "streamable": bool(options.streamable)}
    if options.data_path is not None:
        source = Path(options.data_path)
        if not source.exists():
            raise NotFound(f"There is no data at {str(source)!r}")
        target = folder / "data" / (source.name if source.is_file() else "")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else shutil.copy2(source, target)
        said["data"] = str(target.relative_to(folder))
    if options.model_config is not None:
        said["config"] = options.model_config
    return Saved(pyfunc=said, needs=imports.distributions([str(options.loader_module)]))


def _copy(uri: str, folder: Path) -> dict[str, str]:
    """Copy an artifact into the model; two of the same name get folders of their own."""
    source = Path(_local(uri))
    # The folder of a snapshot is called by its commit.
    name = hub.repository(uri)[0] if hub.is_of_hub(uri) else source.name
    home, count = folder / "artifacts", 0
    while (home / name).exists():
        count += 1
        home = folder / "artifacts" / str(count)
    target = home / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    return {"path": target.relative_to(folder).as_posix(), "uri": uri}


def _local(uri: str) -> str:
    if Path(uri).exists():
        return str(Path(uri).resolve())
    if hub.is_of_hub(uri):
        return str(hub.snapshot(uri))
    if ":/" not in uri:
        raise NotFound(f"There is no artifact at {uri!r}")
    return str(fetch(uri))


def load_pyfunc(model_uri: str, suppress_warnings: bool = False) -> PyFuncModel:
    """The older name of ``load_model``."""
    return load_model(model_uri, suppress_warnings)


def get_default_pip_requirements() -> list[str]:
    """What a ``PythonModel`` needs at least."""
    return pinned(["cloudpickle"])


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment a ``PythonModel`` needs at least."""
    return conda_env(get_default_pip_requirements())


def add_to_model(
    model: Model,
    loader_module: str,
    data: str | None = None,
    code: str | None = None,
    conda_env: str | None = None,
    python_env: str | None = None,
    model_config: dict[str, Any] | None = None,
    model_code_path: str | None = None,
    **kwargs: Any,
) -> Model:
    """Say in a model's description that ``loader_module`` loads it as a Python function; ``kwargs`` are kept for it."""
    env = {EnvType.CONDA: conda_env, EnvType.VIRTUALENV: python_env}
    optional = {"code": code, "data": data, "config": model_config, "model_code_path": model_code_path}
    said = {name: value for name, value in optional.items() if value}
    said["env"] = {name: file for name, file in env.items() if file}
    return model.add_flavor(
        FLAVOR_NAME, **kwargs, **said, loader_module=loader_module, python_version=platform.python_version()
    )


def __getattr__(name: str) -> Any:
    return _doors.submodule("headrace.pyfunc", name)


FLAVOR = PyFunc()
save_model, log_model = public(FLAVOR)[:2]
