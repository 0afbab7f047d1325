"""What the decoder found wrong with a request, in words for whoever sent it."""

from __future__ import annotations

import re

import msgspec

from headrace.schema import Record
from headrace.schema.types import RULES

_MISSING = re.compile(r"Object missing required field `(?P<name>\w+)`")
_PATTERN = re.compile(r"Expected `str(?: \| null)?` matching regex (?P<quoted>'.*'|\".*\")", re.DOTALL)
_LENGTH = re.compile(r"Expected `(?P<kind>str|array)(?: \| null)?` of length (?P<sign>[<>])= (?P<count>\d+)")
_BOUND = re.compile(r"Expected `(?:int|float)(?: \| null)?` (?P<sign>[<>])= (?P<bound>-?\d+)")
_KIND = re.compile(r"Expected `(?P<wanted>[\w |]+)`, got `(?P<got>\w+)`")
_ENUM = re.compile(r"Invalid enum value (?P<said>.*)", re.DOTALL)

_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def sentence(fault: str, kind: type[Record]) -> str:
    """What msgspec says of a ``kind`` it could not make, as a sentence that names the field."""
    fault, _, where = fault.partition(" - at `$")
    where = where.removesuffix("`").removeprefix(".").replace("[...]", "[]")
    if found := _MISSING.fullmatch(fault):
        return f"Missing value for required parameter '{f'{where}.' if where else ''}{found['name']}'"
    words = _words(fault, where, kind)
    return f"Invalid value for '{where}': {words}" if where else words[0].upper() + words[1:]


def _words(fault: str, where: str, kind: type[Record]) -> str:
    if found := _PATTERN.fullmatch(fault):
        for pattern, rule in RULES.items():
            if found["quoted"] in (repr(pattern), f"'{pattern}'"):
                return f"it must {rule}"
    if found := _LENGTH.fullmatch(fault):
        things = "characters" if found["kind"] == "str" else "items"
        if found["sign"] == ">":
            return (
                "it must not be empty" if found["count"] == "1" else f"it must have at least {found['count']} {things}"
            )
        return f"it must have at most {found['count']} {things}"
    if found := _BOUND.fullmatch(fault):
        return f"it must be at {'least' if found['sign'] == '>' else 'most'} {found['bound']}"
    if found := _KIND.fullmatch(fault):
        wanted = found["wanted"].removesuffix(" | null")
        return f"it must be {_WORDS.get(wanted, wanted)}, not {_WORDS.get(found['got'], found['got'])}"
    if found := _ENUM.fullmatch(fault):
        allowed = ", ".join(map(str, _choices(kind, where)))
        return f"{found['said'][:80]} is not one of {allowed}" if allowed else fault
    return fault.replace("`", "")


def _choices(kind: type[Record], where: str) -> tuple[object, ...]:
    """The values that the field at ``where`` may have."""
    info: msgspec.inspect.Type = msgspec.inspect.type_info(kind)
    for name in re.findall(r"\w+", re.sub(r"\[\d*\]", "", where)):
        info = _bare(info)
        fields = info.fields if isinstance(info, msgspec.inspect.StructType) else ()
        info = next((each.type for each in fields if each.encode_name == name), msgspec.inspect.AnyType())
    info = _bare(info)
    return tuple(sorted(info.values, key=str)) if isinstance(info, msgspec.inspect.LiteralType) else ()


def _bare(info: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """``info`` without descriptions, lists and ``None`` around it."""
    while True:
        match info:
            case msgspec.inspect.Metadata(type=inner) | msgspec.inspect.ListType(item_type=inner):
                info = inner
            case msgspec.inspect.UnionType(types=types):
                info = next(each for each in types if not isinstance(each, msgspec.inspect.NoneType))
            case _:
                return info
