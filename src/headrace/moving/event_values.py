"""What TensorBoard's events say: scalars, texts, pictures, sounds, histograms and hyperparameters.

The messages are those of tensorflow/core/util/event.proto, framework/summary.proto and framework/tensor.proto, and of
TensorBoard's plugins/hparams/plugin_data.proto.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from headrace.wire.protobuf import Value, double, fields, integer, last, message, single, text

#: How numbers of a type lie in the bytes of a tensor, and the field that has them otherwise.
_NUMBERS = {1: ("f", 5), 2: ("d", 6), 3: ("i", 7), 4: ("B", 7), 5: ("h", 7), 6: ("b", 7), 9: ("q", 10), 10: ("?", 11)}
_NUMBERS |= {19: ("e", 13), 22: ("I", 16), 23: ("Q", 17)}
_BFLOAT16 = 14
#: Numbers of a tensor that are read, at most; more of them are no scalar and no histogram.
_MOST = 100_000
_PNG, _JPEG = b"\x89PNG", b"\xff\xd8"


class Event(msgspec.Struct, frozen=True):
    """One event: seconds since the epoch, a step, and the values of its summary."""

    wall_time: float
    step: int
    values: list[bytes]
    graph: bytes | None = None


class Scalar(msgspec.Struct, frozen=True):
    """A number."""

    tag: str
    number: float


class Blob(msgspec.Struct, frozen=True):
    """Something that is kept as a file: a text, a picture, a sound or a histogram."""

    kind: str
    tag: str
    content: bytes
    ending: str


class Session(msgspec.Struct, frozen=True):
    """What the hparams plugin says of a run: its hyperparameters, and how it ended."""

    params: dict[str, str]
    status: int | None = None


class Other(msgspec.Struct, frozen=True):
    """Something of a plugin that is not read."""

    plugin: str


def event_of(record: bytes) -> Event:
    """The event in a record."""
    wall_time, step, graph = 0.0, 0, None
    values: list[bytes] = []
    for number, value in fields(record):
        match number:
            case 1:
                wall_time = double(value)
            case 2:
                step = integer(value)
            case 4:
                graph = message(value)
            case 5:
                values += [message(each) for kind, each in fields(message(value)) if kind == 1]
    return Event(wall_time if math.isfinite(wall_time) else 0.0, step, values, graph)


def meaning_of(value: bytes) -> Iterator[Scalar | Blob | Session | Other]:
    """What one value of a summary says."""
    said: dict[int, Value] = dict(fields(value))
    tag = text(said.get(1))
    if 2 in said:
        yield Scalar(tag, single(said[2]))
    elif 4 in said:
        yield from _picture(tag, message(last(message(said[4]), 4)))
    elif 5 in said:
        yield Blob("histograms", tag, _histogram(message(said[5])), "json")
    elif 6 in said:
        yield Blob("audio", tag, message(last(message(said[6]), 4)), "wav")
    elif 8 in said or 9 in said:
        yield from _of_plugin(tag, message(said.get(8)), message(said.get(9)))


def _of_plugin(tag: str, tensor: bytes, metadata: bytes) -> Iterator[Scalar | Blob | Session | Other]:
    plugin_data = message(last(metadata, 1))
    plugin = text(last(plugin_data, 1))
    match plugin:
        case "hparams":
            yield from _session(message(last(plugin_data, 2)))
        case "text":
            yield Blob("text", tag, b"\n\n".join(_strings(tensor)), "md")
        case "images":
            # The first two are width and height, spelled out.
            for content in _strings(tensor)[2:]:
                yield from _picture(tag, content)
        case "audio":
            for content in _strings(tensor)[::2]:
                yield Blob("audio", tag, content, "wav")
        case "histograms":
            numbers = _numbers(tensor)
            buckets = [numbers[at : at + 3] for at in range(0, len(numbers) - 2, 3)]
            yield Blob("histograms", tag, _json({"buckets": buckets}), "json")
        case _:
            numbers = _numbers(tensor)
            if len(numbers) == 1 and plugin in ("scalars", ""):
                yield Scalar(tag, numbers[0])
            elif plugin != "scalars":
                yield Other(plugin or "an unnamed plugin")


def _picture(tag: str, content: bytes) -> Iterator[Blob]:
    if content:
        ending = "png" if content.startswith(_PNG) else "jpg" if content.startswith(_JPEG) else "gif"
        yield Blob("images", tag, content, ending)


def _session(content: bytes) -> Iterator[Session]:
    for number, value in fields(content):
        if number == 3:
            params = {}
            for field, entry in fields(message(value)):
                if field == 1:
                    pair = dict(fields(message(entry)))
                    params[text(pair.get(1))] = _plain(message(pair.get(2)))
            yield Session(params)
        elif number == 4:
            yield Session({}, integer(last(message(value), 1)))


def _plain(value: bytes) -> str:
    """A google.protobuf.Value as a param has it."""
    for number, said in fields(value):
        match number:
            case 2:
                spelled = double(said)
                return str(int(spelled)) if spelled.is_integer() else repr(spelled)
            case 3:
                return text(said)
            case 4:
                return str(bool(said))
    return ""


def _histogram(content: bytes) -> bytes:
    said: dict[str, Any] = {}
    limits: list[float] = []
    counts: list[float] = []
    names = {1: "min", 2: "max", 3: "num", 4: "sum", 5: "sum_squares"}
    for number, value in fields(content):
        if number in names:
            said[names[number]] = double(value)
        elif number in (6, 7):
            (limits if number == 6 else counts).extend(_doubles(value))
    edges = [said.get("min", limits[0] if limits else 0.0), *limits]
    said["buckets"] = [list(each) for each in zip(edges, limits, counts, strict=False)]
    return _json(said)


def _doubles(value: Value) -> list[float]:
    if isinstance(value, int):
        return [double(value)]
    return [number for (number,) in struct.iter_unpack("<d", value[: len(value) // 8 * 8])]


def _strings(tensor: bytes) -> list[bytes]:
    return [message(value) for number, value in fields(tensor) if number == 8]


def _numbers(tensor: bytes) -> list[float]:
    """The numbers of a tensor that has few of them."""
    kind = integer(last(tensor, 1))
    content = message(last(tensor, 4))
    if kind == _BFLOAT16 and content:
        return [struct.unpack("<f", b"\0\0" + content[at : at + 2])[0] for at in range(0, len(content) - 1, 2)][:_MOST]
    if kind not in _NUMBERS:
        return []
    form, field = _NUMBERS[kind]
    if content:
        size = struct.calcsize(f"<{form}")
        whole = content[: min(len(content) // size, _MOST) * size]
        return [float(number) for (number,) in struct.iter_unpack(f"<{form}", whole)]
    found: list[float] = []
    for number, value in fields(tensor):
        if number == field and len(found) < _MOST:
            found += _listed(form, value)
    return found


def _listed(form: str, value: Value) -> list[float]:
    """Numbers that stand one by one in a tensor, or packed."""
    if form == "f":
        return [single(value)] if isinstance(value, int) else [n for (n,) in struct.iter_unpack("<f", _cut(value, 4))]
    if form == "d":
        return _doubles(value)
    whole = [value] if isinstance(value, int) else _varints(value)
    if form == "e":
        return [float(struct.unpack("<e", (each & 0xFFFF).to_bytes(2, "little"))[0]) for each in whole]
    return [float(each if form == "Q" else integer(each)) for each in whole]


def _cut(value: bytes, size: int) -> bytes:
    return value[: len(value) // size * size]


def _varints(packed: bytes) -> list[int]:
    found = []
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(number & (1 << 64) - 1)
            number = shift = 0
    return found


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()
