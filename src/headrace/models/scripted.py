"""Models that are scripts, in flavors of libraries: the script travels in the model, and is run when it is loaded."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, NotFound
from headrace.models import imports
from headrace.models.code import read_config, run_script
from headrace.models.model import Model
from headrace.models.reading import read_script
from headrace.models.trust import file_in

#: Where the MLmodel file says which script is the model.
PATH = "model_code_path"


def script_of(model: Any) -> Path | None:
    """The script that a user gave as the model, if it is one."""
    return Path(model) if isinstance(model, str | Path) else None


def make(script: Path, code_paths: Sequence[str | Path] | None, config: Mapping[str, Any] | None) -> Any:
    """What a script of the user's own gives to ``set_model``; it is read first, and its secrets are refused."""
    for said in code_paths or []:
        if not Path(said).exists():
            raise NotFound(f"There is no code at {str(said)!r}")
    read_script(script, code_paths)
    return run_script(script, config)


def write(script: Path, folder: Path, config: Mapping[str, Any] | None) -> tuple[dict[str, Any], set[str]]:
    """Copy the script into ``folder``; return what ``python_function`` says of it, and the distributions it needs."""
    shutil.copy2(script, folder / script.name)
    said = {PATH: str(script), **({} if config is None else {"config": dict(config)})}
    return said, imports.distributions(imports.modules_of_source(script.read_text(encoding="utf-8")))


def read(folder: Path, pyfunc: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Any:
    """What the script in ``folder`` gives to ``set_model``, configured as it was saved if ``config`` is None."""
    # The path says where the script lay when it was saved; in the model it lies at the top.
    name = Path(str(pyfunc[PATH])).name
    return run_script(
        file_in(folder, {PATH: name}, PATH), read_config(pyfunc.get("config")) if config is None else config
    )


def pyfunc_of(folder: Path) -> dict[str, Any]:
    """What the MLmodel file in ``folder`` says under ``python_function``, which alone has a script's name."""
    said = Model.load(folder).flavors.get("python_function")
    if not said:
        raise BadRequest("Malformed MLmodel: python_function must say how this model was made")
    return dict(said)
