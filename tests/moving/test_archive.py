"""``headrace export`` and ``headrace import``: what goes from store to store stays what it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headrace.artifacts import open_store as open_artifacts
from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.cli.export import export
from headrace.cli.import_ import import_
from headrace.moving.archive import ArchiveSource, is_archive
from headrace.moving.importing import Importer
from headrace.moving.port import Chosen, Sink
from headrace.schema.exports import ExportRuns
from headrace.schema.registry import CreateModelVersion, CreateRegisteredModel, GetModelVersionDownloadUri
from headrace.schema.runs import CreateRun, GetRun, LogBatch, Metric, Param, SearchRuns
from headrace.stores import Store, open_store
from headrace.testing.stores import making
from tests.databases import free_port
from tests.moving.furnished import furnish
from tests.processes import serving


def exported(store: str, archive: Path, *options: str) -> dict[str, Any]:
    """What the command answers; the test fails if anything was not exported."""
    done = CliRunner().invoke(export, [store, str(archive), "--json", *options])
    if done.exception:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def imported(archive: Path | str, store: str, *options: str) -> dict[str, Any]:
    done = CliRunner().invoke(import_, [str(archive), "--to", store, "--json", *options])
    if done.exception:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def contents(archive: Path) -> dict[str, bytes]:
    """Every file of an archive but the manifest, which says when it was made."""
    return {
        str(path.relative_to(archive)): path.read_bytes()
        for path in sorted(archive.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture
def rich(tmp_path: Path) -> str:
    """The folder of a store with something of everything."""
    uri = str(tmp_path / "rich")
    with closing(open_store(uri)) as store:
        furnish(store, seed=0)
    return uri


@pytest.fixture
def archive(rich: str, tmp_path: Path) -> Path:
    exported(rich, tmp_path / "archive", "--points", "ndjson")
    return tmp_path / "archive"


@pytest.mark.parametrize("seed", range(8))
def test_what_was_imported_is_exported_as_it_was(tmp_path: Path, seed: int) -> None:
    a, b, c = (str(tmp_path / name) for name in "abc")
    b = f"sqlite:///{b}/h.db"
    with closing(open_store(a)) as store:
        furnish(store, seed)
    form = ("--points", "parquet" if seed % 2 else "ndjson")
    exported(a, tmp_path / "1", *form)
    report = imported(tmp_path / "1", b)
    assert report["not_come_over"] == []
    exported(b, tmp_path / "2", *form)
    imported(tmp_path / "2", c)
    exported(c, tmp_path / "3", *form)
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "3")
    again = imported(tmp_path / "1", c)
    assert {kind: counts["new"] + counts["added_to"] for kind, counts in again["counts"].items()} == dict.fromkeys(
        again["counts"], 0
    )
    exported(c, tmp_path / "4", *form)
    assert contents(tmp_path / "4") == contents(tmp_path / "1")


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "server"])
@pytest.mark.slow
def test_so_it_is_through_every_kind_of_store(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    a, c = str(tmp_path / "a"), str(tmp_path / "c")
    with closing(open_store(a)) as store:
        furnish(store, 99)
    exported(a, tmp_path / "1", "--points", "ndjson")
    for b in there(request, tmp_path, kind):
        imported(tmp_path / "1", b)
        exported(b, tmp_path / "2", "--points", "ndjson", "--artifacts-from", "/")
        imported(b, c, "--artifacts-from", "/")
    exported(c, tmp_path / "3", "--points", "ndjson")
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "3")


def there(request: pytest.FixtureRequest, folder: Path, kind: str) -> Iterator[str]:
    if kind == "server":
        port = free_port()
        command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
        command += ["--backend-store-uri", str(folder / "records"), "--artifacts-destination", str(folder / "files")]
        with serving(command, f"http://127.0.0.1:{port}", folder / "log") as server:
            yield server.url
        return
    fixture = {"postgresql": "postgresql_server", "mysql": "mariadb_server"}[kind]
    previous = Path.cwd()
    os.chdir(folder)  # artifacts of such a database lie in ./mlruns
    try:
        with request.getfixturevalue(fixture).database() as url:
            yield url
    finally:
        os.chdir(previous)


def test_both_forms_of_points_say_the_same(rich: str, tmp_path: Path) -> None:
    for form in ("ndjson", "parquet"):
        exported(rich, tmp_path / form, "--points", form)
        imported(tmp_path / form, str(tmp_path / f"from {form}"))
        exported(str(tmp_path / f"from {form}"), tmp_path / f"{form} again", "--points", "ndjson")
    assert contents(tmp_path / "ndjson again") == contents(tmp_path / "parquet again") == contents(tmp_path / "ndjson")


def test_versions_find_their_files_in_the_new_store(tmp_path: Path) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    with closing(open_store(a)) as store:
        info = store.send(CreateRun()).run.info
        open_artifacts(info.artifact_uri or "").write("model/MLmodel", [b"flavors: {}"])
        store.send(CreateRegisteredModel(name="net"))
        source = f"{info.artifact_uri}/model"
        store.send(CreateModelVersion(name="net", source=source, run_id=info.run_id))
    exported(a, tmp_path / "1")
    imported(tmp_path / "1", b)
    shutil.rmtree(a)
    with closing(open_store(b)) as store:
        place = store.send(GetModelVersionDownloadUri(name="net", version="1")).artifact_uri
    assert place.startswith(str(tmp_path / "b"))
    assert b"".join(open_artifacts(place).read("MLmodel")) == b"flavors: {}"


def listed(archive: Path) -> list[dict[str, Any]]:
    """The artifacts of an archive."""
    return [json.loads(line) for line in (archive / "files.ndjson").read_bytes().splitlines()]


class TestChoosing:
    """A part of a store is exported with what it needs, and nothing else."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with closing(open_store(str(tmp_path / "a"))) as store:
            yield store

    def told(self, tmp_path: Path, *options: str) -> dict[str, set[str]]:
        exported(str(tmp_path / "a"), tmp_path / "out", *options)
        named = {"experiments": "experiment_id", "runs": "run_id", "logged_models": "model_id"}
        named |= {"registered_models": "name", "model_versions": "version", "files": "path"}
        return {
            name: {json.loads(line)[field] for line in (tmp_path / "out" / f"{name}.ndjson").read_text().splitlines()}
            for name, field in named.items()
        }

    def test_by_experiment(self, store: Store, tmp_path: Path) -> None:
        furnish(store, 1)
        (wanted, other) = ("experiment 1.0 ü", "experiment 1.1 ü")
        told = self.told(tmp_path, "--experiment", wanted)
        found = json.loads((tmp_path / "out" / "experiments.ndjson").read_text())
        assert found["name"] == wanted != other
        assert told["runs"] == {
            run.run_id for run in store.send(ExportRuns(experiment_ids=[found["experiment_id"]])).runs
        }
        assert told["registered_models"] == set()

    def test_by_run(self, store: Store, tmp_path: Path) -> None:
        furnish(store, 1)
        run = store.send(ExportRuns()).runs[0]
        told = self.told(tmp_path, "--run", run.run_id)
        assert (told["runs"] >= {run.run_id}, told["experiments"]) == (True, {run.experiment_id})
        assert {output.model_id for output in run.model_outputs} <= told["logged_models"]

    def test_by_filter(self, store: Store, tmp_path: Path) -> None:
        key = making.experiment(store)
        runs = [making.logged(store, key, metrics={"loss": n}) for n in range(4)]
        assert self.told(tmp_path, "--filter", "metrics.loss > 1")["runs"] == set(runs[2:])

    def test_by_model(self, store: Store, tmp_path: Path) -> None:
        run_id, other = making.run(store), making.run(store)
        for name, behind in (("net", run_id), ("other", other)):
            store.send(CreateRegisteredModel(name=name))
            store.send(CreateModelVersion(name=name, source=f"runs:/{behind}/model", run_id=behind))
        told = self.told(tmp_path, "--model", "net")
        assert (told["registered_models"], told["runs"]) == ({"net"}, {run_id})

    @pytest.mark.parametrize("option", ["--experiment", "--run", "--model"])
    def test_what_is_not_there_is_said(self, store: Store, tmp_path: Path, option: str) -> None:
        with pytest.raises(NotFound, match="nobody"):
            exported(str(tmp_path / "a"), tmp_path / "out", option, "nobody")


