"""Schemas written as Python literals: ``{"role": "string", "name?": "string", "stop?": ["string"]}``."""

from __future__ import annotations

from typing import Any

from headrace.models.types.columns import ColSpec, Schema
from headrace.models.types.datatypes import AnyType, Array, DataType, Map, Object, Property, Type

#: A type: the name of a scalar or ``any``, ``[element]``, an object's fields, or ``("map", value)``.
Shape = Any

_CALLS = [{"id": "string", "type": "string", "function": {"name": "string", "arguments": "string"}}]
#: A message of a conversation, of a chat model and of an agent.
MESSAGE = {
    "role": "string",
    "content?": "string",
    "name?": "string",
    "refusal?": "string",
    "tool_calls?": _CALLS,
    "tool_call_id?": "string",
}
AGENT_MESSAGE = {
    "role": "string",
    "content?": "string",
    "name?": "string",
    "id?": "string",
    "tool_calls?": _CALLS,
    "tool_call_id?": "string",
    "attachments?": ("map", "string"),
}
#: A parameter of a tool.
PARAMETER = {"type": "string", "description?": "string", "enum?": ["string"], "items?": {"type": "string"}}
#: How many tokens a question and its answer had.
USAGE = {"prompt_tokens": "long", "completion_tokens": "long", "total_tokens": "long"}


def schema_of(columns: dict[str, Shape]) -> Schema:
    """One column for each field; one whose name ends in ``?`` need not be there, one named ``""`` has no name."""
    return Schema([ColSpec(type_of(kind), name or None, required) for (name, required), kind in _fields(columns)])


def type_of(shape: Shape) -> Type:
    """The type that a literal stands for."""
    if isinstance(shape, dict):
        return Object([Property(name, type_of(kind), required) for (name, required), kind in _fields(shape)])
    if isinstance(shape, list):
        return Array(type_of(shape[0]))
    if isinstance(shape, tuple):
        return Map(type_of(shape[1]))
    return AnyType() if shape == "any" else DataType[shape]


def _fields(shape: dict[str, Shape]) -> list[tuple[tuple[str, bool], Shape]]:
    return [(_name(name), kind) for name, kind in shape.items()]


def _name(said: str) -> tuple[str, bool]:
    return said.removesuffix("?"), not said.endswith("?")
