"""``headrace import`` of folders that TensorBoard's writers made (see ``assets/make_tensorboard.py``)."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.artifacts import open_store as open_artifacts
from headrace.base.errors import BadRequest
from headrace.moving.event_values import Scalar, event_of, meaning_of
from headrace.moving.foreign_names import file_of, key_of
from headrace.moving.framing import masked_crc32c, tf_records
from headrace.moving.importing import Importer
from headrace.moving.port import Chosen, Sink
from headrace.moving.sources import open_source
from headrace.moving.tensorboard import TensorBoardFolder
from headrace.schema.experiments import GetExperiment
from headrace.schema.exports import ExportPoints, ExportRuns
from headrace.schema.imports import ImportedRun, ImportedSeries
from headrace.stores import Store, open_store
from headrace.wire.protobuf import fields

ASSETS = Path(__file__).parent / "assets" / "tensorboard"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A copy of the folder, whose files nobody has written to lately."""
    shutil.copytree(ASSETS, tmp_path / "logs")
    rest(tmp_path / "logs")
    return tmp_path / "logs"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(str(tmp_path / "store"))) as store:
        yield store


def rest(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1_700_001_000, 1_700_001_000))


def bring(folder: Path, store: Store, uri: str = "") -> dict[str, Any]:
    source = open_source(str(folder))
    assert isinstance(source, TensorBoardFolder)
    return Importer(source, Sink(store, uri)).run().as_json()


def runs(store: Store) -> dict[str, ImportedRun]:
    return {run.run_name: run for run in store.send(ExportRuns()).runs}


def points(store: Store, run: ImportedRun) -> dict[str, list[tuple[int, int, float]]]:
    series = store.send(ExportPoints(run_ids=[run.run_id])).series
    return {each.key: [(point.step, point.timestamp, point.value) for point in each.points] for each in series}


def record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked_crc32c(head)) + data + struct.pack("<I", masked_crc32c(data))


def scalar_event(tag: str, value: float, step: int, at: float = 1_700_000_000.0) -> bytes:
    said = tag.encode()
    inner = b"\x0a" + bytes([len(said)]) + said + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + bytes([len(inner)]) + inner
    return record(b"\x09" + struct.pack("<d", at) + b"\x10" + bytes([step]) + b"\x2a" + bytes([len(summary)]) + summary)


def test_each_folder_with_events_becomes_a_run(logs: Path, store: Store) -> None:
    report = bring(logs, store)
    assert report["not_come_over"] == []
    found = runs(store)
    assert sorted(found) == ["sweep/first", "sweep/second", "sweep/second/trial", "tf2/train"]
    first = found["sweep/first"]
    assert (first.status, first.start_time, first.deleted_time) == ("FINISHED", 1_700_000_000_000, None)


def test_scalars_keep_their_steps_times_and_values(logs: Path, store: Store) -> None:
    bring(logs, store)
    found = points(store, runs(store)["sweep/first"])
    assert sorted(found) == ["loss/train", "loss/val"]
    exact = struct.unpack("<f", struct.pack("<f", 1 / 3))[0]
    assert found["loss/train"][2] == (2, 1_700_000_001_000, exact)
    values = [value for _, _, value in found["loss/val"]]
    assert math.isnan(values[3])
    assert (values[4], values[5], len(values)) == (math.inf, 1.25, 20)
    assert points(store, runs(store)["tf2/train"])["epoch_loss"] == [
        (step, 1_700_000_200_000 + step * 1000, step * 1.5) for step in range(10)
    ]


def test_hyperparameters_are_params_of_a_run_below(logs: Path, store: Store) -> None:
    bring(logs, store)
    found = runs(store)
    trial, train = found["sweep/second/trial"], found["tf2/train"]
    assert {each.key: each.value for each in trial.params} == {"lr": "0.1", "layers": "3", "name": "adam", "bn": "True"}
    assert {each.key: each.value for each in train.params} == {"units": "16", "dropout": "0.25", "opt": "sgd"}
    tags = {tag.key: tag.value for tag in trial.tags}
    assert tags["mlflow.parentRunId"] == found["sweep/second"].run_id
    assert points(store, trial)["hparam/accuracy"][0][2] == 0.75


def test_texts_pictures_and_histograms_are_artifacts(logs: Path, store: Store) -> None:
    bring(logs, store)
    first, train = runs(store)["sweep/first"], runs(store)["tf2/train"]
    files = open_artifacts(first.artifact_uri or "")
    text = b"".join(files.read("text/notes/text_summary/step-0-1700000001000.md"))
    assert text.decode() == "Hello **world** ü"
    (picture,) = files.list("images")
    assert picture.path.startswith("images/sample+step+5+timestamp+1700000002000+")
    assert b"".join(files.read(picture.path)).startswith(b"\x89PNG")
    histogram = json.loads(b"".join(files.read("histograms/weights/step-7-1700000003000.json")))
    assert (histogram["min"], histogram["max"], histogram["num"]) == (-1.0, 1.0, 100.0)
    assert sum(count for _, _, count in histogram["buckets"]) == 100.0
    text = b"".join(open_artifacts(train.artifact_uri or "").read("text/doc/step-3-1700000210000.md"))
    assert text == b"text one\n\ntext two"


def test_importing_again_changes_nothing_wherever_the_folder_is(logs: Path, store: Store, tmp_path: Path) -> None:
    bring(logs, store)
    logs.rename(tmp_path / "moved")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "moved").rename(tmp_path / "elsewhere" / "logs")
    for _ in range(2):
        again = bring(tmp_path / "elsewhere" / "logs", store)
        assert sum(counts["new"] + counts["added_to"] for counts in again["counts"].values()) == 0
        assert again["not_come_over"] == []
    assert len(runs(store)) == 4


