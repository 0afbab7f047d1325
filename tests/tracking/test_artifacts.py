"""Artifacts of runs, as a script logs them and gets them back."""

from __future__ import annotations

import datetime
import io
import json
import os
from pathlib import Path

import matplotlib.figure
import numpy
import pandas
import PIL.Image
import pytest
import yaml

import headrace
import headrace.artifacts
from headrace import MlflowClient
from headrace.base.errors import BadRequest, HeadraceError, NotFound

pytestmark = pytest.mark.usefixtures("place")


def _text(run: headrace.ActiveRun, path: str) -> str:
    return headrace.artifacts.load_text(f"runs:/{run.info.run_id}/{path}")


def _paths(run: headrace.ActiveRun, path: str | None = None) -> list[str]:
    return [each.path for each in headrace.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path=path)]


def test_files_and_folders_are_logged_and_downloaded(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "x.txt").write_text("x")
    (folder / "y.txt").write_text("why")
    with headrace.start_run() as run:
        headrace.log_artifact(str(folder / "y.txt"))
        headrace.log_artifact(str(folder / "y.txt"), "docs/more")
        headrace.log_artifact(str(folder), "whole")
        headrace.log_artifacts(str(folder), "contents")
    assert _paths(run) == ["contents", "docs", "whole", "y.txt"]
    assert _paths(run, "whole") == ["whole/data"]
    assert _paths(run, "contents") == ["contents/deep", "contents/y.txt"]
    (info,) = [each for each in MlflowClient().list_artifacts(run.info.run_id) if not each.is_dir]
    assert (info.path, info.file_size) == ("y.txt", 3)
    got = headrace.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="whole/data", dst_path=str(tmp_path / "back")
    )
    assert got == str(tmp_path / "back" / "data")
    assert (Path(got) / "deep" / "er" / "x.txt").read_text() == "x"
    everything = headrace.artifacts.download_artifacts(f"runs:/{run.info.run_id}", dst_path=str(tmp_path / "all"))
    assert sorted(os.listdir(everything)) == ["contents", "docs", "whole", "y.txt"]
    one = MlflowClient().download_artifacts(run.info.run_id, "docs/more/y.txt")
    assert Path(one).read_text() == "why"


def test_texts_and_dictionaries_are_logged() -> None:
    when = datetime.datetime(2020, 1, 1)
    with headrace.start_run() as run:
        headrace.log_text("é\r\n", "a/t.txt")
        headrace.log_dict({"b": 1, "d": when}, "d.json")
        headrace.log_dict({"b": 1, "d": [1]}, "d.yml")
        headrace.log_dict({"b": 1}, "sub/plain")
        headrace.log_stream(io.BytesIO(b"abc"), "s/x.bin")
        headrace.log_text("normal", "./a/../n.txt")
    assert _text(run, "a/t.txt") == "é\r\n"
    assert headrace.artifacts.load_dict(f"runs:/{run.info.run_id}/d.json") == {"b": 1, "d": str(when)}
    assert yaml.safe_load(_text(run, "d.yml")) == {"b": 1, "d": [1]}
    assert json.loads(_text(run, "sub/plain")) == {"b": 1}
    assert _text(run, "s/x.bin") == "abc"
    assert _text(run, "n.txt") == "normal"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "x/", "a#b", "a%2e", "a\x00b"])
def test_no_artifact_leaves_its_run(path: str) -> None:
    with headrace.start_run() as run, pytest.raises(BadRequest):
        headrace.log_text("x", path)
    assert _paths(run) == []


def test_figures_are_logged_as_their_name_says() -> None:
    figure = matplotlib.figure.Figure()
    figure.subplots().plot([1, 2])
    with headrace.start_run() as run:
        headrace.log_figure(figure, "plots/f.png", save_kwargs={"dpi": 30})
        headrace.log_figure(figure, "f.svg")
        with pytest.raises(TypeError, match="str"):
            headrace.log_figure("not a figure", "f.png")
    assert headrace.artifacts.load_image(f"runs:/{run.info.run_id}/plots/f.png").format == "PNG"
    assert "<svg" in _text(run, "f.svg")


def test_pictures_are_logged_alone_and_in_series() -> None:
    with headrace.start_run() as run:
        headrace.log_image(numpy.zeros((4, 6, 3), dtype=numpy.uint8), "one.png")
        headrace.log_image(PIL.Image.new("RGB", (2, 2)), "two.png")
        headrace.log_image(numpy.ones((4, 4, 1)), key="a/b", step=3, timestamp=7)
        headrace.log_image(headrace.Image(numpy.ones((300, 4), dtype=bool)), key="mask")
    assert headrace.artifacts.load_image(f"runs:/{run.info.run_id}/one.png").size == (6, 4)
    series = _paths(run, "images")
    assert sum(path.startswith("images/a~b+step+3+timestamp+7+") for path in series) == 2
    assert sum(path.endswith("+compressed.webp") for path in series) == 2
    (mask,) = [path for path in series if path.startswith("images/mask+step+0") and path.endswith(".png")]
    assert headrace.artifacts.load_image(f"runs:/{run.info.run_id}/{mask}").getextrema() == (255, 255)
    assert headrace.get_run(run.info.run_id).data.tags["mlflow.loggedImages"] == "True"


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (numpy.full((2, 2), 300), ValueError),
        (numpy.full((2, 2), -1), ValueError),
        (numpy.full((2, 2), numpy.nan), ValueError),
        (numpy.zeros((1, 1, 1, 1)), ValueError),
        (numpy.zeros((2, 2, 5)), ValueError),
        (numpy.array([["a"]]), TypeError),
        ([1], TypeError),
    ],
)
def test_what_is_not_a_picture_is_refused(array: object, error: type[Exception]) -> None:
    with headrace.start_run() as run, pytest.raises(error):
        headrace.log_image(array, "x.png")
    assert _paths(run) == []


