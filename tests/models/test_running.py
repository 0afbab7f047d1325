"""What files of other libraries would run, read off files that are made by hand."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.models import running

TRACED = b"__inference__traced_save_7"


def _field(number: int, value: bytes) -> bytes:
    """A field of a protocol buffer that holds bytes."""
    size, digits = len(value), b""
    while True:
        size, digit = size >> 7, size & 127
        digits += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([number << 3 | 2]) + digits + value


def _node(name: bytes, kind: bytes, *inputs: bytes, calls: bytes = b"") -> bytes:
    named = _field(1, name) + _field(2, kind) + b"".join(_field(3, each) for each in inputs)
    return named + (_field(5, _field(1, b"f") + _field(2, calls)) if calls else b"")


def _saved_model(folder: Path, nodes: list[bytes], functions: dict[bytes, list[bytes]] | None = None) -> list[str]:
    """What is said of a SavedModel with these nodes and functions."""
    library = b"".join(
        _field(1, _field(1, _field(1, name)) + b"".join(_field(3, each) for each in body))
        for name, body in (functions or {}).items()
    )
    graph = b"".join(_field(1, each) for each in nodes) + _field(2, library)
    file = folder / "saved_model.pb"
    file.write_bytes(_field(2, _field(2, graph)))
    return list(running.demands(file))


def _archive(folder: Path, config: Any, *names: str) -> list[str]:
    file = folder / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        for name in names:
            archive.writestr(name, b"")
    return list(running.demands(file))


def test_a_graph_that_computes_demands_nothing(tmp_path: Path) -> None:
    plain = [_node(b"x", b"Placeholder"), _node(b"y", b"MatMul", b"x", b"w")]
    saving = {TRACED: [_node(b"s", b"SaveV2", b"prefix"), _node(b"m", b"MergeV2Checkpoints", b"s")]}
    called = [
        _node(b"saver_filename", b"Placeholder"),
        _node(b"save", b"StatefulPartitionedCall", b"saver_filename", calls=TRACED),
    ]
    assert _saved_model(tmp_path, plain) == []
    assert _saved_model(tmp_path, plain + called, saving) == []


@pytest.mark.parametrize(
    "kind", ["WriteFile", "ReadFile", "EagerPyFunc", "SaveV2", "TFRecordDataset", "WholeFileReaderV2"]
)
def test_operations_that_reach_out_are_told_wherever_they_are(kind: str, tmp_path: Path) -> None:
    node = _node(b"x", kind.encode())
    said = [f"run the operations {kind} of saved_model.pb"]
    assert _saved_model(tmp_path, [node]) == said
    assert _saved_model(tmp_path, [], {b"call": [node]}) == said
    if kind != "SaveV2":
        assert _saved_model(tmp_path, [], {TRACED: [node]}) == said


def test_what_saves_variables_is_not_lent_to_the_model(tmp_path: Path) -> None:
    saving = {TRACED: [_node(b"s", b"SaveV2", b"prefix")]}
    said = ["run the operations SaveV2 of saved_model.pb"]
    call = _node(b"c", b"StatefulPartitionedCall", b"constant", calls=TRACED)
    named = _node(b"c", b"StatefulPartitionedCall", b"saver_filename", calls=TRACED)
    assert _saved_model(tmp_path, [call], saving) == said
    assert _saved_model(tmp_path, [], saving | {b"call": [named]}) == said
    assert _saved_model(tmp_path, [named, _node(b"saver_filename", b"Const")], saving) == said


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"class_name": "__lambda__", "config": {"value": "code"}}, "run the code of a lambda"),
        ({"module": "builtins", "class_name": "function", "config": "relu"}, None),
        ({"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}}, None),
        ({"module": "keras.src.models.functional", "class_name": "Functional", "config": {}}, None),
        ({"module": "keras", "class_name": "Sequential", "config": {}}, None),
        ({"module": "keras", "class_name": "function", "config": "load"}, "import keras.load"),
        ({"module": "keras.layersx", "class_name": "Dense", "config": {}}, "import keras.layersx.Dense"),
        ({"module": "mine", "class_name": "Layer", "config": {}}, "import mine.Layer"),
        (
            {"module": "keras.layers", "class_name": "TextVectorization", "config": {"vocabulary": "/x"}},
            "read the file '/x'",
        ),
    ],
)
def test_an_archive_of_keras_tells_what_it_names(part: dict[str, Any], said: str | None, tmp_path: Path) -> None:
    assert _archive(tmp_path, {"config": {"layers": [part]}}) == ([said] if said else [])


def test_an_archive_that_leaves_its_folder_is_told(tmp_path: Path) -> None:
    assert _archive(tmp_path, {}, "../out", "assets/ok") == ["write ../out out of model.keras"]


def test_spark_s_own_classes_are_let_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    file = tmp_path / "metadata/part-00000"
    for kind, said in (
        ("org.apache.spark.ml.PipelineModel", []),
        ("pyspark.ml.feature.Tokenizer", []),
        ("org.apache.spark.mlx.Thing", ["build org.apache.spark.mlx.Thing"]),
        ("joblib.numpy_pickle", ["build joblib.numpy_pickle"]),
    ):
        file.write_text(json.dumps({"class": kind, "paramMap": {}}))
        assert list(running.demands(file)) == said


@pytest.mark.parametrize("name", ["model.keras", "saved_model.pb", "model.pdmodel", "model.json", "metadata/part-0"])
@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=60))
def test_whatever_is_in_a_file_something_can_be_said_of_it(
    name: str, data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("any") / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    assert all(isinstance(each, str) for each in running.demands(file))


@pytest.mark.parametrize(
    "name", ["model.h5", "saved_model.pbtxt", "saved_model.cpb", "model.pdiparams.info", "H2O.yaml"]
)
def test_what_is_never_looked_into_is_never_let(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    assert len(list(running.demands(tmp_path / name))) == 1
    assert list(running.demands(tmp_path / "requirements.txt")) == []
