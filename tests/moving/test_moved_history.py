"""The history of the registry goes with it: what ``?at=`` answers in one store it answers in every store after it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest, HeadraceError
from headrace.moving.archive import ArchiveSource
from headrace.moving.importing import Importer
from headrace.moving.port import Chosen, Entity, Sink
from headrace.schema.exports import ExportRegistryEvents
from headrace.schema.registry import DeleteModelVersion, SetRegisteredModelAlias
from headrace.schema.registry_events import GetModelVersionAt, RollBackRegisteredModelAlias, SearchRegistryEvents
from headrace.stores import Store, open_store
from tests.databases import free_port
from tests.moving.furnished import furnish
from tests.moving.test_archive import contents, exported, imported, there
from tests.processes import serving


@pytest.fixture
def a(tmp_path: Path) -> str:
    """A store whose registered models were made, moved, renamed and deleted."""
    uri = str(tmp_path / "a")
    with closing(open_store(uri)) as store:
        furnish(store, 5)
        for name, version in zip(["old net 5"] * 3 + ["old net 5 renamed"] * 2, "12321", strict=True):
            store.send(SetRegisteredModelAlias(name=name, alias="champion", version=version))
            moment = now_ms()
            while now_ms() == moment:
                pass
    return uri


def as_it_was(store: Store) -> dict[str, Any]:
    """What every name, alias and stage meant at every time at which something happened, and a moment before."""
    events = store.send(SearchRegistryEvents(max_results=1000)).events
    times = sorted({moment for each in events for moment in (each.timestamp - 1, each.timestamp)})
    asked: list[dict[str, Any]] = [{"alias": alias} for alias in ("champion", "best", "latest")]
    asked += [{"stage": stage} for stage in ("None", "Staging", "Production")]
    found = {}
    for name in sorted({each.name for each in events}):
        for at in times:
            for each in asked:
                call = GetModelVersionAt(name=name, at=at, **each)
                try:
                    version = store.send(call).model_version
                    found[str(call)] = f"{version.name} {version.version}"
                except HeadraceError as error:
                    found[str(call)] = error.message
    return found


def events(store: Store) -> list[Any]:
    """The whole history, the newest first, without the numbers that a store gives its rows."""
    found = store.send(SearchRegistryEvents(max_results=1000)).events
    return [msgspec.structs.replace(each, event_id=0) for each in found]


def test_what_was_is_the_same_in_every_store(a: str, tmp_path: Path) -> None:
    b, c = str(tmp_path / "b"), f"sqlite:///{tmp_path}/c.db"
    exported(a, tmp_path / "1")
    imported(tmp_path / "1", b)
    exported(b, tmp_path / "2")
    imported(tmp_path / "2", c)
    exported(c, tmp_path / "3")
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "3")
    assert_same(a, b, c)


@pytest.mark.slow
def test_so_it_is_through_a_server(a: str, tmp_path: Path) -> None:
    port, c = free_port(), str(tmp_path / "c")
    command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
    command += ["--backend-store-uri", str(tmp_path / "b"), "--artifacts-destination", str(tmp_path / "files")]
    with serving(command, f"http://127.0.0.1:{port}", tmp_path / "log") as server:
        imported(a, server.url)
        imported(server.url, c)
        assert_same(a, server.url, c)


def assert_same(*uris: str) -> None:
    stores = [open_store(uri) for uri in uris]
    first, *others = [(as_it_was(store), sorted(map(str, events(store)))) for store in stores]
    assert len({answer for answer in first[0].values() if answer.startswith("old net")}) >= 5
    for other in others:
        assert other == first
    for store in stores:
        store.close()


def test_an_alias_rolls_back_to_what_it_was_in_another_store(a: str, tmp_path: Path) -> None:
    imported(a, str(tmp_path / "b"))
    for uri in (a, str(tmp_path / "b")):
        with closing(open_store(uri)) as store:
            store.send(RollBackRegisteredModelAlias(name="old net 5", alias="champion"))
            store.send(SetRegisteredModelAlias(name="old net 5", alias="champion", version="1"))
            back = RollBackRegisteredModelAlias(name="old net 5", alias="champion")
            assert store.send(back).model_version.version == "2"
            assert store.send(back).model_version.version == "1"


def test_with_a_chosen_model_comes_its_history_alone(a: str, tmp_path: Path) -> None:
    exported(a, tmp_path / "1", "--model", "old net 5 renamed")
    lines = [json.loads(line) for line in (tmp_path / "1" / "registry_events.ndjson").read_text().splitlines()]
    assert {line["name_now"] for line in lines} == {"old net 5 renamed"}
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    imported(tmp_path / "1", str(tmp_path / "b"))
    imported(a, str(tmp_path / "b"))
    assert_same(a, str(tmp_path / "b"))
    exported(a, tmp_path / "2", "--experiment", "experiment 5.0 ü")
    assert (tmp_path / "2" / "registry_events.ndjson").read_bytes() == b""


def test_registered_models_that_are_left_out_leave_their_history_behind(a: str, tmp_path: Path) -> None:
    imported(a, str(tmp_path / "b"), "--no-registry")
    with closing(open_store(str(tmp_path / "b"))) as store:
        assert store.send(ExportRegistryEvents()).events == []


class Cut:
    """A source that breaks after so many records of a kind."""

    def __init__(self, source: ArchiveSource, kind: str, after: int) -> None:
        self._source, self._kind, self._left = source, kind, after
        self.name, self.runs, self.close = source.name, source.runs, source.close

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        for each in self._source.entities(chosen):
            if type(each).__name__ == self._kind:
                self._left -= 1
            if self._left < 0:
                raise BadRequest("cut")
            yield each


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("ImportedRegistryEvent", 1),
        ("ImportedRegistryEvent", 30),
        ("ImportedModelVersion", 0),
        ("ImportedModelVersion", 4),
    ],
)
def test_an_import_that_was_cut_short_is_taken_up(
    a: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, after: int
) -> None:
    exported(a, tmp_path / "1")
    monkeypatch.setattr("headrace.moving.importing._TOGETHER", dict.fromkeys(_together(), 1))
    b = str(tmp_path / "b")
    with closing(open_store(b)) as store, pytest.raises(BadRequest, match="cut"):
        Importer(Cut(ArchiveSource(tmp_path / "1"), kind, after), Sink(store, b)).run()
    monkeypatch.undo()
    assert imported(tmp_path / "1", b)["not_come_over"] == []
    assert_same(a, b)


def _together() -> dict[type, int]:
    from headrace.moving.importing import _TOGETHER

    return _TOGETHER


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_two_imports_at_once_bring_it_once(request: pytest.FixtureRequest, a: str, tmp_path: Path, kind: str) -> None:
    exported(a, tmp_path / "1")
    for b in there(request, tmp_path, kind) if kind != "sqlite" else [f"sqlite:///{tmp_path}/b.db"]:
        with ThreadPoolExecutor(3) as pool:
            reports = list(pool.map(lambda _, b=b: at_once(tmp_path / "1", b), range(3)))
        assert [report["not_come_over"] for report in reports] == [[], [], []]
        counts = [report["counts"]["registry event"] for report in reports]
        assert len({each["new"] + each["already_there"] for each in counts}) == 1
        assert sum(each["new"] for each in counts) == counts[0]["new"] + counts[0]["already_there"]
        assert_same(a, b)


def at_once(archive: Path, uri: str) -> dict[str, Any]:
    with closing(open_store(uri)) as store:
        return Importer(ArchiveSource(archive), Sink(store, uri)).run().as_json()


def test_what_happened_since_in_a_model_that_is_here_stays_where_it_happened(a: str, tmp_path: Path) -> None:
    b = str(tmp_path / "b")
    imported(a, b)
    with closing(open_store(a)) as store:
        store.send(SetRegisteredModelAlias(name="old net 5", alias="champion", version="3"))
        store.send(DeleteModelVersion(name="old net 5", version="3"))
        since = len(events(store))
    exported(a, tmp_path / "1")
    with closing(open_store(b)) as store:
        before = as_it_was(store)
        report = Importer(ArchiveSource(tmp_path / "1"), Sink(store, b)).run().as_json()
        (lost,) = report["not_come_over"]
        assert (lost["kind"], lost["count"]) == ("registry event", since - len(events(store)))
        assert "goes on here" in lost["why"]
        assert as_it_was(store) == before


def test_an_archive_without_events_is_imported_as_ever(a: str, tmp_path: Path) -> None:
    exported(a, tmp_path / "1")
    (tmp_path / "1" / "registry_events.ndjson").unlink()
    manifest = json.loads((tmp_path / "1" / "manifest.json").read_bytes())
    del manifest["files"]["registry_events.ndjson"]
    (tmp_path / "1" / "manifest.json").write_text(json.dumps(manifest))
    imported(tmp_path / "1", str(tmp_path / "b"))
    with closing(open_store(str(tmp_path / "b"))) as store:
        kinds = [each.event for each in store.send(SearchRegistryEvents(name="old net 5")).events[::-1]]
    assert kinds[:2] == ["registered_model.created", "model_version.created"]
    assert len(kinds) == 6
