"""What loading a model would run, known before anything of it is imported or unpickled.

Reading a pickle, a script or a module of a model runs whatever its author wrote. Headrace does so for models that are
the user's own: files that the user owns on this machine, and what comes through the tracking server or the registry
that the user chose. Anything else must be vouched for by ``HEADRACE_ALLOW_PICKLE_DESERIALIZATION=true``; ``false``
refuses even the user's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.base import settings
from headrace.base.errors import BadRequest, Untrusted
from headrace.models import archives, hub_files, imports, pickled, running
from headrace.models.environment import PICKLES
from headrace.models.model import Model
from headrace.models.names import is_mlflow

#: Types that skops does not know and that run nothing when they are built: LightGBM's hold trees as text.
_HARMLESS = {
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Classifier", "Model", "Ranker", "Regressor")),
}
#: Names of what a pickle imports that a message tells, at most.
_SHOWN = 20
#: Schemes that are answered by the server or the folder that the user chose.
_OWN_SCHEMES = ("runs", "models", "mlflow-artifacts")


def audit(model: Model, folder: Path, origin: str) -> None:
    """Refuse a model that would run code nobody vouched for; ``origin`` is the URI or path that was asked for."""
    allow(origin, demands(model, folder))


def allow(origin: str, dangers: Iterable[str]) -> None:
    """Refuse what reading ``origin`` would run, each as the end of "it would …", unless somebody vouches for it."""
    own = is_own(origin)
    if settings.flag("ALLOW_PICKLE_DESERIALIZATION", default=own):
        return
    if would := "; ".join(dangers):
        why = "is not allowed here" if own else "comes from a place that is not yours"
        raise Untrusted(
            f"Loading {origin!r} would run code and {why}: it would {would}. If you trust who made it, set "
            "HEADRACE_ALLOW_PICKLE_DESERIALIZATION=true, or copy it into a folder of yours"
        )


def is_own(origin: str) -> bool:
    """Whether a model at ``origin`` is the user's own."""
    scheme, colon, rest = origin.partition(":")
    if colon and scheme in _OWN_SCHEMES:
        return True
    if colon and len(scheme) > 1 and scheme != "file":
        return False
    path = Path(rest.removeprefix("//") if scheme == "file" else origin)
    if not path.exists() or not hasattr(os, "geteuid"):
        return path.exists()
    # Who may write one file of it into somebody else's folder decides what is loaded.
    return all(each.lstat().st_uid in (os.geteuid(), 0) for each in (path, *path.rglob("*")))


def demands(model: Model, folder: Path) -> Iterator[str]:
    """What loading would run, each as the end of the sentence "it would …"."""
    for name, flavor in sorted(model.flavors.items()):
        loader = str(flavor.get("loader_module", ""))
        if loader and not is_mlflow(loader):
            yield f"import {loader}"
        if script := flavor.get("model_code_path"):
            yield f"run {Path(str(script)).name}"
        if code := flavor.get("code"):
            # What lies there is found before what is installed, whatever imports it.
            yield f"import what is in its folder {str(code)!r} (flavor {name})"
        if built := [each for each in map(str, _listed(flavor.get("skops_trusted_types"))) if each not in _HARMLESS]:
            yield f"build {', '.join(built)} (flavor {name})"
    for file in sorted(folder.rglob("*")):
        if file.suffix in PICKLES and file.is_file():
            yield f"unpickle {file.relative_to(folder)}, which imports {', '.join(_imported(file))}"
        elif file.suffix in archives.TORCH and file.is_file():
            yield from archives.demands(file)
        yield from running.demands(file)
    yield from hub_files.demands(folder)


def file_in(folder: Path, said: Mapping[str, Any], key: str) -> Path:
    """The file that ``said[key]`` names below ``folder``. Raises ``BadRequest`` when it lies elsewhere."""
    found = place_in(folder, said, key)
    if not found.is_file():
        raise BadRequest(f"Malformed MLmodel: {key!r} must name a file, and {said[key]!r} is none")
    return found


def place_in(folder: Path, said: Mapping[str, Any], key: str) -> Path:
    """The file or folder that ``said[key]`` names below ``folder``. Raises ``BadRequest`` when it lies elsewhere."""
    name = said.get(key)
    if not isinstance(name, str) or "\0" in name:
        raise BadRequest(f"Malformed MLmodel: {key!r} must name a file of the model, not {name!r}")
    try:
        found = (folder / name).resolve()
        exists = found.exists()
    except (OSError, RuntimeError) as error:
        raise BadRequest(f"Malformed MLmodel: {key!r} names no file: {type(error).__name__}") from error
    if not found.is_relative_to(folder.resolve()):
        raise BadRequest(f"Malformed MLmodel: {key!r} names {name!r}, which is not in the model's folder")
    if not exists:
        raise BadRequest(f"The model is not whole: {name!r}, which its MLmodel file names as {key!r}, is missing")
    return found


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said] if said else []


def _imported(file: Path) -> list[str]:
    """What a pickle would import, by its full names: Python's own first, for that is what does harm."""
    try:
        found = imports.globals_of_pickle(file.read_bytes())
    except (ValueError, IndexError, KeyError) as error:
        return [f"what cannot be read: {error}"]
    names = {f"{module}.{name}" if name else module for module, name in found - {pickled.UNREADABLE}}
    shown = sorted(names, key=lambda name: (name.partition(".")[0] not in sys.stdlib_module_names, name))
    more = [f"{len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    return [*shown[:_SHOWN], *more, *(["what cannot be read"] if pickled.UNREADABLE in found else [])]
