"""``headrace import`` of folders that W&B made offline (see ``assets/make_wandb.py``)."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.artifacts import open_store as open_artifacts
from headrace.base.errors import BadRequest
from headrace.moving.framing import wandb_records
from headrace.moving.importing import Importer
from headrace.moving.port import Sink
from headrace.moving.sources import open_source
from headrace.moving.wandb import WandbFolder
from headrace.moving.wandb_records import about_of, history_of, items_of, stats_of
from headrace.schema.experiments import CreateExperiment, GetExperiment
from headrace.schema.exports import ExportPoints, ExportRuns
from headrace.schema.imports import ImportedRun
from headrace.stores import Store, open_store

ASSETS = Path(__file__).parent / "assets" / "wandb"
RUN = "offline-run-20261121_164252-abc123xy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the folder, whose files nobody has written to lately."""
    shutil.copytree(ASSETS, tmp_path / "training" / "wandb")
    rest(tmp_path / "training")
    return tmp_path / "training"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(str(tmp_path / "store"))) as store:
        yield store


def rest(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1_700_001_000, 1_700_001_000), follow_symlinks=False)


def bring(folder: Path, store: Store, *artifacts_from: str) -> dict[str, Any]:
    source = open_source(str(folder), artifacts_from=artifacts_from)
    assert isinstance(source, WandbFolder)
    return Importer(source, Sink(store, "")).run().as_json()


def only(store: Store) -> ImportedRun:
    (run,) = store.send(ExportRuns()).runs
    return run


def points(store: Store, run: ImportedRun) -> dict[str, list[tuple[int, float]]]:
    series = store.send(ExportPoints(run_ids=[run.run_id])).series
    return {each.key: [(point.step, point.value) for point in each.points] for each in series}


def framed(records: list[bytes]) -> bytes:
    """A file of W&B, as LevelDB's log lays records out."""
    out = bytearray(b":W&B\xe1\xbe\x00")
    for data in records:
        first = True
        while first or data:
            left = 32_768 - len(out) % 32_768
            if left < 7:
                out += bytes(left)
                continue
            piece, data = data[: left - 7], data[left - 7 :]
            kind = (1 if not data else 2) if first else (4 if not data else 3)
            out += struct.pack("<IHB", zlib.crc32(piece, zlib.crc32(bytes([kind]))), len(piece), kind) + piece
            first = False
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def item(key: str, value: Any) -> bytes:
    return field(1, field(1, key.encode()) + field(16, json.dumps(value).encode()))


def row(step: int, **values: Any) -> bytes:
    return field(2, b"".join(item(*pair) for pair in values.items()) + field(2, b"\x08" + varint(step)))


def run_record(id: str = "r1", project: str = "p", start: int = 1_700_000_000, **config: Any) -> bytes:
    said = field(1, id.encode()) + field(3, project.encode())
    said += field(4, b"".join(item(*pair) for pair in config.items()))
    return field(17, said + field(17, b"\x08" + varint(start)))


def made(folder: Path, *records: bytes, name: str = "offline-run-20240101_000000-r1") -> Path:
    """The folder of one run."""
    (folder / "wandb" / name / "files").mkdir(parents=True)
    (folder / "wandb" / name / "run-r1.wandb").write_bytes(framed(list(records)))
    rest(folder)
    return folder / "wandb" / name


def test_a_run_comes_over_with_all_it_is(folder: Path, store: Store) -> None:
    report = bring(folder, store)
    assert report["not_come_over"] == []
    run = only(store)
    assert (run.run_name, run.status, run.start_time > 0) == ("salmon one", "FINISHED", True)
    assert (run.end_time or 0) >= run.start_time
    assert store.send(GetExperiment(experiment_id=run.experiment_id)).experiment.name == "fish"
    assert {each.key: each.value for each in run.params} == {
        "lr": "0.1",
        "nested.layers": "[1, 2]",
        "nested.opt": "adam",
        "flag": "True",
        "late": "5",
    }
    tags = {tag.key: tag.value for tag in run.tags}
    assert tags["mlflow.note.content"] == "some notes ü"
    assert {key.removeprefix("wandb."): value for key, value in tags.items() if key.startswith("wandb.")} == {
        "run_id": "abc123xy",
        "entity": "lab",
        "project": "fish",
        "group": "g1",
        "job_type": "train",
        "tags": "a,b",
        "host": "example",
        "summary.label": "text",
    }


