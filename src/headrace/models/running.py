"""What files of deep-learning and cluster libraries would run when they are loaded, read off without the library.

Each of these formats is data at first sight and can hold code, or the name of code, all the same.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from headrace.base.errors import BadRequest
from headrace.wire.protobuf import fields, message, text

#: Bytes of a description inside of a model, at most.
_LARGEST = 256 << 20
#: Parts of Keras whose objects are built of plain settings.
_KERAS = re.compile(
    r"keras|keras(\.src)?\.(activations|constraints|dtype_policies|initializers|layers|losses|metrics|models|ops|optimizers"
    r"|quantizers|random|regularizers)(\.[\w.]+)?"
)
#: Layers that hold a pickle, compiled code, or the place of another model.
_RUNNING_LAYERS = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}
#: Operations of TensorFlow that call Python, reach other machines, or read and write files that the graph names.
_TENSORFLOW = re.compile(
    r"(Eager)?PyFunc(Stateless)?|(Read|Write)File|MatchingFiles|Save(Slices|V2)?|Restore(Slice|V2)?|MergeV2Checkpoints"
    r"|Debug.*|.*(Reader|SummaryWriter|FileWriter|RpcCall|RemoteCall)(V\d)?|.*DataService.*"
    r"|.*(Save|Load|Snapshot|Cache|TextLine|TFRecord|FixedLengthRecord|Sql|CSV|LMDB)Dataset(V\d)?"
)
#: What the functions in which TensorFlow itself saves and restores variables are called, and what they run.
_TRACED = re.compile(r"__inference__traced_(save|restore)\w*")
_SAVING = re.compile(r"SaveV2|RestoreV2|MergeV2Checkpoints")
_PADDLE = re.compile(r"(\d+\.)?(py_func|py_layer|(save|load)(_combine)?|listen_and_serv|send(_v2)?|recv(_v2)?|print_?)")
_SPARK = re.compile(r"(org\.apache\.spark|pyspark)\.ml\.[\w.$]+")


def demands(file: Path) -> Iterator[str]:
    """What loading ``file`` would run, each as the end of the sentence "it would …"."""
    # Some file systems find a name in any case.
    name = PurePosixPath(str(file).lower())
    for fits, audit in _AUDITS.items():
        if name.match(fits) and file.is_file():
            try:
                yield from audit(file)
            except (BadRequest, ValueError, LookupError, TypeError, RecursionError, zipfile.BadZipFile, OSError):
                yield f"load {file.name}, which cannot be looked into"


def in_keras(file: Path) -> Iterator[str]:
    """The code that an archive of Keras holds or names. Raises ``ValueError`` for what is no such archive."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
                yield f"write {name} out of {file.name}"
        if archive.getinfo("config.json").file_size > _LARGEST:
            raise ValueError(f"{file.name} has too large a config.json")
        said = json.loads(archive.read("config.json"))
    yield from sorted({each for part in _dicts(said) for each in _keras_part(part)})


def _keras_part(part: dict[str, Any]) -> Iterator[str]:
    kind, module, config = part.get("class_name"), part.get("module"), part.get("config")
    if kind == "__lambda__":
        yield "run the code of a lambda"
    elif kind in _RUNNING_LAYERS:
        yield f"run what a {kind} holds"
    elif isinstance(module, str) and kind not in ("__typespec__", None):
        name = config if kind == "function" else kind
        is_loader = kind == "function" and (module == "keras" or ".models" in module)
        if module != "builtins" and (is_loader or not _KERAS.fullmatch(module)):
            yield f"import {module}.{name}"
    vocabulary = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(vocabulary, str):
        yield f"read the file {vocabulary!r}"


def _in_saved_model(file: Path) -> Iterator[str]:
    """Operations of a SavedModel: its MetaGraphDefs, their GraphDefs, the nodes and functions of each."""
    used = {
        each
        for meta in _all(_read(file), 2)
        for graph in _all(meta, 2)
        for each in (*_operations(_all(graph, 1), b"saver_filename"), *_in_functions(graph))
    }
    if found := sorted(each for each in used if _TENSORFLOW.fullmatch(each)):
        yield f"run the operations {', '.join(found)} of {file.name}"


