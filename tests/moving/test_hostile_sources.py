"""A source that somebody prepared, or that is damaged, costs what is wrong in it, and takes no file of ours with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from headrace.artifacts import open_store as open_artifacts
from headrace.base.errors import BadRequest, HeadraceError
from headrace.moving.importing import Importer
from headrace.moving.port import Sink
from headrace.moving.reports import Report
from headrace.moving.sources import open_source
from headrace.schema.runs import GetMetricHistory, GetRun
from headrace.stores import open_store
from headrace.stores.port import Store
from tests.moving import sources

RUN = "a" * 32
SECRET = "nobody may read this"


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    """A small folder of the file store: one run with a param, a metric and an artifact."""
    root = tmp_path / "mlruns"
    run = root / "0" / RUN
    for name in ("params", "metrics", "tags", "artifacts"):
        (run / name).mkdir(parents=True)
    (root / "0" / "meta.yaml").write_text(
        f"artifact_location: {root}/0\ncreation_time: 5\nexperiment_id: '0'\nlast_update_time: 5\n"
        "lifecycle_stage: active\nname: Default\n"
    )
    (run / "meta.yaml").write_text(meta(run / "artifacts"))
    (run / "params" / "lr").write_text("0.1")
    (run / "metrics" / "loss").write_text("1 0.5 0\n2 0.25 1\n")
    (run / "artifacts" / "good.txt").write_text("good")
    return root


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that no import may copy."""
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    return folder


def meta(artifacts: Path | str, **more: str) -> str:
    said = {
        "artifact_uri": str(artifacts),
        "experiment_id": "'0'",
        "lifecycle_stage": "active",
        "run_id": RUN,
        "run_name": "one",
        "start_time": "1",
        "end_time": "2",
        "status": "3",
        "user_id": "me",
    }
    return "".join(f"{name}: {value}\n" for name, value in {**said, **more}.items())


def imported(source: Path | str, to: Path, *extra: str) -> Report:
    opened, store = open_source(str(source), artifacts_from=extra), open_store(str(to))
    try:
        return Importer(opened, Sink(store, str(to))).run()
    finally:
        store.close()
        opened.close()


def losses(report: Report) -> list[tuple[str, str]]:
    return [(each.kind, each.id) for each in report.lost]


