"""Keras models in Keras's own files, which two flavors save: an archive that is data unless it holds a lambda."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import running
from headrace.models.native import broken

#: The folder of the model, and the file in it that says by which name Keras is imported.
FOLDER, MODULE = "data", "keras_module.txt"
_ARCHIVE, _OLD = "model.keras", "model.h5"
_MODULES = ("keras", "tensorflow.keras", "tf_keras")


def write(model: Any, data: Path, module: str, told: Mapping[str, Any] | None) -> str:
    """Write ``model`` into the folder ``data``, and return the format's name: ``tf`` for Keras's own, or ``h5``."""
    options = dict(told or {})
    form = options.pop("save_format", None)
    if form not in (None, "keras", "tf", "h5"):
        raise BadRequest(f"save_format must be 'keras' or 'h5', not {form!r}")
    data.mkdir()
    (data / MODULE).write_text(module, encoding="utf-8")
    try:
        model.save(str(data / (_OLD if form == "h5" else _ARCHIVE)), **options)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise BadRequest(f"Keras cannot save this model: {error}") from error
    return "h5" if form == "h5" else "tf"


def read(data: Path, custom_objects: Mapping[str, Any] | None, told: Mapping[str, Any] | None) -> Any:
    """The model in the folder ``data``, which was found to be trusted: code in it may run then."""
    said = (data / MODULE).read_text(encoding="utf-8").strip() if (data / MODULE).is_file() else "keras"
    if said not in _MODULES:
        raise BadRequest(f"Malformed model: {MODULE} must be one of {list(_MODULES)}, not {said!r}")
    file = next((data / name for name in (_ARCHIVE, _OLD) if (data / name).is_file()), None)
    if file is None and (data / "model").is_dir():
        raise BadRequest(
            "Keras 2 saved this model as a graph, which Keras 3 does not read: load it with tensorflow 2.15, and save "
            "it again as model.keras"
        )
    if file is None:
        raise BadRequest(f"The model is not whole: {_ARCHIVE} is missing in its folder {data.name!r}")
    # TensorFlow has its ``keras`` when it is asked for it; not every release has a module of that name to import.
    library, _, name = said.partition(".")
    module = importlib.import_module(library)
    module = getattr(module, name) if name else module
    try:
        # Keras refuses lambdas by itself; whether this one may run was decided when the model was audited.
        safe = file.suffix == ".keras" and not any(running.in_keras(file))
        options = {"custom_objects": dict(custom_objects or {}), "safe_mode": safe, **(told or {})}
        return module.models.load_model(str(file), **options)
    except (ValueError, TypeError, LookupError, OSError, ImportError, AttributeError, zipfile.BadZipFile) as error:
        raise broken(file.name, error) from error


def ask(model: Any, data: Any) -> Any:
    """What a Keras model predicts: a frame for a frame, else an array, or what the model has for several outputs."""
    import pandas

    if not isinstance(data, pandas.DataFrame):
        return model.predict(data, verbose=0)
    several = len(getattr(model, "inputs", None) or [None]) > 1
    fed = {each.name: data[each.name].to_numpy() for each in model.inputs} if several else data.to_numpy()
    return framed(model.predict(fed, verbose=0), data)


def framed(answer: Any, data: Any) -> Any:
    """An answer to a frame as a frame with its index; what has more than two dimensions stays as it is."""
    import numpy
    import pandas

    if isinstance(answer, Mapping):
        flat = {name: list(numpy.asarray(each)) for name, each in answer.items()}
        return pandas.DataFrame(flat, index=data.index)
    array = numpy.asarray(answer)
    return pandas.DataFrame(array, index=data.index) if array.ndim <= 2 else array
