"""``headrace import`` as a user runs it, and the folder of MLflow that is taken over when it is opened."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.importing import database
from click.testing import CliRunner

from headrace.base.errors import HeadraceError
from headrace.cli.root import root
from headrace.schema.runs import CreateRun, GetRun, SearchRuns
from headrace.stores import open_store
from tests.moving import sources

HEADRACE = [sys.executable, "-m", "headrace"]


@pytest.fixture
def mlflow(tmp_path: Path) -> Path:
    """What MLflow 2.9 wrote: a folder with a database and an mlruns folder."""
    return sources.unpacked("2.9.2", tmp_path / "source")


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and the output of a command."""
    done = CliRunner().invoke(root, ["import", *arguments], catch_exceptions=False)
    return done.exit_code, done.output


def moved(mlflow: Path) -> str:
    return f"{sources.WRITTEN_AT}={mlflow}"


def test_the_report_counts_what_came_and_the_second_time_what_was_there(mlflow: Path, tmp_path: Path) -> None:
    arguments = [str(mlflow / "db/mlflow.db"), "--to", str(tmp_path / "to"), "--artifacts-from", moved(mlflow)]
    code, said = run(*arguments)
    assert code == 0
    assert "runs:               6 new" in said
    code, said = run(*arguments)
    assert code == 0
    assert "runs:               6 already there" in said
    assert "new" not in said


def test_what_does_not_come_over_is_named_and_ends_with_1(mlflow: Path, tmp_path: Path) -> None:
    code, said = run(str(mlflow / "db/mlflow.db"), "--to", str(tmp_path / "to"))
    assert code == 1
    assert "Did not come over:" in said
    assert "--artifacts-from /srv/mlflow/db/artifacts-of-one=FOLDER" in said


def test_the_report_as_json_names_every_kind(mlflow: Path, tmp_path: Path) -> None:
    code, said = run(
        str(mlflow / "files/mlruns"), "--to", str(tmp_path / "to"), "--artifacts-from", moved(mlflow), "--json"
    )
    told = json.loads(said)
    assert code == 0
    assert told["not_come_over"] == []
    assert told["counts"]["point"] == {"new": 101, "added_to": 0, "already_there": 0, "not_come_over": 0}
    assert told["counts"]["artifact"]["new"] == 4


def test_a_dry_run_writes_nothing(mlflow: Path, tmp_path: Path) -> None:
    to = tmp_path / "to"
    code, said = run(str(mlflow / "db/mlflow.db"), "--to", str(to), "--artifacts-from", moved(mlflow), "--dry-run")
    assert code == 0
    assert "6 found" in said
    assert not to.exists()


def test_an_experiment_that_the_source_does_not_have_is_told(mlflow: Path, tmp_path: Path) -> None:
    code, said = run(str(mlflow / "db/mlflow.db"), "--to", str(tmp_path / "to"), "--experiment", "nobody")
    assert code == 1
    assert "experiment (nobody): The source has no experiment of this name or id" in said


def test_a_folder_that_cannot_be_written_is_not_taken_over(mlflow: Path) -> None:
    folder = mlflow / "files" / "mlruns"
    (folder / "headrace.db.lock").mkdir()
    with pytest.raises(HeadraceError, match="--to ANOTHER"):
        open_store(str(folder))


def test_linked_artifacts_stay_where_they_are(mlflow: Path, tmp_path: Path) -> None:
    code, _ = run(str(mlflow / "db/mlflow.db"), "--to", str(tmp_path / "to"), "--link-artifacts")
    assert code == 0
    store = open_store(str(tmp_path / "to"))
    places = {
        str(found.info.artifact_uri) for found in store.send(SearchRuns(experiment_ids=["1"], run_view_type="ALL")).runs
    }
    store.close()
    assert all(place.startswith("file:///srv/mlflow/db/artifacts-of-one/") for place in places)


def test_files_of_the_same_size_are_compared_when_asked(mlflow: Path, tmp_path: Path) -> None:
    arguments = [str(mlflow / "files/mlruns"), "--to", str(tmp_path / "to"), "--artifacts-from", moved(mlflow)]
    assert run(*arguments)[0] == 0
    (changed,) = (mlflow / "files").rglob("a.txt")
    changed.write_text("other")
    assert run(*arguments)[0] == 0
    code, said = run(*arguments, "--verify")
    assert code == 1
    assert "a.txt): Another file is here under this name, and stays" in said