def has_secret(folder: Path) -> bool:
    return any(SECRET.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("location", ["{secret}", "file://{secret}", "{mlruns}/../private", "../private", "~/private"])
def test_artifacts_are_copied_from_below_the_folder_only(
    location: str, mlruns: Path, secret: Path, tmp_path: Path
) -> None:
    said = location.format(secret=secret, mlruns=mlruns)
    (mlruns / "0" / RUN / "meta.yaml").write_text(meta(said))
    report = imported(mlruns, tmp_path / "to")
    assert not has_secret(tmp_path / "to")
    assert report.new["run"] == 1
    assert report.new["artifact"] == 0


def test_other_places_are_copied_from_when_the_user_names_them(mlruns: Path, secret: Path, tmp_path: Path) -> None:
    (mlruns / "0" / RUN / "meta.yaml").write_text(meta(secret))
    refused = imported(mlruns, tmp_path / "to")
    assert losses(refused) == [("artifacts", RUN)]
    assert "--artifacts-from" in refused.lost[0].why
    assert imported(mlruns, tmp_path / "to", str(secret)).lost == []
    assert has_secret(tmp_path / "to")


def test_places_that_nothing_here_reads_stay_and_are_told_once(mlruns: Path, tmp_path: Path) -> None:
    (mlruns / "0" / RUN / "meta.yaml").write_text(meta("dbfs:/databricks/mlflow/0/one/artifacts"))
    report = imported(mlruns, tmp_path / "to")
    assert [(each.kind, each.count) for each in report.lost] == [("artifacts", 1)]
    with opened(tmp_path / "to") as store:
        place = store.send(GetRun(run_id=RUN)).run.info.artifact_uri
    assert place == "dbfs:/databricks/mlflow/0/one/artifacts"
    assert len(imported(mlruns, tmp_path / "to").lost) == 1


def test_links_are_named_and_not_followed(mlruns: Path, secret: Path, tmp_path: Path) -> None:
    run = mlruns / "0" / RUN
    (run / "artifacts" / "link.txt").symlink_to(secret / "secret.txt")
    (run / "artifacts" / "folder").symlink_to(secret)
    (run / "params" / "stolen").symlink_to(secret / "secret.txt")
    (run / "tags" / "stolen").symlink_to(secret / "secret.txt")
    (run / "metrics" / "stolen").symlink_to(secret / "secret.txt")
    os.mkfifo(run / "artifacts" / "pipe")
    (mlruns / "0" / ("b" * 32)).symlink_to(secret)
    report = imported(mlruns, tmp_path / "to")
    assert sorted(losses(report)) == [
        ("artifact", f"{RUN}/folder"),
        ("artifact", f"{RUN}/link.txt"),
        ("artifact", f"{RUN}/pipe"),
        ("file", f"0/{'b' * 32}"),
        ("metric", f"{RUN}/stolen"),
        ("param", f"{RUN}/stolen"),
        ("tag", f"{RUN}/stolen"),
    ]
    assert report.new["artifact"] == 1
    assert not has_secret(tmp_path / "to")


def test_artifacts_behind_a_link_are_not_read(mlruns: Path, secret: Path, tmp_path: Path) -> None:
    artifacts = mlruns / "0" / RUN / "artifacts"
    shutil.rmtree(artifacts)
    artifacts.symlink_to(secret)
    report = imported(mlruns, tmp_path / "to")
    assert losses(report) == [("artifacts", RUN)]
    assert not has_secret(tmp_path / "to")


@pytest.mark.parametrize("name", ["metrics", "params", "tags", "artifacts/deep", "inputs"])
def test_a_folder_that_cannot_be_read_is_named(name: str, mlruns: Path, secret: Path, tmp_path: Path) -> None:
    place = mlruns / "0" / RUN / name
    shutil.rmtree(place, ignore_errors=True)
    place.symlink_to(secret)
    (mlruns / "0" / ("b" * 32)).mkdir()
    (mlruns / "0" / ("b" * 32) / "meta.yaml").write_text(meta(mlruns / "none", run_id="b" * 32))
    report = imported(mlruns, tmp_path / "to")
    assert report.lost
    assert report.new["run"] >= 1
    assert not has_secret(tmp_path / "to")


def test_a_registry_that_cannot_be_read_is_named(mlruns: Path, secret: Path, tmp_path: Path) -> None:
    (mlruns / "models").symlink_to(secret)
    report = imported(mlruns, tmp_path / "to")
    assert losses(report) == [("registered models", "models")]
    assert report.new["artifact"] == 1


@pytest.mark.parametrize("run_id", ["../../../evil", "'..'", "a/b", "''''"])
def test_an_id_that_is_no_name_of_a_folder_is_refused(run_id: str, mlruns: Path, tmp_path: Path) -> None:
    path = mlruns / "0" / RUN
    (path / "meta.yaml").write_text(meta(path / "artifacts", run_id=run_id))
    report = imported(mlruns, tmp_path / "to")
    assert [kind for kind, _ in losses(report)] == ["run"]
    assert not (tmp_path / "evil").exists()


def test_yaml_that_would_make_objects_makes_none(mlruns: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = mlruns / "0" / RUN
    (path / "meta.yaml").write_text(
        meta(path / "artifacts", user_id=f"!!python/object/apply:os.system ['touch {mark}']")
    )
    report = imported(mlruns, tmp_path / "to")
    assert losses(report) == [("run", RUN)]
    assert not mark.exists()


def test_damage_costs_the_item_only(mlruns: Path, tmp_path: Path) -> None:
    run = mlruns / "0" / RUN
    (run / "metrics" / "loss").write_bytes(b"1 0.5 0\n2 0.25\xff\n3 x 1\n4 0.125 2\n99999999999999999999 1 1\n5 nan 3")
    (run / "params" / "no%key\\here").write_text("1")
    (run / "tags" / "latin").write_bytes(b"\xe9")
    for name, text in (("b" * 32, None), ("c" * 32, "no: [yaml"), ("d" * 32, "- a list\n"), ("e" * 32, "")):
        (mlruns / "0" / name).mkdir()
        if text is not None:
            (mlruns / "0" / name / "meta.yaml").write_text(text)
    (mlruns / "7").mkdir()
    report = imported(mlruns, tmp_path / "to")
    assert sorted(losses(report)) == [
        ("experiment", "7"),
        ("param", f"{RUN}/no%key\\here"),
        ("point", f"{RUN}/loss, line 2"),
        ("point", f"{RUN}/loss, line 3"),
        ("point", f"{RUN}/loss, line 5"),
        *(("run", letter * 32) for letter in "bcde"),
        ("tag", f"{RUN}/latin"),
    ]
    with opened(tmp_path / "to") as store:
        found = store.send(GetMetricHistory(run_id=RUN, metric_key="loss")).metrics
        assert [(repr(each.value), each.timestamp, each.step) for each in found] == [
            ("0.5", 1, 0),
            ("0.125", 4, 2),
            ("nan", 5, 3),
        ]
        assert store.send(GetRun(run_id=RUN)).run.data.params == {"lr": "0.1"}


def test_points_that_stand_twice_in_a_file_come_over_twice(mlruns: Path, tmp_path: Path) -> None:
    (mlruns / "0" / RUN / "metrics" / "loss").write_text("1 0.5 0\n1 0.5 0\n1 nan 0\n1 nan 0\n")
    assert imported(mlruns, tmp_path / "to").new["point"] == 4
    assert imported(mlruns, tmp_path / "to").there["point"] == 4


def test_names_of_images_that_our_keys_refuse_come_over_as_mlflow_3_spells_them(mlruns: Path, tmp_path: Path) -> None:
    artifacts = mlruns / "0" / RUN / "artifacts"
    (artifacts / "images").mkdir()
    name = "a#b%step%3%timestamp%1700000000000%0f3c.png"
    (artifacts / "images" / name).write_bytes(b"image")
    (artifacts / "100%.txt").write_text("percent")
    (artifacts / "q?.txt").write_text("question")
    report = imported(mlruns, tmp_path / "to")
    assert losses(report) == [("artifact", f"{RUN}/100%.txt"), ("artifact", f"{RUN}/q?.txt")]
    with opened(tmp_path / "to") as store:
        place = store.send(GetRun(run_id=RUN)).run.info.artifact_uri
        found = open_artifacts(str(place)).list("images")
    assert [info.path for info in found] == ["images/a~b+step+3+timestamp+1700000000000+0f3c.png"]


def test_another_file_of_the_same_name_stays_and_is_told(mlruns: Path, tmp_path: Path) -> None:
    imported(mlruns, tmp_path / "to")
    (mlruns / "0" / RUN / "artifacts" / "good.txt").write_text("better than good")
    report = imported(mlruns, tmp_path / "to")
    assert losses(report) == [("artifact", f"{RUN}/good.txt")]


def test_a_database_with_wrong_types_costs_what_is_wrong(tmp_path: Path) -> None:
    folder = sources.unpacked("2.9.2", tmp_path / "source") / "db"
    connection = sqlite3.connect(folder / "mlflow.db")
    (run,) = connection.execute("SELECT run_uuid FROM runs WHERE name = 'run 0'").fetchone()
    connection.execute("UPDATE metrics SET step = 'soon' WHERE run_uuid = ? AND key = 'loss' AND step = 7", (run,))
    connection.execute("UPDATE params SET key = 'a/../b' WHERE run_uuid = ? AND key = 'lr'", (run,))
    connection.execute("UPDATE runs SET run_uuid = '../../evil' WHERE name = 'run 3'")
    connection.commit()
    connection.close()
    report = imported(folder / "mlflow.db", tmp_path / "to", f"{sources.WRITTEN_AT}={tmp_path / 'source'}")
    assert {("param", f"{run}/a/../b"), ("run", "../../evil"), ("point", f"{run}/loss")} <= set(losses(report))
    assert report.new["run"] == 5
    assert report.lost_of("point") == 1


def test_a_file_that_is_no_database_of_mlflow_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE experiments (id)")
    connection.close()
    with pytest.raises(BadRequest, match="no database of MLflow"):
        open_source(str(tmp_path / "other.db"))
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 200)
    with pytest.raises(BadRequest, match="cannot be read as a database"):
        open_source(str(tmp_path / "broken.db"))
    (tmp_path / "text").write_text("hello")
    for nothing in ("text", "nowhere", "."):
        with pytest.raises(HeadraceError):
            open_source(str(tmp_path / nothing))


class opened:
    """The store in a folder, while the block runs."""

    def __init__(self, folder: Path) -> None:
        self._store = open_store(str(folder))

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()
