"""A model's own code: scripts that call ``set_model``, and the folder ``code`` that travels with a model."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from importlib.machinery import SourceFileLoader
from pathlib import Path
from traceback import walk_tb
from typing import Any

from headrace.base.errors import BadRequest, NotFound
from headrace.base.ids import new_id
from headrace.models.imports import modules_of_source
from headrace.models.isolation import let_import_own
from headrace.models.names import is_mlflow, our_mlflow
from headrace.models.plain import read_yaml

_UNSET = object()
#: What the script that is running now said to be its model. None runs: the script is run by hand, and nobody listens.
_spoken: ContextVar[list[Any] | None] = ContextVar("spoken", default=None)
_config: ContextVar[dict[str, Any] | None] = ContextVar("config", default=None)


def set_model(model: Any) -> None:
    """Say that ``model`` is what this script makes. Does nothing when the script is run by hand."""
    said = _spoken.get()
    if said is not None:
        said.append(model)


def run_script(script: Path, config: Mapping[str, Any] | None = None) -> Any:
    """Run a script and return what it gave to ``set_model``; its ``ModelConfig`` reads ``config``."""
    if not script.is_file():
        raise NotFound(f"There is no script {str(script)!r}")
    said: list[Any] = []
    listening, configured = _spoken.set(said), _config.set(None if config is None else dict(config))
    # A name of its own: two models whose scripts are both called model.py must not see each other.
    name = new_id(f"{script.stem}_")
    spec = importlib.util.spec_from_file_location(name, script, loader=_AsWritten(name, str(script)))
    if spec is None or spec.loader is None:
        raise BadRequest(f"{str(script)!r} is no Python script")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    let_import_own(module.__dict__)
    try:
        with our_mlflow() if _says_mlflow(script) else nullcontext():
            spec.loader.exec_module(module)
    except Exception as error:  # somebody else's code: whatever it raises is said to be its own
        del sys.modules[name]
        why = f"{_line_of(error, script)}{type(error).__name__}: {error}"
        raise BadRequest(f"The script {str(script)!r} failed: {why}{_remedy(error)}") from error
    finally:
        _spoken.reset(listening)
        _config.reset(configured)
    if not said:
        raise BadRequest(f"The script {str(script)!r} names no model: call set_model(model) in it")
    return said[-1]


class _AsWritten(SourceFileLoader):
    """Reads a script itself, never what was compiled of it: a cell may write it twice within a second."""

    def path_stats(self, path: str) -> Any:
        """Nothing that a compiled file could be found by."""
        raise OSError(f"{path} is compiled whenever it is run")


def _line_of(error: Exception, script: Path) -> str:
    """Where in a script an error came up, as the start of a sentence."""
    lines = [number for frame, number in walk_tb(error.__traceback__) if frame.f_code.co_filename == str(script)]
    return f"line {lines[-1]}: " if lines else ""


def _remedy(error: Exception) -> str:
    """What would help against an error of a script that worked elsewhere, as the end of a sentence."""
    match error:
        case ModuleNotFoundError(name=str(name)):
            top = name.partition(".")[0]
            return f". If {top} is a file or folder of yours, save the model with it in code_paths; if not, install it"
        case ImportError(name=str(name), path=str(path)):
            return (
                f". The {name} that was found is {path!r}: save the model with its own in code_paths, or upgrade that"
            )
        case NameError(name=str(name)):
            return f". Nothing in the script defines {name}: is its import missing?"
    return ""


def _says_mlflow(script: Path) -> bool:
    try:
        return any(map(is_mlflow, modules_of_source(script.read_text(encoding="utf-8"))))
    except SyntaxError:
        # Running it will say so, and where.
        return False


class ModelConfig:
    """The configuration of a model that is a script: what it was saved or loaded with, or ``development_config``."""

    def __init__(self, *, development_config: str | Path | dict[str, Any] | None = None) -> None:
        given = _config.get()
        self._values = given if given is not None else read_config(development_config)

    def get(self, key: str) -> Any:
        """The value of ``key``. Raises ``KeyError`` when it is not configured."""
        if self._values is None:
            raise FileNotFoundError("This model has no configuration: give model_config, or a development_config")
        return self._values[key]

    def to_dict(self) -> dict[str, Any]:
        """All of the configuration."""
        return dict(self._values or {})


def read_config(said: str | Path | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A configuration given as a dict, or as the path of a YAML file."""
    if said is None or isinstance(said, Mapping):
        return None if said is None else dict(said)
    if not isinstance(said, str | Path):
        raise BadRequest(f"A configuration must be a dict or the path of a YAML file, not {type(said).__name__}")
    file = Path(said)
    if not file.is_file():
        raise NotFound(f"There is no configuration file {str(file)!r}")
    values = read_yaml(file, "The configuration")
    if not isinstance(values, dict):
        raise BadRequest(f"The configuration {str(file)!r} must be a YAML mapping")
    return values


def copy_code(code_paths: Sequence[str | Path] | None, folder: Path) -> str | None:
    """Copy files and folders into ``folder/code``; return that folder's name, or None when there is nothing to copy."""
    if code_paths is not None and not isinstance(code_paths, list | tuple):
        raise TypeError(f"code_paths must be a list of paths, not {type(code_paths).__name__}")
    for said in code_paths or []:
        source, target = Path(said), folder / "code" / Path(said).resolve().name
        if not source.exists():
            raise NotFound(f"There is no code at {str(said)!r}")
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return "code" if code_paths else None
