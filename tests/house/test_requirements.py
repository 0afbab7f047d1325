"""What is pinned fits what is asked for, and nothing committed belongs to one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINNED = {"core": [], "sklearn": ["sklearn"], "dev": ["dev"]}
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
#: Hosts of package indexes, and folders of one machine: none of them belongs into a file that others get.
_FOREIGN = re.compile(
    r"pypi\.(org|python)|pythonhosted|registry\.npm|--(extra-)?index-url|/root/\.|(?<![\w.-])/work/|/opt/pypi"
)


def asked_for(extras: list[str]) -> list[Requirement]:
    """The distributions that the package and some of its extras need, extras that name extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found, names = [Requirement(text) for text in project["dependencies"]], list(extras)
    for name in names:
        for text in project["optional-dependencies"][name]:
            requirement = Requirement(text)
            if requirement.name == project["name"]:
                names.extend(sorted(requirement.extras))
            else:
                found.append(requirement)
    return found


@pytest.mark.parametrize("name", PINNED)
def test_pins_fit_what_is_asked_for(name: str) -> None:
    pinned: dict[str, set[str]] = {}
    for distribution, version in _PIN.findall((ROOT / f"requirements/{name}.txt").read_text()):
        pinned.setdefault(canonicalize_name(distribution), set()).add(version)
    wrong = [
        str(requirement)
        for requirement in asked_for(PINNED[name])
        if not any(requirement.specifier.contains(each) for each in pinned.get(canonicalize_name(requirement.name), ()))
    ]
    assert not wrong, "run `make requirements`"


def test_the_core_stays_small() -> None:
    assert len(_PIN.findall((ROOT / "requirements/core.txt").read_text())) < 12


def test_every_pin_has_a_hash() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        blocks = re.split(r"\n(?=\S)", file.read_text())
        assert not [block for block in blocks if "==" in block.partition("\n")[0] and "--hash=sha256:" not in block]


def test_nothing_committed_belongs_to_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    found = []
    for name in filter(None, listed.split("\0")):
        file = ROOT / name
        if not file.is_file() or file == Path(__file__):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image or another binary asset
        found += [f"{name}: {each[0]}" for each in _FOREIGN.finditer(text)]
    assert not found
