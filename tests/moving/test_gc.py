"""``headrace gc``: what is deleted goes, with its artifacts; what is not stays, and so does what lies outside."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headrace.artifacts import open_store as open_artifacts
from headrace.base.errors import HeadraceError
from headrace.cli.gc import gc, milliseconds
from headrace.schema.experiments import DeleteExperiment, RestoreExperiment, SearchExperiments
from headrace.schema.logged_models import CreateLoggedModel
from headrace.schema.registry import CreateModelVersion, CreateRegisteredModel
from headrace.schema.runs import CreateRun, DeleteRun, LogMetric, RestoreRun, SearchRuns
from headrace.stores import Store, open_store
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.purge import NOUNS
from headrace.testing.stores import making
from tests.databases import free_port
from tests.processes import serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    there = open_store(str(folder))
    yield there
    there.close()


def run_with_files(store: Store, experiment_id: str, count: int = 2) -> tuple[str, Path]:
    """A run with artifacts of ten bytes each; its id and the folder of it."""
    info = store.send(CreateRun(experiment_id=experiment_id)).run.info
    assert info.artifact_uri is not None
    place = open_artifacts(info.artifact_uri)
    for number in range(count):
        place.write(f"deep/{number}.bin", [b"x" * 10])
    return info.run_id, Path(info.artifact_uri).parent


def clean(folder: Path, *options: str, fails: bool = False) -> dict[str, Any]:
    done = CliRunner().invoke(gc, ["--backend-store-uri", str(folder), "--json", *options])
    if fails:
        assert isinstance(done.exception, (HeadraceError, SystemExit)), done.output
        return {"error": str(done.exception)}
    if done.exception:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def counts(told: dict[str, Any]) -> tuple[int, ...]:
    return tuple(told[name] for name in ("runs", "logged_models", "experiments", "files", "bytes"))


def test_a_dry_run_counts_what_then_goes(store: Store, folder: Path) -> None:
    key, other = making.experiment(store), making.experiment(store)
    gone = [run_with_files(store, key) for _ in range(3)]
    model = store.send(CreateLoggedModel(experiment_id=key)).model
    open_artifacts(model.artifact_location).write("model.pkl", [b"1234567"])
    (folder / key / "models" / ("m-" + "0" * 32)).mkdir()
    (folder / key / "models" / ("m-" + "0" * 32) / "stray").write_bytes(b"123")
    (folder / key / "notes.txt").write_bytes(b"12345")
    deleted_alone, stays = run_with_files(store, other), run_with_files(store, other)
    store.send(DeleteRun(run_id=deleted_alone[0]))
    store.send(DeleteExperiment(experiment_id=key))
    expected = clean(folder, "--dry-run")
    assert counts(expected) == (4, 1, 1, 4 * 2 + 3, 80 + 7 + 3 + 5)
    assert all(place.exists() for _, place in [*gone, deleted_alone])
    done = clean(folder)
    assert counts(done) == counts(expected)
    assert (expected["dry_run"], done["dry_run"]) == (True, False)
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == [other]
    assert [path.name for path in (folder / other).iterdir()] == [stays[0]]
    assert making.read(store, stays[0]).info.lifecycle_stage == "active"
    assert counts(clean(folder)) == (0, 0, 0, 0, 0)


def test_only_what_is_named_goes(store: Store, folder: Path) -> None:
    key = making.experiment(store)
    runs = [run_with_files(store, key)[0] for _ in range(3)]
    for run_id in runs[:2]:
        store.send(DeleteRun(run_id=run_id))
    assert "is not deleted" in str(refusal(folder, "--run-ids", f"{runs[0]},{runs[2]}"))
    assert (folder / key / runs[0]).exists()
    assert counts(clean(folder, "--run-ids", runs[0]))[0] == 1
    assert sorted(path.name for path in (folder / key).iterdir()) == sorted(runs[1:])
    store.send(DeleteExperiment(experiment_id=key))
    assert counts(clean(folder, "--experiment-ids", key))[:3] == (2, 0, 1)


def test_what_was_deleted_lately_may_stay(store: Store, folder: Path) -> None:
    store.send(DeleteRun(run_id=run_with_files(store, making.experiment(store))[0]))
    assert counts(clean(folder, "--older-than", "1h"))[0] == 0
    assert counts(clean(folder, "--older-than", "0s"))[0] == 1


@pytest.mark.parametrize(
    ("age", "expected"), [("1d2h3m4s", 93_784_000), ("10m", 600_000), ("0.5s", 500), ("1.5d", 129_600_000), ("0s", 0)]
)
def test_ages_are_read(age: str, expected: int) -> None:
    assert milliseconds(age) == expected


@pytest.mark.parametrize("age", [" ", "5", "5x", "1h2d", "..s", "-1d", "1d junk"])
def test_other_ages_are_refused(age: str) -> None:
    with pytest.raises(HeadraceError, match="older-than"):
        milliseconds(age)


def test_what_a_model_version_is_made_of_stays_unless_said(store: Store, folder: Path) -> None:
    key = making.experiment(store)
    run_id, place = run_with_files(store, key)
    store.send(CreateRegisteredModel(name="net"))
    store.send(CreateModelVersion(name="net", source=f"{place}/artifacts/deep"))
    store.send(DeleteExperiment(experiment_id=key))
    told = clean(folder)
    assert counts(told)[:3] == (0, 0, 0)
    assert [(each["kind"], each["id"], each["why"].split()[0]) for each in told["kept"]] == [
        ("run", run_id, "models:/net/1"),
        ("experiment", key, "1"),
    ]
    assert place.exists()
    assert counts(clean(folder, "--include-registered"))[:3] == (1, 0, 1)
    assert not place.exists()


def test_a_run_restored_in_a_deleted_experiment_keeps_both(store: Store, folder: Path) -> None:
    key = making.experiment(store)
    run_id, place = run_with_files(store, key)
    store.send(DeleteExperiment(experiment_id=key))
    store.send(RestoreRun(run_id=run_id))
    assert [each["id"] for each in clean(folder)["kept"]] == [key]
    assert place.exists()


def test_links_are_not_followed(store: Store, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("p")
    key = making.experiment(store)
    run_id, place = run_with_files(store, key)
    (place / "artifacts" / "link").symlink_to(outside)
    (folder / key / ("e" * 32)).symlink_to(outside)
    (folder / "99").symlink_to(outside)
    linked, _ = run_with_files(store, key, count=0)
    (outside / linked).mkdir()
    (folder / key / linked).symlink_to(outside / linked)
    store.send(DeleteRun(run_id=run_id))
    store.send(DeleteRun(run_id=linked))
    assert counts(clean(folder, "--dangling", "--yes"))[0] == 2
    assert (outside / "precious").exists()
    assert (outside / linked).exists()
    assert not place.exists()


def test_an_experiment_folder_that_is_a_link_is_not_entered(store: Store, folder: Path, tmp_path: Path) -> None:
    key = making.experiment(store)
    run_id, place = run_with_files(store, key)
    place.parent.rename(tmp_path / "moved")
    (folder / key).symlink_to(tmp_path / "moved")
    store.send(DeleteRun(run_id=run_id))
    told = json.loads(CliRunner().invoke(gc, ["--backend-store-uri", str(folder), "--json"]).stdout)
    assert told["kept"][0]["failed"]
    assert (tmp_path / "moved" / run_id / "artifacts").exists()


def test_folders_that_no_record_names_go_when_asked(store: Store, folder: Path) -> None:
    key = making.experiment(store)
    _, stays = run_with_files(store, key)
    strays = [folder / "4711", folder / key / ("a" * 32), folder / key / "models" / ("m-" + "b" * 32)]
    for stray in strays:
        (stray / "artifacts").mkdir(parents=True)
        (stray / "artifacts" / "x").write_bytes(b"12")
    (folder / "notes").mkdir()
    (folder / key / "my-notes").mkdir()
    told = clean(folder, "--dangling", "--dry-run")["dangling"]
    assert sorted(told["folders"]) == sorted(map(str, strays))
    assert (told["files"], told["bytes"], told["removed"]) == (3, 6, 0)
    assert "--yes" in str(refusal(folder, "--dangling"))
    assert all(stray.exists() for stray in strays)
    assert clean(folder, "--dangling", "--yes")["dangling"]["removed"] == 3
    assert not any(stray.exists() for stray in strays)
    assert stays.exists()
    assert (folder / "notes").exists()
    assert (folder / key / "my-notes").exists()


def test_records_may_go_alone(store: Store, folder: Path) -> None:
    run_id, place = run_with_files(store, making.experiment(store))
    store.send(DeleteRun(run_id=run_id))
    assert counts(clean(folder, "--records-only")) == (1, 0, 0, 0, 0)
    assert place.exists()
    assert clean(folder, "--dangling", "--yes")["dangling"]["folders"] == [str(place)]


def test_artifacts_elsewhere_are_left_and_said(store: Store, folder: Path) -> None:
    there = open_store(str(folder), artifact_root="mlflow-artifacts:/")
    key = making.experiment(there)
    run_id = making.run(there, key)
    there.close()
    destination = folder.parent / "kept"
    (destination / key / run_id / "artifacts").mkdir(parents=True)
    (destination / key / run_id / "artifacts" / "x").write_bytes(b"1")
    store.send(DeleteRun(run_id=run_id))
    assert "--artifacts-destination" in clean(folder, "--tracking-uri", "")["kept"][0]["why"]
    assert counts(clean(folder, "--artifacts-destination", str(destination))) == (1, 0, 0, 1, 1)
    assert not (destination / key / run_id).exists()


def test_parts_that_are_not_there_are_refused(folder: Path) -> None:
    done = CliRunner().invoke(gc, ["--backend-store-uri", str(folder), "--workspace", "w"])
    assert (done.exit_code, "workspaces" in done.output) == (2, True)


def test_every_table_that_refers_to_what_is_purged_is_purged_with_it() -> None:
    """Rows that would keep a run, model or experiment from going, unless the database itself takes them along."""
    scripts = [text for step in STEPS for text in (step.UP.values() if isinstance(step.UP, dict) else [step.UP])]
    refers = {
        (parent, table)
        for script in scripts
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", script, re.S)
        for parent, rest in re.findall(r"REFERENCES (runs|logged_models|experiments) \(id\)([^,\n]*)", body)
        if "CASCADE" not in rest
    }
    handled = {(noun.table, table) for noun in NOUNS.values() for table, _ in noun.parts}
    handled |= {(noun.table, table) for noun in NOUNS.values() for table in noun.members}
    assert refers - {("runs", "points")} <= handled
    assert ("runs", "points") in handled


def test_writers_go_on_while_much_is_purged(store: Store, folder: Path) -> None:
    key, alive = making.experiment(store), making.run(store)
    for _ in range(40):
        making.logged(store, key, metrics={f"m{number}": 1.0 for number in range(200)})
    store.send(DeleteExperiment(experiment_id=key))
    logged, stop = [0], threading.Event()

    def write() -> None:
        while not stop.is_set():
            store.send(LogMetric(run_id=alive, key="loss", value=1.0, timestamp=logged[0], step=logged[0]))
            logged[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert counts(clean(folder))[0] == 40
    finally:
        stop.set()
        writer.join()
    assert logged[0] > 0
    assert making.read(store, alive).data.metric_list[0].step == logged[0] - 1


@pytest.mark.slow
def test_a_cleaning_that_was_killed_is_finished_by_the_next(store: Store, folder: Path) -> None:
    key = making.experiment(store)
    places = [run_with_files(store, key, count=2)[1] for _ in range(200)]
    store.send(DeleteExperiment(experiment_id=key))
    command = [sys.executable, "-m", "headrace", "gc", "--backend-store-uri", str(folder)]
    for share in (1.0, 0.6, 0.3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and sum(place.exists() for place in places) >= share * len(places):
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    half_gone = [place.name for place in places if not place.exists()]
    assert half_gone
    for run_id in half_gone:
        with pytest.raises(HeadraceError, match=r"removed for good|No run"):
            store.send(RestoreRun(run_id=run_id))
    clean(folder)
    assert not (folder / key).exists()
    with making.refused("RESOURCE_DOES_NOT_EXIST"):
        store.send(RestoreExperiment(experiment_id=key))


@pytest.mark.slow
def test_a_server_is_cleaned_up_from_afar(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
    command += ["--backend-store-uri", str(tmp_path / "records"), "--artifacts-destination", str(tmp_path / "kept")]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log") as server:
        there = open_store(server.url)
        key, other = making.experiment(there), making.experiment(there)
        for experiment in (key, key, other):
            info = there.send(CreateRun(experiment_id=experiment)).run.info
            open_artifacts(info.artifact_uri or "", tracking_uri=server.url).write("a/b.txt", [b"12345"])
        there.send(DeleteExperiment(experiment_id=key))
        (tmp_path / "kept" / other / ("c" * 32)).mkdir()
        (tmp_path / "kept" / other / ("c" * 32) / "x").write_bytes(b"1")
        there.close()
        expected = cleaned_at(server.url, "--dry-run", "--dangling")
        assert counts(expected) == (2, 0, 1, 2, 10)
        assert [each.rpartition("/")[2] for each in expected["dangling"]["folders"]] == ["c" * 32]
        done = cleaned_at(server.url, "--dangling", "--yes")
    assert counts(done) == counts(expected)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [other]
    assert len(list((tmp_path / "kept" / other).iterdir())) == 1


def cleaned_at(url: str, *options: str) -> dict[str, Any]:
    done = CliRunner().invoke(gc, ["--tracking-uri", url, "--json", *options], catch_exceptions=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refusal(folder: Path, *options: str) -> BaseException | None:
    return CliRunner().invoke(gc, ["--backend-store-uri", str(folder), "--json", *options]).exception


@pytest.mark.parametrize("seed", range(25))
def test_whatever_happened_before_nothing_alive_goes_and_nothing_deleted_stays(tmp_path: Path, seed: int) -> None:
    """Random histories, with a plain model beside them of what should be there in the end."""
    dice = random.Random(seed)
    folder = tmp_path / "store"
    with closing(open_store(str(folder))) as store:
        experiments: dict[str, bool] = {making.experiment(store): True for _ in range(2)}
        runs: dict[str, tuple[str, bool]] = {}
        for _ in range(30):
            alive = [key for key, is_alive in experiments.items() if is_alive]
            match dice.randrange(7):
                case 0 | 1 if alive:
                    run_id, _ = run_with_files(store, key := dice.choice(alive), count=dice.randrange(3))
                    runs[run_id] = (key, True)
                case 2 if runs:
                    run_id = dice.choice(sorted(runs))
                    store.send(DeleteRun(run_id=run_id))
                    runs[run_id] = (runs[run_id][0], False)
                case 3 if runs:
                    run_id = dice.choice(sorted(runs))
                    store.send(RestoreRun(run_id=run_id))
                    runs[run_id] = (runs[run_id][0], True)
                case 4 if alive:
                    key = dice.choice(alive)
                    store.send(DeleteExperiment(experiment_id=key))
                    experiments[key] = False
                    runs |= {run_id: (home, False) for run_id, (home, _) in runs.items() if home == key}
                case 5:
                    experiments[making.experiment(store)] = True
                case 6:
                    expected = clean(folder, "--dry-run")
                    assert counts(clean(folder)) == counts(expected)
                    runs, experiments = survivors(runs, experiments)
        clean(folder)
        runs, experiments = survivors(runs, experiments)
        told = store.send(SearchExperiments(max_results=1000, view_type="ALL")).experiments
        assert {each.experiment_id for each in told} == {"0", *experiments}
        found = store.send(SearchRuns(experiment_ids=sorted(experiments) or ["0"], run_view_type="ALL")).runs
        assert {run.info.run_id for run in found} == set(runs)
        assert clean(folder, "--dangling", "--dry-run")["dangling"]["folders"] == []
    left = {path.name for path in folder.glob("*/*") if path.is_dir()}
    assert left <= set(runs)


def survivors(
    runs: dict[str, tuple[str, bool]], experiments: dict[str, bool]
) -> tuple[dict[str, tuple[str, bool]], dict[str, bool]]:
    """What a cleaning leaves: what is not deleted, and deleted experiments that something in them keeps."""
    kept = {run_id: said for run_id, said in runs.items() if said[1]}
    homes = {home for home, _ in kept.values()}
    return kept, {key: alive for key, alive in experiments.items() if alive or key in homes}