def test_history_keeps_steps_and_values(folder: Path, store: Store) -> None:
    bring(folder, store)
    found = {key: each for key, each in points(store, only(store)).items() if not key.startswith("system/")}
    assert sorted(found) == ["best", "big", "epoch", "loss", "nested.x", "val/acc"]
    assert [step for step, _ in found["loss"]] == list(range(150))
    assert found["loss"][4] == (4, 0.2)
    assert math.isnan(found["loss"][5][1])
    assert found["big"] == [(step, math.inf) for step in range(0, 150, 5)]
    assert (found["epoch"], found["best"]) == ([(200, 1.0)], [(200, 0.5)])
    assert found["nested.x"][0] == (1, 1.0)


def test_files_console_and_other_values_are_artifacts(folder: Path, store: Store) -> None:
    bring(folder, store)
    files = open_artifacts(only(store).artifact_uri or "")
    assert b"".join(files.read("output.log")) == b"hello from the run\n"
    assert b"".join(files.read("requirements.txt"))
    (picture,) = files.list("media/images")
    assert picture.path.endswith(".png")
    rows = [json.loads(line) for line in b"".join(files.read("history-of-other-values.jsonl")).splitlines()]
    assert (rows[0]["label"], rows[0]["_step"], rows[-1]["img"]["_type"]) == ("text", 1, "image-file")


@pytest.mark.parametrize("place", ["", "wandb", f"wandb/{RUN}"])
def test_any_folder_around_a_run_is_known(folder: Path, store: Store, place: str) -> None:
    bring(folder / place, store)
    assert only(store).run_name == "salmon one"


def test_importing_again_changes_nothing(folder: Path, store: Store, tmp_path: Path) -> None:
    bring(folder, store)
    folder.rename(tmp_path / "moved")
    again = bring(tmp_path / "moved", store)
    assert sum(counts["new"] + counts["added_to"] for counts in again["counts"].values()) == 0
    assert again["not_come_over"] == []


def test_a_project_that_is_here_already_is_joined(folder: Path, store: Store) -> None:
    key = store.send(CreateExperiment(name="fish")).experiment_id
    bring(folder, store)
    assert only(store).experiment_id == key


def test_a_run_that_was_resumed_is_one_run(store: Store, tmp_path: Path) -> None:
    made(tmp_path, run_record(a=1, b=1), row(0, loss=1.0), row(1, loss=0.5), name="offline-run-20240101_000000-r1")
    made(
        tmp_path,
        run_record(b=2, start=1_700_009_000),
        row(2, loss=0.25),
        field(18, b"\x08\x00"),
        name="offline-run-20240102_000000-r1",
    )
    bring(tmp_path, store)
    run = only(store)
    assert (run.status, run.start_time) == ("FINISHED", 1_700_000_000_000)
    assert {each.key: each.value for each in run.params} == {"a": "1", "b": "2"}
    assert points(store, run)["loss"] == [(0, 1.0), (1, 0.5), (2, 0.25)]


@pytest.mark.parametrize(("code", "status"), [(b"\x08\x00", "FINISHED"), (b"\x08\x01", "FAILED"), (None, "FAILED")])
def test_a_run_ended_as_it_said(store: Store, tmp_path: Path, code: bytes | None, status: str) -> None:
    made(tmp_path, run_record(), row(0, loss=1.0), *([field(18, code)] if code else []))
    bring(tmp_path, store)
    assert only(store).status == status


