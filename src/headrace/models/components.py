"""What is set for a whole process in LlamaIndex, such as its language model, as JSON: classes, and how they are made.

A class must be LlamaIndex's own, and a kind of its part: anything else would be somebody's code. Keys are left out.
"""

from __future__ import annotations

import enum
import inspect
import json
import logging
from collections.abc import Mapping
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.native import class_name, class_named
from headrace.models.secrets import is_name_of_secret

_log = logging.getLogger(__name__)
_PACKAGE, _CLASS, _TOLD = "llama_index", "object_constructor", "object_kwargs"
_MODEL, _EMBEDDING, _PARSER, _STEPS = "_llm", "_embed_model", "_node_parser", "_transformations"
#: Headers of requests are where keys travel.
_LEFT_OUT = ("default_headers", "http_client", "async_http_client", "callback_manager")


def describe() -> tuple[str, set[str]]:
    """What is set in this process, as JSON, and the modules that its classes come from."""
    from llama_index.core import Settings

    modules: set[str] = set()
    said: dict[str, Any] = {}
    for name in _kinds():
        found = getattr(Settings, name, None)
        if isinstance(found, list):
            said[name] = [part for each in found if (part := _part(each, modules))]
        elif found is not None and (part := _part(found, modules)):
            said[name] = part
    return json.dumps(said, indent=2), modules


def configure(text: str) -> None:
    """Set in this process what ``describe`` read off another. Raises ``BadRequest`` for classes that are no parts."""
    from llama_index.core import Settings

    try:
        said = json.loads(text)
    except ValueError as error:
        raise BadRequest(f"The model's settings.json is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise BadRequest("The model's settings.json must be an object of what is set")
    made = {name: _made(said[name], kind) for name, kind in _kinds().items() if said.get(name)}
    for name, value in made.items():
        setattr(Settings, name, value)


def _kinds() -> dict[str, type]:
    """What can be set, and the class that each must be of."""
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.base.llms.base import BaseLLM
    from llama_index.core.node_parser.interface import NodeParser
    from llama_index.core.schema import TransformComponent

    return {_MODEL: BaseLLM, _EMBEDDING: BaseEmbedding, _PARSER: NodeParser, _STEPS: TransformComponent}


def _part(value: Any, modules: set[str]) -> dict[str, Any] | None:
    said = class_name(value)
    if not said.startswith(f"{_PACKAGE}."):
        _log.warning("%s is a class of your own, which is not saved with the model: set it where it is loaded", said)
        return None
    told = {name: _plain(each) for name, each in value.to_dict().items() if _is_told(value, name)}
    try:
        json.dumps(told)
    except (TypeError, ValueError) as error:
        _log.warning("%s is not saved with the model, and must be set where it is loaded: %s", said, error)
        return None
    modules.add(type(value).__module__)
    return {_CLASS: said, _TOLD: told}


def _is_told(value: Any, name: str) -> bool:
    takes = inspect.signature(type(value)).parameters
    open_ended = any(each.kind is each.VAR_KEYWORD for each in takes.values())
    known = name in takes or (open_ended and name != "class_name")
    # A function is shown as what it is called, and cannot be made of that again.
    held = known and name not in _LEFT_OUT and not callable(getattr(value, name, None))
    return held and not is_name_of_secret(name)


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if not is_name_of_secret(str(name))}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _made(said: Any, kind: type) -> Any:
    if isinstance(said, list):
        return [_made(each, kind) for each in said]
    if not isinstance(said, Mapping) or not isinstance(told := said.get(_TOLD, {}), dict):
        raise BadRequest("The model's settings.json must say of what is set its class, and how it is made")
    made = class_named(said.get(_CLASS), _PACKAGE, (kind,))
    try:
        return made(**told)
    except (TypeError, ValueError, ImportError) as error:
        raise BadRequest(
            f"{said[_CLASS]} cannot be made as the model's settings.json says: {error}. Install what its "
            "requirements.txt names, at those versions"
        ) from error
