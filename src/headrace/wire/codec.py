"""JSON as MLflow's clients and servers speak it.

Nearly every body is read in one step by a msgspec decoder made for its kind. What that step refuses is read again by
``headrace.wire.lenient``, which knows the protocol's other spellings and says in a sentence what is wrong.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from headrace.base.errors import BadRequest
from headrace.schema import Call, Record
from headrace.wire import lenient

T = TypeVar("T", bound=Record)

_NUL = b"\\u0000"
#: Field names in another spelling are looked for in so many bytes; who spells one name so spells them all so.
_HEAD_BYTES = 4096
_encoder = msgspec.json.Encoder()


def encode(record: Record) -> bytes:
    """JSON bytes. Non-finite floats travel as ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``."""
    try:
        body = _encoder.encode(record)
        if b"null" in body:
            body = _encoder.encode(_spelled(record))
    except UnicodeEncodeError:
        raise BadRequest(f"{type(record).__name__} has text with lone surrogates, which no JSON can carry") from None
    except (TypeError, OverflowError, RecursionError) as error:
        raise BadRequest(f"{type(record).__name__} cannot be written as JSON: {error}") from None
    return body


def decode(body: bytes, kind: type[T], **path_fields: str) -> T:
    """The record of this kind in ``body``, or ``BadRequest`` naming the field that is wrong.

    Numbers may come as strings, unknown names are ignored, ``null`` for a field that may be absent counts as absent,
    and an empty body is an empty object. ``path_fields`` stood in the path of the request and overrule the body.
    """
    if path_fields:
        return lenient.record({**lenient.parse(body), **path_fields}, kind)
    try:
        decoder, other_spellings = _reader(kind)
        record: T = decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return lenient.record(lenient.parse(body), kind)
    if _is_far(record):
        # Beyond this a fraction or exponent may have been rounded away; the other reading tells.
        return lenient.record(lenient.parse(body), kind)
    lenient.refuse_listed(record)
    if not body.isascii():
        lenient.refuse_invalid_utf8(body)
    if b"\\" in body and _NUL in body:
        return lenient.record(lenient.parse(body), kind)
    if other_spellings:
        head = body[:_HEAD_BYTES]
        for name in other_spellings:
            if name in head:
                return lenient.record(lenient.parse(body), kind)
    return record


def from_query(pairs: Sequence[tuple[str, str]], kind: type[T], **path_fields: str) -> T:
    """The record spelled by the pairs of a query string, decoded already. Repeated names make a list."""
    plainly = {**dict(pairs), **path_fields}
    if len(plainly) == len(pairs) + len(path_fields) and plainly.keys() <= lenient.plain_fields(kind):
        try:
            found = msgspec.convert(plainly, kind, strict=False)
        except msgspec.ValidationError:
            pass  # the other reading says why
        else:
            if "\0" not in "".join(plainly.values()):
                return found
    said: dict[str, list[str]] = {}
    for name, value in pairs:
        said.setdefault(name, []).append(value)
    return lenient.record({**lenient.gather(said, kind), **path_fields}, kind)


def encode_call(call: Call[Any]) -> bytes:
    """JSON bytes of a request. Defaults that say something are spelled out: another server may have others."""
    defaults = _spoken_defaults(type(call))
    if not defaults:
        return encode(call)
    body = encode(call)
    return _encoder.encode({**defaults, **msgspec.json.decode(body)})


def to_query(call: Call[Any]) -> list[tuple[str, str]]:
    """The call as the pairs of a query string, without fields that stand in its path or say nothing."""
    pairs = []
    for name, value in {**_spoken_defaults(type(call)), **msgspec.to_builtins(call)}.items():
        if value is None or name in call.route.in_path:
            continue
        for each in value if isinstance(value, list) else (value,):
            pairs.append((name, each if isinstance(each, str) else _encoder.encode(each).decode()))
    return pairs


def validated(record: T) -> T:
    """The record as the other side of the wire would read it, or ``BadRequest`` naming the field that is wrong."""
    return decode(encode(record), type(record))


@cache
def _reader(kind: type[T]) -> tuple[msgspec.json.Decoder[T], tuple[bytes, ...]]:
    others = lenient.other_spellings(kind) if issubclass(kind, Call) else ()
    return msgspec.json.Decoder(kind, strict=False), others


@cache
def _spoken_defaults(kind: type[Call[Any]]) -> dict[str, Any]:
    """The defaults of a call that are neither empty, zero nor false, by their names on the wire."""
    fields = msgspec.structs.fields(kind)
    return {each.encode_name: each.default for each in fields if each.default and each.default is not msgspec.NODEFAULT}


def _spelled(record: Record) -> Record:
    """The record with non-finite floats as the strings they travel as."""
    changes: dict[str, Any] = {}
    for name, shape in _with_floats(type(record)):
        value = getattr(record, name)
        if value is None:
            continue
        if shape == "float":
            if not math.isfinite(value):
                changes[name] = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        elif shape == "list":
            spelled = [_spelled(each) for each in value]
            if any(map(operator.is_not, spelled, value)):
                changes[name] = spelled
        elif (inner := _spelled(value)) is not value:
            changes[name] = inner
    return msgspec.structs.replace(record, **changes) if changes else record


def _is_far(record: Record) -> bool:
    """Whether a whole number in ``record`` is beyond those that floats hold exactly."""
    own, listed = lenient.whole_numbers(type(record))
    for name in own:
        number = getattr(record, name)
        if number is not None and abs(number) > lenient.EXACT:
            return True
    for name, inner in listed:
        numbers = list(filter(None, map(operator.attrgetter(inner), getattr(record, name))))
        if numbers and (max(numbers) > lenient.EXACT or min(numbers) < -lenient.EXACT):
            return True
    return False


@cache
def _with_floats(kind: type[Record]) -> tuple[tuple[str, str], ...]:
    """The fields of ``kind`` that are or hold floats, and whether each is a float, a record or a list of records."""
    found = []
    for field in lenient.fields_of(kind):
        inner, shape = lenient.plain(field.type), "record"
        if isinstance(inner, inspect.ListType):
            inner, shape = lenient.plain(inner.item_type), "list"
        if isinstance(inner, inspect.FloatType) and shape == "list":
            raise TypeError(f"{kind.__name__}.{field.name} is a list of floats, whose NaN would travel as null")
        if isinstance(inner, inspect.FloatType):
            found.append((field.name, "float"))
        elif isinstance(inner, inspect.StructType) and _with_floats(inner.cls):
            found.append((field.name, shape))
    return tuple(found)
