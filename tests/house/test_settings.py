"""Every setting is told of, and every environment variable of MLflow's is either a setting or said to be none."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from headrace.cli.root import root

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
VARIABLES = (Path(__file__).parent / "assets" / "mlflow_variables.txt").read_text(encoding="utf-8").split()

_NAMED = re.compile(r"`([A-Za-z_0-9*]+)`")
_READ = re.compile(r"settings\.(?:text|number|flag|fraction)\(\s*\"([A-Z0-9_]+)\"")
_TOLD, _, _IN_VAIN = PAGE.partition("## Variables of MLflow's that change nothing here")
TOLD = {name for line in _TOLD.splitlines() if line.startswith("|") for name in _NAMED.findall(line.split("|")[1])}
IN_VAIN = {
    name for line in _IN_VAIN.splitlines() if line.startswith("|") for name in _NAMED.findall(line.split("|")[1])
}


def _read_somewhere() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "src" / "headrace").rglob("*.py"))
    return {name for source in sources for name in _READ.findall(source)}


def _variables_of(command: click.Command) -> set[str]:
    """The variables that options of a command, and of those below it, can be given by."""
    said = [each.envvar or () for each in command.params]
    found = {name for each in said for name in ([each] if isinstance(each, str) else each)}
    if isinstance(command, click.Group):
        context = click.Context(command)
        below = [command.get_command(context, name) for name in command.list_commands(context)]
        found |= {name for each in below if each is not None for name in _variables_of(each)}
    return found


OPTIONS = _variables_of(root)


def test_every_setting_that_is_read_is_told_of() -> None:
    assert not _read_somewhere() - TOLD


def test_every_setting_that_is_told_of_is_read() -> None:
    whole = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "headrace").rglob("*.py"))
    assert not [name for name in TOLD if f'"{name}"' not in whole and f'"HEADRACE_{name}"' not in whole]


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_of_mlflows_is_a_setting_or_said_to_be_none(variable: str) -> None:
    name = variable.removeprefix("MLFLOW_")
    used = name in TOLD or variable in OPTIONS
    in_vain = [each for each in IN_VAIN if fnmatch(name, each)]
    assert used or in_vain
    assert not (name in TOLD and name in in_vain), "it is told of twice"


def test_what_is_said_to_change_nothing_is_a_variable_of_mlflows() -> None:
    names = [variable.removeprefix("MLFLOW_") for variable in VARIABLES]
    assert [each for each in IN_VAIN if not any(fnmatch(name, each) for name in names)] == []
