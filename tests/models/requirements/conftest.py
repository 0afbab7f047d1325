"""Distributions that are installed only for these tests: a namespace that two share, and others that are unusual."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Distribution, its files, and what else its metadata folder has.
_INSTALLED: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("acme-tools", {"acme_space/tools.py": "A = 1", "acme_space/deep/one.py": "B = 1"}, {}),
    ("acme-store", {"acme_space/store.py": "A = 2", "acme_space/deep/two.py": "B = 2"}, {}),
    ("Fancy.Name", {"fancy_module.py": "A = 3"}, {}),
    ("declares-its-top", {"declared_top/__init__.py": "A = 4"}, {"top_level.txt": "declared_top\n"}),
    ("one-build", {"built_twice/__init__.py": "A = 5"}, {}),
    ("one-build-headless", {"built_twice/__init__.py": "A = 5"}, {}),
]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, files, metadata in _INSTALLED:
        _install(folder, name, files, metadata)
    project = tmp_path_factory.mktemp("project") / "src"
    (project / "edited_package").mkdir(parents=True)
    (project / "edited_package/__init__.py").write_text("A = 6")
    (folder / "__editable__.edited.pth").write_text(f"{project}\n")
    direct = json.dumps({"dir_info": {"editable": True}, "url": project.parent.as_uri()})
    _install(folder, "edited-project", {"__editable__.edited.pth": f"{project}\n"}, {"direct_url.json": direct})
    mapped = project.parent / "mapped_package"
    mapped.mkdir()
    (mapped / "__init__.py").write_text("A = 7")
    finder = f"MAPPING: dict[str, str] = {{'mapped_package': {str(mapped)!r}}}\n"
    _install(folder, "mapped-project", {"__editable___mapped_finder.py": finder}, {})
    return folder


@pytest.fixture(autouse=True)
def installed(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The distributions on the path, and a folder of the user's own before them."""
    own = tmp_path / "own"
    own.mkdir()
    for folder in (site.parent / "project0", site.parent / "project0/src", site, own):
        monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    importlib.invalidate_caches()
    yield own
    for name in set(sys.modules) - before:
        if str(own) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def _install(folder: Path, name: str, files: dict[str, str], metadata: dict[str, str]) -> None:
    home = folder / f"{name.replace('-', '_')}-1.5.dist-info"
    home.mkdir()
    said = {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n\nname: not this\n", **metadata}
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    for file, text in said.items():
        (home / file).write_text(text)
    lines = [*files, *(f"{home.name}/{file}" for file in said), f"{home.name}/RECORD"]
    (home / "RECORD").write_text("".join(f"{line},,\n" for line in lines))
