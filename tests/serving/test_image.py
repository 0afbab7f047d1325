"""The folder from which an image is built, and changes to what a model requires."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from sklearn.dummy import DummyClassifier

import headrace
import headrace as mlflow
from headrace.base.errors import HeadraceError, NotFound
from headrace.cli.models import models
from headrace.serving import image
from headrace.serving.environments import needed


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A saved model with requirements and constraints of its own."""
    (tmp_path / "held.txt").write_text("scipy<2\n")
    folder = tmp_path / "saved"
    model = DummyClassifier().fit([[1.0]], [1])
    said = ["mlflow==3.17.2", "scikit-learn>=1.4", "lightgbm", f"-c {tmp_path / 'held.txt'}"]
    mlflow.sklearn.save_model(model, str(folder), pip_requirements=said)
    return folder


def _run(*words: str) -> str:
    done = CliRunner().invoke(models, list(words), catch_exceptions=True)
    if isinstance(done.exception, HeadraceError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def _steps(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "Dockerfile").read_text().splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line]


def test_the_image_is_built_in_stages_and_serves_as_nobody(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "image"
    assert f"docker build {out}" in _run("generate-dockerfile", "-m", str(saved), "-d", str(out))
    steps = _steps(out)
    stages = [at for at, (word, _) in enumerate(steps) if word == "FROM"]
    assert len(stages) == 3
    python = needed(saved).python
    assert steps[stages[1]][1] == f"docker.io/library/python:{python}-slim AS build"
    last = steps[stages[2] :]
    assert ("USER", "10001") in last
    assert last.index(("USER", "10001")) < next(at for at, (word, _) in enumerate(last) if word == "ENTRYPOINT")
    # uv and what it needs stay behind.
    assert not any("uv" in shlex.split(said) for _, said in last if "COPY" not in said)
    assert json.loads(dict(last)["ENTRYPOINT"])[:3] == ["headrace", "models", "serve"]
    assert json.loads(dict(last)["HEALTHCHECK"].removeprefix("CMD "))[:2] == ["python", "-c"]
    assert any(word == "RUN" and "libgomp1" in said for word, said in last)
    installs = [said for word, said in steps if word == "RUN" and "uv pip install" in said]
    assert len(installs) == 1
    assert f"headrace[models]=={headrace.__version__}" in shlex.split(installs[0])


def test_everything_that_is_copied_is_there(saved: Path, tmp_path: Path) -> None:
    home = tmp_path / "checkout"
    (home / ".git").mkdir(parents=True)
    (home / "pyproject.toml").touch()
    out = tmp_path / "image"
    _run("generate-dockerfile", "-m", str(saved), "-d", str(out), "--mlflow-home", str(home), "--install-java")
    copied = [said.split() for word, said in _steps(out) if word == "COPY" and "--from" not in said]
    names = [name for words in copied for name in words[:-1] if not name.startswith("--")]
    assert sorted(names) == ["constraints.txt", "headrace", "model_dir", "requirements.txt"]
    assert all((out / name).exists() for name in names)
    assert not (out / "headrace" / ".git").exists()
    assert (out / "requirements.txt").read_text() == "scikit-learn>=1.4\nlightgbm\n"
    assert (out / "constraints.txt").read_text() == "scipy<2\n"
    assert mlflow.pyfunc.load_model(str(out / "model_dir")).predict([[1.0]]).tolist() == [1]
    assert "default-jre-headless" in (out / "Dockerfile").read_text()


def test_a_link_out_of_the_model_brings_nothing_into_the_image(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (saved / "notes.txt").symlink_to(tmp_path / "secret")
    (saved / "manifest.sha256").unlink()
    _run("generate-dockerfile", "-m", str(saved), "-d", str(tmp_path / "image"))
    assert (tmp_path / "image" / "model_dir" / "notes.txt").is_symlink()


def test_a_folder_that_holds_something_is_left_as_it_is(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "mine").touch()
    with pytest.raises(HeadraceError, match="not empty"):
        _run("generate-dockerfile", "-m", str(saved), "-d", str(tmp_path / "image"))
    assert [file.name for file in (tmp_path / "image").iterdir()] == ["mine"]


def test_a_version_of_python_that_is_none_does_not_come_into_the_file(saved: Path, tmp_path: Path) -> None:
    (saved / "python_env.yaml").write_text('python: "3.11\\nRUN true"\n')
    with pytest.raises(HeadraceError, match="must name a version of Python"):
        needed(saved)


def test_requirements_are_added_in_place_of_others_and_removed(saved: Path) -> None:
    said = _run("update-pip-requirements", "-m", str(saved), "add", "scikit-learn==1.5", "pandas>=2")
    assert "are changed" in said
    lines = (saved / "requirements.txt").read_text().splitlines()
    assert "scikit-learn==1.5" in lines
    assert "scikit-learn>=1.4" not in lines
    assert "pandas>=2" in lines
    _run("update-pip-requirements", "-m", str(saved), "remove", "pandas")
    assert "pandas" not in (saved / "requirements.txt").read_text()


@pytest.mark.parametrize(
    "name",
    ["digits", "team/digits:1", "localhost:5000/a/b", "registry.example.com/a_b/c--d:v1.2-x", f"a@sha256:{'0' * 64}"],
)
def test_names_of_images_are_those_of_the_oci(name: str) -> None:
    assert image.image_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-t", "--network=host", "A/b", "a b", "a\nRUN true", "a:", "a@sha256:0", "../a", "a//b"]
)
def test_what_is_no_name_of_an_image_is_refused(name: str, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(HeadraceError, match="not the name of an image"):
        image.image_name(name)
    if name:
        with pytest.raises(HeadraceError, match="not the name of an image"):
            _run("generate-dockerfile", "-m", str(saved), "-d", str(tmp_path / "image"), f"--base-image={name}")


def test_an_image_without_a_model_serves_what_is_put_there(tmp_path: Path) -> None:
    _run("generate-dockerfile", "-d", str(tmp_path / "image"), "--base-image", "registry.example.com/python:3.12")
    steps = _steps(tmp_path / "image")
    assert (
        sum((word, said.partition(" AS")[0]) == ("FROM", "registry.example.com/python:3.12") for word, said in steps)
        == 2
    )
    assert json.loads(dict(steps)["ENTRYPOINT"])[-2:] == ["--env-manager", "uv"]
    assert not (tmp_path / "image" / "model_dir").exists()
    assert "uv" in (tmp_path / "image" / "requirements.txt").read_text().split()


def test_an_engine_that_is_not_there_is_said(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFound, match="docker, podman or buildah"):
        _run("build-docker", "-m", str(saved), "-n", "digits")
    monkeypatch.setenv("HEADRACE_IMAGE_BUILDER", "podman")
    with pytest.raises(NotFound, match="not installed"):
        _run("build-docker", "-m", str(saved), "-n", "digits")
    monkeypatch.setenv("HEADRACE_IMAGE_BUILDER", "sh")
    with pytest.raises(HeadraceError, match="must be one of"):
        _run("build-docker", "-m", str(saved), "-n", "digits")


def test_an_engine_that_fails_is_said(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "buildah").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit 3\n')
    (tmp_path / "bin" / "buildah").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("HEADRACE_IMAGE_BUILDER", "buildah")
    with pytest.raises(HeadraceError, match="exit code 3"):
        _run("build-docker", "-m", str(saved), "-n", "digits", "--network", "host")
    assert (tmp_path / "asked").read_text().startswith("build --format docker --network host -t digits /")
    with pytest.raises(HeadraceError, match="name of a network"):
        _run("build-docker", "-m", str(saved), "-n", "digits", "--network", "--privileged")
