"""Changes to a model that is already saved or logged: its signature, its requirements, and who signed it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from headrace.base.errors import BadRequest
from headrace.models import manifest, signing
from headrace.models.environment import CONDA, REQUIREMENTS, change_conda, name_of
from headrace.models.loading import fetch
from headrace.models.manifest import MANIFEST
from headrace.models.model import MLMODEL_FILE_NAME, Model
from headrace.models.signature import ModelSignature


def set_signature(model_uri: str, signature: ModelSignature) -> None:
    """Give a saved or logged model another signature. A registered version cannot be changed: register a new one."""
    if not isinstance(signature, ModelSignature):
        raise BadRequest(f"signature must be a ModelSignature, not {type(signature).__name__}")
    with _changed(model_uri, [MLMODEL_FILE_NAME]) as folder:
        model = Model.load(folder / MLMODEL_FILE_NAME)
        model.signature = signature
        model.save(folder / MLMODEL_FILE_NAME)


def update_model_requirements(
    model_uri: str, operation: Literal["add", "remove"], requirement_list: Sequence[str]
) -> None:
    """Add requirements to a model's environment, in place of those for the same distributions, or remove them."""
    if operation not in ("add", "remove"):
        raise BadRequest(f"operation must be 'add' or 'remove', not {operation!r}")
    named = {name_of(each) for each in requirement_list}
    added = list(requirement_list) if operation == "add" else []
    with _changed(model_uri, [REQUIREMENTS, CONDA]) as folder:
        lines = (folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
        lines = [*(line for line in lines if name_of(line) not in named), *added]
        (folder / REQUIREMENTS).write_text("\n".join(lines), encoding="utf-8")
        change_conda(folder / CONDA, lines)


def sign_model(
    model_uri: str, private_key: str | Path | None = None, *, password: str | None = None, token: str | None = None
) -> None:
    """Sign a saved or logged model, by a key or an identity of Sigstore: see ``headrace.models.signing.sign``."""
    source = fetch(model_uri)
    with TemporaryDirectory(prefix="headrace-change-") as made:
        signature = Path(made) / manifest.SIGNATURE
        signing.sign(source, signature, private_key, password=password, token=token)
        _put(model_uri, signature)


@contextmanager
def _changed(model_uri: str, names: Sequence[str]) -> Iterator[Path]:
    """A folder with copies of some files of a model, which take their place when all went well."""
    source = fetch(model_uri)
    with TemporaryDirectory(prefix="headrace-change-") as made:
        for name in names:
            if not (source / name).is_file():
                raise BadRequest(f"The model {model_uri!r} has no file {name}")
            shutil.copy2(source / name, made)
        if (source / MANIFEST).is_file():
            shutil.copy2(source / MANIFEST, made)
        yield Path(made)
        manifest.renew(Path(made), names)
        for name in sorted(file.name for file in Path(made).iterdir()):
            _put(model_uri, Path(made) / name)


@contextmanager
def enlarged(model_uri: str) -> Iterator[tuple[Path, Path]]:
    """The folder of a model, and an empty one, whose files become files of the model when all went well."""
    source = fetch(model_uri)
    with TemporaryDirectory(prefix="headrace-change-") as made:
        added = Path(made)
        yield source, added
        names = [file.relative_to(added).as_posix() for file in added.rglob("*") if file.is_file()]
        if names and (source / MANIFEST).is_file():
            shutil.copy2(source / MANIFEST, added)
            manifest.renew(added, names)
        for file in sorted(added.rglob("*")):
            if file.is_file():
                _put(model_uri, file, file.relative_to(added).parent.as_posix())


def _put(model_uri: str, file: Path, inside: str = ".") -> None:
    """Store ``file`` in the model at ``model_uri``, in the folder ``inside`` it."""
    from headrace.tracking.client import MlflowClient

    scheme, colon, rest = model_uri.partition(":/")
    if not colon or scheme == "file":
        place = Path(model_uri.removeprefix("file://").removeprefix("file:")) / inside
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place / file.name)
        return
    logged = Model.load(fetch(model_uri)).model_id
    if scheme == "models" and rest.strip("/") != logged:
        raise BadRequest(
            f"{model_uri!r} is a registered version, which stays as it is: change the logged model it was made of "
            "and register that as a new version"
        )
    if logged:
        MlflowClient().log_model_artifact(logged, str(file), None if inside == "." else inside)
    elif scheme == "runs":
        run_id, _, path = rest.strip("/").partition("/")
        MlflowClient().log_artifact(run_id, str(file), path if inside == "." else f"{path}/{inside}")
    else:
        raise BadRequest(f"A model at {model_uri!r} cannot be changed; give runs:/, models:/m-… or a local path")
