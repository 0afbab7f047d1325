"""What reading a file of PyTorch would run, read off the archive without PyTorch.

``torch.save`` writes a zip with one pickle beside the bytes of its tensors; ``torch.export.save`` writes a graph as
JSON, the names of whose operators are looked up, and whose expressions and guards are evaluated as Python.
"""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from headrace.models import pickled

#: Suffixes of the files that PyTorch reads.
TORCH = (".pth", ".pt", ".pt2", ".bin", ".ckpt")
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
_STORAGES = "BFloat16 Bool Byte Char ComplexDouble ComplexFloat Double Float Half Int Long Short Untyped".split()
_DTYPES = """
    bfloat16 bool complex128 complex32 complex64 float16 float32 float64 float8_e4m3fn float8_e5m2 int16 int32 int64
    int8 uint16 uint32 uint64 uint8
""".split()
#: What pickles of tensors are made of: PyTorch builds these with ``weights_only=True`` too, and none of them runs more.
_HARMLESS = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch", "Tensor"),
    ("torch", "device"),
    ("torch.nn.parameter", "Parameter"),
    ("torch.serialization", "_get_layout"),
    ("torch.storage", "UntypedStorage"),
    *(("torch", f"{kind}Storage") for kind in _STORAGES),
    *(("torch", name) for name in _DTYPES),
    *(
        ("torch._utils", f"_rebuild_{what}")
        for what in ("parameter", "sparse_tensor", "tensor", "tensor_v2", "tensor_v3")
    ),
}
_OPERATORS = re.compile(
    r"torch\.ops\.(aten|prims)\.(?!from_file\b)\w+\.\w+|torch\._?sym_\w+|math\.[a-z]\w*"
    r"|torch\.ops\.higher_order\.(cond|map_impl|scan|while_loop|wrap_with_autocast|wrap_with_set_grad_enabled)"
    r"|_operator\.(abs|add|and_|eq|floordiv|ge|getitem|gt|invert|le|lt|mod|mul|ne|neg|not_|or_|pos|pow|sub|truediv|xor)"
)
_FUNCTIONS = frozenset(
    """
    Abs Add And CeilDiv CeilToInt CleanDiv Eq Equality Float FloatPow FloatTrueDiv FloorDiv FloorToInt Ge GreaterThan
    Gt Identity IntTrueDiv Integer Le LessThan Lt Max Min Mod ModularIndexing Mul Ne Not Or Piecewise Pow PowByNatural
    PythonMod Rational RoundToInt StrictGreaterThan StrictLessThan Symbol ToFloat TruncToInt Unequality Where abs max
    min
    """.split()
)
_ATTRIBUTES = {"dim", "numel", "shape", "size", "storage_offset", "stride"}
_ARITHMETIC = (
    *(ast.Expression, ast.Load, ast.Constant, ast.Name, ast.Subscript, ast.Tuple, ast.List, ast.keyword, ast.Slice),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)


def demands(file: Path) -> Iterator[str]:
    """What reading ``file`` would run, each as the end of "it would …"; nothing for tensors and graphs of them."""
    with file.open("rb") as opened:
        start = opened.read(4)
        opened.seek(0)
        if start == _ZIP:
            yield from _of_archive(opened, file.name)
        elif (start[:1] == _PICKLE and start != _PICKLE) or file.suffix != ".bin":
            # Before 1.6 a file was several pickles in a row, and tensors between them. A lone byte 80 is an empty
            # table of spaCy's, in MessagePack; no pickle ends there.
            yield f"unpickle {file.name}, which is in no format that can be looked into"


def is_tensors(file: Path) -> bool:
    """Whether ``file`` holds tensors in dicts and lists, and nothing else."""
    return not any(demands(file))


def modules_of(file: Path) -> set[str]:
    """The modules that the pickle in ``file``, which ``torch.save`` wrote, would import."""
    with zipfile.ZipFile(file) as archive:
        inside = [archive.read(each) for each in archive.namelist() if each.endswith("/data.pkl")]
    return {module for each in inside for module, _ in pickled.globals_of(each)}


def _of_archive(opened: IO[bytes], name: str) -> Iterator[str]:
    try:
        with zipfile.ZipFile(opened) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    yield f"unpack {entry.filename} of {name}, which PyTorch never compresses"
                else:
                    yield from _of_entry(entry.filename, archive, entry, name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        yield f"read {name}, which is no whole archive: {error}"


def _of_entry(path: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[str]:
    last = path.rpartition("/")[2]
    if last.endswith((".so", ".cubin", ".cpp", ".o")) or "/aotinductor/" in path or "/code/" in path:
        yield f"run the compiled code {last} of {name}"
    elif last.endswith(".pkl"):
        yield from _of_pickle(archive.read(entry), f"{name}/{last}")
    elif last.endswith(".json") or "/models/" in path:
        yield from _of_json(archive.read(entry), name)
    else:
        with archive.open(entry) as opened:
            start = opened.read(4)
        # What the graph was traced with is an archive of its own, and objects are pickles.
        if start == _ZIP:
            yield from _of_archive(BytesIO(archive.read(entry)), name)
        elif last.endswith(".pt") or "_obj_" in last:
            yield f"unpickle {path} of {name}"


def _of_pickle(content: bytes, name: str) -> Iterator[str]:
    try:
        found = pickled.globals_of(content) - _HARMLESS
    except (ValueError, IndexError, KeyError) as error:
        yield f"unpickle {name}, which cannot be read: {error}"
        return
    if found:
        yield f"unpickle {name}, which imports {', '.join(sorted({module.partition('.')[0] for module, _ in found}))}"


def _of_json(content: bytes, name: str) -> Iterator[str]:
    try:
        said = json.loads(content)
        odd = sorted(set(_odd(said)))
    except (ValueError, RecursionError) as error:
        yield f"read the graph of {name}, which is no JSON: {error}"
        return
    if odd:
        yield f"run {', '.join(each[:80] for each in odd[:5])} in the graph of {name}"


def _odd(said: Any) -> Iterator[str]:
    """What a graph would call or evaluate beyond known operators on tensors and arithmetic on sizes."""
    if isinstance(said, list):
        for each in said:
            yield from _odd(each)
    if not isinstance(said, dict):
        return
    for key, value in said.items():
        if key in ("target", "as_operator") and isinstance(value, str) and not _OPERATORS.fullmatch(value):
            yield value
        elif key == "expr_str" and not _is_arithmetic(value):
            yield str(value)
        elif key == "guards_code":
            yield from (str(each) for each in value or [] if not _is_arithmetic(each))
        elif key == "use_pickle" and value:
            yield f"the pickle {said.get('path_name')}"
        else:
            yield from _odd(value)


def _is_arithmetic(text: Any) -> bool:
    try:
        nodes = list(ast.walk(ast.parse(str(text).strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_is_known(each) for each in nodes)


def _is_known(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _FUNCTIONS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _ATTRIBUTES
        case ast.Attribute(attr=name):
            return name in _ATTRIBUTES
        case ast.Constant(value=str(text)):
            return re.fullmatch(r"\w+", text) is not None
        case _:
            return isinstance(node, _ARITHMETIC)
