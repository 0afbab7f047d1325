"""How a model that holds a conversation, or speaks as OpenAI's services do, is described in OpenAPI."""

from __future__ import annotations

from typing import Any

from headrace.models.payload import JSON

_TEXT = {"type": "string"}
_PARAMS = {
    "temperature": {"type": "number"},
    "top_p": {"type": "number"},
    "max_tokens": {"type": "integer"},
    "stop": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    "n": {"type": "integer", "minimum": 1},
    "stream": {"type": "boolean", "default": False},
    "model": {"type": "string", "description": "Any name: one model is served here"},
}
_MESSAGE = {
    "type": "object",
    "required": ["role"],
    "properties": {"role": _TEXT, "content": {"anyOf": [_TEXT, {"type": "array"}, {"type": "null"}]}},
}
#: What each path is asked: the fields that must be there, and the others.
_REQUESTS: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": {"type": "array", "minItems": 1, "items": _MESSAGE}},
    "completions": {"prompt": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}},
    "embeddings": {"input": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}},
    "responses": {"input": {"anyOf": [_TEXT, {"type": "array", "items": {"type": "object"}}]}},
}
_FAULT = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type"],
            "properties": {"message": _TEXT, "type": _TEXT, "param": {}, "code": {}},
        }
    },
}
#: A stream of events: each a line of JSON after ``data: ``, and ``data: [DONE]`` at the end.
EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}


def paths(path: str | None) -> dict[str, Any]:
    """The paths below ``/v1/`` of a model that is asked at ``path``; None for a model that is not."""
    about = {"/v1/models": {"get": {"operationId": "models", "responses": {"200": {"description": "The one model"}}}}}
    if path is None:
        return about
    kind = path.removeprefix("/v1/")
    needed = _REQUESTS[kind]
    embeds = kind == "embeddings"
    others = {"encoding_format": {"enum": ["float", "base64"]}, "model": _PARAMS["model"]} if embeds else _PARAMS
    request = {"type": "object", "required": list(needed), "properties": {**needed, **others}}
    answer: dict[str, Any] = {JSON: {"schema": {"type": "object"}}, **({} if embeds else EVENTS)}
    asked = {
        "operationId": kind.replace("/", "_"),
        "summary": "Ask as OpenAI's clients do",
        "requestBody": {"required": True, "content": {JSON: {"schema": request}}},
        "responses": {
            "200": {"description": "The answer, or its events if 'stream' is true", "content": answer},
            "default": {"description": "What was wrong", "content": {JSON: {"schema": _FAULT}}},
        },
    }
    return {path: {"post": asked}, **about}
