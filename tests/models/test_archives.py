"""Files of PyTorch, and of Hugging Face's libraries, that would run something, as archives without PyTorch."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from headrace.models import archives, hub_files


class Bomb:
    def __reduce__(self) -> Any:
        return print, ("bang",)


BANG = pickle.dumps(Bomb())


def _zip(entries: dict[str, bytes | str], compression: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def _graph(**said: Any) -> bytes:
    return _zip({"m/models/m.json": json.dumps(said)})


PICKLED = {"config": {"w": {"path_name": "weight_0", "use_pickle": True}}}
#: What is told of each file, and what is in it.
HOSTILE: dict[str, tuple[str, bytes]] = {
    "a pickle": ("no format", BANG),
    "a pickle as text": ("no format", pickle.dumps(Bomb(), 0)),
    "nothing": ("no format", b""),
    "an archive behind something": ("no format", b"xx" + _graph()),
    "half an archive": ("no whole archive", _graph()[:60]),
    "the pickle of an archive": ("imports builtins", _zip({"m/data.pkl": BANG})),
    "the pickle of compiled code": ("imports builtins", _zip({"m/constants.pkl": BANG})),
    "a pickle of early graphs": ("serialized_state_dict", _zip({"serialized_state_dict.pt": BANG})),
    "an archive in an archive": ("imports builtins", _zip({"m/data/weights/weight_0": _zip({"a/data.pkl": BANG})})),
    "an object beside a graph": ("opaque_obj_0", _zip({"m/data/constants/opaque_obj_0": BANG})),
    "a tensor as a pickle": ("weight_0", _zip({"m/data/weights/config.json": json.dumps(PICKLED)})),
    "what is packed": ("never compresses", _zip({"m/data.pkl": b"N." * 99}, zipfile.ZIP_DEFLATED)),
    "code": ("compiled code", _zip({"m/data/aotinductor/x.so": b"\x7fELF"})),
    "a function of Python's": ("torch.os.system", _graph(target="torch.os.system", inputs=[])),
    "a function that takes names": ("attrgetter", _graph(target="_operator.attrgetter", inputs=[])),
    "a graph by another name": ("os.system", _zip({"m/models/x": json.dumps({"as_operator": "math.os.system"})})),
    "an operator on files": ("from_file", _graph(target="torch.ops.aten.from_file.default", inputs=[])),
    "a size that is evaluated": ("eval", _graph(expr_str="eval('1')")),
    "a text that is evaluated": (r"S\(", _graph(expr_str="S('1')")),
    "a text in a symbol": ("os", _graph(expr_str="Symbol('os.x')")),
    "a guard that is evaluated": ("__import__", _graph(guards_code=["__import__('os')"])),
    "an attribute of anything": ("__class__", _graph(expr_str="().__class__")),
    "a function in a size": ("lambda", _graph(expr_str="(lambda: 1)()")),
    "a size without end": (r"\(\(\(", _graph(expr_str="(" * 5000 + "1" + ")" * 5000)),
    "a graph without end": ("no JSON", _zip({"m/models/m.json": "[" * 200_000})),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_run_is_told_and_not_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, content = HOSTILE[name]
    (tmp_path / "model.pt2").write_bytes(content)
    assert re.search(said, "; ".join(archives.demands(tmp_path / "model.pt2")))
    assert not archives.is_tensors(tmp_path / "model.pt2")
    assert capsys.readouterr().out == ""


def test_tensors_and_arithmetic_are_harmless(tmp_path: Path) -> None:
    graph = {
        "nodes": [{"target": "torch.ops.aten.linear.default", "inputs": []}, {"target": "_operator.mul", "inputs": []}],
        "sizes": [{"as_expr": {"expr_str": "Mul(Integer(5), Symbol('s77', positive=True, integer=True))"}}],
        "guards_code": ["L['x'].size()[1] == 6"],
    }
    for content in (
        _zip({"m/models/m.json": json.dumps(graph), "m/data/weights/weight_0": b"\0" * 8}),
        _zip({"m/data.pkl": pickle.dumps(OrderedDict(a=1)), "m/data/0": b"\0" * 8}),
    ):
        (tmp_path / "model.pt").write_bytes(content)
        assert archives.is_tensors(tmp_path / "model.pt")
    # Of another library; an empty table of spaCy's; and a pickle cannot be shorter than this.
    for content, harmless in ((b"trees", True), (b"\x80", True), (b"\x80\x02", False)):
        (tmp_path / "other.bin").write_bytes(content)
        assert archives.is_tensors(tmp_path / "other.bin") is harmless


@pytest.mark.parametrize(
    ("file", "said", "told"),
    [
        ("modules.json", [{"type": "sentence_transformers.models.Transformer"}], []),
        ("modules.json", [{"type": "sentence_transformers.models.torch"}], ["sentence_transformers.models.torch"]),
        ("modules.json", [{"type": "joblib.numpy_pickle"}], ["joblib.numpy_pickle"]),
        ("2_Dense/config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}, []),
        ("2_Dense/config.json", {"activation_function": "os.abort"}, ["os.abort"]),
        ("config.json", {"rope_scaling": {"type": "linear"}}, []),
    ],
)
def test_what_a_sentence_transformer_would_import_is_told(
    file: str, said: Any, told: list[str], tmp_path: Path
) -> None:
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / file).write_text(json.dumps(said))
    assert [each.split()[1].rstrip(",") for each in hub_files.demands(tmp_path)] == told
