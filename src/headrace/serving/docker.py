"""Images built from a folder with a Dockerfile, by whichever engine is here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.base import settings
from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.serving import image

#: Engines, the one that is tried first before the others, and what each says before the name and the folder. Only
#: Docker's own format of images has health checks.
ENGINES = {
    "docker": ["build"],
    "podman": ["build", "--format", "docker"],
    "buildah": ["build", "--format", "docker"],
}
_NETWORK = re.compile(r"[A-Za-z0-9][\w.-]{0,62}", re.ASCII)


def build_model(
    model_uri: str | None,
    name: str,
    *,
    home: Path | None = None,
    java: bool = False,
    base_image: str | None = None,
    network: str | None = None,
) -> str:
    """Build the image of a model under ``name``, and return the engine that has it now.

    Raises ``NotFound`` when there is no engine, ``HeadraceError`` when it fails, and what ``image.write`` raises.
    """
    image.image_name(name)
    engine = find()
    with TemporaryDirectory(prefix="headrace-image-") as made:
        folder = Path(made) / "image"
        image.write(model_uri, folder, home=home, java=java, base_image=base_image)
        build(folder, name, engine=engine, network=network)
    return engine


def build(folder: Path, name: str, *, engine: str | None = None, network: str | None = None) -> None:
    """Build the image ``name`` from the Dockerfile in ``folder``; what the engine says goes where our output goes."""
    engine = engine or find()
    if network is not None and not _NETWORK.fullmatch(network):
        raise BadRequest(f"{network[:80]!r} is not the name of a network")
    if not (folder / "Dockerfile").is_file():
        raise NotFound(f"There is no Dockerfile in {str(folder)!r}")
    words = [engine, *ENGINES[engine], *(["--network", network] if network else [])]
    words += ["-t", image.image_name(name), str(folder.absolute())]
    code = subprocess.run(words, check=False).returncode
    if code:
        raise HeadraceError(f"{engine} could not build the image {name!r} (exit code {code}); what it said is above")


def build_image_from_context(context_dir: str, image_name: str, network: str | None = None) -> None:
    """Build the image ``image_name`` from the Dockerfile in a folder."""
    build(Path(context_dir), image_name, network=network)


def find() -> str:
    """The engine to build with: the one ``HEADRACE_IMAGE_BUILDER`` names, or the first that can be asked."""
    said = settings.text("IMAGE_BUILDER")
    if said is not None:
        if said not in ENGINES:
            raise BadRequest(f"HEADRACE_IMAGE_BUILDER must be one of {list(ENGINES)}, not {said!r}")
        if shutil.which(said) is None:
            raise NotFound(f"HEADRACE_IMAGE_BUILDER names {said}, which is not installed")
        return said
    for engine in ENGINES:
        if shutil.which(engine) and (engine != "docker" or _docker_runs()):
            return engine
    raise NotFound(
        "Images are built by docker, podman or buildah, and none of them can be asked here: start docker's engine or "
        "install one, or write the folder with 'models generate-dockerfile' and build it where there is one"
    )


def _docker_runs() -> bool:
    # Its client may be here and its engine not.
    asked = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(asked, capture_output=True, check=False, timeout=30).returncode == 0
