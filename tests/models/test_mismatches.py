"""What a model requires beside what is installed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.models import mismatches

REAL = mismatches.installed
HERE = {"a": "2.4.6", "b": "1.0+cpu", "c-d": "3"}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mismatches, "installed", lambda name: HERE.get(mismatches.name_of(name)))


@pytest.mark.parametrize(
    "met",
    ["a", "a==2.4.6", "a>=2,<3", "a~=2.4", "a==2.*", "a!=2.4", "a[x]>2.4", "b==1.0", "b==1.0+cpu", "C_D>=3.0.0",
     "mlflow==1", "", "# a==1", "-c constraints.txt", "wheels/a-1-py3-none-any.whl", "z; python_version<'3'", "a @ https://host/a.whl"],
)  # fmt: skip
def test_what_is_met_or_cannot_be_known_is_not_told(met: str) -> None:
    assert not list(mismatches.mismatches([met]))


@pytest.mark.parametrize(
    "missed", ["a==2.4", "a>2.4.6", "a<2", "a>=2,<2.4", "a~=2.3.0", "a==1.*", "a!=2.*", "b==1.1", "z", "z==1"]
)
def test_what_is_not_met_is_told_with_what_is_here(missed: str) -> None:
    (said,) = mismatches.mismatches([missed])
    assert said.startswith(missed)
    assert said.endswith("is not installed") if missed.startswith("z") else HERE[missed[0]] in said


def test_loading_tells_of_other_versions_unless_it_shall_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mlflow.pyfunc.save_model(str(tmp_path / "m"), python_model=lambda x: x, pip_requirements=["a==1", "b"])
    with caplog.at_level(logging.WARNING, "headrace.models.mismatches"):
        mlflow.pyfunc.load_model(str(tmp_path / "m"), suppress_warnings=True)
        assert not caplog.messages
        mlflow.pyfunc.load_model(str(tmp_path / "m"))
    (said,) = caplog.messages
    assert "a==1, and 2.4.6 is installed" in said


def test_versions_are_those_of_the_installers() -> None:
    import importlib.metadata

    mismatches._versions.cache_clear()
    for name in ("numpy", "scikit-learn", "PyYAML", "click"):
        assert REAL(name) == importlib.metadata.version(name)
    assert REAL("nothing-of-the-kind") is None