def _in_functions(graph: bytes) -> Iterator[str]:
    for library in _all(graph, 2):
        for function in _all(library, 1):
            traced = _TRACED.fullmatch(text(_one(_one(function, 1), 1)))
            for each in _operations(_all(function, 3), None):
                if not (traced and _SAVING.fullmatch(each)):
                    yield each


def _operations(nodes: Iterator[bytes], told: bytes | None) -> Iterator[str]:
    """The operations of some nodes; a call of what saves and restores is one as well, unless the caller names the file.

    ``told`` is the placeholder by which TensorFlow names it.
    """
    for node in nodes:
        name, kind = _one(node, 1), text(_one(node, 2))
        yield kind
        if b"__inference__traced_" in node and told not in [each.partition(b":")[0] for each in _all(node, 3)][:1]:
            yield "SaveV2"
        if told is not None and name == told and kind != "Placeholder":
            yield "SaveV2"


def _in_paddle_program(file: Path) -> Iterator[str]:
    """Operations of a ProgramDesc: its blocks, their operations, the type of each."""
    used = {text(_one(each, 3)) for block in _all(_read(file), 1) for each in _all(block, 4)}
    yield from _paddle(used, file)


def _in_paddle_json(file: Path) -> Iterator[str]:
    said = json.loads(_read(file))
    if isinstance(said, dict) and "program" in said:
        yield from _paddle({str(each["#"]) for each in _dicts(said) if "#" in each}, file)


def _paddle(used: set[str], file: Path) -> Iterator[str]:
    if found := sorted(each for each in used if _PADDLE.fullmatch(each)):
        yield f"run the operations {', '.join(found)} of {file.name}"


def _in_spark(file: Path) -> Iterator[str]:
    """The classes of Spark's stages, which it finds by their names, and statements in SQL, which may call Java."""
    if file.name.startswith((".", "_")):
        return
    for line in _read(file).splitlines():
        said = json.loads(line)
        kind = str(said["class"])
        if not _SPARK.fullmatch(kind):
            yield f"build {kind}"
        elif kind.endswith(".SQLTransformer"):
            yield f"run the SQL {said.get('paramMap', {}).get('statement')!r}"


def _in_settings(file: Path) -> Iterator[str]:
    """Parts of LlamaIndex beside its core: they reach servers, with the keys of whoever loads them, or run models."""
    for part in _dicts(json.loads(_read(file))):
        kind = str(part.get("object_constructor", "llama_index.core."))
        if not kind.startswith("llama_index.core."):
            told = part.get("object_kwargs")
            asked = [each for each in told.values() if "://" in str(each)] if isinstance(told, dict) else []
            yield f"make {kind}" + (f", which sends to {', '.join(map(str, asked))}" if asked else "")


def _whole(what: str) -> Callable[[Path], Iterator[str]]:
    """The demand of a kind of file that is never looked into."""

    def demand(file: Path) -> Iterator[str]:
        yield f"load {file.name}, {what}"

    return demand


#: Where a file lies -> what is looked for in it.
_AUDITS: dict[str, Callable[[Path], Iterator[str]]] = {
    "*.keras": in_keras,
    "*.h5": _whole("which may hold code"),
    "saved_model.pb": _in_saved_model,
    "saved_model.pbtxt": _whole("a graph that is not looked into"),
    "saved_model.cpb": _whole("a graph that is not looked into"),
    "model.pdmodel": _in_paddle_program,
    "model.json": _in_paddle_json,
    "model.pdiparams.info": _whole("which is a pickle"),
    "metadata/*": _in_spark,
    "settings.json": _in_settings,
    "h2o.yaml": _whole("whose model H2O makes Java objects of"),
}


def _read(file: Path) -> bytes:
    if file.stat().st_size > _LARGEST:
        raise ValueError(f"{file.name} is larger than {_LARGEST} bytes")
    return file.read_bytes()


def _all(data: bytes, number: int) -> Iterator[bytes]:
    return (message(value) for each, value in fields(data) if each == number)


def _one(data: bytes, number: int) -> bytes:
    found = b""
    for each in _all(data, number):
        found = each
    return found


def _dicts(said: Any) -> Iterator[dict[str, Any]]:
    """Every dict in a tree of dicts and lists."""
    waiting = [said]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
