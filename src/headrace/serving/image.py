"""The folder from which the image of a served model is built: a Dockerfile, the model, and what it requires."""

from __future__ import annotations

import shutil
from pathlib import Path

from headrace.base.errors import AlreadyExists
from headrace.models.environment import CONSTRAINTS, REQUIREMENTS, name_of
from headrace.models.loading import open_model
from headrace.serving.environments import needed

#: Where the model is in the image, as SageMaker and MLflow have it, and the port it is served on.
MODEL, PORT = "/opt/ml/model", 8080
#: The user that serves: nobody's, and able to write nowhere but in its home.
_USER = 10001
#: The release of uv that installs; it stays behind in the first stage.
_UV = "0.13"
#: Distributions whose wheels want something of the system -> the Debian package.
_SYSTEM = {"lightgbm": "libgomp1"}


def write(model_uri: str, folder: Path, *, home: Path | None = None, java: bool = False) -> None:
    """Fill ``folder``. ``home`` is a checkout of Headrace to install instead of the release of this version.

    Raises ``AlreadyExists`` when there is something in the folder, and whatever ``open_model`` raises.
    """
    _, source = open_model(model_uri)
    if folder.is_dir() and any(folder.iterdir()):
        raise AlreadyExists(f"The folder {str(folder)!r} is not empty; name another one with --output-directory")
    needs = needed(source)
    folder.mkdir(parents=True, exist_ok=True)
    # Links stay links: one that leads out of the model brings nothing of this machine into the image.
    shutil.copytree(source, folder / "model", symlinks=True)
    (folder / REQUIREMENTS).write_text("".join(f"{line}\n" for line in needs.requirements), encoding="utf-8")
    (folder / CONSTRAINTS).write_text("".join(f"{line}\n" for line in needs.constraints), encoding="utf-8")
    if home is not None:
        ignored = shutil.ignore_patterns(".git", ".venv", "node_modules", "__pycache__", "mlruns")
        shutil.copytree(home, folder / "headrace", ignore=ignored)
    system = sorted({_SYSTEM[name] for line in needs.requirements if (name := name_of(line)) in _SYSTEM})
    text = dockerfile(needs.python, [*system, *(["default-jre-headless"] if java else [])], checkout=home is not None)
    (folder / "Dockerfile").write_text(text, encoding="utf-8")


def dockerfile(python: str, system: list[str], *, checkout: bool) -> str:
    """The text of the Dockerfile, for a version of Python and some Debian packages."""
    from headrace import __version__

    base = f"FROM docker.io/library/python:{python}-slim"
    ours = "./headrace[models]" if checkout else f"headrace[models]=={__version__}"
    copied = f"{REQUIREMENTS} {CONSTRAINTS}"
    install = f"uv pip install --python /opt/venv/bin/python --no-cache -r {REQUIREMENTS} -c {CONSTRAINTS} '{ours}'"
    packages = " ".join(system)
    apt = f"RUN apt-get update && apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*"
    check = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}/health', timeout=2)"
    serve = ["headrace", "models", "serve", "-m", MODEL, "-h", "0.0.0.0", "-p", str(PORT)]
    lines = [
        f"FROM ghcr.io/astral-sh/uv:{_UV} AS uv",
        "",
        f"{base} AS build",
        "COPY --from=uv /uv /usr/local/bin/uv",
        "ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never",
        "WORKDIR /build",
        "RUN uv venv /opt/venv",
        f"COPY {copied} ./",
        *(["COPY headrace ./headrace"] if checkout else []),
        f"RUN {install}",
        "",
        base,
        *([apt] if system else []),
        f"RUN useradd --uid {_USER} --create-home serving",
        "COPY --from=build /opt/venv /opt/venv",
        # Pickles are loaded when they are files of whoever loads them.
        f"COPY --chown={_USER}:{_USER} model {MODEL}",
        "ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1",
        f"USER {_USER}",
        "WORKDIR /home/serving",
        f"EXPOSE {PORT}",
        f'HEALTHCHECK CMD ["python", "-c", "{check}"]',
        f"ENTRYPOINT [{', '.join(_quoted(word) for word in serve)}]",
    ]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    return f'"{word}"'
