"""The environment a model needs."""

from __future__ import annotations

import importlib.metadata
import pickle
from pathlib import Path
from typing import Any

import numpy
import pytest
import yaml

from headrace.base.errors import BadRequest, NotFound
from headrace.models.environment import Environment, environment_of, infer_pip_requirements

NUMPY = f"numpy=={importlib.metadata.version('numpy')}"
FIRST = "mlflow==3.17.2"


def saved(environment: Environment, folder: Path) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    environment.save(folder)
    return (
        (folder / "requirements.txt").read_text().splitlines(),
        yaml.safe_load((folder / "conda.yaml").read_text()),
        yaml.safe_load((folder / "python_env.yaml").read_text()),
    )


def test_what_is_needed_is_pinned_as_it_is_installed(tmp_path: Path) -> None:
    requirements, conda, python = saved(environment_of(["numpy", "not-installed-anywhere"]), tmp_path)
    assert requirements == [FIRST, "not-installed-anywhere", NUMPY]
    assert conda["name"] == "mlflow-env"
    assert conda["channels"] == ["conda-forge"]
    assert conda["dependencies"][-1] == {"pip": requirements}
    assert python["dependencies"] == ["-r requirements.txt"]
    assert list(yaml.safe_load((tmp_path / "python_env.yaml").read_text())) == [
        "python",
        "build_dependencies",
        "dependencies",
    ]


def test_what_the_user_says_takes_the_place_of_what_was_found() -> None:
    assert environment_of(["numpy"], pip_requirements=["scipy>=1"]).requirements == [FIRST, "scipy>=1"]
    assert environment_of(["numpy"], pip_requirements=[]).requirements == [FIRST]


def test_extra_requirements_stand_beside_what_was_found() -> None:
    assert environment_of(["numpy"], extra_pip_requirements=["scipy>=1"]).requirements == [FIRST, NUMPY, "scipy>=1"]
    assert environment_of(["numpy"], extra_pip_requirements=["NumPy<3"]).requirements == [FIRST, "NumPy<3"]


def test_an_mlflow_that_the_user_names_is_not_named_twice() -> None:
    assert environment_of([], pip_requirements=["mlflow[extras]>=3"]).requirements == ["mlflow[extras]>=3"]


def test_files_of_requirements_and_constraints_are_read_in(tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("numpy<3  # for now\n")
    (tmp_path / "more.txt").write_text("\n# a comment\nscipy\n")
    (tmp_path / "needs.txt").write_text("pandas\n-r more.txt\n-c held.txt\n")
    requirements, conda, _ = saved(environment_of([], pip_requirements=str(tmp_path / "needs.txt")), tmp_path)
    assert requirements == [FIRST, "pandas", "scipy", "-c constraints.txt"]
    assert (tmp_path / "constraints.txt").read_text() == "numpy<3"
    assert conda["dependencies"][-1] == {"pip": requirements}


def test_a_conda_environment_is_kept_and_gets_mlflow(tmp_path: Path) -> None:
    given = {"name": "own", "channels": ["conda-forge"], "dependencies": ["python=3.11", {"pip": ["scipy"]}]}
    requirements, conda, _ = saved(environment_of(["numpy"], conda_env=given), tmp_path)
    assert requirements == [FIRST, "scipy"]
    assert conda == {**given, "dependencies": ["python=3.11", "pip", {"pip": [FIRST, "scipy"]}]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(conda))
    assert environment_of([], conda_env=str(tmp_path / "own.yaml")).conda == conda


@pytest.mark.parametrize(
    "said",
    [
        {"conda_env": {}, "pip_requirements": []},
        {"conda_env": {}, "extra_pip_requirements": []},
        {"pip_requirements": [], "extra_pip_requirements": []},
    ],
)
def test_two_ways_to_say_it_exclude_each_other(said: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="either"):
        environment_of([], **said)


def test_what_a_saved_model_needs_is_read_off_its_pickles(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(numpy.eye(2)))
    assert infer_pip_requirements(str(tmp_path), "x", ["own==1", "scipy"]) == [NUMPY, "own==1", "scipy"]
    assert infer_pip_requirements(str(tmp_path / "model.pkl"), "x", ["numpy<9"]) == ["numpy<9"]


def test_a_file_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"nowhere\.txt"):
        environment_of([], pip_requirements="nowhere.txt")
    with pytest.raises(NotFound, match=r"nowhere\.yaml"):
        environment_of([], conda_env="nowhere.yaml")
