"""The wheel, as somebody installs it who has nothing but its core dependencies."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import urllib3

from tests.databases import free_port
from tests.processes import serving

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--wheel", "--no-build-isolation", "--out-dir", str(folder), ".")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment with the wheel in it."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    run(UV, "venv", "--python", sys.executable, str(home))
    python = str(home / "bin" / "python")
    run(UV, "pip", "install", "--python", python, "--require-hashes", "-r", "requirements/core.txt")
    run(UV, "pip", "install", "--python", python, "--no-deps", str(wheel))
    return home / "bin"


def test_the_wheel_has_the_pages_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "headrace/server/static/index.html" in names
    assert [name for name in names if name.endswith("LICENSE")]
    assert not [name for name in names if name.startswith(("tests/", "ui/"))]


def test_the_core_alone_serves_and_logs(installed: Path, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    command = [str(installed / "headrace"), "server", "--port", url.rpartition(":")[2]]
    store = ["--backend-store-uri", str(tmp_path / "store")]
    script = (
        f"import headrace\nheadrace.set_tracking_uri({url!r})\nwith headrace.start_run(): headrace.log_metric('x', 1)"
    )
    with serving([*command, *store], url, tmp_path / "log"):
        with urllib3.PoolManager() as pool:
            assert b'id="root"' in pool.request("GET", url).data
        run(str(installed / "python"), "-W", "error", "-c", script)


def test_the_core_is_small(installed: Path) -> None:
    megabytes = sum(file.stat().st_size for file in installed.parent.rglob("*") if file.is_file()) / 1e6
    assert megabytes < 30
