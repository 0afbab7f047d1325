"""``make demo`` does what it says, and every program in the documents runs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.databases import free_port
from tests.processes import PATIENCE, Running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEMO = [sys.executable, str(ROOT / "examples" / "demo.py")]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_demo_ends_well_even_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [*DEMO, "--once", "--home", str(tmp_path), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Port {port} is taken" in done.stdout
    assert "the same answers over HTTP as in this process" in done.stdout
    assert "<- digits version 1, champion" in done.stdout
    assert done.stderr == ""


def test_the_demo_stays_until_ctrl_c(tmp_path: Path) -> None:
    command = [*DEMO, "--home", str(tmp_path), "--port", str(free_port())]
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + 2 * PATIENCE
        while "Ctrl-C ends them" not in log.read_text():
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        os.kill(running.pid, signal.SIGINT)
        assert running.wait(timeout=60) == 0
    finally:
        running.kill()
        running.wait()
    assert "Traceback" not in log.read_text()
    for url in re.findall(r"http://127\.0\.0\.1:(\d+)", log.read_text()):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url))) != 0, f"port {url} is still served"


@pytest.mark.parametrize("page", ["README.md", "docs/start/first-run.md"])
def test_the_programs_in_the_documents_run(page: str, server: Running, tmp_path: Path) -> None:
    blocks = _BLOCK.findall((ROOT / page).read_text())
    assert blocks
    script = tmp_path / "script.py"
    script.write_text("\n".join(blocks).replace("http://127.0.0.1:5000", server.url))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
