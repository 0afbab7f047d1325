"""Experiments, runs, artifacts and datasets at the command line."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from headrace.cli import main
from headrace.cli.root import root
from headrace.tracking import uri
from headrace.tracking.client import MlflowClient

#: The options MLflow 3.17.2 has, apart from those of traces, by command.
OPTIONS = """
artifacts download: --run-id -r --artifact-path -a --artifact-uri -u --dst-path -d
artifacts list: --run-id -r --artifact-path -a
artifacts log-artifact: --local-file -l --run-id -r --artifact-path -a
artifacts log-artifacts: --local-dir -l --run-id -r --artifact-path -a
datasets list: --experiment-id -x --filter-string --max-results --order-by --page-token --output
experiments create: --experiment-name -n --artifact-location -l
experiments csv: --experiment-id -x --filename -o
experiments delete: --experiment-id -x
experiments get: --experiment-id -x --experiment-name -n --output
experiments rename: --experiment-id -x --new-name
experiments restore: --experiment-id -x
experiments search: --view -v --max-results
runs create: --experiment-id --experiment-name --run-name --description --tags -t --status --parent-run-id
runs delete: --run-id
runs describe: --run-id
runs list: --experiment-id --view -v
runs restore: --run-id
"""


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a store of this test's own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "records"))
    for choice in ("_tracking", "_registry", "_default"):
        monkeypatch.setattr(uri, choice, None)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        code = ended.value.code
        return Done(code, out, err) if isinstance(code, int) else Done(1, out, err + str(code))

    return command


@pytest.fixture
def client(run: Run, tmp_path: Path) -> MlflowClient:
    """A client of the same store."""
    return MlflowClient(str(tmp_path / "records"))


@pytest.fixture
def two_runs(client: MlflowClient) -> tuple[str, str]:
    """Two runs that differ in a param and a metric."""
    ids = []
    for number in (1, 2):
        run_id = client.create_run("0", run_name=f"run {number}").info.run_id
        client.log_param(run_id, "depth", 3)
        client.log_param(run_id, "rate", number / 10)
        for step in range(50):
            client.log_metric(run_id, "loss", number / (step + 1), step=step, timestamp=1000 + step)
        client.log_metric(run_id, "odd", float("nan"), step=0, timestamp=1)
        client.log_text(run_id, "hello", "folder/greeting.txt")
        client.set_terminated(run_id)
        ids.append(run_id)
    return ids[0], ids[1]


@pytest.mark.parametrize("line", OPTIONS.strip().splitlines(), ids=lambda line: line.partition(":")[0])
def test_the_options_of_mlflow_are_taken(line: str) -> None:
    names, _, options = line.partition(":")
    command: click.Command | None = root
    for name in names.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    taken = {flag for param in command.params for flag in param.opts}
    assert not set(options.split()) - taken


def test_an_experiment_lives_and_dies(run: Run) -> None:
    assert run("experiments", "create", "-n", "first").out == "Created experiment 'first' with id 1\n"
    again = run("experiments", "create", "-n", "first")
    assert (again.code, again.err) == (1, "Error: An experiment has the name 'first' already")
    assert run("experiments", "get", "-n", "first", "--output", "json").json()["experiment_id"] == "1"
    assert "Name               : first\n" in run("experiments", "get", "-x", "1").out
    assert run("experiments", "rename", "-x", "1", "--new-name", "second").code == 0
    assert run("experiments", "delete", "-x", "1").code == 0
    assert [each["name"] for each in run("experiments", "search", "--json").json()] == ["Default"]
    assert [each["name"] for each in run("experiments", "search", "-v", "deleted_only", "--json").json()] == ["second"]
    assert run("experiments", "restore", "-x", "1").code == 0
    lines = run("experiments", "search").out.splitlines()
    assert lines[0].split() == ["Experiment", "Id", "Name", "Artifact", "Location"]
    assert sorted(line.split()[1] for line in lines[2:]) == ["Default", "second"]


def test_more_experiments_than_a_page_are_listed(run: Run, client: MlflowClient) -> None:
    for number in range(30):
        client.create_experiment(f"number {number}")
    assert len(run("experiments", "search", "--json").json()) == 31
    assert len(run("experiments", "search", "--json", "--max-results", "7").json()) == 7
    assert len(run("experiments", "search", "--json", "--filter", "name LIKE 'number 2%'").json()) == 11


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("experiments", "get"), 2, "exactly one of --experiment-id and --experiment-name"),
        (("experiments", "get", "-x", "99"), 1, "No experiment has the id 99"),
        (("experiments", "get", "-n", "nobody"), 1, "No experiment has the name 'nobody'"),
        (("experiments", "csv", "-x", "99"), 1, "No experiment has the id 99"),
        (("runs", "create"), 2, "exactly one of --experiment-id and --experiment-name"),
        (("runs", "create", "--experiment-id", "0", "-t", "no equals sign"), 2, "KEY=VALUE"),
        (("runs", "create", "--experiment-id", "0", "--parent-run-id", "nope"), 1, "No run has the id nope"),
        (("runs", "delete", "--run-id", "nope"), 1, "No run has the id nope"),
        (("runs", "show", "nope"), 1, "No run has the id nope"),
        (("runs", "diff", "nope"), 2, "two runs or more"),
        (("runs", "plot", "nope"), 1, "No run has the id nope"),
        (("runs", "list", "--experiment-id", "0", "--filter", "metrics.x >"), 1, "filter"),
        (("artifacts", "download"), 2, "exactly one of --run-id and --artifact-uri"),
        (("artifacts", "list", "-r", "nope"), 1, "No run has the id nope"),
        (("artifacts", "log-artifact", "-l", "absent", "-r", "nope"), 2, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(run: Run, command: tuple[str, ...], code: int, said: str) -> None:
    done = run(*command)
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_run_is_made_listed_deleted_and_restored(run: Run, client: MlflowClient) -> None:
    parent = run("runs", "create", "--experiment-name", "Default", "--run-name", "outer").json()
    made = run(
        "runs", "create", "--experiment-id", "0", "--run-name", "inner", "-t", "a=b=c", "--description", "why",
        "--status", "FAILED", "--parent-run-id", parent["run_id"],
    ).json()  # fmt: skip
    assert (made["status"], made["run_name"], made["experiment_id"]) == ("FAILED", "inner", "0")
    there = client.get_run(made["run_id"])
    assert there.data.tags["a"] == "b=c"
    assert there.data.tags["mlflow.note.content"] == "why"
    assert there.data.tags["mlflow.parentRunId"] == parent["run_id"]
    assert run("runs", "delete", "--run-id", made["run_id"]).code == 0
    listed = run("runs", "list", "--experiment-id", "0").out
    assert parent["run_id"] in listed
    assert made["run_id"] not in listed
    assert made["run_id"] in run("runs", "list", "--experiment-id", "0", "-v", "deleted_only").out
    assert run("runs", "restore", "--run-id", made["run_id"]).code == 0
    ordered = run(
        "runs", "list", "--experiment-id", "0", "--order-by", "run_name", "--max-results", "1", "--json"
    ).json()
    assert [each["info"]["run_name"] for each in ordered] == ["inner"]


def test_a_run_is_described_with_all_that_was_logged(run: Run, two_runs: tuple[str, str]) -> None:
    told = run("runs", "describe", "--run-id", two_runs[0]).json()
    assert told["data"]["params"] == {"depth": "3", "rate": "0.1"}
    assert told["data"]["metrics"] == {"loss": 0.02, "odd": "NaN"}
    assert told == run("runs", "show", two_runs[0], "--json").json()


def test_a_run_is_shown_to_people(run: Run, two_runs: tuple[str, str]) -> None:
    shown = run("runs", "show", two_runs[0]).out
    assert f"run 1  {two_runs[0]}" in shown
    assert "depth  3" in shown
    (loss,) = [line for line in shown.splitlines() if line.startswith("loss")]
    assert loss.split()[1] == "0.02"
    assert loss.split()[2][0] == "█"
    assert loss[-1] == "▁"


def test_only_what_differs_is_told_of_two_runs(run: Run, two_runs: tuple[str, str]) -> None:
    told = {(each["kind"], each["key"]): each["values"] for each in run("runs", "diff", *two_runs, "--json").json()}
    assert told["param", "rate"] == dict(zip(two_runs, ("0.1", "0.2"), strict=True))
    assert told["metric", "loss"] == dict(zip(two_runs, (0.02, 0.04), strict=True))
    assert ("param", "depth") not in told
    assert ("metric", "odd") not in told
    assert "depth" in run("runs", "diff", *two_runs, "--all").out
    assert run("runs", "diff", two_runs[0], two_runs[0]).out == "The runs do not differ.\n"


def test_a_chart_has_the_ends_of_its_axes(run: Run, two_runs: tuple[str, str]) -> None:
    drawn = run("runs", "plot", *two_runs, "-m", "loss", "--width", "60", "--height", "8").out.splitlines()
    assert drawn[0] == "loss"
    assert drawn[1].startswith("   2 ┤")
    assert drawn[8].startswith("0.02 ┤")
    assert drawn[9].split() == ["0", "49"]
    assert all(run_id in drawn[10] for run_id in two_runs)
    points = [json.loads(line) for line in run("runs", "plot", two_runs[0], "-m", "loss", "--json").out.splitlines()]
    assert [point["step"] for point in points] == list(range(50))


def test_a_chart_of_nothing_that_can_be_drawn_says_so(run: Run, two_runs: tuple[str, str]) -> None:
    done = run("runs", "plot", two_runs[0], "-m", "odd")
    assert (done.code, "can be drawn" in done.err) == (1, True)


def test_points_are_told_as_they_are_logged_until_the_run_ends(run: Run, client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 9.0, step=0)

    def train() -> None:
        for step in range(1, 6):
            time.sleep(0.1)
            client.log_metric(run_id, "loss", 1.0 / step, step=step)
        client.log_metric(run_id, "extra", float("inf"))
        client.set_terminated(run_id)

    training = threading.Thread(target=train)
    training.start()
    lines = [json.loads(line) for line in run("runs", "tail", run_id, "--interval", "0.05", "--json").out.splitlines()]
    training.join()
    assert [each["step"] for each in lines if each.get("key") == "loss"] == list(range(6))
    assert [each["value"] for each in lines if each.get("key") == "extra"] == ["Infinity"]
    assert lines[-1] == {"status": "FINISHED", "run_id": run_id}


def test_runs_are_written_as_csv(run: Run, two_runs: tuple[str, str], tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("experiments", "csv", "-x", "0").out)))
    assert [row["run_id"] for row in rows] == [two_runs[1], two_runs[0]]
    assert [(row["metrics.loss"], row["params.rate"]) for row in rows] == [("0.04", "0.2"), ("0.02", "0.1")]
    assert run("experiments", "csv", "-x", "0", "-o", "runs.csv").code == 0
    assert list(csv.DictReader(io.StringIO((tmp_path / "runs.csv").read_text()))) == rows


def test_artifacts_go_in_and_out(run: Run, two_runs: tuple[str, str], tmp_path: Path) -> None:
    run_id = two_runs[0]
    assert run("artifacts", "list", "-r", run_id).json() == [{"path": "folder", "is_dir": True}]
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "one").write_text("1")
    assert run("artifacts", "log-artifact", "-l", "notes.txt", "-r", run_id, "-a", "sub").code == 0
    assert run("artifacts", "log-artifacts", "-l", "many", "-r", run_id).code == 0
    paths = {info["path"] for info in run("artifacts", "list", "-r", run_id).json()}
    assert paths == {"folder", "sub", "one"}
    fetched = run("artifacts", "download", "-r", run_id, "-a", "folder", "-d", "out").out.strip()
    assert (Path(fetched) / "greeting.txt").read_text() == "hello"
    again = run("artifacts", "download", "-u", f"runs:/{run_id}/sub/notes.txt", "-d", "out").out.strip()
    assert Path(again).read_text() == "notes"


def test_evaluation_datasets_are_listed_a_page_at_a_time(run: Run, client: MlflowClient) -> None:
    from headrace.schema.evaluation_datasets import CreateDataset
    from headrace.tracking import uri

    store = uri.store_at(client.tracking_uri)
    for name in ("one", "two"):
        store.send(CreateDataset(name=name, experiment_ids=["0"], tags='{"kind": "test"}'))
    page = run("datasets", "list", "-x", "0", "--max-results", "1", "--order-by", "name ASC", "--output", "json").json()
    assert [(each["name"], each["tags"]) for each in page["datasets"]] == [("one", {"kind": "test"})]
    token = page["next_page_token"]
    rest = run("datasets", "list", "-x", "0", "--order-by", "name ASC", "--max-results", "1", "--page-token", token)
    assert rest.out.splitlines()[2].split()[1] == "two"
