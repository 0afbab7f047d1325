"""The OpenAPI document, from the calls alone."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

import headrace
from headrace.schema import CALLS, Call, Record

_REF = "#/components/schemas/{name}"
_FLOAT = {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}


class Error(Record, frozen=True, kw_only=True):
    """What a refused call is answered with."""

    error_code: str
    message: str
    request_id: str | None = None


def document() -> dict[str, Any]:
    """Every call, its question, its reply and its error, as OpenAPI 3.1."""
    kinds: list[type[Record]] = [kind for one in CALLS.values() for kind in (one, one.route.reply)]
    refs, components = msgspec.json.schema_components([*kinds, Error], ref_template=_REF)
    components = _with_floats(components)
    by_kind = dict(zip([*kinds, Error], refs, strict=True))
    paths: dict[str, Any] = {}
    for name, kind in sorted(CALLS.items()):
        for verb in (kind.route.verb, *kind.route.also):
            operation = name if verb == kind.route.verb else f"{name}By{verb.title()}"
            paths.setdefault(f"/api/{kind.route.since}.0/mlflow/{kind.route.path}", {})[verb.lower()] = {
                "operationId": operation,
                "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
                "tags": [kind.route.path.partition("/")[0]],
                **_request(verb, kind, components[name], by_kind[kind]),
                "responses": {
                    "200": {"description": "Done.", "content": _json(by_kind[kind.route.reply])},
                    "default": {"description": "Refused.", "content": _json(by_kind[Error])},
                },
                "x-needs": msgspec.to_builtins(kind.route.needs),
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headrace",
            "version": headrace.__version__,
            "description": "Every path is served under /ajax-api as well as under /api.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.items()))},
    }


def source() -> str:
    """The document as indented JSON text."""
    return json.dumps(document(), indent=1, ensure_ascii=True) + "\n"


def _request(verb: str, kind: type[Call[Any]], schema: dict[str, Any], ref: dict[str, Any]) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    in_path = kind.route.in_path
    in_query = [name for name in properties if name not in in_path] if verb == "GET" else []
    parameters = [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in required,
            "schema": properties[name],
        }
        for name in (*in_path, *in_query)
    ]
    said: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if verb != "GET":
        said["requestBody"] = {"required": bool(set(required) - set(in_path)), "content": _json(ref)}
    return said


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _with_floats(schema: Any) -> Any:
    """The schema, with the strings that stand for floats JSON cannot say."""
    match schema:
        case {"type": "number"}:
            return _FLOAT
        case dict():
            return {name: _with_floats(each) for name, each in schema.items()}
        case list():
            return [_with_floats(each) for each in schema]
    return schema
