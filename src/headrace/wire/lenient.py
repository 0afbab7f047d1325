"""The patient reading of a request: every spelling the protocol allows, and a sentence for each that it does not."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from headrace.base.errors import BadRequest
from headrace.schema import Record
from headrace.schema.types import RULES
from headrace.wire.sentences import sentence

T = TypeVar("T", bound=Record)

#: Levels of nesting, digits of one number and names in one body, at most.
DEPTH, DIGITS, NAMES = 64, 400, 100_000
#: Whole numbers up to this one, either side of zero, are exact as floats.
EXACT = 2**53 - 1

_BOM = b"\xef\xbb\xbf"
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``: bare ``NaN`` and ``Infinity`` are floats, a string of JSON is read again."""
    if not body:
        return {}
    if body.startswith(_BOM):
        raise BadRequest("The body starts with a byte order mark; send plain UTF-8")
    refuse_invalid_utf8(body)
    value = _loads(body.decode())
    if isinstance(value, str):
        value = _loads(value)
    if not isinstance(value, dict):
        raise BadRequest(f"The body must be a JSON object, not {_name_of(value)}", "BAD_REQUEST")
    _audit(value)
    return value


def record(said: Mapping[str, Any], kind: type[T]) -> T:
    """The record of this kind that ``said`` spells, or ``BadRequest`` naming the field that is wrong."""
    try:
        found = msgspec.convert(_struct(said, _type_of(kind), ""), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(sentence(str(error), kind)) from None
    refuse_listed(found)
    return found


def refuse_listed(record: Record) -> None:
    """Raise ``BadRequest`` for a text in a list of records that breaks its pattern; each is looked at once."""
    for name, inner, pattern in _listed_patterns(type(record)):
        texts = list(map(attrgetter(inner), getattr(record, name)))
        wrong = {text for text in set(texts) if not pattern.search(text)}
        if wrong:
            at = min(map(texts.index, wrong))
            raise BadRequest(f"Invalid value for '{name}[{at}].{inner}': it must {RULES[pattern.pattern]}")
    for name in _lists_of_lists(type(record)):
        for each in getattr(record, name):
            refuse_listed(each)


def gather(said: Mapping[str, list[str]], kind: type[Record]) -> dict[str, Any]:
    """Query values as the fields of ``kind`` take them: lists stay lists, of the others there may be one."""
    fields = _fields(_type_of(kind))
    gathered: dict[str, Any] = {}
    for name, values in said.items():
        for text in (name, *values):
            _refuse_text(text, name)
        field = fields.get(name)
        if field and isinstance(plain(field.type), inspect.ListType):
            gathered[name] = values
        elif len(set(values)) > 1 and field:
            raise BadRequest(f"The parameter '{name}' is given more than once, with different values")
        else:
            gathered[name] = values[0]
    return gathered


@cache
def whole_numbers(kind: type[Record]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Attributes of a record that are whole numbers, and its lists of records with theirs."""
    own, listed = [], []
    for field in fields_of(kind):
        inner = plain(field.type)
        if isinstance(inner, inspect.IntType):
            own.append(field.name)
        elif isinstance(inner, inspect.ListType) and isinstance(item := plain(inner.item_type), inspect.StructType):
            numbers = [each.name for each in item.fields if isinstance(plain(each.type), inspect.IntType)]
            listed += [(field.name, name) for name in numbers]
    return tuple(own), tuple(listed)


@cache
def _listed_patterns(kind: type[Record]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """A record's lists of records, and their texts that have a pattern the decoder leaves to us."""
    found = []
    for field in fields_of(kind):
        inner = plain(field.type)
        if isinstance(inner, inspect.ListType) and isinstance(item := plain(inner.item_type), inspect.StructType):
            for each in item.fields:
                said = (each.type.extra_json_schema or {}) if isinstance(each.type, inspect.Metadata) else {}
                if "pattern" in said:
                    found.append((field.name, each.name, re.compile(said["pattern"])))
    return tuple(found)


@cache
def plain_fields(kind: type[Record]) -> frozenset[str]:
    """The names of a record's texts and whole numbers, as they stand on the wire."""
    kinds = (inspect.StrType, inspect.IntType)
    return frozenset(field.encode_name for field in fields_of(kind) if isinstance(plain(field.type), kinds))


@cache
def _lists_of_lists(kind: type[Record]) -> tuple[str, ...]:
    """A record's lists of records that have such lists themselves."""
    found = []
    for field in fields_of(kind):
        inner = plain(field.type)
        item = plain(inner.item_type) if isinstance(inner, inspect.ListType) else None
        if isinstance(item, inspect.StructType) and (_listed_patterns(item.cls) or _lists_of_lists(item.cls)):
            found.append(field.name)
    return tuple(found)


def refuse_invalid_utf8(body: bytes) -> None:
    """Raise ``BadRequest`` unless ``body`` is UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not valid UTF-8: byte {error.start} is wrong") from None


def fields_of(kind: type[Record]) -> tuple[inspect.Field, ...]:
    """The fields of a record, with their types."""
    return _type_of(kind).fields


@cache
def other_spellings(kind: type[Record]) -> tuple[bytes, ...]:
    """Quoted camelCase names of optional fields in ``kind`` and below: what a strict reader would pass over."""
    names: set[bytes] = set()
    for struct in _structs(_type_of(kind)):
        for field in struct.fields:
            spelled = _camel(field.encode_name)
            if not field.required and spelled != field.encode_name:
                names.add(f'"{spelled}"'.encode())
    return tuple(sorted(names))


def _loads(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise BadRequest(f"The body is nested more than {DEPTH} levels deep") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error.msg} at character {error.pos}", "BAD_REQUEST") from None


def _float(digits: str) -> float:
    if len(digits) > DIGITS or math.isinf(value := float(digits)):
        raise BadRequest(f"The number {_shown(digits)} is out of range")
    return value


def _int(digits: str) -> int:
    if len(digits) > DIGITS:
        raise BadRequest(f"The number {_shown(digits)} is out of range")
    return int(digits)


def _audit(value: Any) -> None:
    """Refuse text no store can keep, and shapes nobody means, wherever they stand."""
    names = 0
    level: list[tuple[Any, str]] = [(value, "")]
    for _ in range(DEPTH + 1):
        below: list[tuple[Any, str]] = []
        for each, where in level:
            if isinstance(each, str):
                _refuse_text(each, where)
            elif isinstance(each, dict):
                names += len(each)
                for name, item in each.items():
                    _refuse_text(name, where)
                    below.append((item, name))
            elif isinstance(each, list):
                below.extend((item, where) for item in each)
        if names > NAMES:
            raise BadRequest(f"The body has more than {NAMES} names")
        if not below:
            return
        level = below
    raise BadRequest(f"The body is nested more than {DEPTH} levels deep")


def _refuse_text(text: str, where: str) -> None:
    if "\0" in text:
        raise BadRequest(f"Invalid value for '{_plain_name(where)}': it must not have NUL characters")
    if _SURROGATE.search(text):
        raise BadRequest(f"Invalid value for '{_plain_name(where)}': it must not have lone surrogates")


def _struct(said: Any, kind: inspect.StructType, where: str) -> Any:
    """``said`` under the names of ``kind``'s fields, without nulls that mean absent."""
    if not isinstance(said, Mapping):
        return said
    fields = _fields(kind)
    found: dict[str, Any] = {}
    for name, value in said.items():
        field = fields.get(name)
        if field is None or (field.encode_name in found and name != field.encode_name):
            continue
        here = f"{where}{field.encode_name}"
        if value is None:
            if field.required:
                raise BadRequest(f"Invalid value for '{here}': it is required and must not be null")
            continue
        found[field.encode_name] = _value(value, field.type, here)
    if "run_id" in fields and "run_id" not in found and "run_uuid" not in fields and said.get("run_uuid") is not None:
        found["run_id"] = said["run_uuid"]
    return found


def _value(said: Any, kind: inspect.Type, where: str) -> Any:
    kind = plain(kind)
    if isinstance(kind, inspect.StructType):
        return _struct(said, kind, f"{where}.")
    if isinstance(kind, inspect.ListType) and isinstance(said, list):
        return [_value(item, kind.item_type, f"{where}[{at}]") for at, item in enumerate(said)]
    if isinstance(kind, inspect.IntType) and not isinstance(said, int):
        return _whole(said, where)
    return said


def _whole(said: Any, where: str) -> Any:
    """A whole number that was written otherwise: ``"7"``, or ``7.0`` as long as a float is exact."""
    if isinstance(said, str) and _WHOLE.fullmatch(said):
        return int(said)
    try:
        number = float(said)
    except (TypeError, ValueError):
        return said
    if number.is_integer() and abs(number) <= EXACT:
        return int(number)
    raise BadRequest(f"Invalid value for '{where}': it must be a whole number, written without a fraction or exponent")


@cache
def _type_of(kind: type[Record]) -> inspect.StructType:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info


_FIELDS: dict[type, dict[str, inspect.Field]] = {}


def _fields(kind: inspect.StructType) -> dict[str, inspect.Field]:
    """The fields of ``kind`` by each name they may come under."""
    if kind.cls not in _FIELDS:
        named = {_camel(field.encode_name): field for field in kind.fields}
        _FIELDS[kind.cls] = named | {field.encode_name: field for field in kind.fields}
    return _FIELDS[kind.cls]


def _structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    kind = plain(kind)
    if isinstance(kind, inspect.ListType):
        yield from _structs(kind.item_type)
    elif isinstance(kind, inspect.StructType):
        yield kind
        for field in kind.fields:
            yield from _structs(field.type)


def plain(kind: inspect.Type) -> inspect.Type:
    """A type without its description and without ``None`` beside it."""
    while True:
        if isinstance(kind, inspect.Metadata):
            kind = kind.type
        elif isinstance(kind, inspect.UnionType):
            kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
        else:
            return kind


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _plain_name(where: str) -> str:
    return ascii(_shown(where))[1:-1] if where else "name"


def _name_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
    return "an array"
