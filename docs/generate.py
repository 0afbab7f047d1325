"""``python docs/generate.py [--check]``: write anew the blocks of the reference that are made from the code.

A block stands in a page between ``<!-- made: name -->`` and ``<!-- end -->``; the function of that name makes it.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import click
import msgspec

from headrace.cli.root import root
from headrace.schema import CALLS, Call, Record
from headrace.search import ENTITIES
from headrace.search.entities import OPERATORS, Key, Kind

_BLOCK = re.compile(r"(?<=<!-- made: )(?P<name>\w+)( -->\n)(?P<text>.*?)(?=<!-- end -->)", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the blocks; with ``--check`` only say which pages are not up to date."""
    stale = []
    for page in sorted(Path(__file__).parent.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        today = _BLOCK.sub(lambda found: f"{found['name']}{found[2]}{BLOCKS[found['name']]()}", text)
        if today == text:
            continue
        stale.append(page)
        if "--check" not in arguments:
            page.write_text(today, encoding="utf-8")
            print(f"wrote {page}")
    if "--check" in arguments and stale:
        print(f"{', '.join(map(str, stale))} not up to date; run `make generated`", file=sys.stderr)
        return 1
    return 0


def calls() -> str:
    """Every call: its route, what it does, its fields and its reply."""
    return "\n".join(line for _, kind in sorted(CALLS.items()) for line in _call(kind))


def _call(kind: type[Call[Any]]) -> Iterator[str]:
    route = kind.route
    yield f"### {kind.__name__}\n"
    for verb in (route.verb, *route.also):
        yield f"`{verb} /api/{route.since}.0/mlflow/{route.path}`\n"
    yield f"{inspect.getdoc(kind)}\n"
    hints = get_type_hints(kind, include_extras=True)
    if fields := msgspec.structs.fields(kind):
        yield "| field | type | default |\n|---|---|---|"
        for field in fields:
            yield f"| `{field.encode_name}` | {_spelled(hints[field.name])} | {_default(field)} |"
        yield ""
    need = route.needs
    asks = "nothing" if need.level == "nothing" else f"`{need.level}` on the {need.noun.replace('_', ' ')}"
    yield f"Replies with {_spelled(route.reply)}. Needs {asks}.\n"


def records() -> str:
    """Every record that a call or a reply holds, with its fields."""
    found: dict[str, type[Record]] = {}
    for kind in CALLS.values():
        _collect(kind.route.reply, found)
        for hint in get_type_hints(kind, include_extras=True).values():
            _collect(hint, found)
    return "\n".join(line for _, kind in sorted(found.items()) for line in _record(kind))


def _record(kind: type[Record]) -> Iterator[str]:
    hints = get_type_hints(kind, include_extras=True)
    yield f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n"
    if fields := msgspec.structs.fields(kind):
        yield "| field | type |\n|---|---|"
        for field in fields:
            yield f"| `{field.encode_name}` | {_spelled(hints[field.name])} |"
        yield ""


def _collect(hint: Any, found: dict[str, type[Record]]) -> None:
    is_record = isinstance(hint, type) and issubclass(hint, Record) and not issubclass(hint, Call)
    if is_record and hint.__name__ not in found:
        found[hint.__name__] = hint
        for inner in get_type_hints(hint, include_extras=True).values():
            _collect(inner, found)
    for part in get_args(hint):
        _collect(part, found)


def _spelled(hint: Any) -> str:
    """A type as a reader wants it: ``text of 1 to 250 characters``, ``list of Metric, at most 1000``."""
    if hasattr(hint, "__metadata__"):
        metas = [each for each in hint.__metadata__ if isinstance(each, msgspec.Meta)]
        return ", ".join(filter(None, (_spelled(hint.__origin__), _bounds(metas))))
    parts = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is list:
        return f"list of {_spelled(parts[0])}"
    if parts and all(isinstance(each, str) for each in parts):
        return ", ".join(f"`{each}`" for each in parts)
    if parts and type(None) in get_args(hint):
        return " or ".join(map(_spelled, parts))
    if isinstance(hint, type) and issubclass(hint, Record):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return {str: "text", int: "integer", float: "number", bool: "true or false"}.get(hint, str(hint))


def _bounds(metas: list[msgspec.Meta]) -> str:
    shortest = max((each.min_length or 0 for each in metas), default=0)
    longest = min((each.max_length for each in metas if each.max_length is not None), default=None)
    if longest is not None:
        return f"{shortest} to {longest} long" if shortest else f"at most {longest} long"
    for each in metas:
        if each.ge is not None and each.le is not None and each.le < 2**53:
            return f"{each.ge} to {each.le}"
        if each.ge == 0:
            return "at least 0"
    return ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return "" if default is None else f"`{msgspec.json.encode(default).decode()}`"


def commands() -> str:
    """Every command of the command line, as its ``--help`` tells it."""
    return "\n".join(_help(root, click.Context(root, info_name="headrace")))


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    context.terminal_width = 100
    yield f"### {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _help(inner, click.Context(inner, info_name=name, parent=context))


def fields() -> str:
    """What may be asked of each noun."""
    lines = []
    for entity in ENTITIES.values():
        lines.append(f"### {entity.name[0].upper()}{entity.name[1:]}\n\n| field | operators |\n|---|---|")
        for kind in entity.kinds:
            lines.extend(_fields_of(kind))
        for word, thing in entity.relations.items():
            lines.append(f"| `{word}.` and a field of {thing.name} | those of that field |")
        lines.append("")
    return "\n".join(lines)


def _fields_of(kind: Kind) -> Iterator[str]:
    prefix = kind.prefixes[-1]
    # What users wrote as text is compared as a number where the value is one.
    anything = OPERATORS["text"] | OPERATORS["number"] if kind.numeric else None
    for key in kind.keys or (Key("<key>", kind.type, only=anything),):
        names = ", ".join(f"`{prefix}.{name}`" for name in (key.name, *key.aliases))
        yield f"| {names} | {_operators(key)} |"


def _operators(key: Key) -> str:
    order = ("=", "!=", "<", "<=", ">", ">=", "BETWEEN", "LIKE", "ILIKE", "RLIKE", "IN", "NOT IN", "IS NULL")
    held = key.operators if key.only is not None else OPERATORS[key.type]
    return " ".join(f"`{each}`" for each in order if each in held)


BLOCKS: dict[str, Callable[[], str]] = {"calls": calls, "records": records, "commands": commands, "fields": fields}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
