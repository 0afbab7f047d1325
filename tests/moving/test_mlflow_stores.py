"""What real versions of MLflow wrote comes over whole: every value that its client reads, ours reads afterwards."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from headrace.moving.importing import Importer
from headrace.moving.port import Chosen, Sink
from headrace.moving.reports import Report
from headrace.moving.sources import open_source
from headrace.stores import open_store
from tests.conformance.conftest import QUIET
from tests.databases import free_port
from tests.moving import sources
from tests.moving.copied import copied
from tests.processes import serving

VERSIONS = ("1.30.0", "2.9.2")
KINDS = ("db/mlflow.db", "files/mlruns")


def brought(source: Path | str, to: str, *, moved: str | None = None, chosen: Chosen | None = None) -> Report:
    """Import a source into the store at ``to``, artifacts from where they were ``moved`` included."""
    opened, store = open_source(str(source), artifacts_from=[moved] if moved else []), open_store(to)
    try:
        return Importer(opened, Sink(store, to), chosen=chosen).run()
    finally:
        store.close()
        opened.close()


def as_it_was(source: Path, version: str, kind: str) -> Path:
    return sources.unpacked(version, source) / kind


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_of_mlflow_wrote_comes_over_whole(version: str, kind: str, tmp_path: Path) -> None:
    source = as_it_was(tmp_path / "source", version, kind)
    told = json.loads((source.parent / "told.json").read_text())
    report = brought(source, str(tmp_path / "to"), moved=f"{sources.WRITTEN_AT}={tmp_path / 'source'}")
    assert report.lost == []
    assert sources.tell(str(tmp_path / "to")) == told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_second_import_changes_nothing(version: str, kind: str, tmp_path: Path) -> None:
    source = as_it_was(tmp_path / "source", version, kind)
    moved = f"{sources.WRITTEN_AT}={tmp_path / 'source'}"
    first = brought(source, str(tmp_path / "to"), moved=moved)
    before = contents(tmp_path / "to")
    second = brought(source, str(tmp_path / "to"), moved=moved)
    assert second.new.total() == 0
    assert second.added.total() == 0
    assert second.there == first.new + first.added
    assert contents(tmp_path / "to") == before


def contents(folder: Path) -> list[str]:
    """Every row of a store's database."""
    connection = sqlite3.connect(folder / "headrace.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_stays_as_it_is(kind: str, tmp_path: Path) -> None:
    source = as_it_was(tmp_path / "source", "2.9.2", kind)
    before = {path: path.read_bytes() for path in source.parent.rglob("*") if path.is_file()}
    brought(source, str(tmp_path / "to"))
    assert {path: path.read_bytes() for path in source.parent.rglob("*") if path.is_file()} == before


def test_an_import_of_some_experiments_leaves_out_the_others(tmp_path: Path) -> None:
    source = as_it_was(tmp_path / "source", "2.9.2", "db/mlflow.db")
    chosen = Chosen(frozenset({"one/first"}), registry=False)
    report = brought(source, str(tmp_path / "to"), chosen=chosen)
    assert report.new["experiment"] == 1
    assert report.new["run"] == 4
    assert report.new["registered model"] == 0


@pytest.fixture(scope="module")
def genuine() -> str:
    python = os.environ.get("HEADRACE_GENUINE_PYTHON")
    if not python:
        pytest.skip("HEADRACE_GENUINE_PYTHON names no Python with genuine MLflow in it")
    return python


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_todays_mlflow_writes_comes_over_whole(kind: str, genuine: str, tmp_path: Path) -> None:
    source = tmp_path / kind
    uri = str(source) if kind.startswith("files") else f"sqlite:///{source}"
    sources.fill(uri, source.parent, genuine)
    report = brought(source, str(tmp_path / "to"), moved=str(source.parent / "artifacts-of-one"))
    assert report.lost == []
    assert sources.tell(str(tmp_path / "to")) == sources.tell(uri, genuine)


@pytest.mark.slow
@pytest.mark.parametrize("server", ["postgresql_server", "mariadb_server"])
def test_a_database_on_a_server_comes_over_as_one_in_a_file(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    file = as_it_was(tmp_path / "source", "2.9.2", "db/mlflow.db")
    told = json.loads((file.parent / "told.json").read_text())
    moved = f"{sources.WRITTEN_AT}={tmp_path / 'source'}"
    with request.getfixturevalue(server).database() as url:
        copied(file, url)
        report = brought(url, str(tmp_path / "to"), moved=moved)
    assert report.lost == []
    assert sources.tell(str(tmp_path / "to")) == told


@pytest.mark.slow
def test_a_server_of_mlflow_comes_over_whole(genuine: str, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    command = [genuine, "-m", "mlflow", "server", "--workers", "1", "--port", url.rpartition(":")[2]]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/m.db", "--artifacts-destination", str(tmp_path / "files")]
    with serving(command, url, tmp_path / "log", env=QUIET):
        sources.fill(url, tmp_path / "client", genuine)
        report = brought(url, str(tmp_path / "to"))
        assert report.lost == []
        assert report.new["artifact"] == 4
        assert sources.tell(str(tmp_path / "to")) == sources.tell(url, genuine)
