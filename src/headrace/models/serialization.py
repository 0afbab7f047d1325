"""The formats that scikit-learn's kind of models are written in: skops, pickle and cloudpickle."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, Untrusted
from headrace.models import pickles
from headrace.models.imports import distributions, globals_of_pickle

SKOPS, CLOUDPICKLE, PICKLE = "skops", "cloudpickle", "pickle"
FORMATS = [SKOPS, PICKLE, CLOUDPICKLE]


def check(form: str) -> None:
    """Raise ``BadRequest`` for a format that is none of these."""
    if form not in FORMATS:
        raise BadRequest(f"serialization_format must be one of {FORMATS}, not {form!r}")


def file_name(form: str) -> str:
    """What a file of a format is called."""
    return "model.skops" if form == SKOPS else "model.pkl"


def write(model: Any, file: Path, form: str, trusted: list[str] | None) -> set[str]:
    """Write ``model`` in a format, and return the distributions it needs.

    Raises ``Untrusted`` for types that skops does not know to be harmless and that are not ``trusted``.
    """
    if form == SKOPS:
        return _write_skops(model, file, trusted or [])
    if form == CLOUDPICKLE:
        with file.open("wb") as opened:
            pickles.dump(model, opened)
        return {"cloudpickle", *_needs(file.read_bytes())}
    try:
        data = pickle.dumps(model)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise BadRequest(f"This model cannot be pickled: {error}. Try serialization_format='cloudpickle'") from error
    file.write_bytes(data)
    return _needs(data)


def read(file: Path, form: Any, trusted: list[str] | None) -> Any:
    """The model in a file of a format; one that names no format is a pickle, as all were once."""
    return _read_skops(file, trusted or []) if form == SKOPS else pickles.load_file(file)


def _needs(pickled: bytes) -> set[str]:
    return distributions(module for module, _ in globals_of_pickle(pickled))


def _write_skops(model: Any, file: Path, trusted: list[str]) -> set[str]:
    import skops.io

    skops.io.dump(model, file)
    # Read back at once: a model that could not be loaded later must not look saved.
    _read_skops(file, trusted)
    return {"skops", *distributions(_modules_of_skops(file))}


def _read_skops(file: Path, trusted: list[str]) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(file, trusted=trusted)
    except UntrustedTypesFoundException as error:
        unknown = sorted(set(skops.io.get_untrusted_types(file=file)) - set(trusted))
        raise Untrusted(
            f"The model has untrusted types, which skops does not build unless told to: {unknown}. If you know them, "
            f"save it with skops_trusted_types={[*trusted, *unknown]}, or with serialization_format='cloudpickle'"
        ) from error
    except (zipfile.BadZipFile, LookupError, ValueError, TypeError, AttributeError, ImportError) as error:
        raise BadRequest(
            f"The skops file {file.name} cannot be read: {type(error).__name__}: {error}. Install what the model's "
            "requirements.txt names, at those versions"
        ) from error


def _modules_of_skops(file: Path) -> set[str]:
    with zipfile.ZipFile(file) as archive:
        return _modules(msgspec.json.decode(archive.read("schema.json")))


def _modules(said: Any) -> set[str]:
    """Every ``__module__`` in a tree of dicts and lists."""
    if isinstance(said, dict):
        here = {str(said["__module__"])} if said.get("__module__") else set()
        return here.union(*(_modules(each) for each in said.values()))
    return set().union(*(_modules(each) for each in said)) if isinstance(said, list) else set()
