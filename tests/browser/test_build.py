"""What the build of the pages leaves behind, and what it may depend on."""

from __future__ import annotations

import gzip
import json
import re

from tests.browser.conftest import STATIC

ROOT = STATIC.parents[4]
ASSETS = STATIC.parent / "assets"


def packed(pattern: str) -> int:
    """The bytes on the wire of the built files that match."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in ASSETS.glob(pattern))


def test_the_page_holds_no_script_and_no_style_of_its_own() -> None:
    page = STATIC.read_text(encoding="utf-8")
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)


def test_nothing_built_names_a_foreign_host() -> None:
    known = ("http://www.w3.org/", "https://react.dev/", "https://tanstack.com/")
    for path in ASSETS.glob("*.js"):
        hosts = re.findall(r"https?://[\w.-]+\.[a-z]{2,}[^\s\"'`)]*", path.read_text(encoding="utf-8"))
        assert [host for host in hosts if not host.startswith(known)] == [], path.name


def test_the_chart_is_a_chunk_of_its_own_and_small() -> None:
    assert 10_000 < packed("Plot-*.js") < 40_000


def test_every_text_of_some_size_is_there_compressed_too() -> None:
    large = [path for path in ASSETS.iterdir() if path.suffix in (".js", ".css") and path.stat().st_size > 1000]
    assert large
    for path in large:
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes()


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "ui" / "package-lock.json").read_text(encoding="utf-8"))
    assert len(lock["packages"]) > 10
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_exact_versions_are_asked_for() -> None:
    package = json.loads((ROOT / "ui" / "package.json").read_text(encoding="utf-8"))
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
