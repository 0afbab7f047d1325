"""Sources are told, recognized and loaded; those of plugins too."""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace.data
from headrace.base.errors import BadRequest, HeadraceError, NotFound
from headrace.data import sources
from headrace.data.dataset_registry import DatasetRegistry
from headrace.data.dataset_source_registry import DatasetSourceRegistry, resolve_dataset_source
from headrace.data.evaluation_dataset_source import EvaluationDatasetSource


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server with one table."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "a table.csv").write_bytes(b"a,b\n1,2\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_file_on_the_web_is_downloaded(web: str, tmp_path: Path) -> None:
    source = resolve_dataset_source(f"{web}/a%20table.csv?version=2#part")
    dataset = headrace.data.from_pandas(pd.DataFrame({"a": [1], "b": [2]}), source)
    loaded = dataset.source.load()
    assert Path(loaded).name == "a table.csv"
    pd.testing.assert_frame_equal(pd.read_csv(loaded), dataset.df)
    assert source.load(str(tmp_path / "here")) == str(tmp_path / "here" / "a table.csv")


def test_what_is_not_on_the_web_is_not_found(web: str) -> None:
    with pytest.raises(NotFound, match="answered 404"):
        sources.HTTPDatasetSource(f"{web}/nothing.csv").load()


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b", "a%5cb"])
def test_a_url_cannot_name_a_file_elsewhere(web: str, path: str, tmp_path: Path) -> None:
    with pytest.raises(HeadraceError):
        sources.HTTPDatasetSource(f"{web}/{path}").load(str(tmp_path / "here"))
    assert not list((tmp_path / "here").rglob("*"))