def test_artifacts_may_stay_where_they_are(rich: str, tmp_path: Path) -> None:
    told = exported(rich, tmp_path / "1", "--no-artifacts")
    assert (told["blobs"], told["artifacts"]) == (0, False)
    imported(tmp_path / "1", str(tmp_path / "b"), "--link-artifacts")
    with closing(open_store(rich)) as a, closing(open_store(str(tmp_path / "b"))) as b:
        run = a.send(ExportRuns()).runs[0]
        assert b.send(GetRun(run_id=run.run_id)).run.info.artifact_uri == run.artifact_uri


def test_an_archive_is_written_once(rich: str, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="archive already"):
        exported(rich, archive)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(BadRequest, match="not empty"):
        exported(rich, tmp_path / "full")
    with pytest.raises(BadRequest, match="no store"):
        exported(f"sqlite:///{tmp_path}/typo.db", tmp_path / "x")


@pytest.mark.slow
def test_an_export_that_was_killed_is_taken_up(tmp_path: Path) -> None:
    a = str(tmp_path / "a")
    with closing(open_store(a)) as store:
        for _ in range(60):
            place = open_artifacts(store.send(CreateRun()).run.info.artifact_uri or "")
            for number in range(10):
                place.write(f"{number}.bin", [os.urandom(3000)])
    exported(a, tmp_path / "whole", "--points", "ndjson")
    command = [sys.executable, "-m", "headrace", "export", a, str(tmp_path / "cut"), "--points", "ndjson"]
    for blobs in (5, 300):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and len(list((tmp_path / "cut").glob("blobs/*/*"))) < blobs:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert is_archive(tmp_path / "cut")
    if not (tmp_path / "cut" / "manifest.json").exists():
        with pytest.raises(BadRequest, match="did not end"):
            imported(tmp_path / "cut", str(tmp_path / "b"))
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cut").glob("blobs/*/*")}
        exported(a, tmp_path / "cut", "--points", "ndjson")
        assert sum(path.stat().st_mtime_ns == stamp for path, stamp in before.items()) >= len(before) - 20
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


class TestHarm:
    """What is not as the manifest says is refused; nothing leads out of the archive or of the store."""

    def refused(self, archive: Path, tmp_path: Path, words: str) -> None:
        with pytest.raises(BadRequest, match=words):
            imported(archive, str(tmp_path / "b"))
        with closing(open_store(str(tmp_path / "b"))) as store:
            assert store.send(SearchRuns(experiment_ids=["0", "1", "2"], run_view_type="ALL")).runs == []

    def resealed(self, archive: Path, **changes: Any) -> None:
        """The manifest made to fit whatever was changed."""
        manifest = json.loads((archive / "manifest.json").read_bytes()) | changes
        for name, part in manifest["files"].items():
            if (archive / name).exists():
                content = (archive / name).read_bytes()
                part |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        (archive / "manifest.json").write_text(json.dumps(manifest))

    @pytest.mark.parametrize("name", ["runs.ndjson", "points.ndjson", "files.ndjson", "model_versions.ndjson"])
    @pytest.mark.parametrize("harm", ["cut", "flipped", "longer"])
    def test_a_changed_file(self, archive: Path, tmp_path: Path, name: str, harm: str) -> None:
        content = bytearray((archive / name).read_bytes())
        if harm == "cut":
            del content[-1]
        elif harm == "flipped":
            content[len(content) // 2] ^= 1
        else:
            content += b"\n"
        (archive / name).write_bytes(content)
        self.refused(archive, tmp_path, "damaged")

    def test_a_missing_file(self, archive: Path, tmp_path: Path) -> None:
        (archive / "runs.ndjson").unlink()
        with pytest.raises(HeadraceError, match=r"runs\.ndjson"):
            imported(archive, str(tmp_path / "b"))

    @pytest.mark.parametrize("name", ["runs.ndjson", "points.ndjson"])
    def test_a_file_that_is_a_link(self, archive: Path, tmp_path: Path, name: str) -> None:
        (archive / name).rename(tmp_path / "moved")
        (archive / name).symlink_to(tmp_path / "moved")
        with pytest.raises(HeadraceError, match=name):
            imported(archive, str(tmp_path / "b"))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"version": 2}, "newer"),
            ({"version": "1"}, "newer"),
            ({"files": {"../../x": {"bytes": 0, "sha256": "0" * 64, "records": 0}}}, "no file of an archive"),
            ({"files": {}}, "does not name"),
            ({"blobs": "many"}, "cannot be read"),
        ],
    )
    def test_a_manifest_that_lies(self, archive: Path, tmp_path: Path, change: dict[str, Any], words: str) -> None:
        self.resealed(archive, **change)
        self.refused(archive, tmp_path, words)

    def test_a_line_that_is_no_record(self, archive: Path, tmp_path: Path) -> None:
        with open(archive / "experiments.ndjson", "ab") as file:
            file.write(b'{"experiment_id": 7, "name": ["x"]}\n')
        self.resealed(archive)
        self.refused(archive, tmp_path, "Line [0-9]+ of experiments.ndjson")

    @pytest.mark.parametrize("harm", ["missing", "changed", "longer", "link"])
    def test_a_blob_that_is_not_what_it_is_named(self, archive: Path, tmp_path: Path, harm: str) -> None:
        line = next(line for line in listed(archive) if line["size"])
        blob = archive / "blobs" / line["sha256"][:2] / line["sha256"]
        content = blob.read_bytes()
        blob.unlink()
        if harm == "changed":
            blob.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        elif harm == "longer":
            blob.write_bytes(content + b"x")
        elif harm == "link":
            (tmp_path / "aside").write_bytes(content)
            blob.symlink_to(tmp_path / "aside")
        report = self.reported(archive, tmp_path)
        assert all(each["kind"] == "artifact" for each in report["not_come_over"])
        assert any(line["path"] in each["id"] for each in report["not_come_over"])
        assert not list((tmp_path / "b").glob(f"*/{line['id']}/artifacts/{line['path']}"))

    @pytest.mark.parametrize(
        "path", ["../../../outside", "/etc/outside", "a/../../x", "..", "C:/x", "a\\..\\x", "a\1b"]
    )
    def test_a_path_that_leads_out(self, archive: Path, tmp_path: Path, path: str) -> None:
        lines = listed(archive)
        lines[0]["path"] = path
        (archive / "files.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.resealed(archive)
        assert len(self.reported(archive, tmp_path)["not_come_over"]) == 1
        assert not list(tmp_path.rglob("outside"))

    def test_a_blob_named_like_a_path(self, archive: Path, tmp_path: Path) -> None:
        lines = listed(archive)
        lines[0]["sha256"] = "../../../../etc/passwd"
        (archive / "files.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.resealed(archive)
        assert "no SHA-256" in self.reported(archive, tmp_path)["not_come_over"][0]["why"]

    def test_a_parquet_file_that_is_none(self, rich: str, tmp_path: Path) -> None:
        exported(rich, tmp_path / "p", "--points", "parquet")
        (tmp_path / "p" / "points.parquet").write_bytes(b"PAR1" + os.urandom(1000) + b"PAR1")
        self.resealed(tmp_path / "p")
        with pytest.raises(BadRequest, match=r"points\.parquet cannot be read"):
            imported(tmp_path / "p", str(tmp_path / "b"))

    @staticmethod
    def reported(archive: Path, tmp_path: Path) -> dict[str, Any]:
        with closing(open_store(str(tmp_path / "b"))) as store:
            source = ArchiveSource(archive)
            return Importer(source, Sink(store, str(tmp_path / "b")), chosen=Chosen()).run().as_json()


@pytest.mark.slow
@pytest.mark.parametrize(("form", "most"), [("ndjson", 300_000), ("parquet", 150_000)])
def test_memory_does_not_grow_with_the_points(tmp_path: Path, form: str, most: int) -> None:
    peaks = []
    for count in (50_000, most):
        a = str(tmp_path / f"a{count}")
        with closing(open_store(a)) as store:
            run_id = making.run(store)
            store.send(LogBatch(run_id=run_id, params=[Param("a", "b")]))
            for start in range(0, count, 1000):
                points = [Metric("loss", n / 7, n, n) for n in range(start, start + 1000)]
                store.send(LogBatch(run_id=run_id, metrics=points))
        archive = str(tmp_path / f"archive{count}")
        peaks.append(
            max(
                peak_of("export", a, archive, "--points", form),
                peak_of("import", archive, "--to", str(tmp_path / f"b{count}")),
            )
        )
    assert peaks[1] - peaks[0] < 30_000


def peak_of(*words: str) -> int:
    """The most memory a command had, in KiB."""
    measure = (
        "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'headrace', *sys.argv[1:]],"
        " check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", measure, *words], check=True, capture_output=True, text=True)
    return int(done.stdout)