def test_a_file_that_is_still_written_is_taken_up_later(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "live" / "run" / "events.out.tfevents.1700000000.example"
    file.parent.mkdir(parents=True)
    whole = b"".join(scalar_event("loss", step, step, 1_700_000_000.0 + step) for step in range(10))
    for length in (0, 5, len(whole) // 2 + 3, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert bring(tmp_path / "live", store)["not_come_over"] == []
    live = {run.run_id: run for run in store.send(ExportRuns()).runs}
    assert {run.status for run in live.values()} == {"RUNNING"}
    file.write_bytes(whole)
    rest(tmp_path / "live")
    bring(tmp_path / "live", store)
    ended = [run for run in store.send(ExportRuns()).runs if points(store, run)]
    assert [(run.status, run.end_time) for run in ended] == [("FINISHED", 1_700_000_009_000)]
    assert [step for step, _, _ in points(store, ended[0])["loss"]] == list(range(10))


@pytest.mark.parametrize("harm", ["flipped", "huge", "other", "message"])
def test_a_damaged_file_costs_what_comes_after_the_damage(store: Store, tmp_path: Path, harm: str) -> None:
    sound = [scalar_event("loss", step, step) for step in range(6)]
    match harm:
        case "flipped":
            sound[3] = sound[3][:20] + bytes([sound[3][20] ^ 1]) + sound[3][21:]
        case "huge":
            head = struct.pack("<Q", 2**60)
            sound[3] = head + struct.pack("<I", masked_crc32c(head)) + b"x" * 50
        case "other":
            sound[3] = os.urandom(100)
        case "message":
            sound[3] = record(b"\x2a\xff\xff\xff\xff\xff\x0f")
    for name, content in (("bad", b"".join(sound)), ("good", b"".join(scalar_event("loss", s, s) for s in range(6)))):
        (tmp_path / "logs" / name).mkdir(parents=True)
        (tmp_path / "logs" / name / f"events.out.tfevents.{name}").write_bytes(content)
    rest(tmp_path / "logs")
    (lost,) = bring(tmp_path / "logs", store)["not_come_over"]
    assert lost["id"] == "bad/events.out.tfevents.bad"
    found = runs(store)
    assert [step for step, _, _ in points(store, found["bad"])["loss"]] == [0, 1, 2]
    assert len(points(store, found["good"])["loss"]) == 6


def test_links_are_not_followed(logs: Path, store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "events.out.tfevents.9").write_bytes(scalar_event("secret", 1, 1))
    (logs / "linked").symlink_to(outside)
    (logs / "sweep" / "events.out.tfevents.7").symlink_to(outside / "events.out.tfevents.9")
    bring(logs, store)
    assert len(runs(store)) == 4


def test_one_experiment_is_named_after_the_folder(logs: Path, store: Store) -> None:
    assert Importer(open_source(str(logs)), Sink(store, ""), chosen=Chosen(frozenset({"other"}))).run().new == {}
    bring(logs, store)
    (experiment,) = {run.experiment_id for run in runs(store).values()}
    assert store.send(GetExperiment(experiment_id=experiment)).experiment.name == "logs"


@pytest.mark.parametrize(
    ("tag", "key", "path"),
    [
        ("loss/train", "loss/train", "loss/train"),
        ("/a//b/", "a/b", "a/b"),
        ("../x", "__/x", "__/x"),
        ("loss(é)%", "loss_é__", "loss_é__"),
        ("weights:0", "weights:0", "weights_0"),
        ("", "_", "_"),
        ("x" * 300, "x" * 250, "x" * 250),
    ],
)
def test_tags_become_keys_and_paths(tag: str, key: str, path: str) -> None:
    assert (key_of(tag), file_of(tag)) == (key, path)


@given(st.lists(st.binary(max_size=200), max_size=20), st.integers(1, 64))
def test_records_are_read_in_pieces_of_any_size(wanted: list[bytes], size: int) -> None:
    whole = b"".join(map(record, wanted))
    pieces = (whole[at : at + size] for at in range(0, len(whole), size))
    assert list(tf_records(pieces)) == wanted


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    for read in (lambda: list(fields(data)), lambda: event_of(data), lambda: list(meaning_of(data))):
        try:
            read()
        except BadRequest:
            continue


@given(st.integers(0, 2**31), st.integers(0, 7), st.binary(max_size=40))
def test_no_scalar_is_made_of_a_hostile_tensor(kind: int, number: int, content: bytes) -> None:
    tensor = b"\x08" + bytes([kind & 0x7F]) + bytes([(number << 3) | 2, len(content)]) + content
    value = b"\x42" + bytes([len(tensor)]) + tensor
    try:
        found = list(meaning_of(value))
    except BadRequest:
        return
    assert all(isinstance(each.number, float) for each in found if isinstance(each, Scalar))


def test_a_check_sum_is_that_of_castagnoli() -> None:
    """The value that RFC 3720 gives for 32 zero bytes, masked."""
    crc = 0x8A9136AA
    assert masked_crc32c(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_what_was_found_whole_once_is_read_on_without_its_check_sums(tmp_path: Path) -> None:
    file = tmp_path / "run" / "events.out.tfevents.1"
    file.parent.mkdir()
    file.write_bytes(b"".join(scalar_event("loss", step % 100, step % 100) for step in range(1000)))
    rest(tmp_path)
    source = TensorBoardFolder(tmp_path)
    told = list(source.entities(Chosen()))
    assert sum(len(each.points) for each in told if isinstance(each, ImportedSeries)) == 1000
    assert source._sound == {("run", "events.out.tfevents.1"): 1000}
