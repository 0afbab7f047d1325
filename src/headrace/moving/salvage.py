"""What is sound of a record that was refused as a whole."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from headrace.base.errors import BadRequest
from headrace.moving.port import Lost
from headrace.schema import Record
from headrace.schema.imports import ImportedRegistryEvent
from headrace.wire import codec

R = TypeVar("R", bound=Record)


def salvaged(record: R) -> tuple[R, list[Lost]]:
    """The record without those of its parts that break a rule of the schema, and these parts.

    Parts are the items of its lists, and fields that need not be there. Nothing is left out of an event: it is what
    happened, or refused.
    """
    if isinstance(record, ImportedRegistryEvent):
        return record, []
    changes: dict[str, Any] = {}
    lost: list[Lost] = []
    needed = next(each for each in msgspec.structs.fields(record) if each.required)
    if _fault(record, needed.name, getattr(record, needed.name)):
        return record, lost
    owner = str(getattr(record, type(record).__struct_fields__[0]))
    for field in msgspec.structs.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, list):
            sound = [each for each in value if _fault(record, field.name, [each]) is None]
            if len(sound) < len(value):
                changes[field.name] = sound
                for each in value:
                    fault = _fault(record, field.name, [each])
                    if fault:
                        lost.append(Lost(field.name.removesuffix("s"), f"{owner}/{_called(each)}", fault))
        elif field.default is not msgspec.NODEFAULT and value != field.default:
            fault = _fault(record, field.name, value)
            if fault:
                changes[field.name] = field.default
                lost.append(Lost(field.name, owner, fault))
    return msgspec.structs.replace(record, **changes), lost


def _fault(record: Record, name: str, value: Any) -> str | None:
    """What is wrong with a value of a field, whatever the other fields are."""
    required = {each.name: getattr(record, each.name) for each in msgspec.structs.fields(record) if each.required}
    try:
        codec.validated(type(record)(**required | {name: value}))
    except BadRequest as error:
        return error.message
    return None


def _called(part: Any) -> str:
    return str(getattr(part, "key", None) or getattr(part, "name", None) or part)[:100]
