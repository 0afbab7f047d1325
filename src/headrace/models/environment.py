"""The environment a model needs: ``requirements.txt``, ``conda.yaml`` and ``python_env.yaml``."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest, NotFound
from headrace.models.model import FORMAT_VERSION
from headrace.models.plain import read_yaml

REQUIREMENTS, CONDA, PYTHON, CONSTRAINTS = "requirements.txt", "conda.yaml", "python_env.yaml", "constraints.txt"
#: Suffixes of files that are read by unpickling.
PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".statsmodels", ".pmd", ".shap", ".pdparams", ".pdopt")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass
class Environment:
    """What pip must install, the constraints it must keep, and a conda environment if the user gave one."""

    requirements: list[str]
    constraints: list[str] = field(default_factory=list)
    conda: Mapping[str, Any] | None = None

    def save(self, folder: Path) -> dict[str, str]:
        """Write the files into ``folder``; return how the MLmodel file names them."""
        lines = [*self.requirements, *([f"-c {CONSTRAINTS}"] if self.constraints else [])]
        (folder / REQUIREMENTS).write_text("\n".join(lines), encoding="utf-8")
        if self.constraints:
            (folder / CONSTRAINTS).write_text("\n".join(self.constraints), encoding="utf-8")
        _write_yaml(folder / CONDA, self.conda or conda_env(lines))
        _write_yaml(folder / PYTHON, python_env(), sort=False)
        return {"conda": CONDA, "virtualenv": PYTHON}


def environment_of(
    inferred: Iterable[str],
    conda_env: Mapping[str, Any] | str | Path | None = None,
    pip_requirements: Sequence[str] | str | Path | None = None,
    extra_pip_requirements: Sequence[str] | str | Path | None = None,
    locked: Sequence[str] = (),
) -> Environment:
    """The environment a user asked for, or else the distributions ``inferred``, pinned as they are installed here.

    Those that are ``locked`` are required besides, at the versions of the lock.
    """
    if conda_env is not None and (pip_requirements is not None or extra_pip_requirements is not None):
        raise BadRequest("Give either conda_env, or pip_requirements and extra_pip_requirements")
    if pip_requirements is not None and extra_pip_requirements is not None:
        raise BadRequest("Give either pip_requirements, or extra_pip_requirements")
    if conda_env is not None:
        conda = _with_mlflow(_conda(conda_env))
        return Environment(_pip_of(conda), conda=conda)
    if pip_requirements is not None:
        said, constraints = _requirements(pip_requirements)
    else:
        said, constraints = _requirements(extra_pip_requirements or [])
        for others in (locked, pinned(inferred)):
            named = {name_of(each) for each in said}
            said = [*(each for each in others if name_of(each) not in named), *said]
    if not any(name_of(each) == "mlflow" for each in said):
        said = [f"mlflow=={FORMAT_VERSION}", *said]
    return Environment(said, constraints)


def pinned(names: Iterable[str]) -> list[str]:
    """Each distribution at the version installed here, sorted; one that is not installed stays without version."""
    return sorted({_pin(name) for name in names})


def infer_pip_requirements(
    model_uri: str, flavor: str, fallback: Sequence[str] | None = None, timeout: int | None = None, **_: Any
) -> list[str]:
    """What the model at ``model_uri`` needs: ``fallback``, and what its pickles import, pinned as installed here.

    ``flavor`` and ``timeout`` are what MLflow asks, which loads the model in a process of its own to see; here its
    files are read and none of them is run.
    """
    from headrace.models.imports import distributions, globals_of_pickle
    from headrace.models.loading import fetch

    found = fetch(model_uri)
    files = [found] if found.is_file() else sorted(found.rglob("*"))
    pickles = [file.read_bytes() for file in files if file.suffix in PICKLES]
    modules = {module for pickle in pickles for module, _ in globals_of_pickle(pickle)}
    said = list(fallback or [])
    named = {name_of(each) for each in said}
    return sorted([*said, *(each for each in pinned(distributions(modules)) if name_of(each) not in named)])


def name_of(requirement: str) -> str:
    """The distribution a requirement names, in normal form."""
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else requirement


def conda_env(requirements: Sequence[str]) -> dict[str, Any]:
    """The conda environment in which pip installs ``requirements``."""
    pip = _version("pip")
    return {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={platform.python_version()}",
            f"pip<={pip}" if pip else "pip",
            {"pip": list(requirements)},
        ],
    }


def change_conda(file: Path, requirements: Sequence[str]) -> None:
    """Let pip install ``requirements`` in the conda environment in ``file``."""
    conda = _conda(file)
    others = [each for each in conda.get("dependencies") or [] if not (isinstance(each, dict) and "pip" in each)]
    _write_yaml(file, {**conda, "dependencies": [*others, {"pip": list(requirements)}]})


def python_env() -> dict[str, Any]:
    """The Python, and what builds packages for it, as ``python_env.yaml`` has them."""
    built = [f"{name}=={version}" if (version := _version(name)) else name for name in ("pip", "setuptools")]
    return {
        "python": platform.python_version(),
        "build_dependencies": [*built, "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }


def _pin(name: str) -> str:
    version = _version(name)
    # Labels such as +cpu are of one index only; others have the same release without.
    return f"{name}=={version.partition('+')[0]}" if version else name


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements(said: Sequence[str] | str | Path) -> tuple[list[str], list[str]]:
    """Requirements and constraints, from a list or a file, with the files they name read in."""
    if isinstance(said, str | Path):
        return _lines(_read(Path(said)), Path(said).parent)
    if not all(isinstance(each, str) for each in said):
        raise TypeError("Requirements must be a list of strings, or the path of a file")
    return _lines(list(said), Path())


def _lines(lines: Iterable[str], where: Path) -> tuple[list[str], list[str]]:
    requirements: list[str] = []
    constraints: list[str] = []
    for line in (each.partition(" #")[0].strip() for each in lines):
        option, _, rest = line.partition(" ")
        if option in ("-r", "--requirement"):
            more, held = _lines(_read(where / rest.strip()), (where / rest.strip()).parent)
            requirements += more
            constraints += held
        elif option in ("-c", "--constraint"):
            constraints += _lines(_read(where / rest.strip()), where)[0]
        elif line and not line.startswith("#"):
            requirements.append(line)
    return requirements, constraints


def _read(file: Path) -> list[str]:
    if not file.is_file():
        raise NotFound(f"There is no requirements file {str(file)!r}")
    return file.read_text(encoding="utf-8").splitlines()


def _conda(said: Mapping[str, Any] | str | Path) -> dict[str, Any]:
    if isinstance(said, Mapping):
        return dict(said)
    if not Path(said).is_file():
        raise NotFound(f"There is no conda environment file {str(said)!r}")
    found = read_yaml(Path(said), "The conda environment")
    if not isinstance(found, dict):
        raise BadRequest(f"The conda environment {str(said)!r} must be a YAML mapping")
    return found


def _with_mlflow(conda: dict[str, Any]) -> dict[str, Any]:
    dependencies = list(conda.get("dependencies") or [])
    pips = [each for each in dependencies if isinstance(each, dict) and "pip" in each]
    said = [*_pip_of(conda), *(each for each in dependencies if isinstance(each, str))]
    if any(name_of(each) == "mlflow" for each in said):
        return conda
    others = [each for each in dependencies if each not in pips]
    if not any(isinstance(each, str) and name_of(each) == "pip" for each in others):
        others.append("pip")
    return {**conda, "dependencies": [*others, {"pip": [f"mlflow=={FORMAT_VERSION}", *_pip_of(conda)]}]}


def _pip_of(conda: Mapping[str, Any]) -> list[str]:
    parts = [each["pip"] for each in conda.get("dependencies") or [] if isinstance(each, dict) and "pip" in each]
    return [str(line) for part in parts for line in part]


def _write_yaml(file: Path, said: Mapping[str, Any], *, sort: bool = True) -> None:
    import yaml

    file.write_text(yaml.safe_dump(dict(said), default_flow_style=False, sort_keys=sort), encoding="utf-8")