def test_a_run_that_goes_on_is_taken_up_later(store: Store, tmp_path: Path) -> None:
    place = made(tmp_path, run_record(), row(0, loss=1.0, note="a"))
    file = place / "run-r1.wandb"
    whole = framed([run_record(), row(0, loss=1.0, note="a"), row(1, loss=0.5, note="b"), field(18, b"\x08\x00")])
    (place / "files" / "output.log").write_bytes(b"one\n")
    for length in (len(whole) - 1, len(whole) // 2, len(whole) - 20):
        file.write_bytes(whole[:length])
        assert bring(tmp_path, store)["not_come_over"] == []
    assert only(store).status == "RUNNING"
    file.write_bytes(whole)
    (place / "files" / "output.log").write_bytes(b"one\ntwo\n")
    rest(tmp_path)
    assert bring(tmp_path, store)["not_come_over"] == []
    run = only(store)
    assert (run.status, points(store, run)["loss"]) == ("FINISHED", [(0, 1.0), (1, 0.5)])
    assert b"".join(open_artifacts(run.artifact_uri or "").read("output.log")) == b"one\ntwo\n"


def test_links_are_read_only_where_that_is_allowed(folder: Path, store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "saved.txt").write_text("saved")
    (tmp_path / "secret.txt").write_text("secret")
    files = folder / "wandb" / RUN / "files"
    (files / "saved.txt").symlink_to(tmp_path / "mine" / "saved.txt")
    (files / "stolen.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "wandb" / "latest-run").symlink_to(folder / "wandb" / RUN)
    told = bring(folder, store)["not_come_over"]
    assert sorted(each["id"].rpartition("/")[2] for each in told) == ["saved.txt", "stolen.txt"]
    assert all("--artifacts-from" in each["why"] for each in told)
    told = bring(folder, store, str(tmp_path / "mine"))["not_come_over"]
    assert [each["id"].rpartition("/")[2] for each in told] == ["stolen.txt"]
    kept = open_artifacts(only(store).artifact_uri or "")
    assert b"".join(kept.read("saved.txt")) == b"saved"


@pytest.mark.parametrize("harm", ["flipped", "kind", "long", "header", "json", "message"])
def test_a_damaged_file_costs_that_file_only(store: Store, tmp_path: Path, harm: str) -> None:
    records = [run_record(), row(0, loss=1.0), row(1, loss=0.5), row(2, loss=0.25)]
    if harm == "json":
        records[2] = field(2, field(1, field(1, b"loss") + field(16, b"[" * 100_000)))
    elif harm == "message":
        records[2] = b"\x12\xff\xff\xff\x7f"
    content = bytearray(framed(records))
    at = len(framed(records[:2]))
    if harm == "flipped":
        content[at + 9] ^= 1
    elif harm == "kind":
        content[at + 6] = 9
    elif harm == "long":
        content[at + 4 : at + 6] = b"\xff\xff"
    elif harm == "header":
        content[:7] = b"SQLite "
    bad = made(tmp_path, run_record(), name="offline-run-20240101_000000-r1")
    (bad / "run-r1.wandb").write_bytes(content)
    made(tmp_path, run_record("good"), row(0, loss=7.0), name="offline-run-20240103_000000-good")
    lost = bring(tmp_path, store)["not_come_over"]
    assert lost
    assert all("20240101" in each["id"] or each["kind"] == "W&B record" for each in lost)
    found = {tag.value: run for run in store.send(ExportRuns()).runs for tag in run.tags if tag.key == "wandb.run_id"}
    assert points(store, found["good"])["loss"] == [(0, 7.0)]
    expected = {"header": [], "json": [0, 2]}.get(harm, [0])
    assert [step for step, _ in (points(store, found["r1"])["loss"] if "r1" in found else [])] == expected


def test_numbers_beyond_floats_and_odd_keys_are_kept_as_well_as_may_be(store: Store, tmp_path: Path) -> None:
    made(tmp_path, run_record(), row(0, **{"big": 10**400, "a(b)%": 1, "../x": 2, "t": True, "n": None}))
    assert bring(tmp_path, store)["not_come_over"] == []
    found = points(store, only(store))
    assert found == {"big": [(0, math.inf)], "a_b__": [(0, 1.0)], "__/x": [(0, 2.0)], "t": [(0, 1.0)]}


@given(st.lists(st.binary(max_size=70_000), max_size=6), st.integers(1, 40_000))
def test_records_are_read_across_blocks_and_pieces(wanted: list[bytes], size: int) -> None:
    whole = framed(wanted)
    pieces = (whole[at : at + size] for at in range(0, len(whole), size))
    assert list(wandb_records(pieces)) == wanted


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    for read in (about_of, history_of, items_of, stats_of):
        try:
            read(data)
        except BadRequest:
            continue
    try:
        list(wandb_records(iter([b":W&B\xe1\xbe\x00" + data])))
    except BadRequest:
        return