def test_artifacts_that_are_where_they_belong_are_not_touched(
    mlflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mlflow / "files"
    monkeypatch.chdir(folder)
    (made,) = (folder / "mlruns" / "0").glob("*/artifacts")
    (made / "a.txt").write_text("a")
    before = made.joinpath("a.txt").stat()
    code, said = run(str(folder / "mlruns"), "--to", f"sqlite:///{tmp_path}/to.db", "--artifacts-from", moved(mlflow))
    assert code == 0
    assert "runs and models are where this store keeps them already" in said
    assert made.joinpath("a.txt").stat() == before


def test_an_experiment_whose_id_is_taken_comes_over_under_another_and_is_told(mlflow: Path, tmp_path: Path) -> None:
    to = str(tmp_path / "to")
    run(str(sources.unpacked("1.30.0", tmp_path / "other") / "db/mlflow.db"), "--to", to)
    code, said = run(str(mlflow / "db/mlflow.db"), "--to", to, "--artifacts-from", moved(mlflow))
    assert code == 1
    assert "The experiment 'gone' has the id 3 here: 2 is that of another one." in said
    assert "experiment (1): Another experiment, 1, has the name 'one/first'; rename one of the two" in said
    assert "registered model (empty one, shop): Another registered model has this name" in said


def test_a_source_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(HeadraceError, match="There is no"):
        run(str(tmp_path / "nowhere"), "--to", str(tmp_path / "to"))


@pytest.mark.slow
def test_an_import_that_is_killed_is_taken_up_where_it_was(tmp_path: Path) -> None:
    file, to = tmp_path / "mlflow.db", f"sqlite:///{tmp_path}/to.db"
    database(file, 300_000)
    command = [*HEADRACE, "import", str(file), "--to", to, "--link-artifacts", "--json"]
    for _ in range(3):
        started = points_in(tmp_path / "to.db")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while process.poll() is None and points_in(tmp_path / "to.db") == started and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout)["counts"]
    assert counts["point"]["new"] + counts["point"]["already_there"] == 300_000
    assert points_in(tmp_path / "to.db") == 300_000
    with sqlite3.connect(tmp_path / "to.db") as there:
        assert there.execute("SELECT COUNT(*), SUM(points) FROM summaries").fetchone() == (300, 300_000)
    there.close()


def points_in(file: Path) -> int:
    """How many points a store has committed."""
    if not file.exists():
        return 0
    there = sqlite3.connect(file, timeout=30)
    try:
        return int(there.execute("SELECT COUNT(*) FROM points").fetchone()[0])
    except sqlite3.OperationalError:  # The tables are not there yet.
        return 0
    finally:
        there.close()


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_mlflow_is_taken_over_when_it_is_opened(mlflow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = mlflow / "files" / "mlruns"
    before = files_of(folder)
    store = open_store(str(folder))
    assert "Imported 6 runs with 101 points" in capsys.readouterr().err
    found = store.send(SearchRuns(experiment_ids=["0"], run_view_type="ALL")).runs
    assert [run.info.artifact_uri for run in found] == [f"{folder}/0/{found[0].info.run_id}/artifacts"]
    made = store.send(CreateRun(experiment_id="0")).run.info
    assert made.artifact_uri == f"{folder}/headrace/0/{made.run_id}/artifacts"
    store.close()
    after = files_of(folder)
    assert {path: after[path] for path in before} == before
    assert {path.name for path in after.keys() - before.keys()} == {"headrace.db"}
    again = open_store(str(folder))
    assert capsys.readouterr().err == ""
    again.close()


def test_a_folder_that_was_taken_over_can_be_moved(mlflow: Path, tmp_path: Path) -> None:
    folder = mlflow / "files" / "mlruns"
    open_store(str(folder)).close()
    folder.rename(tmp_path / "elsewhere")
    store = open_store(str(tmp_path / "elsewhere"))
    (found,) = store.send(SearchRuns(experiment_ids=["0"], run_view_type="ALL")).runs
    assert found.info.artifact_uri == f"{tmp_path}/elsewhere/0/{found.info.run_id}/artifacts"
    store.close()


@pytest.mark.slow
def test_many_processes_that_open_a_folder_at_once_take_it_over_once(mlflow: Path) -> None:
    folder = mlflow / "files" / "mlruns"
    program = (
        "import sys; from headrace.stores import open_store; from headrace.schema.runs import SearchRuns;"
        "print(len(open_store(sys.argv[1]).send(SearchRuns(experiment_ids=['0'], run_view_type='ALL')).runs))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in said] == ["1\n"] * 4
    assert sum("was written by MLflow" in errors for _, errors in said) == 1
    assert not [name for name in os.listdir(folder) if name.startswith("headrace.db.")]


def test_what_mlflow_wrote_since_comes_into_the_folder_by_an_import(mlflow: Path) -> None:
    folder = mlflow / "files" / "mlruns"
    open_store(str(folder)).close()
    run_id = next(path.name for path in (folder / "0").iterdir() if path.is_dir())
    (folder / "0" / run_id / "metrics" / "later").write_text("5 0.5 1\n")
    code, said = run(str(folder), "--to", str(folder))
    assert code == 0
    assert "points:             1 new, 101 already there" in said
    store = open_store(str(folder))
    assert store.send(GetRun(run_id=run_id)).run.data.metrics["later"] == 0.5
    store.close()