def test_a_picture_is_named_by_file_or_by_series() -> None:
    picture = numpy.zeros((2, 2), dtype=numpy.uint8)
    with headrace.start_run():
        with pytest.raises(TypeError):
            headrace.log_image(picture, "x.png", key="k")
        with pytest.raises(TypeError):
            headrace.log_image(picture)
        with pytest.raises(ValueError, match="k#"):
            headrace.log_image(picture, key="k#")


@pytest.mark.parametrize("name", ["t/table.json", "table.parquet"])
def test_a_table_grows_and_is_gathered_over_runs(name: str) -> None:
    with headrace.start_run() as first:
        headrace.log_table({"a": [1, 2], "s": ["é", None]}, name)
        headrace.log_table(pandas.DataFrame({"a": [3], "z": [1.5]}), name)
    with headrace.start_run() as second:
        headrace.log_table({"a": 4, "s": "one row"}, name)
    frame = headrace.load_table(name, extra_columns=["run_id"])
    assert sorted(frame["a"]) == [1, 2, 3, 4]
    assert list(frame[frame["run_id"] == second.info.run_id]["s"]) == ["one row"]
    alone = headrace.load_table(name, run_ids=[first.info.run_id])
    assert list(alone["a"]) == [1, 2, 3]
    assert json.loads(headrace.get_run(first.info.run_id).data.tags["mlflow.loggedArtifacts"]) == [
        {"path": name, "type": "table"}
    ]
    with pytest.raises(NotFound):
        headrace.load_table("no.json")


def test_a_table_may_hold_pictures() -> None:
    with headrace.start_run() as run:
        headrace.log_table({"i": [headrace.Image(numpy.zeros((2, 2), dtype=numpy.uint8))]}, "t.json")
    ((cell,),) = json.loads(_text(run, "t.json"))["data"]
    assert cell["type"] == "image"
    assert headrace.artifacts.load_image(f"runs:/{run.info.run_id}/{cell['filepath']}").size == (2, 2)


def test_what_is_not_a_table_is_refused() -> None:
    with headrace.start_run():
        with pytest.raises(ValueError, match=r"\.json"):
            headrace.log_table({"a": [1]}, "t.csv")
        with pytest.raises(BadRequest, match="list"):
            headrace.log_table([1], "t.json")


def test_what_was_not_logged_is_not_found(tmp_path: Path) -> None:
    with headrace.start_run() as run:
        headrace.log_text("x", "x.txt")
        with pytest.raises(FileNotFoundError):
            headrace.log_artifact(str(tmp_path / "nothing"))
        with pytest.raises(NotADirectoryError):
            headrace.log_artifacts(str(Path(__file__)))
    with pytest.raises(NotFound):
        headrace.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="nothing")
    with pytest.raises(NotFound):
        headrace.artifacts.load_text(f"runs:/{run.info.run_id}/nothing")
    with pytest.raises(NotFound):
        headrace.artifacts.list_artifacts(run_id="0" * 32)
    with pytest.raises(HeadraceError, match="JSON"):
        headrace.artifacts.load_dict(f"runs:/{run.info.run_id}/x.txt")
    with pytest.raises(HeadraceError, match="picture"):
        headrace.artifacts.load_image(f"runs:/{run.info.run_id}/x.txt")
    with pytest.raises(BadRequest, match="one of them"):
        headrace.artifacts.download_artifacts()


def test_the_location_of_a_run_can_be_used_as_a_uri() -> None:
    with headrace.start_run():
        headrace.log_text("hello", "a/x.txt")
        location = headrace.get_artifact_uri("a/x.txt")
        assert location == f"{headrace.get_artifact_uri()}/a/x.txt"
    assert headrace.artifacts.load_text(location) == "hello"
    assert len(headrace.artifacts.list_artifacts(location.removesuffix("/x.txt"))) == 1


def test_a_file_larger_than_a_piece_travels_whole(tmp_path: Path) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(5 << 20))
    with headrace.start_run() as run:
        headrace.log_artifact(str(source))
    got = headrace.artifacts.download_artifacts(f"runs:/{run.info.run_id}/big.bin", dst_path=str(tmp_path / "back"))
    assert Path(got).read_bytes() == source.read_bytes()


def test_a_folder_of_many_files_travels_whole(tmp_path: Path) -> None:
    for n in range(60):
        path = tmp_path / "many" / str(n % 7) / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(n))
    with headrace.start_run() as run:
        headrace.log_artifacts(str(tmp_path / "many"))
    got = Path(headrace.artifacts.download_artifacts(f"runs:/{run.info.run_id}", dst_path=str(tmp_path / "back")))
    assert sorted(int(path.read_text()) for path in got.rglob("*.txt")) == list(range(60))


def test_a_pipe_in_a_logged_folder_is_named_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with headrace.start_run(), pytest.raises(BadRequest, match="pipe"):
        headrace.log_artifacts(str(tmp_path))
