"""What scripts do without thinking comes to the same with our client and server as with the genuine ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import QUIET, Pair
from tests.conformance.idioms import IDIOMS

SCRIPT = Path(__file__).with_name("idioms.py")
#: Idioms that come to something else on purpose, and what; a part of the headings of docs/reference/differences.md.
OTHERWISE: dict[str, Any] = {
    "a deleted run is not taken up": ["MlflowException", "INVALID_PARAMETER_VALUE"],
    "text is no metric": ["MlflowException", "INVALID_PARAMETER_VALUE"],
    "a run inside of a run must be nested": ["MlflowException", "INVALID_PARAMETER_VALUE"],
    "a status nobody knows ends no run": ["MlflowException", "INVALID_PARAMETER_VALUE"],
    "what is logged later may be refused": ["MlflowException", "INVALID_PARAMETER_VALUE"],
    "an artifact does not leave its run": ["MlflowException", "INVALID_PARAMETER_VALUE"],
}
#: Columns of moments have one type with us, whatever is in them.
_MOMENTS = ("a frame of no runs has columns too", "an unfinished run has no end")


@pytest.fixture(scope="module")
def came_of_them(
    servers: Pair, genuine_python: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What came of the idioms, with the genuine client and server and with ours."""
    return (
        _done(genuine_python, "mlflow", servers.genuine, tmp_path_factory.mktemp("genuine")),
        _done(sys.executable, "headrace", servers.ours, tmp_path_factory.mktemp("ours")),
    )


def _done(python: str, client: str, server: str, folder: Path) -> dict[str, Any]:
    environment = {**os.environ, **QUIET, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, str(SCRIPT), client, str(folder), server]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    found: dict[str, Any] = json.loads((folder / "idioms.json").read_text())
    return found


@pytest.mark.parametrize("name", [name for name in IDIOMS if name not in _MOMENTS])
def test_an_idiom_comes_to_the_same(name: str, came_of_them: tuple[dict[str, Any], dict[str, Any]]) -> None:
    genuine, ours = came_of_them
    assert ours[name] == OTHERWISE.get(name, genuine[name])


def test_what_is_said_to_differ_does(came_of_them: tuple[dict[str, Any], dict[str, Any]]) -> None:
    genuine, _ = came_of_them
    assert [name for name, said in OTHERWISE.items() if genuine[name] == said] == []


def test_columns_of_moments_are_moments_whatever_is_in_them(
    came_of_them: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _, ours = came_of_them
    empty, running = (ours[name] for name in _MOMENTS)
    assert {empty[2]["start_time"], empty[2]["end_time"], running[1]} == {running[1]}
    assert "UTC" in running[1]
