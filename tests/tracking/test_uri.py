"""Where a process tracks, and what becomes of its runs when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace
from headrace import MlflowClient
from headrace.base.errors import NotSupported
from headrace.tracking import uri


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the test's own, where nobody has said anything."""
    for name in ("TRACKING_URI", "REGISTRY_URI", "EXPERIMENT_ID", "EXPERIMENT_NAME", "RUN_ID"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
        monkeypatch.delenv(f"HEADRACE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    headrace.set_tracking_uri("")
    yield tmp_path
    headrace.set_registry_uri("")
    headrace.set_tracking_uri("")
    uri.close_stores()


def _script(text: str, *arguments: str, code: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    return done.stdout.strip()


def test_tracking_is_in_mlruns_unless_told(here: Path) -> None:
    assert not headrace.is_tracking_uri_set()
    assert headrace.get_tracking_uri() == str(here / "mlruns")
    with headrace.start_run():
        headrace.log_text("x", "x.txt")
    assert (here / "mlruns" / "headrace.db").exists()


def test_the_default_does_not_move_with_the_current_folder(here: Path) -> None:
    first = headrace.get_tracking_uri()
    (here / "elsewhere").mkdir()
    os.chdir(here / "elsewhere")
    assert headrace.get_tracking_uri() == first


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI", "HEADRACE_TRACKING_URI"])
def test_the_environment_says_where(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "sub/records")
    assert headrace.is_tracking_uri_set()
    assert headrace.get_tracking_uri() == str(here / "sub" / "records")
    assert headrace.get_registry_uri() == str(here / "sub" / "records")


def test_what_the_script_says_wins_and_child_processes_hear_of_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_TRACKING_URI", "sqlite:///env.db")
    headrace.set_tracking_uri("sqlite:///said.db")
    assert headrace.get_tracking_uri() == "sqlite:///said.db"
    assert _script("import headrace; print(headrace.get_tracking_uri())") == "sqlite:///said.db"


@pytest.mark.parametrize("spelling", ["records", "./records", "{}/records", "file://{}/records", "sqlite:///{}/r.db"])
def test_a_place_may_be_spelled_so(spelling: str, here: Path) -> None:
    headrace.set_tracking_uri(spelling.format(here))
    with headrace.start_run() as run:
        headrace.log_text("x", "x.txt")
    assert headrace.artifacts.load_text(f"runs:/{run.info.run_id}/x.txt") == "x"
    assert headrace.get_run(run.info.run_id).info.status == "FINISHED"


def test_the_registry_may_be_elsewhere(here: Path) -> None:
    headrace.set_tracking_uri(here / "tracking")
    headrace.set_registry_uri(str(here / "registry"))
    headrace.MlflowClient().create_registered_model("m")
    assert MlflowClient(tracking_uri=str(here / "registry")).get_registered_model("m").name == "m"
    assert MlflowClient(tracking_uri=str(here / "elsewhere")).get_registered_model("m").name == "m"
    headrace.set_registry_uri("")
    assert MlflowClient(tracking_uri=str(here / "tracking")).search_registered_models() == []


@pytest.mark.parametrize(
    ("end", "code", "status"), [("", 0, "FINISHED"), ("raise ValueError('x')", 1, "FAILED"), ("exit(0)", 0, "FINISHED")]
)
def test_a_run_left_open_ends_with_its_process(here: Path, end: str, code: int, status: str) -> None:
    run_id = _script(
        f"import headrace\nprint(headrace.start_run().info.run_id, flush=True)\nheadrace.log_metric('m', 1)\n{end}",
        code=code,
    )
    found = headrace.get_run(run_id)
    assert (found.info.status, found.data.metrics) == (status, {"m": 1.0})


def test_a_library_may_look_for_open_runs_while_python_shuts_down(here: Path) -> None:
    text = """
import headrace
class Callback:
    def __init__(self):
        self.headrace = headrace
    def __del__(self):
        assert callable(self.headrace.end_run)
        while self.headrace.active_run():
            self.headrace.end_run()
        print("looked")
callback = Callback()
print(headrace.start_run().info.run_id)
"""
    run_id, looked = _script(text).split()
    assert looked == "looked"
    assert headrace.get_run(run_id).info.status == "FINISHED"


def test_a_forked_child_logs_to_its_parents_run_and_does_not_end_it(here: Path) -> None:
    text = """
import os, sys, headrace
run = headrace.start_run()
headrace.log_metric("parent", 1)
child = os.fork()
if child == 0:
    headrace.log_metric("child", 2)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
print(headrace.get_run(run.info.run_id).info.status)
headrace.log_metric("parent", 3, step=1)
headrace.end_run()
print(run.info.run_id)
"""
    status, run_id = _script(text).split()
    assert status == "RUNNING"
    found = headrace.get_run(run_id)
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"parent": 3.0, "child": 2.0})


def test_processes_may_log_to_one_folder_at_once(here: Path) -> None:
    text = "import headrace\nwith headrace.start_run():\n    for n in range(20): headrace.log_metric('m', n, step=n)"
    running = [subprocess.Popen([sys.executable, "-W", "error", "-c", text]) for _ in range(4)]
    assert [each.wait(timeout=120) for each in running] == [0, 0, 0, 0]
    runs = headrace.search_runs(output_format="list")
    assert [run.data.metrics for run in runs] == [{"m": 19.0}] * 4


@pytest.mark.parametrize("word", ["databricks", "databricks://profile", "databricks-uc"])
def test_a_service_that_is_not_spoken_to_is_not_taken_for_a_folder(word: str, here: Path) -> None:
    with pytest.raises(NotSupported, match="Databricks"):
        headrace.set_tracking_uri(word)
    assert list(here.iterdir()) == []


def test_a_library_that_is_not_installed_is_named_with_what_to_do(here: Path) -> None:
    text = """
import sys, headrace
sys.modules["pandas"] = sys.modules["PIL"] = None
for ask in (headrace.search_runs, lambda: headrace.log_image([[0]], "x.png")):
    try:
        ask()
    except ModuleNotFoundError as error:
        print(error)
print(headrace.search_runs(output_format="list"))
"""
    pandas, pillow, _ = _script(text).splitlines()
    assert "pip install pandas" in pandas
    assert "pip install pillow" in pillow
