"""The image of a model, built for real by buildah and asked for a prediction."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

import headrace as mlflow
from tests.databases import free_port
from tests.processes import serving
from tests.serving.conftest import HEADRACE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("buildah") is None
        or os.geteuid() != 0
        or shutil.which("uv", path=Path(sys.executable).parent) is None,
        reason="needs buildah, uv and root",
    ),
]
HOME = Path(__file__).parents[2]
_PROGRAMS = ("sh", "find", "rm", "useradd", "mkdir")


def _libraries(file: Path) -> set[Path]:
    """The shared libraries that a program of this machine wants."""
    said = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False).stdout
    words = [word for line in said.splitlines() for word in line.split() if word.startswith("/")]
    return {Path(word) for word in words}


def _machine(root: Path) -> None:
    """Fill ``root`` with a Python and the few programs that a Dockerfile runs, from this machine."""
    prefix, version = Path(sys.base_prefix), f"python3.{sys.version_info.minor}"
    (root / "usr/local/bin").mkdir(parents=True)
    shutil.copy2(prefix / "bin" / version, root / "usr/local/bin/python3")
    left = shutil.ignore_patterns("test", "tests", "site-packages", "dist-packages", "__pycache__", "config-3*")
    shutil.copytree(sysconfig.get_path("stdlib"), root / "usr/local/lib" / version, ignore=left)
    found = {Path(path) for name in _PROGRAMS if (path := shutil.which(name))}
    modules = (root / "usr/local/lib" / version / "lib-dynload").glob("*.so")
    wanted = {each for file in [prefix / "bin" / version, *found, *modules] for each in _libraries(file)}
    # What ldd does not tell: libc opens libraries by itself that look up hosts and users, and wheels count on the rest.
    home = next(lib.parent for lib in wanted if lib.name.startswith("libc."))
    for name in ("nss_*", "stdc++", "gcc_s", "rt", "dl", "pthread", "util", "m", "resolv"):
        wanted |= set(home.glob(f"lib{name}.so*"))
    for file in found | wanted:
        target = root / file.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    for name in ("etc", "tmp", "home", "bin"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    if not (root / "bin/sh").exists():
        (root / "bin/sh").symlink_to(shutil.which("sh") or "/usr/bin/sh")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    certificates = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    shutil.copy2(certificates, root / "etc/certificates.crt")


@pytest.fixture
def buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store of images of its own, with an image of uv and one of Python in it."""
    (tmp_path / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/graph"\nrunroot = "{tmp_path}/run"\n'
    )
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    monkeypatch.setenv("BUILDAH_ISOLATION", "chroot")
    monkeypatch.setenv("HEADRACE_IMAGE_BUILDER", "buildah")
    monkeypatch.delenv("STORAGE_DRIVER", raising=False)
    _machine(tmp_path / "root")
    (tmp_path / "uv").mkdir()
    shutil.copy2(Path(sys.executable).with_name("uv"), tmp_path / "uv" / "uv")
    from headrace.serving import image

    bases = {
        f"ghcr.io/astral-sh/uv:{image._UV}": ("uv", []),
        "test/python:here": (
            "root",
            ["--env", "SSL_CERT_FILE=/etc/certificates.crt", "--env", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin"],
        ),
    }
    for name, (folder, config) in bases.items():
        made = _buildah("from", "scratch")
        _buildah("add", "-q", made, str(tmp_path / folder), "/")
        _buildah("config", *config, made)
        _buildah("commit", "-q", "--rm", made, name)
    yield tmp_path
    _buildah("rm", "--all")
    _buildah("rmi", "--all", "--force")


def _buildah(*words: str) -> str:
    return subprocess.run(["buildah", *words], capture_output=True, text=True, check=True).stdout.strip()


def test_an_image_is_built_and_serves_the_model_as_nobody(buildah: Path, tmp_path: Path) -> None:
    script = tmp_path / "who.py"
    script.write_text(
        "import os\nfrom mlflow.models import set_model\nfrom mlflow.pyfunc import PythonModel\n\n\n"
        "class Who(PythonModel):\n    def predict(self, context, model_input):\n"
        "        return [os.getuid(), os.path.exists('/usr/local/bin/uv')]\n\n\nset_model(Who())\n"
    )
    mlflow.pyfunc.save_model(str(tmp_path / "saved"), python_model=str(script), pip_requirements=["mlflow", "numpy"])
    done = subprocess.run(
        [HEADRACE, "models", "build-docker", "-m", str(tmp_path / "saved"), "-n", "test/who:1",
         "--base-image", "test/python:here", "--headrace-home", str(HOME), "--network", "host"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    config = json.loads(_buildah("inspect", "--type", "image", "test/who:1"))["Docker"]["config"]
    assert config["User"] == "10001"
    assert "8080/tcp" in config["ExposedPorts"]
    assert "Healthcheck" in config
    port = free_port()
    made = _buildah("from", "test/who:1")
    words = [*config["Entrypoint"], "serve"]
    command = ["buildah", "run", "--env", f"HEADRACE_PORT={port}", made, "--", *words]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log", env=dict(os.environ)) as running:
        answer = urllib3.request("POST", f"{running.url}/invocations", json={"inputs": [1]})
        assert answer.json() == {"predictions": [10001, False]}
