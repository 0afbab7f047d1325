"""The documents are today's, and name everything there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.schema import CALLS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]*)(#[^)\s]*)?\)")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, cwd=ROOT)


def test_what_is_made_from_the_calls_is_todays() -> None:
    done = run("-m", "headrace.wire", "--check")
    assert done.returncode == 0, done.stderr


def test_the_reference_is_todays() -> None:
    done = run("docs/generate.py", "--check")
    assert done.returncode == 0, done.stderr


def test_the_reference_names_every_call() -> None:
    said = (ROOT / "docs/reference/calls.md").read_text()
    assert not [name for name in CALLS if f"### {name}\n" not in said]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [(target, anchor) for target, anchor in _LINK.findall(page.read_text()) if "://" not in target]
    broken = []
    for target, anchor in links:
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and anchor[1:] not in anchors(there)):
            broken.append(target + anchor)
    assert not broken


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
