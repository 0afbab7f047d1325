"""TypeScript types and a table of calls for the UI, from the calls alone."""

from __future__ import annotations

import inspect as python

import msgspec
from msgspec import inspect

from headrace.schema import CALLS, Record

_HEAD = """\
// Made from the calls by `python -m headrace.wire`. Do not edit.

/** A float. What JSON cannot say travels as a string. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";
"""
_ROUTE = """
/** How a call travels. `Q` and `R` are the types of its question and reply. */
export interface Route<Q, R> {
  verb: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api` or `/ajax-api`; `{field}` stands for a field of the question. */
  path: string;
  writes: boolean;
  readonly question?: Q;
  readonly reply?: R;
}
"""


def source() -> str:
    """The module: one interface for each call and record, and ``calls``, the table of routes."""
    kinds = [kind for one in CALLS.values() for kind in (one, one.route.reply)]
    found: dict[str, inspect.StructType] = {}
    for info in inspect.multi_type_info(kinds):
        _collect(info, found)
    types = "".join(_interface(found[name]) for name in sorted(found))
    table = "".join(
        f'  {name}: {{ verb: "{one.route.verb}", path: "/{one.route.since}.0/mlflow/{one.route.path}", '
        f"writes: {str(one.route.writes).lower()} }} as Route<{name}, {one.route.reply.__name__}>,\n"
        for name, one in sorted(CALLS.items())
    )
    return f"{_HEAD}{types}{_ROUTE}\nexport const calls = {{\n{table}}};\n"


def _interface(struct: inspect.StructType) -> str:
    fields = "".join(_field(each) for each in struct.fields)
    about = (python.getdoc(struct.cls) or "").partition("\n")[0]
    if not fields:
        return f"\n/** {about} */\nexport type {struct.cls.__name__} = Record<string, never>;\n"
    return f"\n/** {about} */\nexport interface {struct.cls.__name__} {{\n{fields}}}\n"


def _field(field: inspect.Field) -> str:
    return f"  {field.encode_name}{'' if field.required else '?'}: {_type(field.type)};\n"


def _type(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inner):
            return _type(inner)
        case inspect.StrType():
            return "string"
        case inspect.IntType():
            return "number"
        case inspect.FloatType():
            return "Real"
        case inspect.BoolType():
            return "boolean"
        case inspect.LiteralType(values=values):
            return " | ".join(msgspec.json.encode(value).decode() for value in sorted(values, key=str))
        case inspect.ListType(item_type=item):
            return f"Array<{_type(item)}>"
        case inspect.DictType(value_type=value):
            return f"{{ [key: string]: {_type(value)} }}"
        case inspect.UnionType(types=types):
            return " | ".join(_type(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.StructType(cls=cls):
            return cls.__name__
        case inspect.AnyType():
            return "unknown"
    raise TypeError(f"{info} has no TypeScript spelling yet; add one to {__name__}")


def _collect(info: inspect.Type, found: dict[str, inspect.StructType]) -> None:
    match info:
        case inspect.StructType(cls=cls) if cls.__name__ not in found:
            assert issubclass(cls, Record)
            found[cls.__name__] = info
            for each in info.fields:
                _collect(each.type, found)
        case inspect.ListType(item_type=inner) | inspect.Metadata(type=inner) | inspect.DictType(value_type=inner):
            _collect(inner, found)
        case inspect.UnionType(types=types):
            for member in types:
                _collect(member, found)
