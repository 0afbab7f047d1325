"""The folder from which the image of a served model is built: a Dockerfile, the model, and what it requires."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from headrace.base.errors import AlreadyExists, BadRequest
from headrace.models.environment import CONSTRAINTS, REQUIREMENTS, name_of
from headrace.models.loading import open_model
from headrace.models.wheeled_model import WHEELS
from headrace.serving.environments import Needed, here, is_wheel, needed

#: Where the model is in the image, as SageMaker and MLflow have it, and the port it is served on.
MODEL, PORT = "/opt/ml/model", 8080
#: The model's folder beside the Dockerfile.
FOLDER = "model_dir"
#: The user that serves: nobody's, and able to write nowhere but in its home.
_USER = 10001
#: The release of uv that installs; it stays behind in the first stage.
_UV = "0.13"
#: Distributions whose wheels want something of the system -> the Debian package.
_SYSTEM = {"lightgbm": "libgomp1"}
#: A name of an image: host, path, and tag or digest, as the OCI distribution specification has them.
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9-]+(?:(?:\.[A-Za-z0-9-]+)+(?::\d{1,5})?|:\d{1,5})"
_IMAGE = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?", re.ASCII)


def write(
    model_uri: str | None,
    folder: Path,
    *,
    home: Path | None = None,
    java: bool = False,
    base_image: str | None = None,
) -> None:
    """Fill ``folder``. ``home`` is a checkout of Headrace to install instead of the release of this version.

    Without a model, the image serves whatever model is put at ``/opt/ml/model`` when it starts, in an environment it
    makes then. Raises ``AlreadyExists`` when there is something in the folder, and whatever ``open_model`` raises.
    """
    source = None if model_uri is None else open_model(model_uri)[1]
    if folder.is_dir() and any(folder.iterdir()):
        raise AlreadyExists(f"The folder {str(folder)!r} is not empty; name another one with --output-directory")
    needs = Needed(here(), ["uv"], []) if source is None else needed(source)
    folder.mkdir(parents=True, exist_ok=True)
    if source is not None:
        # Links stay links: one that leads out of the model brings nothing of this machine into the image.
        shutil.copytree(source, folder / FOLDER, symlinks=True)
    (folder / REQUIREMENTS).write_text("".join(f"{line}\n" for line in needs.requirements), encoding="utf-8")
    (folder / CONSTRAINTS).write_text("".join(f"{line}\n" for line in needs.constraints), encoding="utf-8")
    if home is not None:
        ignored = shutil.ignore_patterns(".git", ".venv*", "node_modules", "__pycache__", "mlruns", ".*_cache")
        shutil.copytree(home, folder / "headrace", ignore=ignored)
    system = sorted({_SYSTEM[name] for line in needs.requirements if (name := name_of(line)) in _SYSTEM})
    system += ["default-jre-headless"] if java else []
    text = dockerfile(
        needs.python,
        system,
        checkout=home is not None,
        has_model=source is not None,
        has_wheels=any(map(is_wheel, needs.requirements)),
        base_image=base_image,
    )
    (folder / "Dockerfile").write_text(text, encoding="utf-8")


def dockerfile(
    python: str,
    system: list[str],
    *,
    checkout: bool,
    has_model: bool = True,
    has_wheels: bool = False,
    base_image: str | None = None,
) -> str:
    """The text of the Dockerfile, for a version of Python and some Debian packages.

    ``base_image`` is used in place of Docker's own of Python; it must have Python and ``useradd``.
    """
    from headrace import __version__

    base = f"FROM {image_name(base_image) if base_image else f'docker.io/library/python:{python}-slim'}"
    ours = "./headrace[models]" if checkout else f"headrace[models]=={__version__}"
    copied = f"{REQUIREMENTS} {CONSTRAINTS}"
    install = f"uv pip install --python /opt/venv/bin/python --no-cache -r {REQUIREMENTS} -c {CONSTRAINTS} '{ours}'"
    # Tests of libraries are a fifth of them, and nothing that is served asks for one.
    prune = "find /opt/venv -type d -name tests -prune -exec rm -rf {} +"
    packages = " ".join(system)
    apt = f"RUN apt-get update && apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*"
    address = "'http://127.0.0.1:' + os.environ['HEADRACE_PORT'] + '/health'"
    check = f"import os, urllib.request; urllib.request.urlopen({address}, timeout=2)"
    serve = ["headrace", "models", "serve", "-m", MODEL, "-h", "0.0.0.0"]
    serve += [] if has_model else ["--env-manager", "uv"]
    lines = [
        f"FROM ghcr.io/astral-sh/uv:{_UV} AS uv",
        "",
        f"{base} AS build",
        "COPY --from=uv /uv /usr/local/bin/uv",
        "ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never",
        "WORKDIR /build",
        "RUN uv venv /opt/venv",
        f"COPY {copied} ./",
        *([f"COPY {FOLDER}/{WHEELS} ./{WHEELS}"] if has_wheels else []),
        *(["COPY headrace ./headrace"] if checkout else []),
        f"RUN {install} && {prune}",
        "",
        base,
        *([apt] if system else []),
        f"RUN useradd --uid {_USER} --create-home serving",
        "COPY --from=build /opt/venv /opt/venv",
        # Pickles are loaded when they are files of whoever loads them.
        *([f"COPY --chown={_USER}:{_USER} {FOLDER} {MODEL}"] if has_model else []),
        f"ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HEADRACE_PORT={PORT}",
        f"USER {_USER}",
        "WORKDIR /home/serving",
        f"EXPOSE {PORT}",
        # SageMaker looks here whether an image takes its port from SAGEMAKER_BIND_TO_PORT.
        "LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true",
        f'HEALTHCHECK CMD ["python", "-c", "{check}"]',
        f"ENTRYPOINT [{', '.join(_quoted(word) for word in serve)}]",
    ]
    return "\n".join(lines) + "\n"


def image_name(said: str) -> str:
    """``said``, if it is the name of an image. Raises ``BadRequest`` for what engines would take for something else."""
    if not _IMAGE.fullmatch(said):
        raise BadRequest(
            f"{said[:80]!r} is not the name of an image: write it in lower case, with a host before it and a tag after "
            "it if need be, as in registry.example.com/team/model:1"
        )
    return said


def _quoted(word: str) -> str:
    return f'"{word}"'
