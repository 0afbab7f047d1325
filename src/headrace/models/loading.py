"""How a model is loaded, whatever its library: fetch, parse, audit, and only then construct."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import Any

from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.base.paths import ArtifactUri
from headrace.models import conversing, manifest, signing
from headrace.models.flavor import Flavor
from headrace.models.isolation import own_code
from headrace.models.model import Model
from headrace.models.names import import_module
from headrace.models.trust import audit, place_in


def fetch(model_uri: str | Path, dst_path: str | Path | None = None) -> Path:
    """The local folder with the model at ``model_uri``, which is downloaded when it is elsewhere."""
    text = str(model_uri)
    local = Path(text.removeprefix("file://").removeprefix("file:")) if text.startswith("file:") else Path(text)
    if dst_path is None and local.exists():
        return local
    if ":/" not in text and not local.exists():
        raise NotFound(f"There is no model at {text!r}")
    from headrace.tracking import files
    from headrace.tracking.locations import place_of

    place = place_of(text)
    if dst_path is None and not ArtifactUri.parse(place.root).is_local:
        dst_path = mkdtemp(prefix="headrace-model-")
        # A loaded model may read its files as long as it is asked.
        atexit.register(shutil.rmtree, dst_path, ignore_errors=True)
    target = None if dst_path is None else str(dst_path)
    return Path(files.download(place.root, place.key, target, place.tracking_uri))


def open_model(model_uri: str | Path, dst_path: str | Path | None = None) -> tuple[Model, Path]:
    """The description of a model and its local folder, fetched, parsed, found to be trusted and as it was saved."""
    before = (
        [] if dst_path is None else [Path(dst_path).absolute() / name for name in manifest.files_of(Path(dst_path))]
    )
    folder = fetch(model_uri, dst_path)
    signing.check(folder)
    model = Model.load(folder)
    audit(model, folder, str(model_uri))
    strangers = [file.relative_to(folder).as_posix() for file in before if file.is_relative_to(folder)]
    manifest.check(folder, strangers)
    return model, folder


def load_flavor(flavor: Flavor[Any], model_uri: str | Path, dst_path: str | Path | None = None, **told: Any) -> Any:
    """The library's own object that was saved at ``model_uri``; ``told`` is what only this flavor's ``load`` takes."""
    model, folder = open_model(model_uri, dst_path)
    own = settings_of(model, flavor.name)
    with own_code(_code(folder, own)), _libraries(flavor):
        return flavor.load(folder, own, **told)


def load_pyfunc(model: Model, folder: Path, config: Mapping[str, Any] | None) -> Any:
    """Something with ``predict(data, params)`` made of the model in ``folder``, which was found to be trusted."""
    said = settings_of(model, "python_function")
    loader = said.get("loader_module")
    if not isinstance(loader, str) or not all(part.isidentifier() for part in loader.split(".")):
        raise BadRequest("Malformed MLmodel: python_function must name a loader_module")
    with own_code(_code(folder, said)):
        module = _import(_FLAVOR_OF.get(loader, loader))
        flavor = getattr(module, "FLAVOR", None)
        if isinstance(flavor, Flavor):
            with _libraries(flavor):
                return flavor.load_pyfunc(folder, model.flavors, config)
        if not hasattr(module, "_load_pyfunc"):
            raise BadRequest(f"The loader module {loader} has no function _load_pyfunc(data_path)")
        data = str(place_in(folder, said, "data")) if said.get("data") else str(folder)
        return module._load_pyfunc(data, dict(config)) if config else module._load_pyfunc(data)


def settings_of(model: Model, name: str) -> dict[str, Any]:
    """What the MLmodel file says under a flavor's name."""
    if name not in model.flavors and "crate" in model.flavors:
        raise NotSupported("This model is not ours: it was saved from R (flavor 'crate'), and R alone can load it")
    if name not in model.flavors:
        raise NotFound(f"This model has no flavor {name!r}; it has {sorted(model.flavors)}")
    said: dict[str, Any] = model.flavors[name]
    return said


@contextmanager
def _libraries(flavor: Flavor[Any]) -> Iterator[None]:
    """Name the extra to install when the flavor's library is missing here."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not flavor.takes_model:
            raise  # What a model of the user's own imports is of no library.
        raise BadRequest(
            f"This is a model of the flavor {flavor.name!r}, and the module {error.name} is not installed: pip install "
            f"'headrace[{flavor.name}]', or what the model's requirements.txt names"
        ) from error


def _import(loader: str) -> ModuleType:
    try:
        return import_module(loader)
    except ModuleNotFoundError as error:
        raise BadRequest(
            f"The loader module {loader} cannot be imported: {error}. Install it, or save the model with code_paths"
        ) from error


#: Loader modules that are not the flavor's own module.
_FLAVOR_OF = dict.fromkeys(
    ["mlflow.pyfunc.model", "mlflow.pyfunc.loaders.code_model", *conversing.LOADERS], "mlflow.pyfunc"
)


def _code(folder: Path, said: Mapping[str, Any]) -> Path | None:
    return place_in(folder, said, "code") if said.get("code") else None