def test_files_here_are_loaded_where_they_are_or_copied(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a\n1\n")
    for raw in (table, str(table), table.as_uri()):
        source = resolve_dataset_source(raw)
        assert source.load() == str(table)
        assert Path(source.load(tmp_path / "copy")).read_text() == "a\n1\n"
    with pytest.raises(NotFound):
        resolve_dataset_source(str(tmp_path / "nothing.csv")).load()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_hugging_face_source_is_loaded_as_it_was_noted(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,x\n2,y\n")
    said = sources.HuggingFaceDatasetSource("csv", data_files=str(tmp_path / "table.csv"), split="train")
    source = sources.HuggingFaceDatasetSource.from_json(said.to_json())
    loaded = source.load(cache_dir=str(tmp_path / "cache"))
    assert loaded["b"][:] == ["x", "y"]
    dataset = headrace.data.from_huggingface(loaded, path="csv", data_files=str(tmp_path / "table.csv"))
    again = headrace.data.get_source(dataset._to_mlflow_entity())
    assert again.to_dict()["split"] == "train"
    assert again.load(cache_dir=str(tmp_path / "cache")).to_dict() == loaded.to_dict()
    whole = sources.HuggingFaceDatasetSource.from_json(
        sources.HuggingFaceDatasetSource("csv", data_files=str(tmp_path / "table.csv")).to_json()
    )
    assert list(whole.load(cache_dir=str(tmp_path / "cache"))) == ["train"]


def test_every_kind_of_source_comes_back_from_json() -> None:
    made = [
        sources.LocalArtifactDatasetSource("/x"),
        sources.HTTPDatasetSource("http://h/x"),
        sources.HuggingFaceDatasetSource("p", "c", "d", ["f"], "train", "r"),
        sources.SparkDatasetSource(table_name="t"),
        sources.DeltaDatasetSource(delta_table_name="a.b.c", delta_table_version=3, delta_table_id="i"),
        sources.CodeDatasetSource({"k": "v"}),
        sources.UCVolumeDatasetSource("/Volumes/a/b/c"),
        EvaluationDatasetSource("d-1"),
    ]
    registry = headrace.data.dataset_source_registry
    for source in made:
        again = registry.get_dataset_source_from_json(source.to_json(), source._get_source_type())
        assert (type(again), again.to_dict()) == (type(source), source.to_dict())


@pytest.mark.parametrize("raw", ["/x", "s3://b/k", "hdfs://h/p", "viewfs://h/p", "https://h/x"])
def test_a_source_can_be_sent_to_another_process(raw: str) -> None:
    source = resolve_dataset_source(raw)
    again = copy.deepcopy(source)  # As pickle does it.
    assert (type(again), again.to_dict()) == (type(source), source.to_dict())


@pytest.mark.parametrize("kind", ["local", "http", "hugging_face", "uc_volume", "mlflow_evaluation_dataset"])
@pytest.mark.parametrize("text", ["{}", '{"uri": null, "url": null, "path": null}'])
def test_a_source_without_what_it_needs_is_refused(kind: str, text: str) -> None:
    with pytest.raises(BadRequest, match="needs"):
        headrace.data.dataset_source_registry.get_dataset_source_from_json(text, kind)


@pytest.mark.parametrize("text", ["", "{", "not json", "[]", "5", "null", '"text"'])
@pytest.mark.parametrize("kind", ["local", "code", "spark"])
def test_a_source_that_is_no_object_is_refused(kind: str, text: str) -> None:
    with pytest.raises(BadRequest):
        headrace.data.dataset_source_registry.get_dataset_source_from_json(text, kind)


PLUGIN = """
from headrace.data.dataset import Dataset
from headrace.data.dataset_source import DatasetSource

class Sheet(DatasetSource):
    def __init__(self, number): self.number = number
    @staticmethod
    def _get_source_type(): return "sheet"
    @staticmethod
    def _can_resolve(raw): return str(raw).startswith("sheet")
    @classmethod
    def _resolve(cls, raw): return cls(int(str(raw)[5:]))
    def to_dict(self): return {"number": self.number}
    @classmethod
    def from_dict(cls, said): return cls(said["number"])
    def load(self): return [self.number]

def from_sheet(number, name=None, digest=None) -> Dataset: return number

def unfit(number): return number
"""
POINTS = """[mlflow.dataset_source]
sheet = a_plugin:Sheet
lost = a_plugin:Lost

[mlflow.dataset_constructor]
from_sheet = a_plugin:from_sheet
from_nowhere = no_such_plugin:from_nowhere
from_unfit = a_plugin:unfit
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed distribution with a source and a constructor, and some that cannot be loaded."""
    (tmp_path / "a_plugin.py").write_text(PLUGIN)
    info = tmp_path / "a_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("a_plugin", None)


def test_sources_of_plugins_are_known(plugin: None) -> None:
    registry = DatasetSourceRegistry()
    with pytest.warns(UserWarning, match="'lost' could not be loaded"):
        registry.register_entrypoints()
    source = registry.resolve("sheet7")
    assert (source.to_json(), source.load()) == ('{"number": 7}', [7])
    assert registry.get_source_from_json('{"number": 8}', "sheet").load() == [8]


def test_constructors_of_plugins_are_known_if_they_make_datasets(plugin: None) -> None:
    registry = DatasetRegistry()
    with pytest.warns(UserWarning, match="could not be loaded") as warned:
        registry.register_entrypoints()
    assert list(registry.constructors) == ["from_sheet"]
    assert len(warned) == 2


def test_of_kinds_that_both_know_a_source_the_last_one_is_taken() -> None:
    class Mine(sources.LocalArtifactDatasetSource):
        """Files here, my way."""

    registry = DatasetSourceRegistry()
    registry.register(sources.LocalArtifactDatasetSource)
    registry.register(Mine)
    with pytest.warns(UserWarning, match="any of LocalArtifactDatasetSource, Mine"):
        assert type(registry.resolve("/x")) is Mine
    assert type(registry.resolve("/x", [Mine])) is Mine


def test_an_unknown_name_of_the_room_is_no_name() -> None:
    for name in ("from_nothing", "load", "nothing"):
        with pytest.raises(AttributeError, match=name):
            getattr(headrace.data, name)
    with pytest.raises(AttributeError):
        sources.NothingDatasetSource  # noqa: B018
